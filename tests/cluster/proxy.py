"""Proxy: a TCP proxy on the loopback that is as bad as a network can be."""

import asyncio
import contextlib
import socket
import threading
import time


class Proxy:
    """Forwards connections to a port; what happens to the bytes may be changed at any time. Ends with the `with` block."""

    def __init__(self, target=None):
        self.target = target  # port
        self.delay = 0.0  # seconds, each way
        self.bytes_per_second = None  # each way
        self.flip_every = None  # bytes, each way: then one bit is turned
        self.is_cut = False  # nothing comes through, and nobody is told
        self.forwarded = 0  # bytes so far
        self.flipped = 0
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run)

    def address(self):
        return f"127.0.0.1:{self.port}"

    def heal(self):
        self.delay, self.bytes_per_second, self.flip_every, self.is_cut = 0.0, None, None, False

    def drop(self):
        """Ends the connections that there are."""
        self.loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self.connections])

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.accept, sock=self.listener))
        self.loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def accept(self, reader, writer):
        with contextlib.suppress(OSError):
            there = await asyncio.open_connection("127.0.0.1", self.target)
            ends = {writer, there[1]}
            self.connections |= ends
            try:
                await asyncio.gather(self.pump(reader, there[1]), self.pump(there[0], writer))
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self.connections -= ends
                for end in ends:
                    end.transport.abort()
            return
        writer.transport.abort()

    async def pump(self, reader, writer):
        """Both ends of a connection end together, as when a machine goes away."""
        queue = asyncio.Queue(64)

        async def read():
            while data := await reader.read(16384):
                await queue.put((time.monotonic() + self.delay, data))
            raise ConnectionResetError

        async def write():
            left = self.flip_every
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                while self.is_cut:
                    await asyncio.sleep(0.01)
                if self.flip_every is not None:
                    left = (left or self.flip_every) - len(data)
                    if left <= 0:
                        left = self.flip_every
                        self.flipped += 1
                        data = bytearray(data)
                        data[len(data) // 2] ^= 1 << self.flipped % 8
                writer.write(data)
                await writer.drain()
                self.forwarded += len(data)
                if self.bytes_per_second:
                    await asyncio.sleep(len(data) / self.bytes_per_second)

        await asyncio.gather(read(), write())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

#!/usr/bin/env python3
"""world_pipes.py SLUICE [unittest arguments]: interrupts, and pipes that are closed or wait: each must give a clear message
or the right result, and never a partial file under the final name."""

import os
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from world_job import COPY_CSV, INTERRUPTED, WAIT, Job, main


class Pipes(Job):
    def feed(self, pipe, header=b"n,s\n", rows=None):
        """Writes rows to a pipe from a thread until it breaks (or `rows` are written, and then leaves it open)."""
        def work():
            block = b"".join(b"%d,some text\n" % i for i in range(1000))
            try:
                pipe.write(header)
                for _ in range(rows // 1000) if rows else iter(int, 1):
                    pipe.write(block)
                pipe.flush()
            except OSError:
                pass
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def start(self, flow, *flags, **params):
        process = subprocess.Popen(self.command(flow, *flags, **params), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def finish(self, process, feeder):
        code = process.wait(timeout=WAIT)
        feeder.join(timeout=WAIT)
        try:
            process.stdin.close()
        except OSError:
            pass
        return code, process.stderr.read().decode(errors="replace")

    def interrupt(self, sent, rows):
        for parallel in ("1", "2"):
            process = self.start(COPY_CSV, "--parallel", parallel, input="-", output=self.result)
            feeder = self.feed(process.stdin, rows=rows)
            if rows:
                feeder.join(timeout=WAIT)  # far more than a pipe holds has been read: the job runs, and now it waits
            else:
                while not list(self.out.iterdir()):  # until the sink has begun
                    self.assertIsNone(process.poll(), "ended before it was interrupted")
            process.send_signal(sent)
            code, errors = self.finish(process, feeder)
            self.assertNotIn("Sanitizer", errors)
            self.assertEqual(code, INTERRUPTED if sent == signal.SIGINT else 128 + sent, errors)
            self.assertEqual(list(self.out.iterdir()), [])

    def test_interrupt_while_waiting_for_input(self):
        self.interrupt(signal.SIGINT, rows=1_000_000)

    def test_interrupt_while_busy(self):
        self.interrupt(signal.SIGINT, rows=None)

    def test_terminate(self):
        self.interrupt(signal.SIGTERM, rows=1_000_000)

    def test_hangup(self):
        self.interrupt(signal.SIGHUP, rows=1_000_000)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "needs Linux")
    def test_hangup_ignored_by_wish(self):
        """As nohup starts it."""
        command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *self.command(COPY_CSV, input="-", output=self.result)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.wait_for_watcher(process)
        process.send_signal(signal.SIGHUP)
        process.stdin.write(b"n,s\n1,a\n")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=WAIT), 0)
        self.assertEqual(self.result.read_text(), "n,s\n1,a\n")

    def wait_for_watcher(self, process):
        """Until there is a file for signals: made when they are blocked for all threads, to be read from it."""
        def is_for_signals(file):
            try:
                return os.readlink(file) == "anon_inode:[signalfd]"
            except FileNotFoundError:
                return False

        while not any(map(is_for_signals, Path(f"/proc/{process.pid}/fd").iterdir())):
            self.assertIsNone(process.poll(), "ended before it was interrupted")

    def start_and_interrupt(self, seen=lambda process: True, **params):
        process = self.start(COPY_CSV, **params)
        self.wait_for_watcher(process)
        deadline = time.monotonic() + WAIT
        while not seen(process) and time.monotonic() < deadline:
            self.assertIsNone(process.poll(), "ended before it was interrupted")
        process.send_signal(signal.SIGINT)
        try:
            self.assertEqual(process.wait(timeout=WAIT), INTERRUPTED, process.stderr.read())
        finally:
            process.kill()
            process.stdin.close()
        self.assertEqual(list(self.out.iterdir()), [])

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "needs Linux")
    def test_interrupt_while_a_named_pipe_has_no_other_end(self):
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        self.start_and_interrupt(lambda process: any(os.path.realpath(file) == str(fifo) for file in
                                                     Path(f"/proc/{process.pid}/fd").iterdir()),
                                 input=fifo, output=self.result)
        self.start_and_interrupt(input=self.write("in.csv", "n,s\n1,a\n"), output=fifo)

    def test_named_pipes_wait_for_their_other_ends(self):
        source, target = self.dir / "source", self.dir / "target"
        os.mkfifo(source)
        os.mkfifo(target)
        process = self.start(COPY_CSV, input=source, output=target)
        with open(target, encoding="utf-8") as results:  # opening waits for sluice
            source.write_text("n,s\n1,a\n")
            self.assertEqual(results.read(), "n,s\n1,a\n")
        self.assertEqual(process.wait(timeout=WAIT), 0)
        process.stdin.close()

    def test_a_named_pipe_with_two_readers_is_read_once(self):
        """Rows of an input that may never end are looked up in it, which would like a copy of its own."""
        table = self.dir / "table"
        os.mkfifo(table)
        flow = """param table: string
source s: { n: int } = csv("-")
source t: { n: int } = csv(table)
from s |> join t as o on o.n == n |> aggregate pairs = count()
from t |> aggregate rows = count()
"""
        process = self.start(flow, table=table)
        with open(table, "w", encoding="utf-8") as rows:  # opening waits for sluice
            rows.write("n\n1\n1\n2\n")
        output, _ = process.communicate(b"n\n1\n2\n3\n", timeout=WAIT)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(sorted(output.split()), sorted(b"pairs 3 rows 3".split()))

    def test_kill_leaves_nothing_under_the_final_name(self):
        process = self.start(COPY_CSV, input="-", output=self.result)
        feeder = self.feed(process.stdin, rows=1_000_000)
        feeder.join(timeout=WAIT)
        process.kill()
        self.finish(process, feeder)
        self.assertFalse(self.result.exists())

    def test_closed_output_pipe(self):
        """`sluice run ... | head -1`: ends by itself, without a complaint."""
        for flow in (COPY_CSV, COPY_CSV.replace("csv(output)", "print()")):
            for parallel in ("1", "2"):
                process = self.start(flow, "--parallel", parallel, input="-", output="-")
                feeder = self.feed(process.stdin)
                self.assertEqual(process.stdout.readline(), b"n,s\n")
                process.stdout.close()
                code, errors = self.finish(process, feeder)
                self.assertIn(code, (0, 128 + signal.SIGPIPE, -signal.SIGPIPE), errors)
                self.assertEqual(errors, "")

    def test_input_pipe_that_ends(self):
        done = subprocess.run(self.command(COPY_CSV, input="-", output="-"), input=b"n,s\n1,a\n2,b",
                              capture_output=True, timeout=WAIT)
        self.assert_result(done, "n,s\n1,a\n2,b\n")

    def test_rows_appear_while_the_input_waits(self):
        """A pipe that pauses: what came so far is shown without waiting for more."""
        process = self.start('source rows: { n: int } = csv("-")\nfrom rows |> select m = n + 1 |> to csv("-")\n')
        process.stdin.write(b"n\n1\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"m\n")
        self.assertEqual(process.stdout.readline(), b"2\n")
        process.stdin.write(b"2\n")
        process.stdin.close()
        self.assertEqual(process.stdout.readline(), b"3\n")
        self.assertEqual(process.wait(timeout=WAIT), 0)

    def test_closed_standard_input(self):
        done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *self.command(COPY_CSV, input="-", output=self.result)],
                              capture_output=True, timeout=WAIT)
        if done.returncode != 0:
            self.assert_message(done, "standard input")


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""clients.py SLUICE: clients that misuse HTTP: requests hidden in others, bodies that grow, connections that are held."""

import gzip
import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from access import Coordinator, private
from cluster_here import PATIENCE, wait_for


def connect(coordinator):
    host, port = coordinator.url.split("//")[1].split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def answers(coordinator, request):
    """The statuses of all that comes for these bytes, until the coordinator ends the connection."""
    with connect(coordinator) as peer:
        peer.sendall(request)
        text = b""
        while piece := peer.recv(1 << 16):
            text += piece
    return [int(line.split(b" ")[1]) for line in text.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")], text


def request(line, body=b"", *headers):
    lines = [line + " HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


PLAN = b'{"plan": "no plan"}'
HIDDEN = request("POST /v1/jobs", PLAN, "Content-Type: application/json", f"Content-Length: {len(PLAN)}")
LENGTH = f"Content-Length: {len(HIDDEN)}"
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)


def a_body_is_no_request(sluice, folder):
    with Coordinator(sluice, folder) as coordinator:
        for line, body, headers, expected in (
                ("POST /v1/jobs", HIDDEN, ("Origin: http://evil.example", "Content-Type: text/plain", LENGTH), 403),
                ("POST /v1/jobs", HIDDEN, ("Content-Type: text/plain", LENGTH), 415),
                ("POST /v1/nothing", HIDDEN, ("Content-Type: application/json", LENGTH), 404),
                ("PUT /v1/jobs", HIDDEN, (LENGTH,), 405),
                ("GET /v1/jobs", HIDDEN, (LENGTH,), 200),
                ("GET /v1/jobs", CHUNK, ("Transfer-Encoding: chunked",), 200),
                ("GET /v1/jobs", HIDDEN, (f"Content-Length : {len(HIDDEN)}",), 200),
                ("GET /v1/jobs", HIDDEN, (f"X: y\nContent-Length: {len(HIDDEN)}",), 200),
                ("GET /v1/jobs", HIDDEN, (f"Content-Length:\r\n {len(HIDDEN)}",), 200),
                ("GET /v1/jobs", HIDDEN, ("Content-Length: 0", LENGTH), 200),
                ("POST /v1/jobs/7/cancel", CHUNK,
                 ("Content-Type: application/json", "Transfer-Encoding: chunked", "Content-Length: 0"), 404)):
            statuses, text = answers(coordinator, request(line, body, *headers))
            assert statuses == [expected], (line, headers, text)
            assert b"connection: close" in text.lower(), (line, headers, text)
        # What is a request of its own is one.
        with connect(coordinator) as peer:
            peer.sendall(request("GET /v1/jobs") + HIDDEN + request("GET /v1/jobs", b"", "Connection: close"))
            text = b""
            while piece := peer.recv(1 << 16):
                text += piece
        assert text.count(b"HTTP/1.1 200") == 2 and text.count(b"HTTP/1.1 400") == 1, text
    token = private(folder, "token", "secret\n")
    with Coordinator(sluice, folder, "--token-file", str(token)) as coordinator:
        statuses, text = answers(coordinator, request("POST /v1/jobs", HIDDEN, LENGTH))
        assert statuses == [401], text
        # Whoever sends a large body first and looks for the answer then finds it.
        status, answer = coordinator.request("/v1/jobs", method="POST", body=b"x" * (20 << 20))
        assert status == 401, (status, answer)


def other_names_are_refused_without_a_token(sluice, folder):
    def status(coordinator, host):
        statuses, _ = answers(coordinator, f"GET /v1/jobs HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
        return statuses

    with Coordinator(sluice, folder) as coordinator:
        for host in ("localhost", "localhost:7080", "127.0.0.1", "[::1]:1"):
            assert status(coordinator, f"Host: {host}\r\n") == [200], host
        for host in ("Host: evil.example\r\n", "Host: localhost.evil.example:7080\r\n", "",
                     "Host: localhost\r\nHost: evil.example\r\n"):
            assert status(coordinator, host) == [403], host
        answer = coordinator.request("/v1/jobs", headers=[("Host", "evil.example")])[1]
        assert "--token-file" in json.loads(answer)["error"], answer
    token = private(folder, "token", "secret\n")
    with Coordinator(sluice, folder, "--token-file", str(token)) as coordinator:
        assert coordinator.request("/v1/jobs", "secret", headers=[("Host", "sluice.example")])[0] == 200


def bodies_do_not_grow(sluice, folder):
    """64 MiB of blanks are 64 KiB when they are compressed."""
    with Coordinator(sluice, folder) as coordinator:
        body = gzip.compress(b" " * (64 << 20), 9)
        status, answer = coordinator.request("/v1/jobs", method="POST", body=body,
                                             headers=[("Content-Encoding", "gzip")])
        assert status == 415 and "Content-Encoding" in json.loads(answer)["error"], (status, answer)
        statuses, text = answers(coordinator, request("POST /v1/jobs/7/cancel", b"", "Content-Type: application/json"))
        assert statuses == [411], text
        statuses, text = answers(coordinator, request("GET /v1/openapi.json", b"", "Connection: close",
                                                      "Range: bytes=" + ",".join(["0-"] * 1000)))
        assert statuses == [200] and len(text) < 1 << 20, len(text)


def slow_heads_end(sluice, folder):
    """More of them than there are threads, each of which brings a byte now and then."""
    with Coordinator(sluice, folder) as coordinator:
        peers = [connect(coordinator) for _ in range(40)]
        for peer in peers:
            peer.sendall(b"GET /v1/overview HTTP/1.1\r\nX")
        is_over = threading.Event()

        def drip():
            while not is_over.wait(1):
                for peer in peers:
                    try:
                        peer.sendall(b"X")
                    except OSError:
                        pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert coordinator.request("/v1/overview")[0] == 200
        finally:
            is_over.set()
            dripping.join()
            for peer in peers:
                peer.close()


def busy_connections_take_turns(sluice, folder):
    """More clients than there are threads, none of which is ever idle."""
    with Coordinator(sluice, folder) as coordinator:
        clients, answered, is_over = 48, [0] * 48, threading.Event()

        def ask(number):
            connection = http.client.HTTPConnection(coordinator.url.split("//")[1], timeout=PATIENCE)
            while not is_over.is_set():
                connection.request("GET", "/v1/overview")
                answer = connection.getresponse()
                answer.read()
                answered[number] += answer.status == 200
            connection.close()

        asking = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
        for thread in asking:
            thread.start()
        try:
            wait_for(lambda: min(answered) >= 3, "three answers for each")
        finally:
            is_over.set()
            for thread in asking:
                thread.join()


class LimitedCoordinator(Coordinator):
    """One that may have only so many files open."""

    def __init__(self, sluice, folder, soft, hard):
        limited = Path(folder) / "limited"
        limited.write_text(f'#!/bin/sh\nulimit -Sn {soft} && ulimit -Hn {hard} && exec "{sluice}" "$@"\n')
        limited.chmod(0o700)
        super().__init__(str(limited), folder)

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def idle_connections_leave_files(sluice, folder):
    with LimitedCoordinator(sluice, folder, 256, 256) as coordinator:
        before = coordinator.files()
        peers = []
        most = 0
        for _ in range(400):
            peers.append(connect(coordinator))
            most = max(most, coordinator.files())
        assert most - before < 100, (before, most)
        # Those that are idle go when others wait.

        def is_answered():
            try:
                return coordinator.request("/v1/overview")[0] == 200
            except OSError:
                return False

        wait_for(is_answered, "an answer")
        for peer in peers:
            peer.close()


def as_many_files_as_there_may_be(sluice, folder):
    with LimitedCoordinator(sluice, folder, 200, 400) as coordinator:
        limits = Path(f"/proc/{coordinator.process.pid}/limits").read_text()
        (line,) = (line.split() for line in limits.splitlines() if line.startswith("Max open files"))
        assert line[3:5] == ["400", "400"], line


def main():
    for test in (a_body_is_no_request, other_names_are_refused_without_a_token, bodies_do_not_grow, slow_heads_end,
                 busy_connections_take_turns, idle_connections_leave_files, as_many_files_as_there_may_be):
        print(test.__name__, flush=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(sys.argv[1], folder)
        print(f"  {time.monotonic() - began:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""access.py SLUICE: who may ask the coordinator for what: tokens with roles, certificates, HTTPS."""

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from cluster_here import PATIENCE, wait_for
from failures import small_job


class Coordinator:
    """A coordinator alone, with these flags."""

    def __init__(self, sluice, folder, *flags):
        self.sluice, self.log = sluice, Path(folder) / "coordinator.log"
        self.process = subprocess.Popen([sluice, "coordinator", "--port", "0", "--http-port", "0", *flags],
                                        stdin=subprocess.DEVNULL, stderr=self.log.open("w"), stdout=subprocess.DEVNULL)

        def address():
            lines = [line for line in self.log.read_text().splitlines() if "clients use " in line]
            assert self.process.poll() is None, self.log.read_text()
            return lines[0].split("workers join ")[1].split(", clients use ") if lines else None

        join, self.url = wait_for(address, "the coordinator to listen")
        self.join = join.split("//")[1]

    def request(self, path, token=None, method="GET", body=None, context=None, headers=()):
        request = urllib.request.Request(self.url + path, method=method, data=body,
                                         headers={"Content-Type": "application/json", **dict(headers)})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def command(self, *words):
        return subprocess.run([self.sluice, *words, "--cluster", self.url.split("//")[1]], capture_output=True, text=True,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


def private(folder, name, text):
    path = Path(folder) / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def roles_may_what_they_may(sluice, folder):
    tokens = private(folder, "tokens", "viewer looks\noperator works\nadmin rules\n")
    cluster = private(folder, "token", "all of it\n")
    with Coordinator(sluice, folder, "--api-tokens", str(tokens), "--token-file", str(cluster)) as coordinator:
        for path, method, allowed in (("/v1/jobs", "GET", ("looks", "works", "rules", "all of it")),
                                      ("/metrics", "GET", ("looks", "works", "rules", "all of it")),
                                      ("/v1/jobs/7/cancel", "POST", ("works", "rules", "all of it")),
                                      ("/v1/logs", "GET", ("rules", "all of it")),
                                      ("/v1/config", "GET", ("rules", "all of it"))):
            for token in ("looks", "works", "rules", "all of it", "nonsense", None):
                status, answer = coordinator.request(path, token, method, b"{}" if method == "POST" else None)
                expected = 401 if token in ("nonsense", None) else 403 if token not in allowed else 404 \
                    if "cancel" in path else 200
                assert status == expected, (path, token, status, answer)
                if status == 403:
                    needed = "admin" if method == "GET" else "operator"
                    assert f"needs the role {needed}" in json.loads(answer)["error"], answer
                if status == 401:
                    assert "a token of this cluster is wanted" in json.loads(answer)["error"], answer
                assert not any(secret in answer for secret in ("looks", "works", "rules", "all of it")), answer
        status, config = coordinator.request("/v1/config", "rules")
        assert str(tokens) in config and json.loads(config)["token_needed"], config
        viewer = private(folder, "viewer", "looks\n")
        done = coordinator.command("jobs", "--token-file", str(viewer))
        assert done.returncode == 0, done.stderr
        done = coordinator.command("submit", str(small_job(folder)), "--token-file", str(viewer))
        assert done.returncode != 0 and "needs the role operator" in done.stderr, done.stderr
        log = coordinator.log.read_text()
        assert not any(secret in log for secret in ("looks", "works", "rules", "all of it")), log


def what_is_too_large_is_refused(sluice, folder):
    with Coordinator(sluice, folder) as coordinator:
        status, answer = coordinator.request("/v1/jobs", headers=[(f"H-{i}", "x" * 4000) for i in range(10)])
        assert status == 431, (status, answer)
        host, port = coordinator.url.split("//")[1].split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as peer:
            peer.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 99999999999\r\n\r\n")
            assert b"413" in peer.recv(100)
        # Headers without end are not collected: the connection ends long before all of these were sent.
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as peer:
            peer.sendall(b"GET /v1/jobs HTTP/1.1\r\n")
            try:
                for _ in range(10_000):
                    peer.sendall(b"Header: " + b"x" * 4000 + b"\r\n")
                raise AssertionError("40 MB of headers were taken")
            except (ConnectionResetError, BrokenPipeError):
                pass
        assert coordinator.request("/v1/jobs")[0] == 200


def open_listeners_need_a_secret(sluice, folder):
    for words in (["coordinator", "--host", "0.0.0.0"], ["worker", "--join", "127.0.0.1:1", "--host", "0.0.0.0"]):
        done = subprocess.run([sluice, *words], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 2 and "--token-file" in done.stderr, done
    open_file = Path(folder) / "open"
    open_file.write_text("viewer secret\n")
    open_file.chmod(0o644)
    done = subprocess.run([sluice, "coordinator", "--api-tokens", str(open_file)], capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert done.returncode == 4 and "chmod 600" in done.stderr and "secret" not in done.stderr, done


def openssl(folder, *words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr


def certificates(folder):
    """A CA, a certificate of it for the coordinator, one for an operator, and a stranger's."""
    for name in ("ca", "other", "clients"):
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for name, ca, subject in (("server", "ca", "/CN=coordinator"), ("operator", "ca", "/OU=sluice-operator/CN=ada"),
                              ("nobody", "ca", "/CN=ben"), ("client", "clients", "/OU=sluice-operator/CN=cy"),
                              ("stranger", "other", "/OU=sluice-admin/CN=eve")):
        openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        Path(folder, "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem")


def https_with_certificates(sluice, folder):
    certificates(folder)

    def path(name):
        return str(Path(folder) / name)

    def files(name, ca="ca"):
        return ["--tls-ca", path(f"{ca}.pem"), "--tls-cert", path(f"{name}.pem"), "--tls-key", path(f"{name}.key")]

    token = private(folder, "token", "all of it\n")
    with Coordinator(sluice, folder, *files("server"), "--token-file", str(token)) as coordinator:
        assert coordinator.url.startswith("https://"), coordinator.url
        context = ssl.create_default_context(cafile=path("ca.pem"))
        assert coordinator.request("/v1/jobs", "all of it", context=context)[0] == 200
        assert coordinator.request("/v1/jobs", context=context)[0] == 401
        for words, code, expected in (
                (["--tls-ca", path("ca.pem"), "--token-file", str(token)], 0, ""),
                (files("operator"), 0, ""),
                (files("nobody"), 4, "a token of this cluster is wanted"),
                (["--tls-ca", path("other.pem"), "--token-file", str(token)], 4, "is not one of the CA in --tls-ca"),
                (["--token-file", str(token)], 4, "--tls-ca must name its CA"),
                (["--tls-ca", path("nothing.pem")], 4, "cannot open "),
                (["--tls-ca", path("ca.pem"), "--tls-cert", path("operator.pem")], 4, "belong together")):
            done = coordinator.command("jobs", *words)
            assert done.returncode == code and expected in done.stderr, (words, done)
        done = coordinator.command("jobs", *files("stranger"))
        assert done.returncode == 4, done
        done = coordinator.command("job", "cancel", "7", *files("operator"))
        assert "there is no job 7" in done.stderr, done
        answer = coordinator.command("cluster", "status", *files("operator"))
        assert answer.returncode == 0 and "coordinator at https://" in answer.stdout, answer
    with Coordinator(sluice, folder, *files("server"), "--api-ca", path("clients.pem")) as coordinator:
        assert coordinator.command("jobs", *files("client")).returncode == 0
        done = coordinator.command("jobs", *files("operator"))
        assert done.returncode == 4, done
        worker = subprocess.run([sluice, "worker", "--join", coordinator.join, *files("client")], capture_output=True,
                                text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        assert worker.returncode == 4 and "was not signed by the CA in" in worker.stderr, worker
        with subprocess.Popen([sluice, "worker", "--join", coordinator.join, *files("client", "clients")],
                              stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as stranger:
            line = stranger.stderr.readline()
            stranger.terminate()
        assert "lost the coordinator" in line and "TLS failed" in line, line
    with Coordinator(sluice, folder) as coordinator:
        done = coordinator.command("jobs", "--tls-ca", path("ca.pem"))
        assert done.returncode == 4 and "TLS" in done.stderr, done


def main():
    os.umask(0o022)
    for test in (roles_may_what_they_may, what_is_too_large_is_refused, open_listeners_need_a_secret,
                 https_with_certificates):
        print(test.__name__, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            test(sys.argv[1], folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""ClusterHere: a cluster of real processes on the loopback, for the tests of this folder."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 60  # seconds; only a broken cluster takes so long


def wait_for(condition, what):
    """Looks until `condition` gives something, and returns it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def is_stopped(process):
    return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


@contextlib.contextmanager
def file_calls(folder, **settings):
    """Of processes that are started here: see file_calls.c."""
    library = Path(folder) / "file_calls.so"
    if not library.exists():
        source = Path(__file__).with_name("file_calls.c")
        subprocess.run(["clang-19", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    settings["LD_PRELOAD"] = str(library)
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            del os.environ[name]


class ClusterHere:
    """With `workers` processes of `slots` slots each; they end with the `with` block."""

    def __init__(self, sluice, workers=3, slots=2, token=None, state=False, process_flags=()):
        self.sluice = sluice
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-cluster-")
        self.flags = []
        self.state = str(Path(self.folder.name) / "state") if state else None
        self.process_flags = process_flags  # of coordinator and workers, not of clients
        self.headers = {}
        if token is not None:
            file = Path(self.folder.name) / "token"
            file.write_text(token + "\n")
            self.flags = ["--token-file", str(file)]
            self.headers = {"Authorization": f"Bearer {token}"}
        self.context = None
        if "--tls-ca" in process_flags:  # with which clients show the certificate of the processes
            self.flags += process_flags
            self.process_flags = ()
            ca, certificate, key = (process_flags[process_flags.index(f"--tls-{name}") + 1]
                                    for name in ("ca", "cert", "key"))
            self.context = ssl.create_default_context(cafile=ca)
            self.context.load_cert_chain(certificate, key)
        self.processes = []
        self.ports = (0, 0)
        self.coordinator = self.start_coordinator()
        self.workers = [self.start_worker(slots) for _ in range(workers)]
        self.wait_for_workers(workers)

    def start(self, name, *words):
        log = Path(self.folder.name) / f"{name}-{len(self.processes)}.log"
        process = subprocess.Popen([self.sluice, *words, *self.flags, *self.process_flags], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=log.open("w"))
        process.log = log
        self.processes.append(process)
        return process

    def start_coordinator(self):
        """On the same ports as the one before."""
        process = self.start("coordinator", "coordinator", "--port", str(self.ports[0]), "--http-port",
                             str(self.ports[1]), *(["--state-dir", self.state] if self.state else []))

        def addresses():
            lines = [line for line in process.log.read_text().splitlines() if "workers join " in line]
            assert process.poll() is None, process.log.read_text()
            return lines[0].split("workers join ")[1].split(", clients use ") if lines else None

        join, self.url = wait_for(addresses, "the coordinator to listen")
        self.http = self.url.split("//")[1]
        self.join = join.split("//")[1]
        self.ports = (int(join.rsplit(":", 1)[1]), int(self.http.rsplit(":", 1)[1]))
        return process

    def start_worker(self, slots=2, *words):
        return self.start("worker", "worker", "--join", self.join, "--slots", str(slots), *words)

    @staticmethod
    def go_on(process):
        """That was stopped."""
        process.send_signal(signal.SIGCONT)

    def wait_for_workers(self, count):
        wait_for(lambda: len(self.get("/workers")["workers"]) == count, f"{count} workers")

    def command(self, *words, **options):
        """Runs `sluice WORDS` against this cluster."""
        environment = {**os.environ, "SLUICE_CLUSTER": self.http}
        return subprocess.run([self.sluice, *words, *self.flags], env=environment, capture_output=True,
                              timeout=PATIENCE * 5, stdin=subprocess.DEVNULL, **options)

    def request(self, method, path, body=None, headers=None):
        """Status and body of any request; paths are those behind /v1, except for that of Prometheus."""
        path = path if path.startswith(("/v1", "/metrics")) else "/v1" + path
        request = urllib.request.Request(self.url + path, data=body, method=method,
                                         headers={"Content-Type": "application/json",
                                                  **(self.headers if headers is None else headers)})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=self.context) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path):
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def submit(self, flow, *words, **options):
        done = self.command("submit", str(flow), *words, **options)
        assert done.returncode == 0, done.stderr.decode()
        return int(done.stdout)

    def wait_for_state(self, job, *states):
        def look():
            info = self.get(f"/jobs/{job}")
            assert info["state"] in states or not info["has_ended"], info
            return info if info["state"] in states else None

        return wait_for(look, f"job {job} to be {' or '.join(states)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()

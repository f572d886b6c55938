#!/usr/bin/env python3
"""tls.py SLUICE: a cluster with TLS runs jobs; whoever has no certificate of its CA gets nothing; files that cannot be
used are errors that say why."""

import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from certificates import Authority, flags
from cluster_here import ClusterHere, wait_for


@contextlib.contextmanager
def stranger(cluster, *words):
    """A worker that should not be let in, and its log."""
    log = Path(cluster.folder.name) / "stranger.log"
    with log.open("w") as file:
        process = subprocess.Popen([cluster.sluice, "worker", "--join", cluster.join, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=file)
    try:
        yield log
    finally:
        process.terminate()
        process.wait()


def wait_for_line(log, *texts):
    wait_for(lambda: [line for line in log.read_text().splitlines() if all(text in line for text in texts)],
             f"{texts} in {log}")


def job(folder):
    numbers = Path(folder) / "numbers.csv"
    numbers.write_text("n\n" + "".join(f"{i}\n" for i in range(20000)))
    flow = Path(folder) / "sums.flow"
    flow.write_text(f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                    "from numbers |> aggregate s = sum(n) per k = n % 3 |> to print\n")
    return flow


def check_job(cluster, folder):
    done = cluster.command("submit", str(job(folder)), "--wait", "--parallel", "4")
    assert done.returncode == 0, done.stderr.decode()
    rows = sorted(done.stdout.decode().splitlines())
    assert rows == ["0,66663333", "1,66670000", "2,66656667", "k,s"], rows


def nothing_comes_without_a_certificate(cluster, context):
    """From the ports for workers and for rows: no byte but the handshake's."""
    rows = [int(worker["data_url"].rsplit(":", 1)[1]) for worker in cluster.get("/workers")["workers"]]
    for port in (cluster.ports[0], *rows):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
            try:
                with context.wrap_socket(raw) as peer:
                    peer.sendall(bytes(100))
                    assert peer.recv(100) == b"", "a stranger was answered"
            except (ssl.SSLError, ConnectionError):
                pass


def a_cluster_with_tls(sluice, folder):
    ours, others = Authority(folder / "ours"), Authority(folder / "others")
    own = flags(ours.certificate, *ours.sign("process"))
    with ClusterHere(sluice, workers=2, process_flags=own) as cluster:
        check_job(cluster, folder)
        urls = [worker["data_url"] for worker in cluster.get("/workers")["workers"]]
        assert all(url.startswith("tls+tcp://") for url in urls), urls
        log = cluster.coordinator.log
        with stranger(cluster, *flags(others.certificate, *others.sign("stranger"))) as said:
            wait_for_line(said, "lost the coordinator", "TLS failed")
            wait_for_line(log, "refused a process that wanted to join", "TLS failed")
        # It trusts our CA, but has a certificate of another one: that it tells when it starts.
        with stranger(cluster, *flags(ours.certificate, *others.sign("mixed"))) as said:
            wait_for_line(said, "was not signed by the CA in")
        with stranger(cluster) as said:
            wait_for_line(said, "lost the coordinator", "TLS")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        nothing_comes_without_a_certificate(cluster, context)
        certificate, key = others.sign("client")
        context.load_cert_chain(certificate, key)
        nothing_comes_without_a_certificate(cluster, context)
        assert len(cluster.get("/workers")["workers"]) == 2
        check_job(cluster, folder)


def a_cluster_without_tls(sluice, folder):
    ours = Authority(folder / "unused")
    with ClusterHere(sluice, workers=1) as cluster:
        with stranger(cluster, *flags(ours.certificate, *ours.sign("process"))) as said:
            wait_for_line(said, "lost the coordinator", "TLS")
            wait_for_line(cluster.coordinator.log, "the peer uses TLS, and this process does not")
        assert len(cluster.get("/workers")["workers"]) == 1


def files_that_cannot_be_used(sluice, folder):
    ours, others = Authority(folder / "good"), Authority(folder / "bad")
    certificate, key = ours.sign("process")
    old, old_key = ours.sign("old", days=-1)
    noise = folder / "noise.pem"
    noise.write_text("no certificate\n")
    secret = folder / "secret.key"
    subprocess.run(["openssl", "ec", "-in", key, "-out", secret, "-aes128", "-passout", "pass:x"], check=True,
                   capture_output=True)
    for words, expected in (
            (flags(folder / "none.pem", certificate, key), "none.pem of --tls-ca: No such file or directory"),
            (flags(noise, certificate, key), "noise.pem is no certificate in PEM"),
            (flags(ours.certificate, noise, key), "noise.pem is no certificate in PEM"),
            (flags(ours.certificate, certificate, noise), "noise.pem is no private key in PEM"),
            (flags(ours.certificate, certificate, secret), "secret.key has a passphrase"),
            (flags(ours.certificate, certificate, old_key), "does not belong to the certificate in"),
            (flags(ours.certificate, old, old_key), "has expired on "),
            (flags(others.certificate, certificate, key), "was not signed by the CA in"),
            (["--tls-cert", certificate, "--tls-key", key], "--tls-ca is missing"),
            (["--tls-ca", ours.certificate], "--tls-cert is missing")):
        for command in (["coordinator", "--port", "0", "--http-port", "0"], ["worker", "--join", "127.0.0.1:1"]):
            done = subprocess.run([sluice, *command, *words], capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL)
            assert done.returncode == 4 and expected in done.stderr, (command, words, done.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="sluice-tls-") as name:
        for test in (files_that_cannot_be_used, a_cluster_with_tls, a_cluster_without_tls):
            print(test.__name__, flush=True)
            test(sys.argv[1], Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

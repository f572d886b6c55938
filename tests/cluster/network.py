#!/usr/bin/env python3
"""network.py SLUICE: a proxy between two workers, and between a worker and the coordinator, delays, loses, damages and
withholds what they say. Every job ends with the right rows or says why not, and the next one has the right rows."""

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cluster_here import ClusterHere, wait_for
from proxy import Proxy

KEYS = 100_003
ROWS = 300_000
LONGEST_END = 60  # seconds until a job that lost its network has ended


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Case:
    """A cluster of two workers whose rows go through `rows`; the second one speaks to the coordinator through `control`.
    Workers number themselves in the order in which they join, and of two the lower number calls."""

    def __init__(self, sluice, folder):
        numbers = Path(folder) / "numbers.csv"
        numbers.write_text("n\n" + "".join(f"{i}\n" for i in range(ROWS)))
        self.flow = Path(folder) / "sums.flow"
        self.flow.write_text(f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                             f"from numbers |> aggregate s = sum(n) per k = n % {KEYS} |> to print\n")
        sums = {}
        for i in range(ROWS):
            sums[i % KEYS] = sums.get(i % KEYS, 0) + i
        self.expected = sorted(["k,s", *(f"{key},{value}" for key, value in sums.items())])
        self.cluster = ClusterHere(sluice, workers=1)
        self.rows, self.control = Proxy(free_port()), Proxy(self.cluster.ports[0])

    def __enter__(self):
        self.rows.__enter__()
        self.control.__enter__()
        self.cluster.workers.append(self.cluster.start(
            "worker", "worker", "--join", self.control.address(), "--slots", "2", "--port", str(self.rows.target),
            "--advertise", self.rows.address()))
        self.cluster.wait_for_workers(2)
        return self

    def __exit__(self, *_):
        self.cluster.__exit__()
        self.control.__exit__()
        self.rows.__exit__()

    def heal(self):
        self.rows.heal()
        self.control.heal()
        self.cluster.wait_for_workers(2)

    def start(self):
        """A job while the network is as it is; it does not begin anew, which would hide what happens to its rows."""
        environment = {"SLUICE_CLUSTER": self.cluster.http, "PATH": "/usr/bin:/bin"}
        return subprocess.Popen([self.cluster.sluice, "submit", str(self.flow), "--wait", "--parallel", "4",
                                 "--restart", "none"],
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def expect_rows(self, job):
        rows, said = job.communicate(timeout=5 * LONGEST_END)
        assert job.returncode == 0, said
        assert sorted(rows.splitlines()) == self.expected, f"{len(rows.splitlines())} rows for {len(self.expected)}"

    def expect_rows_or_error(self, job, *errors):
        rows, said = job.communicate(timeout=LONGEST_END)
        if job.returncode == 0:
            assert sorted(rows.splitlines()) == self.expected
        else:
            assert job.returncode == 4 and any(error in said for error in errors), said

    def wait_until_under_way(self):
        before = self.rows.forwarded
        wait_for(lambda: self.rows.forwarded > before + 300_000, "rows to be under way")


def delayed_rows_arrive(case):
    case.rows.delay = 0.1
    case.expect_rows(case.start())


def slow_rows_arrive(case):
    case.rows.bytes_per_second = 2_000_000
    case.expect_rows(case.start())


def damaged_rows_are_sent_again(case):
    case.rows.flip_every = 400_000
    before = case.rows.flipped
    case.expect_rows(case.start())
    assert case.rows.flipped > before


def lost_connections_are_made_anew(case):
    case.rows.bytes_per_second = 4_000_000
    job = case.start()
    for _ in range(3):
        case.wait_until_under_way()
        case.rows.drop()
    case.rows.heal()
    case.expect_rows(job)


def a_short_cut_is_waited_for(case):
    case.rows.bytes_per_second = 2_000_000
    job = case.start()
    case.wait_until_under_way()
    case.rows.is_cut = True
    time.sleep(3)  # how long the cut is, not how long something takes
    case.rows.heal()
    case.expect_rows(job)


def after_a_long_cut_the_next_job_has_its_rows(case):
    case.rows.bytes_per_second = 1_000_000
    job = case.start()
    case.wait_until_under_way()
    case.rows.is_cut = True
    case.expect_rows_or_error(job, "cannot be reached", "has given up the connection")
    case.heal()
    case.expect_rows(case.start())


def a_worker_that_is_cut_off_joins_again(case):
    case.rows.bytes_per_second = 1_000_000
    job = case.start()
    case.wait_until_under_way()
    case.control.is_cut = True
    case.expect_rows_or_error(job, "was lost", "no worker")
    case.heal()
    case.expect_rows(case.start())


def a_delayed_coordinator_is_heard(case):
    case.control.delay = 0.1
    case.expect_rows(case.start())


def damaged_commands_are_not_carried_out(case):
    before = case.control.flipped
    case.control.flip_every = 2_000
    job = case.start()
    wait_for(lambda: case.control.flipped > before, "a damaged command")
    case.expect_rows_or_error(job, "was lost", "no worker")
    case.heal()
    case.expect_rows(case.start())


def main():
    tests = (delayed_rows_arrive, slow_rows_arrive, damaged_rows_are_sent_again, lost_connections_are_made_anew,
             a_short_cut_is_waited_for, after_a_long_cut_the_next_job_has_its_rows, a_worker_that_is_cut_off_joins_again,
             a_delayed_coordinator_is_heard, damaged_commands_are_not_carried_out)
    with tempfile.TemporaryDirectory() as folder, Case(sys.argv[1], folder) as case:
        for test in tests:
            start = time.monotonic()
            print(test.__name__, flush=True)
            test(case)
            case.heal()
            print(f"  {time.monotonic() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

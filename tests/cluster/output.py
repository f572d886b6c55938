#!/usr/bin/env python3
"""output.py SLUICE: workers whose jobs print more than a coordinator takes keep little of it, and can be ended."""

import signal
import sys
import tempfile
import time
from pathlib import Path

from cluster_here import ClusterHere, wait_for

# As fast as it can.
PRINTING = "use nexmark.{bid}\nfrom bid |> select auction, price, url, extra |> to print()\n"
FLAGS = ["--param", "nexmark.events=1000000000", "--restart", "none", "--parallel", "2"]
MOST_GROWTH = 160 << 20  # bytes: rows on their way, those being formatted, and the pages that hold them
AWAY = 2  # seconds that the coordinator takes nothing; after three a worker gives it up


def memory_of(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def rows_wait_for_a_coordinator_that_stands_still(cluster, folder):
    flow = Path(folder) / "printing.flow"
    flow.write_text(PRINTING)
    job = cluster.submit(flow, *FLAGS)
    wait_for(lambda: cluster.get(f"/jobs/{job}")["rows_in"] > 10_000, "rows")
    worker = cluster.workers[0]
    before = memory_of(worker)
    cluster.coordinator.send_signal(signal.SIGSTOP)
    time.sleep(AWAY)
    growth = memory_of(worker) - before
    print(f"{growth >> 20} MiB more", flush=True)
    cluster.go_on(cluster.coordinator)
    assert growth < MOST_GROWTH, f"{growth >> 20} MiB more"
    # The coordinator may have given the worker up, which then joins again, or not.
    assert cluster.command("job", "cancel", str(job)).returncode == 0
    wait_for(lambda: cluster.get(f"/jobs/{job}")["has_ended"], "the job to end")
    wait_for(lambda: [worker["free_slots"] for worker in cluster.get("/workers")["workers"]] == [2], "the worker")


def a_job_that_prints_much_can_be_cancelled(cluster, folder):
    job = cluster.submit(Path(folder) / "printing.flow", *FLAGS)
    wait_for(lambda: cluster.get(f"/jobs/{job}")["rows_in"] > 1_000_000, "rows")
    assert cluster.command("job", "cancel", str(job)).returncode == 0
    cluster.wait_for_state(job, "cancelled")


def whoever_waits_to_print_is_ended_with_the_coordinator(cluster, folder):
    job = cluster.submit(Path(folder) / "printing.flow", *FLAGS)
    wait_for(lambda: cluster.get(f"/jobs/{job}")["rows_in"] > 10_000, "rows")
    worker = cluster.workers[0]
    cluster.coordinator.send_signal(signal.SIGSTOP)
    wait_for(lambda: "lost the coordinator" in worker.log.read_text(), "the worker to give the coordinator up")
    worker.terminate()
    assert worker.wait(timeout=60) == 0, worker.log.read_text()


def main():
    with tempfile.TemporaryDirectory() as folder, ClusterHere(sys.argv[1], workers=1) as cluster:
        for test in (rows_wait_for_a_coordinator_that_stands_still, a_job_that_prints_much_can_be_cancelled,
                     whoever_waits_to_print_is_ended_with_the_coordinator):
            print(test.__name__, flush=True)
            test(cluster, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

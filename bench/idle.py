#!/usr/bin/env python3
"""What do the processes of a cluster take that has nothing to do? Starts a coordinator and two workers, waits for some
seconds, and prints the share of a core and the resident memory of each.

    bench/idle.py

Ends with 1 when a worker takes 1 % of a core or more, or more than 150 MB."""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests/cluster"))
from cluster_here import ClusterHere

MOST_CPU = 1.0  # percent of a core
MOST_MEMORY = 150  # MB


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process):
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", default=str(ROOT / "build/release/sluice"), help="the program to measure")
    parser.add_argument("--seconds", type=float, default=20, help="to look (default 20)")
    options = parser.parse_args()
    failed = False
    with ClusterHere(options.sluice, workers=2) as cluster:
        before = [cpu_seconds(process) for process in cluster.processes]
        time.sleep(options.seconds)
        for process, seconds in zip(cluster.processes, before):
            cpu = 100 * (cpu_seconds(process) - seconds) / options.seconds
            memory = resident_mb(process)
            is_ok = cpu < MOST_CPU and memory <= MOST_MEMORY
            failed |= not is_ok
            print(f"{process.args[1]:12} {cpu:5.2f} % of a core {memory:6.1f} MB{'' if is_ok else '  too much'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

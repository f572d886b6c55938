#!/usr/bin/env python3
"""How many rows of 24 bytes does a shuffle bring from one process to another per second, over TCP on the loopback?

    bench/shuffle.py                        half a minute; needs `./dev build` first
    bench/shuffle.py --pairs 5 --json

Runs A B A B ...: A is NNG's push and pull with the same bytes in messages of the same size, B is what joins the tasks of
two workers: a link with its blocks, channels, credits, acknowledgements and checksums (bench/shuffle.cpp). The medians
are compared. Blocks are those of a hash exchange to so many tasks. Ends with 1 when B brings less than 5 million rows or
less than 0.6 of A."""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET_ROWS = 5_000_000
TARGET_RATIO = 0.6
BLOCK_BYTES = 256 << 10
TASKS = (1, 2, 4, 16)


def measure(program, mode, rows, tasks):
    words = [program, mode, str(rows), str(BLOCK_BYTES // tasks), str(tasks)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True, timeout=300).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"), help="build directory (default build/release)")
    parser.add_argument("--rows", type=int, default=50_000_000, help="of each run (default 50 million)")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each row of the table")
    options = parser.parse_args()
    subprocess.run(["ninja", "-C", options.build, "--quiet", "bench_shuffle"], check=True)
    program = f"{options.build}/bench/bench_shuffle"
    if not options.json:
        print(f"{'tasks':>6} {'block':>9} {'push/pull':>12} {'link':>12}  ratio      (M rows/s)")
    failed = False
    for tasks in TASKS:
        pairs = [[measure(program, mode, options.rows, tasks) for mode in ("bare", "link")]
                 for _ in range(options.pairs)]
        bare, link = (statistics.median(column) for column in zip(*pairs))
        is_ok = link >= TARGET_ROWS and link / bare >= TARGET_RATIO
        failed |= not is_ok
        if options.json:
            print(json.dumps({"tasks": tasks, "block_bytes": BLOCK_BYTES // tasks, "bare_rows": round(bare),
                              "link_rows": round(link), "ratio": round(link / bare, 2), "ok": is_ok}))
        else:
            print(f"{tasks:6} {BLOCK_BYTES // tasks >> 10:5} KiB {bare / 1e6:12.1f} {link / 1e6:12.1f}  {link / bare:5.2f}"
                  f"{'' if is_ok else '  too slow'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

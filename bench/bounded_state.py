#!/usr/bin/env python3
"""Does the state of a query that never ends stay bounded? Runs each query over an hour of event time and looks at the
resident memory of the process on the way: after the warm-up, a tenth of the run, it must not be more in the second half
than it was in the first.

    bench/bounded_state.py                                     an hour at 100,000 events a second: some minutes
    bench/bounded_state.py --rate 20000 --query q5,q7 --json   some seconds each

Prints a line per query: the median of either half, the peak, and whether it is flat; ends with 1 when one of them is
not, or when its run was too short to tell: a short run shows how a process starts. What lies between two tasks comes
and goes, and an allocator keeps some of what it had, so a little is allowed for.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import queries

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAMS = {
    **{query: ROOT / f"examples/nexmark/{query}.flow" for query in ("q5", "q7", "q8", "q11")},
    **{name: HERE / f"pipelines/{name}.flow" for name in ("interval_join", "keep", "closed_auctions")},
}
WARM_UP = 0.1
GROWTH = 1.1
SLACK_MB = 8
INTERVAL = 0.005
SHORTEST_S = 2  # of a run that tells anything


def resident_mb(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0  # it has ended


def measure(name, options):
    events = int(options.rate * options.hours * 3600)
    command = [options.sluice, "run", str(PROGRAMS[name]), "--discard", "--parallel", str(options.parallel), "--param",
               f"nexmark.events={events}", "--param", f"nexmark.rate={options.rate}", "--tier", "optimized"]
    samples = []
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            samples.append((time.monotonic() - started, resident_mb(process.pid)))
            time.sleep(INTERVAL)
        wall = time.monotonic() - started
        if process.returncode != 0:
            errors.seek(0)
            sys.exit(f"{' '.join(command)}\nended with {process.returncode}: {errors.read().decode()}")
    first, second = ([mb for at, mb in samples if begin * wall <= at < end * wall and mb] or [0]
                     for begin, end in ((WARM_UP, 0.5), (0.5, 1)))
    halves = [statistics.median(half) for half in (first, second)]
    is_flat = halves[1] <= GROWTH * halves[0] + SLACK_MB
    verdict = "too short" if wall < SHORTEST_S else "flat" if is_flat else "GROWS"
    return {"events": events, "rate": options.rate, "parallel": options.parallel, "wall_s": round(wall, 2),
            "first_half_mb": round(halves[0], 1), "second_half_mb": round(halves[1], 1),
            "peak_mb": round(max(mb for _, mb in samples), 1), "verdict": verdict, "ok": verdict == "flat"}


def line_of(result):
    return (f"{result['query']:14} {result['events']:12,} {result['wall_s']:7.1f}s "
            f"{result['first_half_mb']:6.1f} MB {result['second_half_mb']:6.1f} MB {result['peak_mb']:6.1f} MB  "
            f"{result['verdict']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    queries.add_arguments(parser, PROGRAMS, parallel=2)
    parser.add_argument("--rate", type=int, default=100_000, help="events in a second of event time (default 100,000)")
    parser.add_argument("--hours", type=float, default=1, help="of event time (default 1)")
    options = queries.parse(parser, PROGRAMS)
    header = f"{'':14} {'events':>12} {'wall':>8} {'1st half':>9} {'2nd half':>9} {'peak':>9}"
    return queries.report(options, header, lambda name: measure(name, options), line_of)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""How long after its window is complete does a final result come out? Runs queries over Nexmark events in real time, at
half of the rate that they hold, with no delay, and looks at the clock when a row arrives.

    bench/latency.py                      two minutes
    bench/latency.py --query max --rate 500000 --seconds 5 --json
    bench/latency.py --workers 2 --parallel 2 --query count     over a cluster of two workers on this machine

A result is due when the first event behind its window happens. When that is by the clock of this program is told by
rows of single events that come by the same way, 1 in 50,000: the fastest of them is taken to need no time. Prints
milliseconds: median and 99th percentile of results and of single events; ends with 1 when the former is above 10."""

import argparse
import contextlib
import http.client
import math
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import queries

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests/cluster"))
from cluster_here import ClusterHere

TARGET_MS = 10
QUERIES = {
    "count": "aggregate n = count() per group = auction % 20 over tumble(100ms) |> select at = window.end, kind = n",
    "max": "top 1 by price desc over tumble(100ms) |> select at = window.end, kind = price",
    "hot": "aggregate n = count() per auction over hop(1s, every = 250ms) |> top 1 by n desc per window\n"
           "|> select at = window.end, kind = n",
}
PROGRAM = """use nexmark.{{bid}}
let single = from bid |> where auction % 7 == 3 and price % 7143 == 0 |> select at = date_time, kind = 0
from bid
|> {query}
|> union single
"""
START = datetime(2015, 7, 15, tzinfo=timezone.utc)


def command(options, folder, name, **params):
    program = Path(folder) / f"{name}.flow"
    program.write_text(PROGRAM.format(query=QUERIES[name]))
    words = [options.sluice, "submit" if options.workers else "run", str(program), "--parallel", str(options.parallel)]
    # What a job may show twice, because it may begin anew, it shows when it has ended.
    words += ["--restart", "none"] if options.workers else ["--tier", "optimized"]
    for key, value in {"delay": "0s", **params}.items():
        words += ["--param", f"nexmark.{key}={value}"]
    return words


def rate_held(options, folder, name):
    """Events per second of wall time, as fast as they go. The time to start is not counted: two runs differ by it."""
    walls = []
    for events in (1_000_000, 21_000_000):
        started = time.monotonic()
        subprocess.run([*command(options, folder, name, events=events, rate=2_000_000),
                        "--wait" if options.workers else "--discard"], check=True, stdout=subprocess.DEVNULL)
        walls.append(time.monotonic() - started)
    return int(20_000_000 / max(walls[1] - walls[0], 0.1))


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def lines_of_run(words):
    """What a run prints, and when."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, bufsize=1)
    for line in process.stdout:
        yield line, time.monotonic()
    if process.wait() != 0:
        sys.exit(f"{' '.join(words)} failed")


def lines_of_job(words):
    """What a job on a cluster prints, and when its coordinator has it. Asks every millisecond."""
    job = int(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    client = http.client.HTTPConnection(os.environ["SLUICE_CLUSTER"])
    at, rest, is_end = 0, b"", False
    while not is_end:
        client.request("GET", f"/v1/jobs/{job}/output?from={at}")
        answer = client.getresponse()
        rows, arrival = answer.read(), time.monotonic()
        if answer.status != 200:
            sys.exit(f"job {job}: {rows.decode()}")
        is_end = answer.getheader("Sluice-End") == "true"
        at += len(rows)
        *lines, rest = (rest + rows).split(b"\n")
        for line in lines:
            yield line.decode(), arrival
        if not rows:
            time.sleep(0.001)


def measure(options, folder, name):
    rate = options.rate or rate_held(options, folder, name) // 2
    words = command(options, folder, name, events=int(rate * options.seconds), rate=rate, pace="real")
    lines = lines_of_job(words) if options.workers else lines_of_run(words)
    next(lines)  # the header
    results, singles = [], []
    for line, arrival in lines:
        at, kind = line.rstrip().split(",")
        due = (datetime.fromisoformat(at.replace("Z", "+00:00")) - START).total_seconds()
        # What is still open when the events end comes early.
        if due <= options.seconds - 0.5:
            (singles if kind == "0" else results).append(arrival - due)
    if not results or not singles:
        sys.exit(f"{' '.join(words)}\ngave {len(results)} results and {len(singles)} single events: too few to tell")
    origin = min(singles)
    results, singles = ([1000 * (each - origin) for each in rows] for rows in (results, singles))
    p99 = percentile(results, 0.99)
    return {"rate": rate, "parallel": options.parallel, "results": len(results),
            "singles": len(singles), "p50_ms": round(percentile(results, 0.5), 2), "p99_ms": round(p99, 2),
            "single_p50_ms": round(percentile(singles, 0.5), 2),
            "single_p99_ms": round(percentile(singles, 0.99), 2), "ok": p99 <= TARGET_MS}


def line_of(result):
    return (f"{result['query']:8} {result['rate']:10,} {result['results']:8} {result['p50_ms']:6.2f} ms "
            f"{result['p99_ms']:6.2f} ms {result['single_p50_ms']:8.2f} ms {result['single_p99_ms']:6.2f} ms"
            f"{'' if result['ok'] else f'  above {TARGET_MS} ms'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    queries.add_arguments(parser, QUERIES, parallel=1)
    parser.add_argument("--rate", type=int, help="events per second; default: half of what the query holds")
    parser.add_argument("--workers", type=int, default=0, help="of a cluster; default 0: one process without one")
    parser.add_argument("--seconds", type=float, default=20, help="of each run (default 20)")
    options = queries.parse(parser, QUERIES)
    header = f"{'':8} {'events/s':>10} {'results':>8} {'p50':>9} {'p99':>9} {'single p50':>11} {'p99':>9}"
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if options.workers:
            cluster = stack.enter_context(ClusterHere(options.sluice, workers=options.workers, slots=options.parallel))
            os.environ["SLUICE_CLUSTER"] = cluster.http
        return queries.report(options, header, lambda name: measure(options, folder, name), line_of)


if __name__ == "__main__":
    sys.exit(main())

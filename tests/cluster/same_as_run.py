#!/usr/bin/env python3
"""same_as_run.py SLUICE ROOT [--all]: what `sluice submit --wait` shows of the examples and the Nexmark queries on three workers
is what `sluice run` shows, in any order, however many tasks there are; of the queries each with one number of tasks, with
--all with each of three."""

import subprocess
import sys
from pathlib import Path

from cluster_here import ClusterHere

QUERY_FLAGS = ["--param", "nexmark.events=4000", "--param", "nexmark.rate=1000"]


def check(cluster, sluice, root, flow, flags, parallel):
    words = [str(flow), *flags, "--parallel", str(parallel)]
    here = subprocess.run([sluice, "run", *words], capture_output=True, cwd=root, stdin=subprocess.DEVNULL)
    there = cluster.command("submit", *words, "--wait", cwd=root)
    if here.returncode == there.returncode and sorted(here.stdout.splitlines()) == sorted(there.stdout.splitlines()):
        return 0
    print(f"{flow} with {parallel} tasks: {len(here.stdout.splitlines())} lines and exit code {here.returncode} here, "
          f"{len(there.stdout.splitlines())} and {there.returncode} on the cluster\n{there.stderr.decode()}")
    return 1


def main():
    sluice, root = sys.argv[1], Path(sys.argv[2]).resolve()
    examples = [flow for flow in sorted(root.glob("examples/*/pipeline.flow")) if flow.parent.name != "numbers"]
    queries = sorted(root.glob("examples/nexmark/q*.flow"))
    assert len(examples) > 8 and len(queries) > 20
    wrong = runs = 0
    with ClusterHere(sluice) as cluster:
        for flow in examples:
            for parallel in (1, 3, 6):
                wrong += check(cluster, sluice, root, flow, [], parallel)
                runs += 1
        for number, flow in enumerate(queries):
            for parallel in (1, 3, 6) if "--all" in sys.argv else [(6, 3)[number % 2]]:
                wrong += check(cluster, sluice, root, flow, QUERY_FLAGS, parallel)
                runs += 1
    print(f"{runs} runs on a cluster, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

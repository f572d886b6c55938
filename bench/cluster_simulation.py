#!/usr/bin/env python3
"""How long does a coordinator think? Its decisions for 1,000 workers and a job of 5,010 tasks, without processes or
sockets (bench/cluster_simulation.cpp): CPU time to schedule the job, to plan it anew when 100 workers vanish at once,
and to see it to its end.

    bench/cluster_simulation.py             a second; needs `./dev build` first

Prints a line of JSON. Ends with 1 when scheduling takes 2 s or more, or planning anew 1 s or more."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_TO_SCHEDULE_S = 2
MOST_TO_REPLAN_S = 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"), help="build directory (default build/release)")
    options = parser.parse_args()
    subprocess.run(["ninja", "-C", options.build, "--quiet", "cluster_simulation"], check=True)
    done = subprocess.run([f"{options.build}/bench/cluster_simulation"], check=True, capture_output=True, text=True)
    print(done.stdout, end="")
    figures = json.loads(done.stdout)
    return 1 if figures["schedule_cpu_s"] >= MOST_TO_SCHEDULE_S or figures["replan_cpu_s"] >= MOST_TO_REPLAN_S else 0


if __name__ == "__main__":
    sys.exit(main())

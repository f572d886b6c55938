"""idle.py SLUICE: a source that says `idle` and has no rows for so long holds no windows back, and what comes from it
afterwards is late for those that were given out. Both sources are named pipes that stay open."""

import os
import subprocess
import sys
import tempfile

PROGRAM = """
source quick: { key: string, ts: timestamp } = csv("quick.csv") time ts
source slow: { key: string, ts: timestamp } = csv("slow.csv") time ts delay 2s idle 200ms

from quick
|> union slow
|> aggregate n = count() per key over tumble(10s)
|> select key, start = window.start, n
"""
# The watermark of `slow` is 2 s behind its rows: without `idle` no window would be complete while it waits.
QUICK = ["q,2024-03-01T10:00:02Z", "q,2024-03-01T10:00:12Z", "q,2024-03-01T10:00:25Z"]
SLOW = ["s,2024-03-01T10:00:01Z"]
FIRST = {"s,2024-03-01T10:00:00Z,1", "q,2024-03-01T10:00:00Z,1", "q,2024-03-01T10:00:10Z,1"}
SLOW_AFTERWARDS = ["s,2024-03-01T10:00:05Z", "s,2024-03-01T10:00:26Z"]
REST = {"q,2024-03-01T10:00:20Z,1", "s,2024-03-01T10:00:20Z,1"}


def write(pipe, lines):
    pipe.write("".join(line + "\n" for line in lines))
    pipe.flush()


def check(sluice, parallel):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "idle.flow"), "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        for name in ("quick.csv", "slow.csv"):
            os.mkfifo(os.path.join(folder, name))
        job = subprocess.Popen([sluice, "run", "idle.flow", "--parallel", str(parallel)], cwd=folder, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(os.path.join(folder, "quick.csv"), "w", encoding="utf-8") as quick, \
                open(os.path.join(folder, "slow.csv"), "w", encoding="utf-8") as slow:
            write(slow, ["key,ts", *SLOW])
            write(quick, ["key,ts", *QUICK])
            assert job.stdout.readline() == "key,start,n\n"
            early = {job.stdout.readline().rstrip() for _ in FIRST}
            assert early == FIRST, early
            write(slow, SLOW_AFTERWARDS)
        rest, messages = job.communicate()
        assert set(rest.splitlines()) == REST, rest
        assert messages.startswith("1 row came too late for the windows"), messages
        assert job.returncode == 0


for tasks in (1, 3):
    check(os.path.abspath(sys.argv[1]), tasks)

"""idle.py SLUICE: a source that says `idle` and has no rows for so long holds no windows back, and what comes from it
afterwards is late for those that were given out. The sources are named pipes that stay open, but for one that is a file
and ends."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading

PROGRAM = """
source quick: {{ key: string, ts: timestamp }} = csv("quick.csv") time ts {quick}
source slow: {{ key: string, ts: timestamp }} = csv("slow.csv") time ts delay 2s {slow}

from quick
|> union slow
|> aggregate n = count() per key over tumble(10s)
|> select key, start = window.start, n
"""
WAIT = 60  # seconds until rows that do not come count as a failure; nothing here waits for time to pass
# Nothing but a header comes from `slow` at first: without `idle` no window would be complete while it waits.
QUICK = ["q,2024-03-01T10:00:02Z", "q,2024-03-01T10:00:12Z", "q,2024-03-01T10:00:25Z"]
FIRST = {"q,2024-03-01T10:00:00Z,1", "q,2024-03-01T10:00:10Z,1"}
SLOW = ["s,2024-03-01T10:00:05Z", "s,2024-03-01T10:00:26Z"]
REST = {"q,2024-03-01T10:00:20Z,1", "s,2024-03-01T10:00:20Z,1"}


def lines_of(lines):
    return "".join(line + "\n" for line in lines)


def check(sluice, parallel, quick="", slow="idle 200ms", quick_ends=False):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as pipes:
        with open(os.path.join(folder, "idle.flow"), "w", encoding="utf-8") as file:
            file.write(PROGRAM.format(quick=quick, slow=slow))
        rows = {"quick.csv": ["key,ts", *QUICK], "slow.csv": ["key,ts"]}
        for name in rows if not quick_ends else ["slow.csv"]:
            os.mkfifo(os.path.join(folder, name))
        if quick_ends:
            with open(os.path.join(folder, "quick.csv"), "w", encoding="utf-8") as file:
                file.write(lines_of(rows.pop("quick.csv")))
        job = subprocess.Popen([sluice, "run", "idle.flow", "--parallel", str(parallel)], cwd=folder, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        watch = threading.Timer(WAIT, job.kill)
        watch.start()
        pipes.callback(watch.cancel)
        with contextlib.ExitStack() as inputs:
            opened = {name: inputs.enter_context(open(os.path.join(folder, name), "w", encoding="utf-8", buffering=1))
                      for name in rows}
            for name, lines in rows.items():
                opened[name].write(lines_of(lines))
            assert job.stdout.readline() == "key,start,n\n"
            early = {job.stdout.readline().rstrip() for _ in FIRST}
            assert early == FIRST, early
            opened["slow.csv"].write(lines_of(SLOW))
        rest, messages = job.communicate()
        assert set(rest.splitlines()) == REST, rest
        assert messages.startswith("1 row came too late"), messages
        assert job.returncode == 0


for tasks in (1, 3):
    program = os.path.abspath(sys.argv[1])
    check(program, tasks)
    # All are idle, one before the other.
    check(program, tasks, quick="idle 20ms", slow="idle 300ms")
    check(program, tasks, quick="idle 300ms", slow="idle 20ms")
    check(program, tasks, quick_ends=True)

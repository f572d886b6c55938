"""A job does not wait for optimized code that it does not need: it ends when its rows are out, or when it is told to.
Optimizing a row of 1500 columns takes LLVM several times as long as everything else here; that nobody waited for it
shows in the empty cache."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

COLUMNS = 1500


def thread_names(pid):
    for comm in Path(f"/proc/{pid}/task").glob("*/comm"):
        try:
            yield comm.read_text().strip()
        except OSError:  # it ended just now
            pass


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} where {wanted!r} was expected")


def main():
    sluice = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        names = [f"c{i}" for i in range(COLUMNS)]
        (place / "w.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * COLUMNS) + "\n")
        (place / "w.flow").write_text(
            f"source w: {{ {', '.join(f'{name}: int' for name in names)} }} = csv(\"w.csv\")\n"
            'from w |> where c5 > 0 |> to json("-")\n')
        cache = place / "cache"
        environment = {**os.environ, "SLUICE_CACHE_DIR": str(cache)}
        command = [sluice, "run", "w.flow", "--tier"]

        done = subprocess.run([*command, "auto"], cwd=place, env=environment, capture_output=True, text=True)
        expect("exit code", (done.returncode, done.stderr), (0, ""))
        expect("result", done.stdout, "{" + ",".join(f'"{name}":1' for name in names) + "}\n")
        expect("cache", list(cache.glob("*")), [])

        for sent in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([*command, "optimized"], cwd=place, env=environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)  # fmt: skip
            while "sluice-compile" not in thread_names(process.pid):
                expect("process before its compiling thread", process.poll(), None)
            process.send_signal(sent)
            output, errors = process.communicate()
            expect("end", (process.returncode, output, errors), (128 + sent, "", "stopped; nothing was kept\n"))
            expect("cache", list(cache.glob("*")), [])


if __name__ == "__main__":
    main()

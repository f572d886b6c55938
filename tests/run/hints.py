"""Programs with hints must print what they print without, at any parallelism and block size, and `explain` must say what
became of each hint.

    hints.py SLUICE
"""

import csv
import itertools
import random
import re
import sys
import tempfile
from pathlib import Path

from harness import Configuration, describe, run_sluice

SOURCE = ("source rows: {{ key: string, value: int, ts: timestamp }} = csv(\"{0}\") time ts delay 10s\n"
          "source table: {{ key: string, value: int }} = csv(\"{0}\")\n")
JOIN = ("from table |> where value > 5 |> {} join (from table |> where value < 3) as other on other.key == key"
        " and other.value * 10 > value @broadcast\n  |> {} |> sort by {} |> to csv(\"-\")")
HINT = re.compile(r" @\w+(\([^)]*\))?")
PROGRAMS = [
    "from rows |> aggregate n = count(), d = max(value) per key @combine(off) |> to csv(\"-\")",
    "from rows |> aggregate n = count() @combine(off) |> to csv(\"-\")",
    "from rows |> aggregate n = count() per key over tumble(1min) @combine(off) @cut\n"
    "  |> select key, start = window.start, n |> to csv(\"-\")",
    "from rows |> top 3 by value desc @combine(off) |> to csv(\"-\")",
    "from table |> top 3 by value desc per key @skew |> to csv(\"-\")",
    "from table |> top 2 with ties by value per key, odd = value % 2 as place @combine(on) |> to csv(\"-\")",
    "from table |> aggregate n = count(), d = max(value) per key @skew |> to csv(\"-\")",
    "from rows |> top 1 by value desc per key over hop(1min, every = 20s) @skew |> to csv(\"-\")",
    JOIN.format("", "select key, value, less = other.value", "key, value, less"),
    JOIN.format("left", "select key, value, less = other?.value ?? 0", "key, value, less"),
    JOIN.format("semi", "select key, value", "key, value"),
    JOIN.format("anti", "aggregate n = count() per key, value", "key, value"),
    JOIN.format("full", "select less = other?.value ?? 0, key = key ?? \"\", value = value ?? 0", "less, key, value"),
    "from rows |> top 1 by value desc per key over hop(1min, every = 20s) @combine(off) @cut |> to csv(\"-\")",
    "from rows |> where value > 5 @cut |> aggregate n = count(), total = sum(value) over tumble(1min) |> to csv(\"-\")",
    "from rows |> sort by value @cut |> extend double = value * 2 @cut |> take 40 @cut |> to csv(\"-\")",
    "from rows |> extend n = row_number() per key @cut |> where n < 4 |> sort by key, n |> to csv(\"-\")",
    "from rows |> aggregate n = count() per rollup(key) @cut @combine(off) |> sort by key |> to csv(\"-\")",
    "let some = from rows |> where value > 5 @cut\n"
    "from some |> union (from rows |> where value < 3 @cut) |> sort by ts, value, key |> to csv(\"-\")",
    "from rows |> where value > 5 @cut |> join (from rows |> where value < 3) as other on other.key == key within 5s\n"
    "  |> select key, value, less = other.value |> sort by key, value, less @cut |> to csv(\"-\")",
]
CONFIGURATIONS = [Configuration(*each) for each in
                  itertools.product((1, 2, 4), ("quick", "optimized"), (True,), (1, 262144))]


def write_rows(path):
    random_ = random.Random(5)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "value", "ts"])
        for i in range(600):
            second = i // 2 - random_.randrange(5)
            writer.writerow([random_.choice("abcdef"), random_.randrange(40),
                             f"2024-03-01T10:{10 + second // 60:02}:{second % 60:02}Z"])


def answer(sluice, path, text, configuration):
    path.write_text(text, encoding="utf-8")
    result = run_sluice(sluice, path, configuration)
    if result.returncode != 0:
        sys.exit(f"{describe(result)}{text}")
    return result.stdout


def main():
    sluice = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder) / "rows.csv")
        for program in PROGRAMS:
            text = SOURCE.format(Path(folder) / "rows.csv") + program + "\n"
            for configuration in CONFIGURATIONS:
                plain, hinted = (answer(sluice, Path(folder) / "job.flow", each, configuration)
                                 for each in (HINT.sub("", text), text))
                if plain != hinted or plain.count(b"\n") < 2:
                    sys.exit(f"{configuration}: hints change the answer\n{text}\n{plain.decode()}\n{hinted.decode()}")
    print(f"{len(PROGRAMS)} programs print the same with hints and without")


if __name__ == "__main__":
    main()

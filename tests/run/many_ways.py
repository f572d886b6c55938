"""Pipelines that meet again and again: each `let` reads the one before it in two branches, twenty of them one behind
the other, so that rows have a million ways from the source to the end. The code must not have a copy of the last steps
for each; and its answers are those of Python. Once it has functions for what stands behind a union, too: with
everything that the loop around them keeps in registers (states without keys, watermarks, counts of late rows)."""

import sys
import tempfile
from pathlib import Path

from harness import Configuration, describe, run_sluice

DEPTH = 20
TABLES = 5  # every change of one makes two of the next
ROWS = [(n, f"k{n * 7 % 5}", n // 3) for n in range(60)]
CONFIGURATIONS = (
    Configuration(1, "quick"),
    Configuration(1, "optimized"),
    Configuration(1, "quick", optimize=False),
    Configuration(3, "optimized", block_bytes=1),
)


def chain(first, step, depth=DEPTH):
    return "\n".join([f"let b0 = {first}"] + [f"let b{i} = {step(f'b{i - 1}', i)}" for i in range(1, depth + 1)]) + "\n"


def split(name, i):
    """Every row goes one of two ways, and is changed on one of them."""
    return f"from {name} |> where n > {2 * i} |> union (from {name} |> where n <= {2 * i} |> set n = n + 1)"


def after_split(n, depth=DEPTH):
    for i in range(1, depth + 1):
        n = n if n > 2 * i else n + 1
    return n


def hour_of(row):
    return f"2024-01-01T{row[2] // 60:02}:00:00Z"


def programs():
    """Name, program behind its source, and the lines that it must print, sorted."""
    last = f"b{DEPTH}"
    rows = [(after_split(n), k) for n, k, _ in ROWS]
    yield ("rows", chain("from s", split) + f"from {last} |> select n, k |> to csv(\"-\")",
           ["n,k"] + [f"{n},{k}" for n, k in rows])  # fmt: skip
    total = f"from {last} |> aggregate c = count(), t = sum(n), m = min(k), d = count_distinct(k) |> to csv(\"-\")"
    yield ("one group", chain("from s", split) + total,
           ["c,t,m,d", f"{len(rows)},{sum(n for n, _ in rows)},{min(k for _, k in rows)},{len({k for _, k in rows})}"])  # fmt: skip
    copies = chain("from s |> where n < 2", lambda name, i: f"from {name} |> union {name}")
    yield ("copies", copies + f"from {last} |> aggregate c = count(), t = sum(n) |> to csv(\"-\")",
           ["c,t", f"{2 << DEPTH},{1 << DEPTH}"])  # fmt: skip
    found = chain("from s |> where n < 2 |> left join names as o on o.k == k |> select n, name = o?.name ?? \"\"",
                  lambda name, i: f"from {name} |> union {name}")
    by_name = "aggregate c = count(), t = sum(n) per name"
    yield ("copies behind a lookup", found + f"from {last} |> {by_name} |> to csv(\"-\")",
           ["name,c,t", f"N0,{1 << DEPTH},0", f'"",{1 << DEPTH},{1 << DEPTH}'])  # fmt: skip
    yield ("count window", chain("from s", split) +
           f"from {last} |> aggregate c = count() per k over count(1) |> aggregate c = count() |> to csv(\"-\")",
           ["c", str(len(rows))])  # fmt: skip
    windows = f"from {last} |> time ts |> aggregate c = count() per k over tumble(1h) |> select c, h = window.start"
    groups = {}
    for row in ROWS:
        groups[(row[1], hour_of(row))] = groups.get((row[1], hour_of(row)), 0) + 1
    yield ("windows", chain("from s", split) + windows + " |> to csv(\"-\")",
           ["c,h"] + [f"{c},{hour}" for (_, hour), c in groups.items()])  # fmt: skip
    pairs = chain("from s", lambda name, i: f"from {name} |> join t as o on n == o.n |> select n, k |> union "
                  f"(from {name} |> anti join t as o on n == o.n |> select n, k)")  # fmt: skip
    yield ("joins", "let t = from s |> where n % 2 == 0\n" + pairs + f"from {last} |> to csv(\"-\")",
           ["n,k"] + [f"{n},{k}" for n, k, _ in ROWS])  # fmt: skip
    tables = chain("from s |> aggregate n = max(n) per k",
                   lambda name, i: f"{split(name, i)} |> aggregate n = max(n) per k", TABLES)  # fmt: skip
    changes = f"from b{TABLES} |> changes |> aggregate t = sum(n * change), c = sum(change) |> to csv(\"-\")"
    best = {k: after_split(n, TABLES) for n, k, _ in ROWS}  # they come in the order of n
    yield "changes", tables + changes, ["t,c", f"{sum(best.values())},{len(best)}"]


def main():
    sluice = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lines = [f"{n},{k},2024-01-01T{m // 60:02}:{m % 60:02}:00Z" for n, k, m in ROWS]
        (place / "s.csv").write_text("\n".join(["n,k,ts", *lines]) + "\n")
        (place / "names.csv").write_text("k,name\nk0,N0\n")
        tables = 'source names: { k: string, name: string } = csv("names.csv")'
        for name, program, expected in programs():
            flow = place / "ways.flow"
            flow.write_text(f'source s: {{ n: int, k: string, ts: timestamp }} = csv("s.csv")\n{tables}\n{program}\n')
            for configuration in CONFIGURATIONS:
                result = run_sluice(sluice, flow, configuration, cwd=place)
                if result.returncode or sorted(result.stdout.decode().splitlines()) != sorted(expected):
                    failed += 1
                    print(f"{name}, {configuration}: wrong answer\n{describe(result)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Rows of 80 columns of every kind, through decoders, filters, expressions, exchanges, sorts, aggregates and sinks:
such rows are kept in memory where narrow ones live in registers (RowBuilder of the code generator)."""

import json
import random
import sys
import tempfile
from pathlib import Path

from harness import Configuration, describe, run_sluice

COLUMNS = 80
ROWS = 60
KINDS = ("int", "int?", "string", "string?", "float?", "bool", "bool?")
CONFIGURATIONS = (
    Configuration(1, "quick"),
    Configuration(1, "optimized"),
    Configuration(1, "quick", optimize=False),
    Configuration(4, "optimized", block_bytes=1),
)


def kind(column):
    return KINDS[column % len(KINDS)]


def random_value(column, row):
    random.seed(column * 1000 + row)
    if kind(column).endswith("?") and random.random() < 0.3:
        return None
    match kind(column).rstrip("?"):
        case "int":
            return random.randrange(-1000, 1000) if column != 0 else row
        case "string":
            return random.choice(["a", 'quote " and, comma', "", "längeres Wort", "x" * 40]) + "." + str(row)
        case "float":
            return random.randrange(-100, 100) / 4
        case "bool":
            return random.random() < 0.5


TABLE = [[random_value(c, r) for c in range(COLUMNS)] for r in range(ROWS)]


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, str) and (text == "" or '"' in text or "," in text):
        return '"' + text.replace('"', '""') + '"'
    return text


def records(rows):
    return [{f"c{i}": value for i, value in enumerate(row)} for row in rows]


def changed(record):
    """What `select` below makes of a record."""
    return {
        name: value + 1 if kind(i) == "int" else f"<{value}>" if kind(i) == "string" else value
        for i, (name, value) in enumerate(record.items())
    }


def sums(rows):
    return {f"s{i}": sum(row[i] for row in rows) for i in range(COLUMNS) if kind(i) == "int"}


def pipelines():
    """Name, program behind its source, and the records that it must print."""
    names = [f"c{i}" for i in range(COLUMNS)]
    columns = [f"{n} = {n} + 1" if kind(i) == "int" else f"{n} = f\"<{{{n}}}>\"" if kind(i) == "string" else n
               for i, n in enumerate(names)]  # fmt: skip
    ints = [i for i in range(COLUMNS) if kind(i) == "int"]
    calls = ", ".join(f"s{i} = sum(c{i})" for i in ints)
    yield "as it is", "from w |> to json(\"-\")", records(TABLE)
    yield ("filtered", "from w |> where c0 < 20 and c3 is not null |> to json(\"-\")",
           records([r for r in TABLE if r[0] < 20 and r[3] is not None]))  # fmt: skip
    yield "changed", f"from w |> select {', '.join(columns)} |> to json(\"-\")", [changed(r) for r in records(TABLE)]
    yield "sorted", "from w |> sort by c0 desc |> to json(\"-\")", records(TABLE[::-1])
    yield ("sums", f"from w |> aggregate {calls} |> to json(\"-\")",
           [{"s0": sum(r[0] for r in TABLE)} | sums(TABLE)])  # fmt: skip
    groups = [[r for r in TABLE if r[5] == b] for b in (False, True)]
    yield ("groups", f"from w |> aggregate {calls} per c5 |> sort by c5 |> to json(\"-\")",
           [{"c5": b} | sums(g) for b, g in zip((False, True), groups)])  # fmt: skip


def main():
    sluice = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        csv = [",".join(f"c{i}" for i in range(COLUMNS))] + [",".join(map(cell, row)) for row in TABLE]
        (place / "w.csv").write_text("\n".join(csv) + "\n")
        lines = [json.dumps({n: v for n, v in reversed(r.items()) if v is not None}) for r in records(TABLE)]
        (place / "w.json").write_text("\n".join(lines) + "\n")
        schema = ", ".join(f"c{i}: {kind(i)}" for i in range(COLUMNS))
        for form in ("csv", "json"):
            for name, program, expected in pipelines():
                flow = place / "wide.flow"
                flow.write_text(f'source w: {{ {schema} }} = {form}("w.{form}")\n{program}\n')
                for configuration in CONFIGURATIONS:
                    result = run_sluice(sluice, flow, configuration, cwd=place)
                    answer = [json.loads(line) for line in result.stdout.splitlines()] if not result.returncode else None
                    if answer != expected:
                        failed += 1
                        print(f"{form}, {name}, {configuration}: wrong answer\n{describe(result)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

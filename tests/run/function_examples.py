#!/usr/bin/env python3
"""function_examples.py SLUICE ROOT: runs the example of every row of stdlib/functions.def. Each must be true, computed
while compiling (with passes) and by the generated code (without), in both code tiers."""

import json
import re
import sys
import tempfile
from pathlib import Path

from harness import Configuration, describe, run_sluice

ROW = re.compile(r'^FUNCTION\((\w+), "(?:[^"\\]|\\.)*", \w+, \w+,\s*(.*?)\)$', re.MULTILINE | re.DOTALL)
TEXT = re.compile(r'R"\((.*?)\)"|"((?:[^"\\]|\\.)*)"', re.DOTALL)


def examples(table):
    for row in ROW.finditer(table):
        _doc, example = TEXT.findall(row.group(2))
        yield row.group(1), example[0] or example[1].replace('\\"', '"').replace("\\\\", "\\")


def as_condition(example):
    """Lists cannot be compared with `==`; their elements can."""
    found = re.fullmatch(r"(.*) == \[(.*)\]", example)
    if not found:
        return example
    call, elements = found[1], re.findall(r'"(?:[^"\\]|\\.)*"', found[2])
    return " and ".join([f"len({call}) == {len(elements)}", *(f"{call}[{i}] == {e}" for i, e in enumerate(elements))])


def main():
    sluice, root = sys.argv[1], Path(sys.argv[2])
    table = (root / "stdlib/functions.def").read_text()
    found = list(examples(table))
    if len(found) != len(re.findall(r"^FUNCTION\(", table, re.MULTILINE)):
        sys.exit(f"only {len(found)} rows of functions.def could be read")
    with tempfile.TemporaryDirectory() as folder:
        one_line = Path(folder) / "one.txt"
        one_line.write_text("one\n")
        columns = ",\n     ".join(f"e{i} = {as_condition(example)}" for i, (_, example) in enumerate(found))
        flow = Path(folder) / "examples.flow"
        flow.write_text(f'from lines("{one_line}")\n|> select {columns}\n|> to json("-")\n')
        failures = []
        for optimize in (True, False):
            for tier in ("quick", "optimized"):
                result = run_sluice(sluice, flow, Configuration(tier=tier, optimize=optimize))
                if result.returncode != 0:
                    sys.exit(describe(result))
                values = json.loads(result.stdout)
                failures += [f"{tier}, passes {'on' if optimize else 'off'}: {example} is {values[f'e{i}']}"
                             for i, (_, example) in enumerate(found) if values[f"e{i}"] is not True]
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()

"""Every row of a table is exercised by a test: its name stands somewhere in tests/ or examples/. (functions.def is not
among them: each of its rows carries an example, and tests/run/function_examples.test runs them all.)"""

import re

# Table -> which argument of a row is its name, counted from 0.
TABLES = {
    "lang/source/diagnostics.def": 0,
    "lang/operators/operators.def": 0,
    "lang/graph/nodes.def": 1,
    "lang/graph/expr_ops.def": 1,
    "stdlib/connectors.def": 0,
    "compiler/passes/passes.def": 0,
    "cli/support/commands.def": 0,
}
ROW = re.compile(r"^[A-Z][A-Z_]*\((.*)", re.MULTILINE)
ARGUMENT = re.compile(r'\s*(?:"([^"]*)"|([\w.]+))\s*[,)]')


def row_names(text, position):
    for row in ROW.finditer(text):
        rest, at = row.group(1), 0
        for _ in range(position + 1):
            match = ARGUMENT.match(rest, at)
            if not match:
                break
            at = match.end()
        if match:
            yield text.count("\n", 0, row.start()) + 1, match.group(1) or match.group(2)


def check(tree):
    tests = [name for name in tree.files
             if name.startswith(("tests/", "examples/")) and not name.startswith("tests/lint/")]
    words = set()
    for name in tests:
        words.update(re.findall(r"\w+", tree.text(name)))
    findings, checked = [], 0
    for table, position in TABLES.items():
        if table not in tree.files:
            continue
        for line, row in row_names(tree.text(table), position):
            checked += 1
            if row not in words:
                findings.append(f"{table}:{line}: no test has `{row}`")
    return findings, checked

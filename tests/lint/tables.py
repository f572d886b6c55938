"""Every row of every .def table is exercised by a test, and by the kind of test that can tell whether the row works: a
diagnostic by its rendered head line, an operator by a step in a program that runs, a pass by its unit test. A table
without a rule here is a finding."""

import re
from functools import cache

ROW = re.compile(r"^[A-Z][A-Z_]*\((.*)", re.MULTILINE)
ARGUMENT = re.compile(r'\s*(?:R"\w*\((.*?)\)\w*"|"((?:[^"\\]|\\.)*)"|([\w.]+))\s*[,)]', re.DOTALL)

FLOW = (".flow", ".test")  # programs, also those inside of lit tests
GRAPH = (".graph", ".test", ".plan", "_test.cpp", ".h")


class Tests:
    """The texts of tests, by folder and by how the files' names end."""

    def __init__(self, tree):
        self.tree = tree
        self.names = [name for name in tree.files
                      if name.startswith(("tests/", "examples/")) and not name.startswith("tests/lint/")]

    @cache
    def text(self, folders, endings):
        return "\n".join(self.tree.text(name) for name in self.names
                         if name.startswith(folders) and name.endswith(endings))

    def have(self, pattern, folders=("tests/", "examples/"), endings=("",)):
        return re.search(pattern, self.text(tuple(folders), tuple(endings)), re.MULTILINE) is not None


def arguments(text, start):
    """The arguments of the row whose bracket opens in front of `start`, as far as they are words and plain strings."""
    found = []
    while match := ARGUMENT.match(text, start):
        raw, quoted, word = match.groups()
        found.append(raw if raw is not None else word if word is not None else re.sub(r"\\(.)", r"\1", quoted))
        start = match.end()
        if match.group(0).endswith(")"):
            break
    return found


def rows_of(text):
    for row in ROW.finditer(text):
        macro = text[row.start():row.start(1) - 1]
        yield text.count("\n", 0, row.start()) + 1, macro, arguments(text, row.start(1))


# ---- one rule per table: what must be found for a row, given the row's macro and arguments ----

def diagnostic(tests, _, row):
    """A golden test: the head line as it is printed."""
    return tests.have(rf"(error|warning)\[{row[0]}\]", ["tests/"], [".flow", ".test", ".py"])


def decode_error(tests, _, row):
    """Its message behind the code in a run (a row without a message is told by its code), or raised in a unit test."""
    head = rf"row error\[{row[1]}\].*"
    if tests.have(rf"DecodeError::{row[0]}\b", ["tests/unit/runtime/"]):
        return True
    return tests.have(head + re.escape(row[2]) if row[2] else head, ["tests/run/"], FLOW)


def operator(tests, _, row):
    """A step of a program that runs; what comes later is refused, which a test of the checker shows."""
    step = rf"\|>\s*(\w+ )?{row[0]}\b"
    if row[2] == "Later":
        return tests.have(step, ["tests/check/e0901"], FLOW)
    return tests.have(step, ["tests/run/", "tests/codegen/", "examples/"], FLOW + (".py",))


def operator_alias(tests, _, row):
    """The message about the word, and what it says Flow calls it."""
    return tests.have(rf"called `{row[0]}`$(\n.*){{1,2}}Flow calls this `{re.escape(row[1])}`", ["tests/check/"], FLOW)


def join_kind(tests, _, row):
    return tests.have(rf"\|>\s*{row[0]} join\b", ["tests/run/", "tests/check/e0901"], FLOW + (".py",))


def keyword(tests, _, row):
    """In its place in a program that parses."""
    return tests.have(rf"(?<![\w\"]){row[0]}(?![\w\"])", ["tests/syntax/", "tests/run/", "examples/"], FLOW)


def hint(tests, _, row):
    """Taken where it belongs: tests/check/hints.flow must be free of findings."""
    return tests.have(rf"@{row[0]}\b", ["tests/check/hints.flow"], FLOW)


def frame_function(tests, _, row):
    return tests.have(rf"\b{row[0]}\(", ["tests/run/"], FLOW + (".py",))


def type_row(tests, _, row):
    """Compiled types have values in a run; the others are refused. Some have no name that programs could write."""
    written = {"Error": None, "Null": r"\bnull\b", "List": r"\[(int|string)\]", "Record": r"\{ ?\w+: \w+",
               "Map": r"\[\w+: \w+\]", "Decimal": r"decimal\(\d"}.get(row[0], rf"\b{row[1]}\b")
    if written is None:
        return tests.have(r"is_error\(\)|TypeKind::Error", ["tests/unit/lang/"])
    folders = ["tests/run/", "examples/"] if row[2] == "true" else ["tests/check/e0901", "tests/check/e0207"]
    return tests.have(written, folders, FLOW + (".py",))


def window(tests, _, row):
    return tests.have(rf"over {row[1]}\(", ["tests/run/", "examples/"], FLOW + (".py",))


def exchange(tests, _, row):
    """In the text of a graph, or in a job written by hand: not all kinds are made of programs yet."""
    return tests.have(rf"^ *(# \w+(-\w+)?: )?kind {row[1]}\b|ExchangeKind::{row[0]}\b", ["tests/"], GRAPH)


def graph_word(before="", after=""):
    """A word of the text of graphs and plans, which is what they are read from and written as."""
    return lambda tests, _, row: tests.have(before + re.escape(row[1]) + after, ["tests/"], GRAPH)


def expr_op(tests, _, row):
    """Computed in generated code: in a graph that runs, or made of the operator in a program (see EXPRESSION)."""
    written = EXPRESSION.get(row[1])
    return (written is not None and tests.have(written, ["tests/run/"], FLOW + (".py",))
            or tests.have(rf"\b{row[1]}\(", ["tests/passes/", "tests/plan/", "tests/unit/compiler/"], GRAPH))


EXPRESSION = {
    "idiv": "//", "mod": r" % ", "neg": r"= -\w", "ne": "!=", "coalesce": r"\?\?", "some": r"\?\?", "is_null": "is null",
    "require": "is not null", "to_float": r"\bfloat\(", "to_int": r"\bint\(", "to_decimal": r"\bdecimal\(",
    "parse_decimal": "parse_decimal", "to_date": r"\bdate\(", "to_timestamp": r"\btimestamp\(", "to_text": r"f\"",
    "concat": r"f\"", "index": r"\w\[\d\]", "in": r" in \[", "before": r"over tumble\(", "div": " / ", "sub": " - ",
    "mul": r" \* ", "and": " and ", "or": " or ", "not": "not ", "le": " <= ", "ge": " >= ",
}


def connector(tests, _, row):
    """What tests/run/connectors.py asks of every connector."""
    return tests.have(rf"\"{row[0]}\"", ["tests/run/connectors.py"])


def function(tests, _, row):
    """Its example, which tests/run/function_examples.test runs: an equation or a condition that calls it."""
    return len(row) == 6 and f"{row[0]}(" in row[5] and tests.have(r"function_examples\.py", ["tests/run/"], [".test"])


def runtime_function(tests, _, row):
    """Called by name in a unit test or seen in generated code; else the operator it serves has tests of its own."""
    served = next((pattern for prefix, pattern in SERVES.items() if row[0].startswith(prefix)), None)
    return (tests.have(rf"\b{row[0]}\b", ["tests/unit/", "tests/codegen/"])
            or served is not None and tests.have(served, ["tests/run/"], FLOW + (".py",)))


# Functions that cannot be called without the task around them: a run that needs them.
SERVES = {"rt_pane": r"over (tumble|hop)\(", "rt_scratch_alloc": r"\bsplit\("}


def pass_row(tests, _, row):
    """Its own unit test, in which it fires and says why it does not."""
    name = f"tests/unit/compiler/passes/{row[0]}_test.cpp"
    can_refuse = "not_fired" in tests.tree.text(f"compiler/passes/{row[0]}.cpp")
    return name in tests.names and (not can_refuse or re.search(r'"- |"-: ', tests.tree.text(name)) is not None)


def command(tests, _, row):
    name, words = f"tests/cli/{row[0]}.test", row[0].replace("_", " ")
    return name in tests.names and re.search(rf"%sluice {words}\b", tests.tree.text(name)) is not None


def phase(tests, macro, row):
    kind = "JobPhase" if macro == "JOB_PHASE" else "TaskPhase"
    return tests.have(rf"\b{kind}::{row[0]}\b", ["tests/unit/runtime/"])


def nexmark_column(tests, _, row):
    """An independent generator in Python makes it, too."""
    name = row[1].removeprefix("person_").removeprefix("auction_").removeprefix("bid_")
    return tests.have(rf"[\"']({row[1]}|{name})[\"']", ["tests/run/nexmark"], [".py"])


def route(tests, _, row):
    """What tests/cluster/api.py asks of every route."""
    return tests.have(rf'"{row[1]}", "{re.escape(row[2])}"', ["tests/cluster/api.py"])


def frame(tests, _, row):
    return tests.have(rf"FrameKind::{row[0]}\b", ["tests/unit/runtime/net/"])


RULES = {
    "lang/source/diagnostics.def": diagnostic,
    "lang/syntax/keywords.def": keyword,
    "lang/types/types.def": type_row,
    "lang/operators/operators.def": operator,
    "lang/operators/operator_aliases.def": operator_alias,
    "lang/operators/join_kinds.def": join_kind,
    "lang/check/hints.def": hint,
    "lang/check/frame_functions.def": frame_function,
    "lang/graph/nodes.def": graph_word(r"node \S+ ", r"\b"),
    "lang/graph/joins.def": graph_word(r"\bjoin ", r"\b"),
    "lang/graph/exchanges.def": exchange,
    "lang/graph/windows.def": window,
    "lang/graph/expr_ops.def": expr_op,
    "runtime/abi/decode_error.def": decode_error,
    "runtime/abi/runtime_functions.def": runtime_function,
    "runtime/plan/states.def": graph_word(r"state .*\b"),
    "runtime/coordinator/job_phases.def": phase,
    "runtime/coordinator/api_routes.def": route,
    "runtime/net/frames.def": frame,
    "stdlib/functions.def": function,
    "stdlib/connectors.def": connector,
    "stdlib/connectors/nexmark_columns.def": nexmark_column,
    "compiler/passes/passes.def": pass_row,
    "cli/support/commands.def": command,
}


def check(tree):
    tests = Tests(tree)
    findings, checked = [], 0
    for table in tree.select([".def"]):
        if table not in RULES:
            findings.append(f"{table}:1: tests/lint/tables.py has no rule for this table")
            checked += 1
            continue
        for line, macro, row in rows_of(tree.text(table)):
            checked += 1
            if not row or not RULES[table](tests, macro, row):
                findings.append(f"{table}:{line}: no test of `{macro}({', '.join(row[:2])}`")
    for table in RULES:
        if table not in tree.files:
            findings.append(f"tests/lint/tables.py:1: there is no table {table}")
    return findings, checked

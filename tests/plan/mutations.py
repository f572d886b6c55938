"""Texts of graphs and plans that were changed by hand end in a result or in a clear error, never in a crash or a hang.

`mutations.py SLUICE ROOT [--seed S] [--count N | --seconds N] [--keep FOLDER]` takes the graphs, rewritten graphs and
plans of programs of examples/ and tests/, changes each in one to three places (lines and words lost, doubled, swapped,
taken from another text; names, types, numbers and kinds exchanged), and gives it to `show --stage llvm`; what passes
there runs. Case i depends on the seed and on i alone, so a finding is made again with `--seed S --only i`.
"""
import argparse
import itertools
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SECONDS = 20
GOOD_EXITS = {0, 1, 2, 4, 130}
BAD_WORDS = ("internal error", "Assertion", "LLVM ERROR", "Sanitizer", "runtime error:", "terminate called", "Stack dump")
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|[@$]?[\w.]+|[^\w\s]')
NUMBERS = ["0", "1", "2", "7", "-1", "127", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
           "4294967296", "3.5", "nan", "1e300"]  # fmt: skip
TYPES = ["int", "float", "string", "bool", "timestamp", "duration", "date", "decimal(5,2)", "decimal(38,38)", "window", "null",
         "[int]", "[string]", "[[int]]", "{a: int, b: string?}", "int?", "string?", "int8", "json", "[string: int]", "?"]  # fmt: skip


def run(command, folder):
    """The process when it has ended; None when it hangs. A job may go on for long when it is asked to, but stops."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               errors="replace", cwd=folder)  # fmt: skip
    for sent in ((signal.SIGINT,) if command[1] == "run" else ()) + (signal.SIGKILL,):
        try:
            output, errors = process.communicate(timeout=SECONDS)
            return subprocess.CompletedProcess(command, process.returncode, output, errors)
        except subprocess.TimeoutExpired:
            process.send_signal(sent)
    process.communicate()
    return None


class Texts:
    """The texts that mutations begin from: graphs as checked and as rewritten, and plans, made when they are asked
    for, in an order that does not depend on the machine."""

    def __init__(self, sluice, root):
        self.sluice, self.root, self.made = sluice, root, {}
        programs = [*root.glob("examples/**/*.flow"), *root.glob("tests/run/**/*.flow"), *root.glob("tests/codegen/*.flow"),
                    *root.glob("tests/passes/*.flow")]  # fmt: skip
        names = sorted(str(path.relative_to(root)) for path in programs)
        # Most changes of a plan are refused, because a plan follows from its graph; graphs lead further.
        forms = (["graph"], ["graph", "--parallel", "2"], ["graph", "--parallel", "3"], ["rewrites", "--parallel", "1"],
                 ["rewrites", "--parallel", "3"], ["plan", "--parallel", "1"], ["plan", "--parallel", "3"])  # fmt: skip
        self.keys = [(name, *form) for name in names for form in forms]

    def lines(self, key):
        name, *form = key
        shown = run([self.sluice, "show", name, "--stage", *form], self.root)
        if shown is None or shown.returncode != 0:
            return []  # a program with errors, or one that wants parameters
        return re.sub(r"option events = \d+", "option events = 2000", shown.stdout).splitlines()

    def choose(self, rng):
        while True:
            key = rng.choice(self.keys)
            if key not in self.made:
                self.made[key] = self.lines(key)
            # The largest texts only cost time: the same steps stand in smaller ones.
            if 0 < len(self.made[key]) < 400:
                return self.made[key]


def words_of(line):
    return [match.span() for match in WORD.finditer(line)]


def replace_word(rng, line, text):
    spans = words_of(line)
    if not spans:
        return line
    begin, end = rng.choice(spans)
    return line[:begin] + text + line[end:]


def random_word(rng, lines):
    line = rng.choice(lines)
    spans = words_of(line)
    if not spans:
        return "x"
    begin, end = rng.choice(spans)
    return line[begin:end]


def columns_changed(rng, line):
    """A list behind a colon-free key: one of its parts lost, doubled, moved."""
    head, _, rest = line.strip().partition(" ")
    parts = rest.split(", ")
    at = rng.randrange(len(parts))
    kind = rng.randrange(3)
    if kind == 0 and len(parts) > 1:
        del parts[at]
    elif kind == 1:
        parts.insert(at, parts[at])
    else:
        rng.shuffle(parts)
    return line[: len(line) - len(line.lstrip())] + head + " " + ", ".join(parts)


def type_changed(rng, line):
    """One type behind a colon becomes another."""
    places = [match.span(1) for match in re.finditer(r": ?((?:int|float|string|bool|timestamp|duration|date|window)\??)", line)]
    if not places:
        return line
    begin, end = rng.choice(places)
    return line[:begin] + rng.choice(TYPES) + line[end:]


def number_changed(rng, line):
    places = [match.span() for match in re.finditer(r"-?\b\d+\b", line)]
    if not places:
        return line
    begin, end = rng.choice(places)
    return line[:begin] + rng.choice(NUMBERS) + line[end:]


def renamed(rng, lines):
    """One name everywhere: what fits together goes on fitting, apart from what the name means."""
    old, new = random_word(rng, lines), random_word(rng, lines)
    if not re.match(r"^[\w.]+$", old):
        return lines
    return [re.sub(rf"(?<![\w.]){re.escape(old)}(?![\w.])", new.replace("\\", r"\\"), line) for line in lines]


def retyped(rng, lines):
    """One type everywhere."""
    old = rng.choice(["int", "string", "float", "bool", "timestamp", "duration"])
    new = rng.choice(TYPES).replace("\\", r"\\")
    return [re.sub(rf":( ?){old}\b", rf":\g<1>{new}", line) for line in lines]


def node_of(lines, at):
    """The lines of the node, stage or edge that line `at` is part of."""
    begin = at
    while begin > 0 and lines[begin].startswith(" "):
        begin -= 1
    end = begin + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return begin, end


ATTRIBUTES = ["incremental", "lookup", "unique left", "unique right", "rows 3", "phase partial", "phase final", "late_read", "rank n",
              "number n", "limit 3 with_ties", "session 1000 0 0 w", "take 0", "skip 1", "last 1000000", "pane 1", "late 5", "delay 7",
              "idle 1", "window hop 10 1 0", "join full", "join anti", "kind gather", "kind hash", "kind broadcast"]  # fmt: skip


def added_step(rng, lines):
    """A step between a node and its readers that takes and gives the same rows, or nearly."""
    heads = [i for i, line in enumerate(lines) if line.startswith("node ") and " sink" not in line]
    if not heads:
        return lines
    begin, end = node_of(lines, rng.choice(heads))
    label = lines[begin].split(" ")[1]
    schema = next((line for line in lines[begin:end] if line.startswith("  schema")), "  schema")
    columns = schema.split(" ", 3)[3].split(", ") if schema.count(" ") > 2 else []
    column = rng.choice(columns).replace(": ", ":") if columns else "1:int"
    step = rng.choice([f"limit ({label})\n  take 5", f"limit ({label})\n  skip 2", f"sort ({label})\n  order {column} desc",
                       f"top ({label})\n  limit 3\n  order {column} asc", f"union ({label}, {label})", f"union ({label})",
                       f"top ({label})\n  limit 2\n  key k = {column}\n  order {column} desc",
                       f"filter ({label})\n  condition eq({column}, {column}):bool", f"time ({label})",
                       f"frame ({label})\n  key k = {column}\n  order {column} asc", f"changes ({label})\n  column change",
                       f"exchange ({label})\n  kind gather",
                       f"join ({label}, {label})\n  join semi\n  left_key k = {column}\n  right_key k = {column}"])  # fmt: skip
    if step.startswith("changes"):
        schema += ", change: int"
    placed = [line for line in lines[begin:end] if line.startswith(("  parallelism", "  stage"))]
    after = [re.sub(rf"(?<=[( ]){re.escape(label)}(?=[,)])", "new", line) if line.startswith("node ") else line for line in lines[end:]]
    return [*lines[:end], *f"node new {step}".split("\n"), schema, *placed, *after]


def mutate(rng, lines, other):
    """One change."""
    lines = list(lines)
    at = rng.randrange(len(lines))
    kind = rng.randrange(20)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[at])
    elif kind == 2:
        to = rng.randrange(len(lines))
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        lines[at] = replace_word(rng, lines[at], "")
    elif kind == 4:
        lines[at] = replace_word(rng, lines[at], random_word(rng, lines))
    elif kind == 5:
        lines[at] = replace_word(rng, lines[at], random_word(rng, other))
    elif kind == 6:
        lines[at] = number_changed(rng, lines[at])
    elif kind == 7:
        lines[at] = type_changed(rng, lines[at])
    elif kind == 8:
        lines[at] = columns_changed(rng, lines[at])
    elif kind == 9:
        lines.insert(at, rng.choice(other))
    elif kind == 10:
        begin, end = node_of(lines, at)
        del lines[begin:end]
    elif kind == 11:
        begin, end = node_of(other, rng.randrange(len(other)))
        to = node_of(lines, at)[1]
        lines[to:to] = other[begin:end]
    elif kind == 12:
        lines = renamed(rng, lines)
    elif kind == 13:
        lines = retyped(rng, lines)
    elif kind == 14:
        begin, end = node_of(lines, at)
        nodes = [i for i, line in enumerate(lines) if line.startswith(("node ", "stage ", "edge "))]
        to = node_of(lines, rng.choice(nodes))[0] if nodes else 0
        block = lines[begin:end]
        del lines[begin:end]
        lines[min(to, len(lines)) : min(to, len(lines))] = block
    elif kind in (16, 17):
        lines = added_step(rng, lines)
    elif kind == 18:
        lines.insert(node_of(lines, at)[1], "  " + rng.choice(ATTRIBUTES))
    else:  # another value where the same key stands elsewhere
        key = lines[at].split(" ")[:4]
        same = [line for line in [*lines, *other] if line.split(" ")[: len(key) - 1] == key[:-1]]
        if same:
            lines[at] = rng.choice(same)
    return lines or ["graph"]


def problem(done):
    if done is None:
        return f"still running after {SECONDS} s"
    if done.returncode not in GOOD_EXITS:
        return f"exit code {done.returncode}"
    # A row error says what the row was; our own words stand in front.
    bad = [word for word in BAD_WORDS if word in done.stderr]
    if bad:
        return f"`{bad[0]}` on standard error"
    if done.returncode != 0 and not done.stderr.strip():
        return f"exit code {done.returncode} without a message"
    return None


class Checker:
    def __init__(self, sluice, root, folder):
        self.sluice, self.folder = sluice, folder
        for name in ("examples", "tests/run", "tests/docs"):
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        self.counts = {"refused": 0, "ran": 0}

    def check(self, text, number):
        """What is wrong with how the text is taken; None when nothing is."""
        (self.folder / "changed").write_text(text)
        tasks = ["--parallel", str(1 + number % 3)]
        flags = [] if number % 5 else ["--no-optimize"]
        commands = [["show", "changed", "--stage", "llvm", *tasks, *flags], ["run", "changed", "--tier", "quick", *tasks, *flags]]
        if number % 4 == 0:
            commands.insert(0, ["explain", "changed", *tasks])
        if number % 4 == 2:
            commands.insert(0, ["show", "changed"])
        for command in commands:
            done = run([self.sluice, *command], self.folder)
            wrong = problem(done)
            if wrong:
                return wrong, command, "" if done is None else done.stderr
            if done.returncode != 0:
                self.counts["refused"] += 1
                return None
        self.counts["ran"] += 1
        return None


def cases(arguments):
    """The numbers of the cases to try."""
    if arguments.only is not None:
        return [arguments.only]
    if arguments.seconds is None:
        return range(arguments.count)
    end = time.monotonic() + arguments.seconds
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sluice")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, help="instead of --count")
    parser.add_argument("--only", type=int, help="this case alone")
    parser.add_argument("--keep", type=pathlib.Path, help="where to write the texts that fail")
    arguments = parser.parse_args()
    sluice = str(pathlib.Path(arguments.sluice).resolve())
    texts = Texts(sluice, arguments.root.resolve())
    if len(texts.keys) < 100:
        sys.exit(f"only {len(texts.keys)} texts to begin from")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(sluice, arguments.root.resolve(), pathlib.Path(folder))
        for number in cases(arguments):
            rng = random.Random(f"{arguments.seed}.{number}")
            lines = texts.choose(rng)
            for _ in range(rng.choice([1, 1, 1, 2, 3])):
                lines = mutate(rng, lines, texts.choose(rng))
            text = "\n".join(lines) + "\n"
            found = checker.check(text, number)
            if found:
                failures += 1
                wrong, command, errors = found
                print(f"case {number} of seed {arguments.seed}: `{' '.join(command)}`: {wrong}")
                print("    " + "\n    ".join(errors.strip().splitlines()[:4]), flush=True)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{arguments.seed}-{number}.graph").write_text(text)
    counts = checker.counts
    print(f"{counts['refused']} refused, {counts['ran']} ran, {failures} failures")
    sys.exit(1 if failures or (arguments.only is None and not (counts["refused"] and counts["ran"])) else 0)


main()

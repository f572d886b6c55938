#!/usr/bin/env python3
"""Measures Sluice against hand-written C++ programs that do the same work, and prints one table.

Each item runs A B A B ... on the same input: A is the program in bench/baselines, B is `sluice run` of the pipeline in
bench/pipelines or examples/nexmark, with one task. What counts is CPU time, user and system, of the whole process, start and compilation
included; the ratio is hand-written / sluice, the median over the pairs. Both answers must be the same, line by line in
any order. Inputs are generated once into build/bench-data. Called by `./dev bench`; docs/benchmarks.md says more."""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = ROOT / "build/bench-data"
CXX = os.environ.get("CXX", "clang++-19")
CXXFLAGS = ["-std=c++23", "-O3", "-march=native", "-DNDEBUG"]


@dataclass(frozen=True)
class Input:
    name: str
    unit: str  # what a row is called
    arguments: tuple  # of the generator; the size is the second
    size: int
    quick: int

    def command(self, quick):
        size = self.quick if quick else self.size
        return [self.arguments[0], str(size), *self.arguments[1:]]


@dataclass(frozen=True)
class Item:
    name: str
    title: str
    input: str
    baseline: tuple
    pipeline: str
    target_rows: float = 0  # M rows per second and core to hold, 0: none


INPUTS = {
    i.name: i
    for i in [
        Input("words.txt", "line", ("words",), 400_000_000, 40_000_000),
        Input("bids.csv", "row", ("bids-csv",), 6_000_000, 600_000),
        Input("bids.json", "row", ("bids-json",), 4_000_000, 400_000),
        Input("keys-few.csv", "row", ("keys", "1000"), 20_000_000, 2_000_000),
        Input("keys-many.csv", "row", ("keys", "4000000"), 20_000_000, 2_000_000),
    ]
}

ITEMS = [
    Item("word_count", "word count", "words.txt", ("word_count",), "word_count"),
    Item("csv_filter", "CSV filter and project to CSV", "bids.csv", ("csv", "filter"), "csv_filter"),
    Item("csv_json", "CSV filter and compute to JSON", "bids.csv", ("csv", "json"), "csv_json"),
    Item("csv_all", "CSV, all columns used", "bids.csv", ("csv", "all"), "csv_all", 2.0),
    Item("csv_group_few", "CSV group by, 1 000 keys", "keys-few.csv", ("csv", "group"), "csv_group"),
    Item("csv_group_many", "CSV group by, 4 million keys", "keys-many.csv", ("csv", "group"), "csv_group"),
    Item("json_filter", "NDJSON filter on 3 of 7 fields", "bids.json", ("ndjson", "filter"), "json_filter"),
    Item("json_all", "NDJSON, all columns used", "bids.json", ("ndjson", "all"), "json_all", 1.0),
]
# Nexmark: the events are made on the way, by both.
NEXMARK = ["q1", "q2", "q5", "q7", "q8", "q12", "q17", "q18"]
NEXMARK_EVENTS = 100_000_000
NEXMARK_FEWER = {"q18": 20_000_000}  # what it keeps would not fit
NEXMARK_RATE = 10_000_000
OTHERS = ["start", "compile", "memory"]
RATIO_TARGET = 0.7
COMPILE_TARGET_MS = {"quick": 20, "optimized": 150}
# A line of `sluice run -v` about one stage.
STAGE_TIMES = re.compile(r"compiling \S+: emit ([\d.]+) ms, quick ([\d.]+) ms, optimized ([\d.]+) ms")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Failure(Exception):
    pass


def spawn(command, env=None, stdout=None, pin=None):
    """Runs a command to its end; returns (wall seconds, CPU seconds, peak resident bytes)."""
    if pin is not None:
        command = ["taskset", "-c", str(pin), *command]
    started = time.monotonic()
    with open(stdout or os.devnull, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env=env)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failure(f"{' '.join(command)}\nended with {process.returncode}: {errors.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def build(name):
    """Compiles a generator or baseline when its source is newer."""
    source = HERE / f"{name}.cpp" if name == "generate" else HERE / "baselines" / f"{name}.cpp"
    binary = DATA / "bin" / name
    newest = max(path.stat().st_mtime for path in (source, *source.parent.glob(f"{name}_*.h")))
    if not binary.exists() or binary.stat().st_mtime < newest:
        binary.parent.mkdir(parents=True, exist_ok=True)
        libraries = ["-lsimdjson"] if name == "ndjson" else []
        result = subprocess.run([CXX, *CXXFLAGS, str(source), "-o", str(binary), *libraries])
        if result.returncode != 0:
            raise Failure(f"{source} does not compile")
    return str(binary)


def generated(file_name, arguments):
    """The path of an input; made when it is not there, or was made by other arguments or another generator."""
    path = DATA / file_name
    generator = build("generate")
    recipe = json.dumps([arguments, os.path.getsize(generator)])
    note = Path(f"{path}.recipe")
    if not path.exists() or not note.exists() or note.read_text() != recipe:
        say(f"generating {path.relative_to(ROOT)}")
        part = Path(f"{path}.part")
        with open(part, "wb") as out:
            if subprocess.run([generator, *arguments], stdout=out).returncode != 0:
                raise Failure(f"cannot generate {path}")
        part.rename(path)
        note.write_text(recipe)
    return path


def count_lines(path):
    count = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            count += chunk.count(b"\n")
    return count


def same_lines(left, right):
    """Whether two files have the same lines in any order. By sort(1), so that this process stays small."""
    env = dict(os.environ, LC_ALL="C")
    for path in (left, right):
        subprocess.run(["sort", "-S", "500M", "-o", f"{path}.sorted", str(path)], check=True, env=env)
    equal = subprocess.run(["cmp", "-s", f"{left}.sorted", f"{right}.sorted"]).returncode == 0
    if equal:
        for path in (left, right):
            os.unlink(f"{path}.sorted")
    return equal


class Bench:
    def __init__(self, options):
        self.options = options
        self.sluice = str(Path(options.sluice).resolve())
        self.out = DATA / "out"
        self.cache = DATA / "cache"
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        if not os.access(self.sluice, os.X_OK):
            raise Failure(f"no program at {self.sluice}: run `./dev build` first")

    def environment(self, cache=None):
        return dict(os.environ, SLUICE_CACHE_DIR=str(cache or self.cache), NO_COLOR="1")

    def run_command(self, pipeline, parallel, **params):
        command = [self.sluice, "run", str(HERE / "pipelines" / f"{pipeline}.flow"), "--parallel", str(parallel)]
        for name, value in params.items():
            command += ["--param", f"{name}={value}"]
        return command

    def compare(self, item):
        """A B A B ...: the result of one row of the table."""
        quick, pin = self.options.quick, self.options.pin
        source = INPUTS[item.input]
        stem, dot, extension = item.input.rpartition(".")
        path = generated(f"{stem}-quick.{extension}" if quick else item.input, source.command(quick))
        rows, size = count_lines(path), path.stat().st_size
        left, right = self.out / f"{item.name}.hand", self.out / f"{item.name}.sluice"
        program, *mode = item.baseline
        hand = [build(program), *mode, str(path), str(left)]
        ours = self.run_command(item.pipeline, self.options.parallel, input=path, output=right)
        spawn(hand, pin=pin)  # warms the page cache and Sluice's cache of compiled code
        spawn(ours, self.environment(), pin=pin)
        equal = same_lines(left, right)
        pairs = []
        for _ in range(self.options.pairs):
            for output in (left, right):
                output.unlink()
            pairs.append((spawn(hand, pin=pin), spawn(ours, self.environment(), pin=pin)))
        hand_cpu = statistics.median(a[1] for a, _ in pairs)
        cpu = statistics.median(b[1] for _, b in pairs)
        return {
            "item": item.name, "title": item.title, "unit": source.unit, "rows": rows, "bytes": size, "equal": equal,
            "hand_cpu_s": round(hand_cpu, 4), "sluice_cpu_s": round(cpu, 4),
            "sluice_wall_s": round(statistics.median(b[0] for _, b in pairs), 4),
            "ratio": round(statistics.median(a[1] / b[1] for a, b in pairs), 3),
            "rows_per_cpu_s": round(rows / cpu), "bytes_per_cpu_s": round(size / cpu),
            "target_rows_per_cpu_s": item.target_rows * 1e6,
        }

    def nexmark(self, query):
        """A B A B ... of a query of examples/nexmark; first both answers to fewer events, then the time without output:
        the one computes the values of its rows and writes nothing, the other's go into a black hole."""
        events = NEXMARK_FEWER.get(query, NEXMARK_EVENTS) // (10 if self.options.quick else 1)
        hand = [build("nexmark"), query]
        left, right = self.out / f"{query}.hand", self.out / f"{query}.sluice"
        few = events // 50
        spawn([*hand, str(few), str(NEXMARK_RATE // 50), str(left)])
        spawn(self.nexmark_command(query, few, NEXMARK_RATE // 50), self.environment(), stdout=right)
        equal = self.same_counts(left, right) if query == "q12" else same_lines(left, right)
        hand += [str(events), str(NEXMARK_RATE)]
        ours = self.nexmark_command(query, events, NEXMARK_RATE, "|> to blackhole()\n")
        pin = self.options.pin
        spawn(ours, self.environment(), pin=pin)
        pairs = [(spawn(hand, pin=pin), spawn(ours, self.environment(), pin=pin)) for _ in range(self.options.pairs)]
        cpu = statistics.median(b[1] for _, b in pairs)
        return {
            "item": f"nexmark_{query}", "title": f"nexmark {query}", "unit": "event", "rows": events, "bytes": 0,
            "equal": equal, "hand_cpu_s": round(statistics.median(a[1] for a, _ in pairs), 4),
            "sluice_cpu_s": round(cpu, 4), "sluice_wall_s": round(statistics.median(b[0] for _, b in pairs), 4),
            "ratio": round(statistics.median(a[1] / b[1] for a, b in pairs), 3),
            "rows_per_cpu_s": round(events / cpu), "bytes_per_cpu_s": 0, "target_rows_per_cpu_s": 0,
        }

    def nexmark_command(self, query, events, rate, end=""):
        program = self.out / f"{query}.flow"
        program.write_text((ROOT / "examples" / "nexmark" / f"{query}.flow").read_text() + end)
        return [self.sluice, "run", str(program), "--parallel", str(self.options.parallel), "--param",
                f"nexmark.events={events}", "--param", f"nexmark.rate={rate}"]

    @staticmethod
    def same_counts(left, right):
        """q12 has windows of the clock on the wall: which bids fall into which is not the same twice."""
        totals = []
        for path in (left, right):
            counts = {}
            for line in path.read_text().splitlines()[1:]:
                bidder, bids = line.split(",")[:2]
                counts[bidder] = counts.get(bidder, 0) + int(bids)
            totals.append(counts)
        return totals[0] == totals[1]

    def start(self):
        """From `.flow` text to the end of a job of three rows: milliseconds of wall time."""
        tiny = DATA / "tiny.csv"
        tiny.write_text("n\n1\n2\n3\n")
        command = self.run_command("start", self.options.parallel, input=tiny)
        empty = self.out / "no-cache"
        figures = {}
        for kind in ("cold", "warm"):
            walls = []
            for _ in range(20):
                if kind == "cold":
                    shutil.rmtree(empty, ignore_errors=True)
                walls.append(spawn(command, self.environment(empty), stdout=self.out / "start.csv")[0])
            figures[f"{kind}_ms"] = round(statistics.median(walls) * 1000, 1)
        equal = (self.out / "start.csv").read_text() == "n,square\n2,4\n"
        return {"item": "start", "title": "start to first result", "equal": equal, "target_ms": 150, **figures}

    def compile(self):
        """Milliseconds to turn each example's stages into machine code, by code tier, with an empty cache."""
        empty = self.out / "no-cache"
        figures, missed = {}, []
        for flow in sorted((ROOT / "examples").glob("*/pipeline.flow")):
            name = flow.parent.name
            for column, tier in ((2, "quick"), (3, "optimized")):
                times = []
                for _ in range(self.options.pairs):
                    shutil.rmtree(empty, ignore_errors=True)
                    command = [self.sluice, "run", "-v", "--tier", tier, str(flow)]
                    done = subprocess.run(command, input=b"3\n", capture_output=True, cwd=ROOT,
                                          env=self.environment(empty))
                    stages = list(STAGE_TIMES.finditer(done.stderr.decode()))
                    if done.returncode != 0 or not stages:
                        raise Failure(f"{' '.join(command)}\n{done.stderr.decode()}")
                    times.append(sum(float(s[1]) + float(s[column]) for s in stages))
                figures[f"{name}_{tier}_ms"] = round(statistics.median(times), 1)
                if figures[f"{name}_{tier}_ms"] > COMPILE_TARGET_MS[tier]:
                    missed.append(f"{name} {tier}")
        return {"item": "compile", "title": "compile time of the examples", "missed": missed, **figures}

    def memory(self):
        """Peak resident memory of a group-by over a file far larger than that."""
        rows = self.options.memory_gb * 1_000_000_000 // 172
        path = generated(f"bids-{self.options.memory_gb}gb.csv", ["bids-csv", str(rows)])
        output = self.out / "memory.csv"
        peaks = {}
        for parallel in (1, 2):
            command = self.run_command("csv_all", parallel, input=path, output=output)
            peaks[f"parallel_{parallel}_mb"] = round(spawn(command, self.environment())[2] / 1e6)
        return {"item": "memory", "title": f"peak memory, {self.options.memory_gb} GB CSV aggregate", "target_mb": 200,
                "bytes": path.stat().st_size, **peaks}


def show_table(results):
    items = [r for r in results if "ratio" in r]
    if items:
        print(f"{'':32} {'hand-written':>12} {'sluice':>9} {'ratio':>6} {'M rows/s':>9} {'MB/s':>6}")
        print(f"{'':32} {'CPU s':>12} {'CPU s':>9} {'':6} {'per core':>9} {'':6}")
    for r in items:
        notes = []
        if not r["equal"]:
            notes.append("DIFFERENT ANSWER")
        if r["ratio"] < RATIO_TARGET:
            notes.append(f"below {RATIO_TARGET}")
        if r["rows_per_cpu_s"] < r["target_rows_per_cpu_s"]:
            notes.append(f"below {r['target_rows_per_cpu_s'] / 1e6:g} M rows/s")
        print(f"{r['title']:32} {r['hand_cpu_s']:12.3f} {r['sluice_cpu_s']:9.3f} {r['ratio']:6.2f} "
              f"{r['rows_per_cpu_s'] / 1e6:9.2f} {r['bytes_per_cpu_s'] / 1e6:6.0f}  {', '.join(notes)}".rstrip())
    for r in results:
        if r["item"] == "start":
            note = "" if r["equal"] else "  DIFFERENT ANSWER"
            print(f"start to result: {r['cold_ms']} ms with an empty code cache, {r['warm_ms']} ms with a filled one "
                  f"(at most {r['target_ms']}){note}")
        elif r["item"] == "compile":
            names = [key.removesuffix("_quick_ms") for key in r if key.endswith("_quick_ms")]
            times = ", ".join(f"{n} {r[f'{n}_quick_ms']} / {r[f'{n}_optimized_ms']} ms" for n in names)
            print(f"compile, quick / optimized: {times} (at most {COMPILE_TARGET_MS['quick']} / "
                  f"{COMPILE_TARGET_MS['optimized']}){'; too slow: ' + ', '.join(r['missed']) if r['missed'] else ''}")
        elif r["item"] == "memory":
            print(f"{r['title']}: {r['parallel_1_mb']} MB with one task, {r['parallel_2_mb']} MB with two "
                  f"(at most {r['target_mb']})")


def parse_options():
    names = [i.name for i in ITEMS] + [f"nexmark_{query}" for query in NEXMARK] + OTHERS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="ITEM",
                        help=f"of {', '.join(names)}; a prefix is enough; may be repeated")
    parser.add_argument("--quick", action="store_true", help="inputs a tenth as large, two pairs: to see that it works")
    parser.add_argument("--pairs", type=int, help="how often each of the two runs (default 5, with --quick 2)")
    parser.add_argument("--parallel", type=int, default=1, help="tasks of Sluice (default 1)")
    parser.add_argument("--pin", type=int, metavar="CPU", help="run everything on this CPU (taskset)")
    parser.add_argument("--memory-gb", type=int, default=1, help="size of the file of the memory item (default 1)")
    parser.add_argument("--sluice", default=str(ROOT / "build/release/sluice"), help="the program to measure")
    parser.add_argument("--json", action="store_true", help="one object per item on standard output, no table")
    options = parser.parse_args()
    options.pairs = options.pairs or (2 if options.quick else 5)
    for wanted in options.only or []:
        if not any(name.startswith(wanted) for name in names):
            parser.error(f"there is no item {wanted}; there are {', '.join(names)}")
    options.names = [n for n in names if not options.only or any(n.startswith(w) for w in options.only)]
    return options


def main():
    options = parse_options()
    results = []
    failed = False
    try:
        DATA.mkdir(parents=True, exist_ok=True)
        bench = Bench(options)
        work = {item.name: lambda item=item: bench.compare(item) for item in ITEMS}
        work |= {f"nexmark_{query}": lambda query=query: bench.nexmark(query) for query in NEXMARK}
        work |= {name: getattr(bench, name) for name in OTHERS}
        for name in options.names:
            say(name)
            try:
                results.append(work[name]())
            except Failure as failure:
                failed = True
                print(f"bench: {name}: {failure}", file=sys.stderr)
            else:
                failed |= not results[-1].get("equal", True)
                if options.json:
                    print(json.dumps(results[-1]), flush=True)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    if not options.json:
        show_table(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""connectors.py SLUICE ROOT [unittest arguments]: what every connector must do, whatever its format. A new row of
connectors.def needs an entry in SOURCES or SINKS here."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SLUICE, ROOT = None, None
FAILED, INTERRUPTED = 4, 130
WAIT = 120  # seconds until a hanging process counts as a failure

ROWS = [(n, f"text {n * 7919 % 1000}") for n in range(20_000)]
COLUMNS = "{ n: int, s: string }"

# Files: the `from` of a program, and the bytes of a file with these rows, without the last line end.
FILE_SOURCES = {
    "lines": ("from lines(input) |> select s = line", lambda rows: "\n".join(s for _, s in rows)),
    "csv": ("from rows", lambda rows: "\n".join(["n,s"] + [f"{n},{s}" for n, s in rows])),
    "json": ("from rows", lambda rows: "\n".join(json.dumps({"n": n, "s": s}) for n, s in rows)),
}
GENERATORS = {"nexmark_events": "use nexmark.{bid}\nfrom bid |> select n = price, s = channel"}
SINKS = ("csv", "json", "print", "blackhole")


def reading(connector, step, sink="csv(output)"):
    """A program that reads `input` by this connector and writes to `output`."""
    source = f"source rows: {COLUMNS} = {connector}(input)\n" if connector != "lines" else ""
    return f"param input: string\nparam output: string\n{source}{FILE_SOURCES[connector][0]} {step} |> to {sink}\n"


class Connectors(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="sluice-connectors-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = self.dir / "out"
        self.out.mkdir()

    def command(self, flow, *flags, **params):
        path = self.dir / "job.flow"
        path.write_text(flow)
        return [SLUICE, "run", str(path), *flags, *(f"--param={name}={value}" for name, value in params.items())]

    def run_job(self, flow, *flags, code=0, **params):
        done = subprocess.run(self.command(flow, *flags, **params), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=WAIT)
        self.assertEqual(done.returncode, code, done.stderr.decode(errors="replace"))
        return done.stderr.decode() if code else done.stdout

    def for_file_sources(self):
        for connector, (_, encode) in FILE_SOURCES.items():
            with self.subTest(source=connector):
                yield connector, encode

    def file_sinks(self):
        return ((sink, reading("csv", "", f"{sink}(output)")) for sink in ("csv", "json"))

    def input_file(self):
        path = self.dir / "in.csv"
        path.write_text(FILE_SOURCES["csv"][1](ROWS) + "\n")
        return path

    def test_every_connector_is_here(self):
        table = (ROOT / "stdlib/connectors.def").read_text()
        names = set(re.findall(r"^CONNECTOR\((\w+)", table, re.MULTILINE))
        self.assertEqual(names, {*FILE_SOURCES, *GENERATORS, *SINKS})

    # ---- sources ----

    def test_empty_input(self):
        for connector, _ in self.for_file_sources():
            empty = self.dir / "empty"
            empty.write_bytes(b"")
            self.assertEqual(self.run_job(reading(connector, "|> aggregate n = count()"), input=empty, output="-"),
                             b"n\n0\n")

    def test_no_final_newline(self):
        for connector, encode in self.for_file_sources():
            path = self.dir / "in"
            path.write_text(encode(ROWS[:3]))
            without = self.run_job(reading(connector, ""), input=path, output="-")
            path.write_text(encode(ROWS[:3]) + "\n")
            self.assertEqual(without, self.run_job(reading(connector, ""), input=path, output="-"))
            self.assertEqual(without.count(b"\n"), 4)

    def test_missing_file(self):
        for connector, _ in self.for_file_sources():
            missing = self.dir / "missing"
            message = self.run_job(reading(connector, ""), input=missing, output="-", code=FAILED)
            self.assertRegex(message, re.escape(str(missing)) + ".*no such file")

    def test_directory_is_its_files(self):
        for connector, encode in self.for_file_sources():
            folder = self.dir / f"{connector}.d"
            folder.mkdir()
            for name, rows in (("1", ROWS[:10]), ("2", ROWS[10:20])):
                (folder / name).write_text(encode(rows))
            whole = self.dir / "whole"
            whole.write_text(encode(ROWS[:20]))
            self.assertEqual(self.run_job(reading(connector, ""), input=folder, output="-"),
                             self.run_job(reading(connector, ""), input=whole, output="-"))

    def test_compressed_input(self):
        for connector, encode in self.for_file_sources():
            plain = self.dir / "in"
            plain.write_text(encode(ROWS))
            expected = self.run_job(reading(connector, ""), input=plain, output="-")
            packed = self.dir / "in.gz"
            packed.write_bytes(gzip.compress(plain.read_bytes()))
            self.assertEqual(self.run_job(reading(connector, ""), input=packed, output="-"), expected)
            packed.write_bytes(packed.read_bytes()[:-20])
            self.assertIn("in.gz", self.run_job(reading(connector, ""), input=packed, output="-", code=FAILED))

    def test_tasks_make_no_difference(self):
        for connector, encode in self.for_file_sources():
            path = self.dir / "in"
            path.write_text(encode(ROWS))
            for step in ("", "|> where s != \"text 1\"", "|> aggregate count() per s |> sort by s"):
                one, two = (self.run_job(reading(connector, step), "--parallel", tasks, input=path, output="-")
                            for tasks in "12")
                self.assertEqual(one, two)
        for connector, flow in GENERATORS.items():
            with self.subTest(source=connector):
                flow += ' |> to csv("-")\n'
                one, two = (self.run_job(flow, "--parallel", tasks, **{"nexmark.events": 5000}) for tasks in "12")
                self.assertEqual(one, two)
                self.assertEqual(one.count(b"\n"), 4601)  # 46 of 50 events are bids

    def interrupt(self, process, result):
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=WAIT), INTERRUPTED)
        self.assertEqual(list(self.out.iterdir()), [], f"{result} must not exist")

    def start(self, command, stdin=subprocess.DEVNULL):
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(self.out.iterdir()):  # until the sink has begun
            self.assertIsNone(process.poll(), "ended before it was interrupted")
        return process

    def test_interrupts(self):
        result = self.out / "result"
        for connector, encode in self.for_file_sources():
            reader, writer = os.pipe()
            with open(reader, "rb") as input_end, open(writer, "wb") as output_end:
                output_end.write(encode(ROWS[:10]).encode() + b"\n")
                output_end.flush()  # and then nothing more comes, but the pipe stays open
                self.interrupt(self.start(self.command(reading(connector, ""), input="-", output=result), input_end),
                               result)
        for connector, flow in GENERATORS.items():
            with self.subTest(source=connector):
                flow = f"param output: string\n{flow} |> to csv(output)\n"
                self.interrupt(self.start(self.command(flow, output=result, **{"nexmark.events": 0})), result)

    # ---- sinks ----

    def test_no_rows(self):
        path = self.input_file()
        for sink, expected in (("csv", b"n,s\n"), ("json", b""), ("print", b"n,s\n"), ("blackhole", b"")):
            with self.subTest(sink=sink):
                target = f"{sink}(output)" if sink in ("csv", "json") else f"{sink}()"
                flow = reading("csv", "|> where n < 0", target)
                self.assertEqual(self.run_job(flow, input=path, output="-"), expected)

    def test_rows_of_all_tasks(self):
        path = self.input_file()
        for sink in SINKS:
            with self.subTest(sink=sink):
                flow = reading("csv", "|> where n % 3 == 0", f"{sink}(output)" if sink in ("csv", "json") else f"{sink}()")
                one, two = (self.run_job(flow, "--parallel", tasks, input=path, output="-") for tasks in "12")
                self.assertEqual(one, two)
                self.assertEqual(len(one) == 0, sink == "blackhole")

    def test_output_that_cannot_be_written(self):
        path = self.input_file()
        folder = self.dir / "folder"
        folder.mkdir()
        for sink, flow in self.file_sinks():
            with self.subTest(sink=sink):
                message = self.run_job(flow, input=path, output=self.dir / "no" / "result", code=FAILED)
                self.assertIn(str(self.dir / "no"), message)
                message = self.run_job(flow, input=path, output=folder, code=FAILED)
                self.assertRegex(message, re.escape(str(folder)) + ".*directory")
                self.assertEqual(list(folder.iterdir()), [])

    def test_a_failed_job_leaves_the_old_result(self):
        path = self.input_file()
        path.write_text(path.read_text() + "bad,row\n")
        result = self.out / "result"
        for sink, flow in self.file_sinks():
            with self.subTest(sink=sink):
                result.write_text("old")
                self.run_job(flow, input=path, output=result, code=FAILED)
                self.assertEqual([(p.name, p.read_text()) for p in self.out.iterdir()], [("result", "old")])


if __name__ == "__main__":
    SLUICE, ROOT = sys.argv.pop(1), Path(sys.argv.pop(1))
    unittest.main()

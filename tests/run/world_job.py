"""What the tests of the world around a job share."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FAILED = 4  # exit code of a job that failed while running
INTERRUPTED = 130
WAIT = 120  # seconds until a hanging process counts as a failure; nothing here waits for time to pass

COUNT_LINES = ('param input: string\nfrom lines(input) |> aggregate n = count(), size = sum(length(line)) '
               '|> to csv("-")\n')
COPY_LINES = "param input: string\nparam output: string\nfrom lines(input) |> to csv(output)\n"
COPY_CSV = ("param input: string\nparam output: string\nsource rows: { n: int, s: string? } = csv(input)\n"
            "from rows |> to csv(output)\n")
COPY_JSON = ("param input: string\nparam output: string\nsource rows: { n: int, s: string? } = json(input)\n"
             "from rows |> to json(output)\n")


class Job(unittest.TestCase):
    """A test of a job: a folder for it, and what is expected of its end."""

    sluice = None

    def setUp(self):
        # Not in lit's own folder: other users, as which one test runs the program, may not look into that.
        holder = tempfile.TemporaryDirectory(prefix="sluice-world-", dir="/tmp")
        self.addCleanup(holder.cleanup)
        self.dir = Path(holder.name)
        self.out = self.dir / "out"
        self.out.mkdir()
        self.result = self.out / "result"

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def command(self, flow, *flags, **params):
        command = [self.sluice, "run", str(self.write("job.flow", flow)), *flags]
        for name, value in params.items():
            command += ["--param", f"{name}={value}"]
        return command

    def run_job(self, flow, *flags, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec=None, **params):
        done = subprocess.run(self.command(flow, *flags, **params), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                              timeout=WAIT, preexec_fn=preexec)
        self.assertGreaterEqual(done.returncode, 0, f"killed by a signal: {done.stderr.decode(errors='replace')}")
        self.assertNotIn(b"Sanitizer", done.stderr, done.stderr.decode(errors="replace"))
        return done

    def assert_result(self, done, expected):
        self.assertEqual((done.returncode, done.stderr.decode(errors="replace")), (0, ""))
        if done.stdout is not None:
            self.assertEqual(done.stdout.decode(), expected)

    def assert_message(self, done, *parts, code=FAILED):
        """A short message with these parts (paths, or patterns), no result, and nothing left behind."""
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, text)
        for part in parts:
            pattern = re.escape(str(part)) if isinstance(part, Path) else part
            self.assertIsNotNone(re.search(pattern, text, re.IGNORECASE), f"no {pattern} in: {text}")
        self.assertLess(len(text), 4000, text)
        self.assertEqual(sorted(p.name for p in self.out.iterdir()), [])


def main(doc):
    if len(sys.argv) < 2:
        sys.exit(doc)
    Job.sluice = os.path.abspath(sys.argv[1])
    # Whoever runs the tests in the background (nohup, a shell's &) may have these ignored, and so would sluice.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main("__main__", argv=[sys.argv[0], *sys.argv[2:]])

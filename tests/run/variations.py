"""What the tests of random programs share: the ways to run a program that must not change its answer, and the loop over
seeds."""

import csv
import io
import itertools
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

VARIATIONS = list(itertools.product(["1", "2", "4"], ["quick", "optimized"], ["1", "4096", "262144"],
                                    [[], ["--no-optimize"]]))


class Answer:
    """What a program gave out when it was run in one way."""

    def __init__(self, sluice, program, arguments):
        result = subprocess.run([sluice, "run", str(program), *arguments], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(arguments)}: exit code {result.returncode}\n{result.stderr}")
        self.program, self.arguments, self.output = program, arguments, result.stdout
        count = re.search(r"(\d+) rows? came too late", result.stderr)
        self.late = int(count.group(1)) if count else 0
        self.parallel = arguments[arguments.index("--parallel") + 1]

    def rows(self):
        return [tuple(row) for row in itertools.islice(csv.reader(io.StringIO(self.output)), 1, None)]

    def fail(self, reason):
        raise SystemExit(f"{' '.join(self.arguments)}: {reason}\n{self.program.read_text(encoding='utf-8')}")

    def check(self, expected, late, got=None):
        """The rows, in any order, and how many were too late."""
        got = self.rows() if got is None else got
        if sorted(got) != sorted(expected):
            missing = [row for row in expected if row not in got][:5]
            extra = [row for row in got if row not in expected][:5]
            self.fail(f"missing {missing}\nnot expected {extra}")
        if self.late != late:
            self.fail(f"{self.late} late rows counted, not {late}")


def answers(sluice, random_, program, text, more=()):
    """The answers to a program, which is written to the file `program`, run in four ways: the simplest and some others."""
    program.write_text(text, encoding="utf-8")
    for parallel, tier, block, passes in [VARIATIONS[0], *random_.sample(VARIATIONS[1:], 3)]:
        yield Answer(sluice, program,
                     ["--parallel", parallel, "--tier", tier, "--block-size", block, *passes, *more])


def main(check):
    """SLUICE SEED [ROUNDS]: `check(sluice, seed, random, folder)` for so many seeds."""
    sluice, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 20
    for number in range(seed, seed + rounds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(sluice, number, random.Random(number), Path(folder))
            except SystemExit as failure:
                raise SystemExit(f"seed {number}, {failure}") from None
    print(f"{rounds} programs agree")

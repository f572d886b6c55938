#!/usr/bin/env python3
"""matrix.py SLUICE ROOT EXAMPLE: runs an example in every combination of parallelism, code tier, passes and block size.
Every run must succeed and print the same bytes, those that the example's folder or an independent program expects."""

import subprocess
import sys
from pathlib import Path

from harness import configurations, describe, run_sluice

# The words of the documentation as coreutils count them: the answer changes whenever a page does.
COUNT_WORDS = r"""
find docs -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 awk 1 | LC_ALL=C.UTF-8 grep -oE '[[:alnum:]]+' |
  LC_ALL=C.UTF-8 sed 's/.*/\L&/' | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2 | head -20 |
  awk 'BEGIN { print "word,count" } { print $2 "," $1 }'
"""


def expected_of(root, example):
    folder = root / "examples" / example
    if example == "wordcount":
        return subprocess.run(["bash", "-c", COUNT_WORDS], cwd=root, capture_output=True, check=True).stdout
    files = sorted(folder.glob("expected.*"))
    if len(files) != 1:
        sys.exit(f"{folder}: there must be one file expected.*")
    return files[0].read_bytes()


def input_of(example):
    return "".join(f"{n}\n" for n in range(1, 1001)).encode() if example == "numbers" else b""


def main():
    sluice, root, example = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    flow = f"examples/{example}/pipeline.flow"
    expected = expected_of(root, example)
    failures = 0
    for configuration in configurations():
        result = run_sluice(sluice, flow, configuration, stdin=input_of(example), cwd=root)
        if result.returncode != 0 or result.stdout != expected:
            failures += 1
            print(describe(result))
            if failures == 1:
                print(f"  expected:\n{expected.decode()}")
    if failures:
        sys.exit(f"{example}: {failures} of {len(configurations())} runs failed or differ")


if __name__ == "__main__":
    main()

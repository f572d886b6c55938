#!/usr/bin/env python3
"""Runs the lints: every module in this folder with a function `check(tree)` that returns its findings and how many
things it looked at. Prints `file:line: message [lint]` per finding. Called by `./dev lint` and `./dev test`."""

import argparse
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tree import Tree  # noqa: E402

LINTS = ["layers", "format", "words", "sizes", "switches", "tables", "headers", "tidy"]
SLOW = ["tidy"]  # not part of `./dev test`


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="rewrite what can be rewritten (clang-format)")
    parser.add_argument("--all", action="store_true", help="clang-tidy over all files, not only changed ones")
    parser.add_argument("--count", action="store_true", help="for `./dev test`: without slow lints; end with a line `PASSED FAILED`")
    parser.add_argument("only", nargs="*", help=f"lints to run (default: all of {', '.join(LINTS)})")
    arguments = parser.parse_args()
    tree = Tree(Path(__file__).resolve().parent.parent.parent, arguments.fix, arguments.all)
    passed = failed = 0
    for name in arguments.only or [lint for lint in LINTS if not (arguments.count and lint in SLOW)]:
        findings, checked = importlib.import_module(name).check(tree)
        for finding in findings:
            print(f"{finding} [{name}]")
        failed += len(findings)
        passed += max(checked - len(findings), 0)
    if arguments.count:
        print(passed, failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

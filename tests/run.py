#!/usr/bin/env python3
"""Runs every test there is and counts: lints, unit tests and the lit suite on the release build, unit tests and the lit
suite again under address and undefined-behaviour sanitizers, the engine's tests under the thread sanitizer.

Prints what failed, one line per suite, and `N passed, N failed` alone on the last line. Called by `./dev test`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIT = "/usr/lib/llvm-19/build/utils/lit/lit.py"
# Debian's own, which sees Debian's packages, whatever else is in front of it.
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
JOBS = str(os.cpu_count() or 2)
# No test takes a tenth of this, even sanitized on a busy machine: what is still running then hangs, and is ended and
# counted as failed, so that the suite always reports.
SECONDS_PER_LIT_TEST = 600
SECONDS_PER_UNIT_SHARD = 1200
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tests/tsan.txt",
}


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def add(self, suite, passed, failed, started):
        self.passed += passed
        self.failed += failed
        print(f"{suite:<22} {passed} passed, {failed} failed  {time.monotonic() - started:.0f}s", flush=True)


def run_lints(tally):
    started = time.monotonic()
    result = subprocess.run([sys.executable, str(ROOT / "tests/lint/lint.py"), "--count"], capture_output=True, text=True)
    *report, counts = result.stdout.rstrip("\n").split("\n")
    try:
        passed, failed = (int(word) for word in counts.split())
    except ValueError:
        report, passed, failed = [result.stdout + result.stderr], 0, 1
    print("\n".join(report), end="\n" if any(report) else "")
    tally.add("lint", passed, failed, started)


def gtest_shard(binary, index, count, report, name_filter):
    command = [str(binary), f"--gtest_output=json:{report}", "--gtest_brief=1", "--gtest_color=no"]
    if name_filter:
        command.append(f"--gtest_filter=*{name_filter}*")
    env = dict(os.environ, GTEST_TOTAL_SHARDS=str(count), GTEST_SHARD_INDEX=str(index), **SANITIZER_OPTIONS)
    return subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def shard_output(shard):
    try:
        return shard.communicate(timeout=SECONDS_PER_UNIT_SHARD)[0]
    except subprocess.TimeoutExpired:
        shard.kill()
        return shard.communicate()[0] + f"\nended after {SECONDS_PER_UNIT_SHARD} s: one of its tests hangs\n"


def gtest_counts(report):
    data = json.loads(report.read_text())
    skipped = sum(test.get("result") == "SKIPPED" for suite in data["testsuites"] for test in suite["testsuite"])
    failed = data["failures"] + data.get("errors", 0)
    return data["tests"] - data.get("disabled", 0) - skipped - failed, failed


def run_unit(tally, suite, binary, name_filter=None):
    """Runs a GoogleTest binary in as many processes as there are cores. One that dies counts as a failure."""
    started = time.monotonic()
    if not binary.exists():
        print(f"{suite}: {binary.relative_to(ROOT)} was not built")
        return tally.add(suite, 0, 1, started)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        count = int(JOBS)
        reports = [Path(folder) / f"{i}.json" for i in range(count)]
        shards = [gtest_shard(binary, i, count, reports[i], name_filter) for i in range(count)]
        for shard, report in zip(shards, reports):
            output = shard_output(shard)
            if report.exists():
                good, bad = gtest_counts(report)
            else:
                good, bad = 0, 1
            bad = max(bad, int(shard.returncode != 0))
            passed, failed = passed + good, failed + bad
            if bad:
                print(f"---- {suite}\n{output}")
    tally.add(suite, passed, failed, started)


def has_psutil():
    """lit needs it to end the children of a test."""
    return subprocess.run([PYTHON, "-c", "import psutil"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def run_lit(tally, suite, preset, name_filter=None):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "lit.json"
        command = [PYTHON, LIT, "--no-progress-bar", "-j", JOBS, "-o", str(report), "-v"]
        if has_psutil():
            command.append(f"--timeout={SECONDS_PER_LIT_TEST}")
        if name_filter:
            command += ["--filter", name_filter, "--allow-empty-runs"]
        result = subprocess.run(command + [str(ROOT / "build" / preset / "tests")], capture_output=True, text=True,
                                cwd=ROOT, env=dict(os.environ, **SANITIZER_OPTIONS))
        if report.exists():
            codes = [test["code"] for test in json.loads(report.read_text())["tests"]]
        else:
            codes = ["FAIL"] * (result.returncode != 0)
    failed = sum(code in ("FAIL", "UNRESOLVED", "TIMEOUT", "XPASS") for code in codes)
    passed = sum(code in ("PASS", "XFAIL", "FLAKYPASS") for code in codes)
    failed = max(failed, int(result.returncode != 0))
    if failed:
        output = [line for line in result.stdout.split("\n") if not line.startswith("PASS:")]
        print(f"---- {suite}\n" + "\n".join(output) + result.stderr)
    tally.add(suite, passed, failed, started)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-builds", default="", help="presets that did not build: each counts as one failure")
    parser.add_argument("filter", nargs="?", help="only unit and lit tests of the release build that have this in their name")
    arguments = parser.parse_args()
    tally = Tally()
    broken = arguments.failed_builds.split()
    for preset in broken:
        tally.add(f"build {preset}", 0, 1, time.monotonic())
    if not arguments.filter:
        run_lints(tally)
    for preset in ["release"] if arguments.filter else ["release", "asan"]:
        if preset not in broken:
            run_unit(tally, f"unit {preset}", ROOT / f"build/{preset}/tests/unit/sluice_unit_tests", arguments.filter)
            run_lit(tally, f"lit {preset}", preset, arguments.filter)
    if not arguments.filter and "tsan" not in broken and list(ROOT.glob("tests/unit/runtime/**/*.cpp")):
        run_unit(tally, "engine tsan", ROOT / "build/tsan/tests/unit/sluice_engine_tests")
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

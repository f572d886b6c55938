#!/usr/bin/env python3
"""run.py SECONDS: runs every fuzzer of build/fuzz for that long, starting from the programs of examples/ and tests/;
then tests/plan/mutations.py, which knows what graphs and plans look like. What was learnt stays in build/fuzz/corpus;
an input that fails is kept in build/fuzz/findings. Called by `./dev fuzz`."""

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build/fuzz"
# Fuzzer -> the stage of `sluice show` that its seeds are made with; None: the programs themselves.
FUZZERS = {"program": None, "graph": "graph", "plan": "plan"}
# What processes of a cluster say to each other, and clients to them (wire_inputs.h): without seeds, but for plans.
WIRE = ("frames", "hello", "command", "reports", "request")


def make_seeds(name, stage):
    folder = BUILD / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, program in enumerate(sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/**/*.flow")])):
        text = program.read_bytes()
        if stage:
            shown = subprocess.run([str(BUILD / "sluice"), "show", str(program), "--stage", stage, "--parallel", "2"],
                                   capture_output=True)
            if shown.returncode != 0:
                continue
            text = shown.stdout
        (folder / f"seed-{number}").write_bytes(text)
    return folder


def make_wire_seeds(name):
    folder = BUILD / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    plans = sorted((BUILD / "corpus/plan").glob("seed-*")) if name == "request" else []
    for plan in plans:
        body = json.dumps({"plan": plan.read_text(), "name": "job"})
        (folder / plan.name).write_text(f"POST /v1/jobs\n{body}")
    return folder


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    findings = BUILD / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in (*FUZZERS, *WIRE):
        corpus = make_seeds(name, FUZZERS[name]) if name in FUZZERS else make_wire_seeds(name)
        command = [str(BUILD / "tests/fuzz" / f"fuzz_{name}"), f"-max_total_time={seconds}", "-print_final_stats=0",
                   "-verbosity=0", f"-artifact_prefix={findings}/{name}-", "-max_len=8192", "-timeout=20", str(corpus)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            failed += 1
            print(result.stdout + result.stderr)
        print(f"{name:<10} {'FAILED' if result.returncode else 'ok'}  {len(list(corpus.iterdir()))} inputs", flush=True)
    # Other cases every time; the seed is printed with what fails.
    command = [sys.executable, str(ROOT / "tests/plan/mutations.py"), str(BUILD / "sluice"), str(ROOT), "--seed",
               str(time.time_ns()), "--seconds", seconds, "--keep", str(findings)]
    result = subprocess.run(command, capture_output=True, text=True)
    failed += result.returncode != 0
    print(f"{'mutations':<10} {'FAILED' if result.returncode else 'ok'}  {result.stdout.strip()}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""full_output.py SLUICE: every command says so, and fails, when what it prints cannot be written. Small output fails when
the process ends, output that is larger than any buffer on the way."""

import os
import re
import subprocess
import sys
import tempfile

sluice, source_root = (os.path.abspath(path) for path in sys.argv[1:3])
LARGE = 64 * 1024
failures = []


def check(*words, stdin="", large=False, code=4):
    command = [sluice, *words]
    whole = subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=600)
    if len(whole.stdout) <= (LARGE if large else 0):
        failures.append(f"{words[:4]}: prints only {len(whole.stdout)} bytes: {whole.stderr.decode()[:2000]}")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, input=stdin.encode(), stdout=full, stderr=subprocess.PIPE, timeout=600)
    if done.returncode != code or b"standard output: No space left on device" not in done.stderr:
        failures.append(f"{words[:4]}: {done.returncode} {done.stderr.decode()[:2000]}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)

    def write(name, text):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)

    write("in.csv", "n\n1\n2\n")
    source = 'source s: { n: int } = csv("in.csv")\n'
    steps = "".join(f"|> extend c{i} = abs(n + {i})\n" for i in range(150))
    write("large.flow", f"{source}from s\n{steps}|> to print()\n")
    write("ugly.flow", source + "from  s|>where n>0 |>to print()")
    write("wrong.flow", source + "from s\n" + "".join(
        f"|> where no_such_column_{i} > 0\n" for i in range(20)) + "|> to print()\n")
    write("warnings.flow", "".join(
        f"fn f{i}(no_such: int) -> int = no_such + missing_{i}\n" for i in range(2000)) + source)
    write("tests.flow", source + "let kept = from s |> where n > 1\n" + "".join(
        f'test "{i}: {"long " * 20}" {{\n  given s\n    | n |\n    | 2 |\n  expect kept\n    | n |\n    | 3 |\n}}\n'
        for i in range(400)))

    # Small output.
    for words in (["version"], ["--version"], ["help"], ["run", "--help"], ["doc"], ["doc", "upper"], ["doc", "--markdown"], ["error"],
                  ["error", "E0104"], ["opt"], ["explain", "ugly.flow"], ["explain", "analyze", "ugly.flow"],
                  ["explain", "ugly.flow", "--level", "code"], ["explain", "ugly.flow", "--format", "json"],
                  ["opt", "--passes", "prune_columns", "ugly.flow"], ["run", "ugly.flow"], ["bench", "nexmark", "--query",
                                                                                          "q1", "--events", "1000"],
                  *(["show", "ugly.flow", "--stage", stage]
                    for stage in ("tokens", "ast", "graph", "rewrites", "plan", "llvm", "asm"))):
        check(*words)
    check("fmt", "-", stdin="from  s|>to print()")
    # Another failure keeps its code.
    check("fmt", "--check", "ugly.flow", code=1)
    check("check", "--json", "wrong.flow", code=1)
    check("test", "tests.flow", "--filter", "7: long", code=3)

    # The commands that only talk to a cluster, and those of its processes, which print nothing but their help.
    os.environ["XDG_RUNTIME_DIR"] = folder
    subprocess.run([sluice, "cluster", "up", "--workers", "1"], check=True, timeout=600)
    try:
        for words in (["submit", "ugly.flow"], ["submit", "ugly.flow", "--wait"], ["jobs"], ["job", "status", "1"], ["job", "metrics", "1"], ["job", "logs", "1"], ["job", "watch", "1"], ["job", "restart", "1"],
                      ["cluster", "status"], ["coordinator", "--help"], ["worker", "--help"]):
            check(*words)
    finally:
        subprocess.run([sluice, "cluster", "down"], check=True, timeout=600)

    # Large output.
    for words in (["explain", "large.flow", "--level", "all"],
                  ["explain", "large.flow", "--level", "code"], ["explain", "large.flow", "--format", "json"],
                  ["opt", "--passes", "prune_columns", "large.flow"],
                  *(["show", "large.flow", "--stage", stage] for stage in ("graph", "llvm", "asm"))):
        check(*words, large=True)
    check("fmt", "-", stdin="from  s" + steps * 30 + "|>to print()", large=True)
    check("fmt", "--check", *["ugly.flow"] * 8000, code=1, large=True)
    check("check", "--json", "warnings.flow", code=1, large=True)
    check("test", "tests.flow", code=3, large=True)
    with open(os.path.join(source_root, "cli/support/commands.def"), encoding="utf-8") as table:
        tested = open(__file__, encoding="utf-8").read()
        for name in re.findall(r"^COMMAND\((\w+)", table.read(), re.M):
            if f'"{name.split("_")[0]}"' not in tested:
                failures.append(f"`{name}` is not tested here")

print("\n".join(failures) or "every command noticed")
sys.exit(bool(failures))

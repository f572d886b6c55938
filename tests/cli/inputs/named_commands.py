#!/usr/bin/env python3
"""named_commands.py SLUICE ROOT: every `sluice ...` command that messages name can be run."""

import re
import subprocess
import sys
from pathlib import Path

sluice, root = sys.argv[1], Path(sys.argv[2])
failures = []
commands = set()
for folder in ("lang", "stdlib", "compiler", "runtime", "cli"):
    for path in [*root.joinpath(folder).rglob("*.def"), *root.joinpath(folder).rglob("*.cpp")]:
        # String literals that stand side by side are one.
        text = re.sub(r'"\s*"', "", path.read_text(encoding="utf-8"))
        commands.update(re.findall(r"`(sluice [a-z][^`\"]*)`", text))
for command in sorted(commands):
    words = command.replace("{}", "E0104").replace("CODE", "E0104").replace(" COMMAND", "").split()[1:]
    if words[0] not in ("doc", "error", "help", "opt"):  # these need files, or take long: is there such a command?
        words = ["help", *words[:2 if words[0] in ("explain", "cluster", "job") else 1]]
    done = subprocess.run([sluice, *words], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        failures.append(f"{command}: {done.returncode} {done.stderr}")
if len(commands) < 5:
    failures.append(f"found only {commands}")
print("\n".join(failures) or f"{len(commands)} commands work: {sorted(commands)}")
sys.exit(bool(failures))

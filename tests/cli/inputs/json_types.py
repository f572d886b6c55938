#!/usr/bin/env python3
"""json_types.py ROOT: the table of JSON types in docs/cli.md names every type that a command prints, and the command."""

import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
table = {}  # type -> what stands in the column "from"
for types, source in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|", (root / "docs/cli.md").read_text("utf-8"), re.M):
    for name in re.findall(r"`(\w+)`", types):
        table[name] = table.get(name, "") + source
failures = []
seen = 0
for path in sorted((root / "cli").rglob("*.cpp")):
    for name in re.findall(r'(?:result|event|object_line)\("(\w+)"', path.read_text("utf-8")):
        seen += 1
        command = path.stem.replace("_", " ")
        if name not in table:
            failures.append(f"{path.name}: `{name}` is missing in docs/cli.md")
        elif path.parent.name == "commands" and f"`{command}" not in table[name] and "every command" not in table[name]:
            failures.append(f"{path.name}: docs/cli.md does not say that `{name}` comes from `{command}`")
print("\n".join(failures) or f"{seen} places, {len(table)} types")
sys.exit(bool(failures) or seen < 15)

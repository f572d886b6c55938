"""C++ is laid out by clang-format, Flow examples by `sluice fmt` (as far as the program is built)."""

import re
import subprocess

FINDING = re.compile(r"^(.*?):(\d+):\d+: error: ")


def check(tree):
    sources = tree.select([".h", ".cpp"])
    if tree.fix:
        subprocess.run(["clang-format-19", "-i", *sources], cwd=tree.root, check=True)
        return [], len(sources)
    result = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *sources], cwd=tree.root, capture_output=True,
                            text=True)
    first = {}
    for line in result.stderr.split("\n"):
        match = FINDING.match(line)
        if match:
            first.setdefault(match.group(1), match.group(2))
    return [f"{name}:{line}: not formatted; ./dev lint --fix" for name, line in first.items()], len(sources)

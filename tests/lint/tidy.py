"""clang-tidy with the checks of .clang-tidy, over every source file (what passed is remembered by content)."""

import re
import subprocess

from cache import Cache
from tree import LAYERS

FINDING = re.compile(r"^(/.*?|[^/:]+.*?):(\d+):\d+: (?:warning|error): (.*)$")


def check(tree):
    build = tree.root / "build/release"
    sources = tree.select([".cpp"], LAYERS)
    if not (build / "compile_commands.json").exists():
        return ["build/release:1: not configured; ./dev build first"], 1

    def tidy(name):
        result = subprocess.run(["clang-tidy-19", "-p", str(build), "--quiet", name], cwd=tree.root, capture_output=True,
                                text=True)
        findings = []
        for line in result.stdout.split("\n"):
            match = FINDING.match(line)
            if match:
                findings.append(f"{match.group(1).removeprefix(str(tree.root) + '/')}:{match.group(2)}: {match.group(3)}")
        if result.returncode != 0 and not findings:
            findings.append(f"{name}:1: clang-tidy failed: {result.stderr.strip()[-200:]}")
        return findings

    findings = Cache(tree, "tidy", tree.text(".clang-tidy")).run(sources, tidy)
    return sorted(set(findings)), len(sources)

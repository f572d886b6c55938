"""clang-tidy with the checks of .clang-tidy, over the source files that differ from the main branch (--all: over all of
them). What passed is remembered by content. Part of `./dev lint`, not of `./dev test`: it takes seconds per file."""

import re
import subprocess

from cache import Cache
from tree import LAYERS

FINDING = re.compile(r"^(/.*?|[^/:]+.*?):(\d+):\d+: (?:warning|error): (.*)$")


def changed_files(tree):
    """Names that differ from where this branch left main, in commits or in the working tree; None when there is no main."""

    def git(*words):
        result = subprocess.run(["git", "-C", str(tree.root), *words], capture_output=True, text=True)
        return result.stdout.split("\n") if result.returncode == 0 else None

    for main in ("origin/HEAD", "origin/main", "main"):
        base = git("merge-base", "HEAD", main)
        if base:
            return set(git("diff", "--name-only", base[0]) + git("ls-files", "--others", "--exclude-standard"))
    return None


def check(tree):
    build = tree.root / "build/release"
    sources = tree.select([".cpp"], LAYERS)
    changed = None if tree.all else changed_files(tree)
    if changed is not None:
        sources = [name for name in sources if name in changed]
    if not (build / "compile_commands.json").exists():
        return ["build/release:1: not configured; ./dev build first"], 1

    def tidy(name):
        result = subprocess.run(["clang-tidy-19", "-p", str(build), "--quiet", name], cwd=tree.root, capture_output=True,
                                text=True)
        findings = []
        for line in result.stdout.split("\n"):
            match = FINDING.match(line)
            if match and "/build/" not in match.group(1):  # what Bison and Flex made is not ours to mend
                findings.append(f"{match.group(1).removeprefix(str(tree.root) + '/')}:{match.group(2)}: {match.group(3)}")
        if result.returncode != 0 and not findings and "/build/" not in result.stdout:
            findings.append(f"{name}:1: clang-tidy failed: {result.stderr.strip()[-200:]}")
        return findings

    findings = Cache(tree, "tidy", tree.text(".clang-tidy")).run(sources, tidy)
    return sorted(set(findings)), len(sources)

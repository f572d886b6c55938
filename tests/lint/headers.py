"""Every header compiles alone: it includes what it needs. Most of them are proven by the build, since a source file
includes them before anything else; the rest are compiled here."""

import re
import subprocess

from cache import Cache
from tree import LAYERS

FLAGS = ["-x", "c++", "-std=c++23", "-fsyntax-only", "-Wall", "-Wno-pragma-once-outside-header", "-Wno-unused-function",
         "-Wno-unused-const-variable"]


FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s+(\S+)', re.MULTILINE)


def proven_by_build(tree):
    """Headers that are the first include of a source file that `./dev build` compiles."""
    proven = set()
    for name in tree.select([".cpp"], LAYERS):
        first = FIRST_INCLUDE.search(tree.text(name))
        if first:
            proven.add(first.group(1).strip('"'))
    return proven


def check(tree):
    flags = FLAGS + ["-I", str(tree.root), "-I", str(tree.root / "build/release"), "-isystem", "/usr/lib/llvm-19/include"]
    headers = tree.select([".h"], LAYERS)

    def compile_alone(name):
        result = subprocess.run(["clang++-19", *flags, str(tree.root / name)], capture_output=True, text=True)
        if result.returncode == 0:
            return []
        return [f"{name}:1: does not compile alone: {result.stderr.strip().splitlines()[0]}"]

    proven = proven_by_build(tree)
    rest = [name for name in headers if name not in proven]
    return Cache(tree, "headers", " ".join(FLAGS)).run(rest, compile_alone), len(headers)

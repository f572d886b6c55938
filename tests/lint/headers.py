"""Every header compiles alone: it includes what it needs."""

import subprocess

from cache import Cache
from tree import LAYERS

FLAGS = ["-x", "c++", "-std=c++23", "-fsyntax-only", "-Wall", "-Wno-pragma-once-outside-header", "-Wno-unused-function",
         "-Wno-unused-const-variable"]


def check(tree):
    flags = FLAGS + ["-I", str(tree.root), "-I", str(tree.root / "build/release"), "-isystem", "/usr/lib/llvm-19/include"]
    headers = tree.select([".h"], LAYERS)

    def compile_alone(name):
        result = subprocess.run(["clang++-19", *flags, str(tree.root / name)], capture_output=True, text=True)
        if result.returncode == 0:
            return []
        return [f"{name}:1: does not compile alone: {result.stderr.strip().splitlines()[0]}"]

    return Cache(tree, "headers", " ".join(FLAGS)).run(headers, compile_alone), len(headers)

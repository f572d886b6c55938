"""Words that mark unfinished work do not stay in the tree: what is missing is an issue or a line in docs/status.md."""

import re

MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
THROW = re.compile(r"^\s*throw\b|[;{]\s*throw\b")
SUFFIXES = [".h", ".cpp", ".ll", ".yy", ".def", ".flow", ".py", ".md", ".cmake", ".sh", ".txt"]


def check(tree):
    findings = []
    names = tree.select(SUFFIXES) + [name for name in tree.files if name == "dev"]
    for name in names:
        for number, line in enumerate(tree.lines(name), 1):
            if MARKS.search(line):
                findings.append(f"{name}:{number}: unfinished work: {line.strip()[:80]}")
            if name.endswith((".h", ".cpp")) and THROW.search(line):
                findings.append(f"{name}:{number}: our code does not throw; return a Result")
    return findings, len(names)

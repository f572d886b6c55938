"""Files stay small enough to hold one idea."""

MOST_LINES = 600


def check(tree):
    sources = tree.select([".h", ".cpp", ".ll", ".yy", ".py"])
    findings = []
    for name in sources:
        count = len(tree.lines(name)) - 1
        if count > MOST_LINES:
            findings.append(f"{name}:1: {count} lines; split it (most: {MOST_LINES})")
    return findings, len(sources)

"""No `default:` in a switch over a table: a row that is not handled must not compile. The one exception is a default
that is an invariant: a function for a few rows of a table, which says so and is reached through a complete switch."""

import re

from tree import LAYERS

TABLE_ENUM = re.compile(r"enum class (\w+)[^{;]*\{\s*(?:#define[^\n]*(?:\\\n[^\n]*)*\n\s*)*#include \"[^\"]+\.def\"")
SWITCH = re.compile(r"\bswitch\s*\(")


def block_after(text, start):
    """The text between the braces that open after `start`, without what nested switches hold."""
    begin = text.find("{", start)
    depth, end = 0, begin
    while end < len(text):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
        if depth == 0:
            break
    body = text[begin + 1:end - 1]
    nested = SWITCH.search(body)
    while nested:
        inner = block_after(body, nested.end())
        body = body[:nested.start()] + body[nested.end():].replace(inner, "", 1)
        nested = SWITCH.search(body)
    return body


def check(tree):
    sources = tree.select([".h", ".cpp"], LAYERS)
    enums = {enum for name in sources for enum in TABLE_ENUM.findall(tree.text(name))}
    findings = []
    for name in sources:
        text = tree.text(name)
        for switch in SWITCH.finditer(text):
            body = block_after(text, switch.end())
            labels = set(re.findall(r"\bcase\s+(?:\w+::)*?(\w+)::\w+\s*:", body))
            if labels & enums and re.search(r"\bdefault\s*:(?!\s*SLUICE_INVARIANT\(false)", body):
                line = text.count("\n", 0, switch.start()) + 1
                findings.append(f"{name}:{line}: `default:` in a switch over {', '.join(sorted(labels & enums))}")
    return findings, len(sources)

"""Includes point down only: from a layer to the layers before it, and inside a layer to the folders before it.
LLVM's headers are for compiler/codegen and compiler/jit alone."""

import re

from tree import LAYERS

# The order of the folders inside each layer, lowest first (docs/architecture.md, "Rooms").
FOLDERS = {
    "lang": ["support", "source", "types", "syntax", "graph", "operators", "check"],
    "runtime": ["abi", "plan", "data", "io", "checkpoint", "state", "net", "task", "control", "worker", "coordinator"],
    "stdlib": [".", "kernels", "connectors", "modules"],
    "compiler": ["passes", "lower", "explain", "codegen", "jit", "driver", "testing"],
    "cli": ["support", "commands", "."],
}
LLVM_FOLDERS = ("compiler/codegen/", "compiler/jit/")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def place(path):
    parts = path.split("/")
    return parts[0], parts[1] if len(parts) > 2 else "."


def violation(name, target):
    layer, folder = place(name)
    other_layer, other_folder = place(target)
    if LAYERS.index(other_layer) > LAYERS.index(layer):
        return f"{layer} comes before {other_layer} and must not include {target}"
    if layer != other_layer or folder == other_folder:
        return None
    if target.endswith(".def"):
        return None  # a table is data: the scanner reads the operators' words from lang/operators
    for unknown in (folder, other_folder):
        if unknown not in FOLDERS[layer]:
            return f"folder {layer}/{unknown} has no place in the order of tests/lint/layers.py"
    if FOLDERS[layer].index(other_folder) > FOLDERS[layer].index(folder):
        return f"in {layer}, {folder} comes before {other_folder} and must not include {target}"
    return None


def rooms_of_the_page(lines):
    """The folders of each layer in the first block of the page's section "Rooms"."""
    rooms, layer, inside = {}, None, False
    for line in lines[lines.index("## Rooms") + 1:]:
        if line.startswith("```"):
            if inside:
                return rooms
            inside = True
        elif inside:
            head = re.match(r"(\w+)/", line)
            layer = head.group(1) if head else layer
            folders = re.match(r"(?:\w+/)?\s+((?:\w+/(?:, )?)+)(?:\s|$)", line)
            rooms.setdefault(layer, []).extend(re.findall(r"\w+", folders.group(1)) if folders else [])
    return rooms


def check(tree):
    findings, checked = [], len(FOLDERS)
    page = "docs/architecture.md"
    rooms = rooms_of_the_page([line.rstrip("\n") for line in tree.lines(page)])
    for layer, folders in FOLDERS.items():
        wanted = [folder for folder in folders if folder != "."]
        if rooms.get(layer) != wanted:
            findings.append(f"{page}:1: the rooms of {layer} are {wanted}, and the page has {rooms.get(layer)}")
    for name in tree.select([".h", ".cpp", ".ll", ".yy", ".def"], LAYERS):
        checked += 1
        for number, line in enumerate(tree.lines(name), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(2)
            if target.startswith(("llvm/", "llvm-c/")) and not name.startswith(LLVM_FOLDERS):
                findings.append(f"{name}:{number}: only {' and '.join(LLVM_FOLDERS)} include LLVM's headers")
            if match.group(1) == '"' and target.split("/")[0] in LAYERS:
                problem = violation(name, target)
                if problem:
                    findings.append(f"{name}:{number}: {problem}")
    return findings, checked

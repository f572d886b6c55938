"""The source tree as lints see it: tracked and new files, never build output."""

import subprocess
from pathlib import Path

LAYERS = ["lang", "runtime", "stdlib", "compiler", "cli"]


class Tree:
    def __init__(self, root, fix=False, everything=False):
        self.root = Path(root)
        self.fix = fix         # lints that can, mend what they find
        self.all = everything  # lints that look at changed files only, look at all
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True, check=True).stdout.split("\n")
        self.files = sorted({name for name in listed if name and (self.root / name).is_file()})
        self._texts = {}

    def text(self, name):
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_text(encoding="utf-8", errors="replace")
        return self._texts[name]

    def lines(self, name):
        return self.text(name).split("\n")

    def select(self, suffixes, folders=None):
        """Files with one of the suffixes, below one of the folders (default: anywhere)."""
        return [name for name in self.files
                if name.endswith(tuple(suffixes)) and (folders is None or name.split("/")[0] in folders)]

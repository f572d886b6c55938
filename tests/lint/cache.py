"""Remembers what passed, by content: a check whose inputs did not change is not run again. Lives in build/lint-cache."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
import os

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class Cache:
    def __init__(self, tree, name, salt):
        self.tree = tree
        self.folder = tree.root / "build" / "lint-cache" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.salt = salt
        self._reached = {}

    def reached(self, name):
        """The file and every file of ours that it includes, directly or not."""
        if name not in self._reached:
            self._reached[name] = {name}
            known = set(self.tree.files)
            found = {name}
            for target in INCLUDE.findall(self.tree.text(name)):
                if target in known:
                    found |= self.reached(target)
            self._reached[name] = found
        return self._reached[name]

    def key(self, name):
        digest = hashlib.sha256(self.salt.encode())
        for part in sorted(self.reached(name)):
            digest.update(part.encode() + b"\0" + self.tree.text(part).encode() + b"\0")
        return digest.hexdigest()

    def run(self, names, check):
        """Findings of check(name) over all names that are not known to pass; runs as many at once as there are cores."""
        findings = []

        def one(name):
            mark = self.folder / self.key(name)
            if mark.exists():
                return []
            found = check(name)
            if not found:
                mark.touch()
            return found

        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for found in pool.map(one, names):
                findings += found
        return findings

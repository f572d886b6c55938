"""run_blocks.py SLUICE PAGE.md [--update]: runs what a page of the documentation shows.

The fenced blocks of the page are taken in order, in one empty folder:
  ```csv orders.csv      (any language, then a file name): the block becomes that file
  ```flow                becomes example.flow; it must run and print the ```text block that follows, or, when an
                         ```error block follows, must be refused with exactly that message. With neither it must check.
  ```console             lines after `$ ` are run by a shell that knows `sluice`; what follows is what they print
Other blocks are for reading only. --update writes what was printed into the page instead of comparing."""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FENCE = re.compile(r"^```(\w*)[ ]?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


class Page:
    def __init__(self, sluice, path, update):
        self.sluice = str(Path(sluice).resolve())
        self.path = Path(path)
        self.text = self.path.read_text()
        self.update = update
        self.replacements = []
        self.failures = 0
        self.runs = 0

    def run(self):
        blocks = list(FENCE.finditer(self.text))
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            try:
                for block, following in zip(blocks, [*blocks[1:], None]):
                    self.run_block(block, following)
            finally:
                if (self.folder / "sluice" / "cluster.json").exists():
                    self.execute([self.sluice, "cluster", "down"])
        for start, end, text in reversed(self.replacements):
            self.text = self.text[:start] + text + self.text[end:]
        if self.replacements:
            self.path.write_text(self.text)

    def run_block(self, block, following):
        language, name, body = block.groups()
        if name:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(body)
        elif language == "flow":
            self.run_flow(block, following)
        elif language == "console":
            self.run_console(block)

    def run_flow(self, block, following):
        (self.folder / "example.flow").write_text(block.group(3))
        kind = following.group(1) if following and not following.group(2) else ""
        command = "run" if kind == "text" else "check"
        result = self.execute([self.sluice, command, "example.flow"])
        if kind == "text" and result.returncode == 0:
            self.compare(following, 3, result.stdout)
        elif kind == "error" and result.returncode == 1:
            self.compare(following, 3, result.stderr)
        elif kind not in ("text", "error") and result.returncode == 0:
            self.runs += 1
        else:
            self.fail(block, f"sluice {command} ended with {result.returncode}\n{result.stdout}{result.stderr}")

    def run_console(self, block):
        printed = ""
        for line in re.findall(r"^\$ (.*)$", block.group(3), re.MULTILINE):
            result = self.execute(["bash", "-c", line], stderr=subprocess.STDOUT)
            printed += f"$ {line}\n{result.stdout}"
        self.compare(block, 3, printed)

    def execute(self, command, stderr=subprocess.PIPE):
        path = str(Path(self.sluice).parent) + os.pathsep + os.environ["PATH"]
        return subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=stderr, text=True,
                              env=dict(os.environ, NO_COLOR="1", PATH=path, XDG_RUNTIME_DIR=str(self.folder)))

    def compare(self, block, group, actual):
        self.runs += 1
        wanted = block.group(group)
        if actual == wanted:
            return
        if self.update:
            self.replacements.append((block.start(group), block.end(group), actual))
            return
        diff = difflib.unified_diff(wanted.splitlines(), actual.splitlines(), "documented", "printed", lineterm="")
        self.fail(block, "\n".join(diff))

    def fail(self, block, text):
        self.failures += 1
        line = self.text.count("\n", 0, block.start()) + 1
        print(f"{self.path}:{line}: {text}\n")


def main():
    page = Page(sys.argv[1], sys.argv[2], "--update" in sys.argv[3:])
    page.run()
    print(f"{page.path}: {page.runs} examples, {page.failures} failed")
    return 1 if page.failures or page.runs == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

"""links.py ROOT: every relative link of the documentation, and every `path/in/backquotes` of our source tree, leads to a
file or folder that exists. Paths with a <placeholder> or a * are patterns and stay unchecked."""

import re
import subprocess
import sys
from pathlib import Path

root = Path(sys.argv[1])
SOURCE_PATH = re.compile(r"`((?:lang|runtime|stdlib|compiler|cli|tests|bench|docs|examples)/[\w./-]+)`")
listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
                        capture_output=True, text=True, check=True).stdout
broken = 0
for name in filter(None, listed.split("\0")):
    page = root / name
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not (page.parent / target).exists():
            print(f"{name}: broken link {target}")
            broken += 1
    for target in SOURCE_PATH.findall(text):
        if not (root / target).exists():
            print(f"{name}: there is no {target}")
            broken += 1
sys.exit(1 if broken else 0)

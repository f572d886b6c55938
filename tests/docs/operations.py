#!/usr/bin/env python3
"""operations.py SLUICE ROOT: docs/operations.md: its certificates work, its units and its container have flags that there
are, its metrics are given out and its messages are said."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cluster"))
from access import Coordinator, private  # noqa: E402

sluice, root = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
page = (root / "docs/operations.md").read_text("utf-8")
failures = []


def blocks(kind, name=r"[^\n]*"):
    return re.findall(rf"^```{kind} ?({name})\n(.*?)^```$", page, re.M | re.S)


def check_command(words, where):
    """The flags are among those in the help of the command."""
    text = subprocess.run([sluice, words[0], "--help"], capture_output=True, text=True, timeout=60).stdout
    for flag in (word for word in words if word.startswith("--")):
        if not re.search(rf"{flag}\b", text):
            failures.append(f"{where}: `sluice {words[0]}` has no {flag}")


def check_commands():
    found = 0
    for _, body in blocks("sh"):
        for line in re.findall(r"^sluice .*$", body, re.M):
            words = line.split()[1:]
            check_command([" ".join(words[:2]), *words[2:]] if words[0] in ("job", "cluster") else words, line)
            found += 1
    for name, body in blocks("ini", r"[\w.-]+"):
        (line,) = re.findall(r"^ExecStart=(.*)$", body, re.M)
        check_command(line.split()[1:], name)
        found += 1
        if shutil.which("systemd-analyze"):
            with tempfile.TemporaryDirectory() as folder:
                unit = Path(folder) / name
                unit.write_text(body.replace("/usr/local/bin/sluice", sluice))
                done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
                if name in done.stderr:
                    failures.append(f"{name}: {done.stderr}")
    (_, container), = blocks("dockerfile")
    (command,) = re.findall(r"^CMD (\[.*\])$", container, re.M)
    check_command(re.findall(r'"([^"]*)"', command), "the container")
    if found < 8:
        failures.append(f"only {found} commands were found")


def check_tls():
    with tempfile.TemporaryDirectory() as folder:
        for _, body in blocks("sh", "tls"):
            done = subprocess.run(["bash", "-e", "-c", body], cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                failures.append(f"{body}: {done.stderr}")
        files = {name: str(Path(folder) / name) for name in os.listdir(folder)}
        token = private(folder, "token", "secret\n")
        with Coordinator(sluice, folder, "--token-file", str(token), "--tls-ca", files["ca.pem"], "--tls-cert",
                         files["coordinator.pem"], "--tls-key", files["coordinator.key"], "--api-ca",
                         files["clients.pem"]) as coordinator:
            for words in (["--tls-ca", files["ca.pem"], "--token-file", str(token)],
                          ["--tls-ca", files["ca.pem"], "--tls-cert", files["ada.pem"], "--tls-key", files["ada.key"]]):
                done = coordinator.command("jobs", *words)
                if done.returncode != 0:
                    failures.append(f"{words}: {done.stderr}")
            done = coordinator.command("jobs", "--tls-ca", files["ca.pem"])
            if "a token of this cluster is wanted" not in done.stderr:
                failures.append(f"without a token: {done}")


def check_words():
    sources = " ".join(re.sub(r'"\s*"', "", path.read_text("utf-8")) for folder in ("cli", "runtime")
                       for path in (root / folder).rglob("*.cpp"))
    table = page[page.index("## When something is wrong"):]
    messages = re.findall(r"^\| `(.*?)` \|", table, re.M)
    for message in messages:
        if message not in sources:
            failures.append(f"nobody says `{message}`")
    metrics = set(re.findall(r"`[^`|]*?(sluice_\w+)[^`|]*`", page))
    for metric in metrics:
        if f'"{metric}"' not in sources:
            failures.append(f"there is no metric {metric}")
    if len(messages) < 10 or len(metrics) < 6:
        failures.append(f"only {len(messages)} messages and {len(metrics)} metrics were found")


check_commands()
check_tls()
check_words()
print("\n".join(failures) or "all of it works")
sys.exit(bool(failures))

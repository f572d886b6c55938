"""Null and the empty text survive being written as csv and read again, in files of one column and of several: what csv
-> csv gives is read as json and compared with the rows it was made of."""
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

TEXTS = [None, "", "a", "b,c", 'say "x"', "two\nlines", None, "\r", ""]
NUMBERS = [None, 1, None, None, -5]


def field(value):
    if value is None:
        return ""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if text == "" or set(text) & set(',"\r\n') else text


def csv_text(names, rows, ending):
    return "".join(",".join(map(field, row)) + ending for row in [names, *rows])


def run(sluice, folder, *flows):
    for number, flow in enumerate(flows):
        path = folder / f"{number}.flow"
        path.write_text(flow)
        done = subprocess.run([sluice, "run", path, "--parallel", "1"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"exit code {done.returncode}: {done.stderr}\n{flow}")


def check(sluice, folder, columns, rows, ending="\n", header="true"):
    names = [name for name, _ in columns]
    declared = "{ " + ", ".join(f"{name}: {kind}?" for name, kind in columns) + " }"
    text = csv_text(names, rows, ending)
    if header == "false":
        text = text[text.index(ending) + len(ending):]
    (folder / "in.csv").write_bytes(text.encode())
    run(sluice, folder, f'source rows: {declared} = csv("in.csv", header = {header})\nfrom rows |> to csv("copy.csv")\n',
        f'source rows: {declared} = csv("copy.csv")\nfrom rows |> to json("out.json")\n')
    wanted = [dict(zip(names, row)) for row in rows]
    found = [json.loads(line) for line in (folder / "out.json").read_text().splitlines()]
    if found != wanted:
        sys.exit(f"{columns} {ending!r} header {header}:\n  {found} where\n  {wanted} was written\n{text!r}")


def main():
    sluice = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending, header in itertools.product(("\n", "\r\n"), ("true", "false")):
            check(sluice, folder, [("s", "string")], [[text] for text in TEXTS], ending, header)
            check(sluice, folder, [("n", "int")], [[number] for number in NUMBERS], ending, header)
            check(sluice, folder, [("n", "int")], [[None]] * 3, ending, header)
            check(sluice, folder, [("n", "int"), ("s", "string")], list(itertools.product(NUMBERS, TEXTS)), ending, header)
        # More lines than one chunk of the scanner holds, blank ones at any place in its 64 bytes.
        check(sluice, folder, [("s", "string")], [[None if i % 7 in (0, 3) else "x" * (i % 67)] for i in range(20_000)])
        # A column that is never null has no blank rows, nor has a field that the program does not know.
        (folder / "in.csv").write_text("n\n\n1\n\n2\n\n")
        run(sluice, folder, 'source rows: { n: int } = csv("in.csv")\nfrom rows |> to json("out.json")\n')
        assert (folder / "out.json").read_text() == '{"n":1}\n{"n":2}\n', (folder / "out.json").read_text()
        run(sluice, folder, 'source rows: { m: int? } = csv("in.csv")\nfrom rows |> to json("out.json")\n')
        assert (folder / "out.json").read_text() == '{"m":null}\n' * 2, (folder / "out.json").read_text()


main()

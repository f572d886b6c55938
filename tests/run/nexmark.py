#!/usr/bin/env python3
"""nexmark.py SLUICE: every column of every event of the module nexmark, as exported by sluice, is what the slow twin in
nexmark_events.py makes; for several seeds, rates and disorders, whatever the parallelism, code tier, passes and blocks."""

import sys
import tempfile
from pathlib import Path

from harness import Configuration, describe, run_sluice
from nexmark_events import COLUMNS, Nexmark

SETTINGS = (
    {"events": 10_000},
    {"events": 10_007, "seed": -3, "rate": 10_000_000, "disorder": 100_000},
    {"events": 10_049, "seed": 12345678901, "rate": 700, "disorder": 3_000_000},
    {"events": 3_001, "seed": 1, "rate": 9_999_991, "start": 0},
)
CONFIGURATIONS = (
    Configuration(),
    Configuration(parallel=4, tier="quick", block_bytes=4096),
    Configuration(parallel=2, tier="quick", optimize=False, block_bytes=777),
)
# Both ways to read a stream: alone, where the filter of its kind goes into the source, and beside the others.
ALONE = "use nexmark.{{{kind}}}\nfrom {kind} |> to csv(\"{folder}/{kind}.csv\")\n"
TOGETHER = "use nexmark\n" + "".join(f"from nexmark.{kind} |> to csv(\"{{folder}}/{kind}.csv\")\n" for kind in COLUMNS)


def params_of(settings):
    params = dict(settings)
    if "disorder" in params:
        params["disorder"] = f"{params['disorder']}us"
    if "start" in params:
        params["start"] = "1970-01-01"
    return {f"nexmark.{name}": value for name, value in params.items()}


def csv_text(model, kind):
    rows = [",".join(COLUMNS[kind])] + [",".join(map(str, row)) for row in model.stream(kind)]
    return "\n".join(rows) + "\n"


def compare(result, folder, kinds, expected):
    if result.returncode != 0:
        return describe(result)
    for kind in kinds:
        found = (folder / f"{kind}.csv").read_text()
        if found == expected[kind]:
            continue
        pairs = zip(found.splitlines() + ["(end)"], expected[kind].splitlines() + ["(end)"])
        row, (have, want) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        return f"{kind}, line {row + 1}:\n  found    {have}\n  expected {want}\n" + describe(result)
    return ""


def main():
    sluice, failures, runs = sys.argv[1], 0, 0
    for settings in SETTINGS:
        model = Nexmark(**settings)
        expected = {kind: csv_text(model, kind) for kind in COLUMNS}
        programs = [(ALONE, [kind]) for kind in COLUMNS] + [(TOGETHER, list(COLUMNS))]
        for configuration in CONFIGURATIONS:
            for program, kinds in programs:
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    flow = folder / "export.flow"
                    flow.write_text(program.format(kind=kinds[0], folder=folder))
                    runs += 1
                    problem = compare(run_sluice(sluice, flow, configuration, params_of(settings)), folder, kinds,
                                      expected)
                    if problem:
                        failures += 1
                        print(f"{settings}\n{problem}")
    if failures:
        sys.exit(f"nexmark: {failures} of {runs} exports differ")


if __name__ == "__main__":
    main()

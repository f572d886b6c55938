"""bench_figures.py FIGURES QUERIES: every query of the folder is in the JSON lines once per phase, with all its fields."""

import json
import sys
from pathlib import Path

lines = [json.loads(line) for line in open(sys.argv[1])]
names = sorted((path.stem for path in Path(sys.argv[2]).glob("q*.flow")), key=lambda name: int(name[1:]))
assert [(line["query"], line["rate"]) for line in lines] == [
    (name, rate) for rate in (10_000_000, 100_000) for name in names
], lines
for line in lines:
    assert line["v"] == 1 and line["type"] == "bench" and line["events"] == 2000 and line["parallel"] == 1, line
    assert line["wall_s"] > 0 and line["cpu_s"] > 0 and line["events_per_cpu_second"] > 0 and line["peak_mb"] > 1, line

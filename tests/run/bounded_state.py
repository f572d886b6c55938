"""bounded_state.py SLUICE: queries whose windows, time ranges and `keep` let state go hold no more of it after an hour of event
time than after twenty minutes. bench/bounded_state.py looks at the memory of the whole process, over an hour."""

import json
import subprocess
import sys
from pathlib import Path

sluice = sys.argv[1]
ROOT = Path(__file__).resolve().parent.parent.parent
RATE = 1000
PROGRAMS = [ROOT / f"examples/nexmark/{query}.flow" for query in ("q5", "q7", "q8", "q11")]
PROGRAMS += [ROOT / f"bench/pipelines/{name}.flow" for name in ("interval_join", "keep", "closed_auctions", "changing_windows")]


# With one task: of several, one may be ahead of the others for a while, and keeps more for that.
def state_bytes(program, seconds):
    command = [sluice, "explain", "analyze", str(program), "--json", "--parallel", "1", "--param",
               f"nexmark.rate={RATE}", "--param", f"nexmark.events={RATE * seconds}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(o["actual"]["state_bytes"] for o in map(json.loads, lines) if o["type"] == "operator")


failed = False
for program in PROGRAMS:
    short, long = (state_bytes(program, seconds) for seconds in (1200, 3600))
    # State is looked at after some chunks of the input, each of which is sixteen seconds.
    if short == 0 or long > 1.5 * short:
        print(f"{program.stem}: state grows from {short} to {long} bytes")
        failed = True
sys.exit(1 if failed else 0)

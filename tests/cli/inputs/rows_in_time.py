"""rows_in_time.py COMMAND...: runs `COMMAND --for TIME`, which counts the rows it reads until then, with more and more
time until it has read some: how long a busy machine takes to get ready is not what is tested."""

import subprocess
import sys

for seconds in (1, 4, 16, 64):
    output = subprocess.run([*sys.argv[1:], "--for", f"{seconds}s"], check=True, capture_output=True, text=True).stdout
    name, count = output.split()
    if int(count) > 0:
        sys.exit(0 if name == "n" else f"printed {output!r}")
sys.exit("no row was read")

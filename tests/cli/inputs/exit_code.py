"""exit_code.py CODE COMMAND...: fails unless the command ends with exactly that exit code and, where the code says
that the command line or the program is wrong, printed nothing to standard output."""

import subprocess
import sys

wanted = int(sys.argv[1])
result = subprocess.run(sys.argv[2:], capture_output=True, text=True)
if result.returncode != wanted or (wanted in (1, 2) and result.stdout):
    print(f"exit code {result.returncode}, wanted {wanted}\n{result.stdout}{result.stderr}")
    sys.exit(1)

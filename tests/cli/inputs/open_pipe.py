"""open_pipe.py FILE COMMAND...: runs the command with the file's text on its standard input, which stays open."""

import subprocess
import sys

job = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)
job.stdin.write(open(sys.argv[1], "rb").read())
job.stdin.flush()
sys.exit(job.wait())

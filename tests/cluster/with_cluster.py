#!/usr/bin/env python3
"""with_cluster.py SLUICE COMMANDS: a shell runs COMMANDS beside a cluster of two workers that they find by SLUICE_CLUSTER;
the ports of workers and clients are in JOIN and HTTP."""

import os
import subprocess
import sys

from cluster_here import ClusterHere

with ClusterHere(sys.argv[1], workers=2) as cluster:
    environment = {**os.environ, "SLUICE_CLUSTER": cluster.http, "JOIN": cluster.join, "HTTP": cluster.http}
    sys.exit(subprocess.run(["/bin/sh", "-c", sys.argv[2]], env=environment, check=False).returncode)

"""What the end-to-end tests share: running `sluice run`, and the ways in which one pipeline can be run."""

import itertools
import subprocess
from dataclasses import dataclass

# Everything that must not change an answer.
PARALLEL = (1, 2, 4)
TIERS = ("quick", "optimized")
OPTIMIZE = (True, False)
BLOCK_BYTES = (1, 4096, 262144)


@dataclass(frozen=True)
class Configuration:
    parallel: int = 1
    tier: str = "optimized"
    optimize: bool = True
    block_bytes: int = 262144

    def flags(self):
        flags = ["--parallel", str(self.parallel), "--tier", self.tier, "--block-size", str(self.block_bytes)]
        return flags if self.optimize else [*flags, "--no-optimize"]


def configurations():
    return [Configuration(*values) for values in itertools.product(PARALLEL, TIERS, OPTIMIZE, BLOCK_BYTES)]


def run_sluice(sluice, flow, configuration=None, params=None, stdin=b"", cwd=None, timeout=300):
    """Runs a pipeline to its end; the result has returncode, stdout and stderr as bytes. Never raises for a failure."""
    command = [sluice, "run", str(flow)]
    for name, value in (params or {}).items():
        command += ["--param", f"{name}={value}"]
    if configuration:
        command += configuration.flags()
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=timeout)


def describe(result):
    """A failed run, for people."""
    text = f"  {' '.join(result.args)}\n  exit code {result.returncode}\n"
    for name in ("stdout", "stderr"):
        output = getattr(result, name).decode(errors="replace")
        if output:
            text += f"  {name}:\n" + "".join(f"    {line}\n" for line in output.splitlines()[:30])
    return text

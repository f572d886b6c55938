# The lit suite: one folder per phase. A test is a file with RUN lines; see docs/adding.md.
import os
import subprocess

import lit.formats

config.name = "sluice"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".flow", ".graph", ".plan", ".test"]
config.excludes = ["unit", "lint", "fuzz", "inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.sluice_build, "tests")

llvm_bin = "/usr/lib/llvm-19/bin"
python = "/usr/bin/python3"
config.substitutions += [
    ("%sluice", os.path.join(config.sluice_build, "sluice")),
    ("%python", python),
    ("%FileCheck", os.path.join(llvm_bin, "FileCheck")),
    ("%root", config.sluice_source),
    ("%examples", os.path.join(config.sluice_source, "examples")),
]
config.environment["PATH"] = os.pathsep.join([llvm_bin, "/usr/bin", "/bin"])
# Tests see neither the colours nor the compiled-code cache of whoever runs them.
config.environment["NO_COLOR"] = "1"
config.environment["SLUICE_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache")
config.environment["LC_ALL"] = "C.UTF-8"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
if config.sluice_sanitize:
    config.available_features.add("sanitized")


def works(*command):
    """Whether a tool is installed and may do what it is for: containers often forbid tracing and sampling."""
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if works("/usr/bin/gdb", "-nx", "-batch", "-return-child-result", "-ex", "run", "--args", "/bin/true"):
    config.available_features.add("gdb")
if works("/usr/bin/perf", "record", "-q", "-o", "/dev/null", "/bin/true"):
    config.available_features.add("perf")

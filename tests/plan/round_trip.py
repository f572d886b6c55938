"""Every form of every program reads back to an equal value: `round_trip.py SLUICE ROOT`.

For each .flow file of examples/ and tests/ that checks: the text of its graph through `show` again, and the
text of its plans (one task, three tasks, no rewrites) through `show --stage plan`, must come out unchanged. `explain`
must work at every level and in every format.
"""
import pathlib
import subprocess
import sys


def run(*arguments, text=None):
    return subprocess.run(arguments, input=text, capture_output=True, text=True, check=False)


def expect_same(failures, what, before, after):
    if after.returncode != 0:
        failures.append(f"{what}: exit code {after.returncode}: {after.stderr.strip()[:300]}")
    elif after.stdout != before.stdout:
        failures.append(f"{what}: came back different")


def check(sluice, path, failures):
    graph = run(sluice, "show", path, "--stage", "graph")
    if graph.returncode != 0:
        return False  # a program with errors, or one that wants parameters
    expect_same(failures, f"{path}: graph", graph, run(sluice, "show", "-", "--stage", "graph", text=graph.stdout))
    for flags in (["--parallel", "1"], ["--parallel", "3"], ["--parallel", "3", "--no-optimize"]):
        plan = run(sluice, "show", path, "--stage", "plan", *flags)
        again = run(sluice, "show", "-", "--stage", "plan", text=plan.stdout)
        expect_same(failures, f"{path}: plan {' '.join(flags)}", plan, again)
    for level in ("logical", "rewrites", "physical"):
        for form in ("text", "json", "dot"):
            explained = run(sluice, "explain", path, "--level", level, "--format", form)
            if explained.returncode != 0 or not explained.stdout:
                failures.append(f"{path}: explain {level} {form}: {explained.stderr.strip()[:300]}")
    return True


def main():
    sluice, root = sys.argv[1], pathlib.Path(sys.argv[2])
    failures = []
    programs = sorted([*root.glob("examples/**/*.flow"), *root.glob("tests/run/**/*.flow"), *root.glob("tests/docs/**/*.flow")])
    read = sum(check(sluice, str(path), failures) for path in programs)
    for failure in failures:
        print(failure)
    print(f"{read} programs, {len(failures)} failures")
    # So that a change of layout does not silently leave nothing to test.
    sys.exit(1 if failures or read < 15 else 0)


main()

#!/usr/bin/env python3
"""records.py SLUICE: coordinators whose disk does not take what they have to keep, or that die while they do."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster_here import ClusterHere, file_calls, is_stopped, wait_for


def job_of_few_rows(folder, sink):
    (Path(folder) / "numbers.csv").write_text("n\n1\n2\n")
    flow = Path(folder) / "few.flow"
    flow.write_text(f'source numbers: {{ n: int }} = csv("{folder}/numbers.csv")\n'
                    f'from numbers |> to json("{folder}/{sink}")\n')
    return flow


@contextlib.contextmanager
def no_disk(cluster):
    """For the coordinator."""
    moved = Path(cluster.state + "-moved")
    Path(cluster.state).rename(moved)
    try:
        yield
    finally:
        moved.rename(cluster.state)


def a_job_goes_on_when_it_cannot_be_submitted_once_more(sluice, folder):
    with ClusterHere(sluice, workers=0, state=True) as cluster:
        job = cluster.submit(job_of_few_rows(folder, "out.json"), "--parallel", "1")
        with no_disk(cluster):
            again = cluster.command("job", "restart", str(job))
            assert again.returncode == 4, again
        assert cluster.get(f"/jobs/{job}")["state"] == "scheduled", cluster.get(f"/jobs/{job}")
        said = [line["text"] for line in cluster.get(f"/jobs/{job}/logs")["lines"]]
        assert not any("once more" in text for text in said), said
        assert len(cluster.get("/jobs")["jobs"]) == 1
        again = cluster.command("job", "restart", str(job))
        assert again.returncode == 0, again
        assert cluster.get(f"/jobs/{job}")["state"] == "cancelled"
        cluster.start_worker()
        cluster.wait_for_state(int(again.stdout), "finished")


def a_coordinator_that_dies_between_a_job_and_its_successor(sluice, folder):
    """One of the two goes on, however far it came."""
    with file_calls(folder, STOP_AT_RENAME="/1.job"):
        cluster = ClusterHere(sluice, workers=0, state=True)
    with cluster:
        environment = {**os.environ, "SLUICE_CLUSTER": cluster.http}
        words = ["submit", str(job_of_few_rows(folder, "once.json")), "--parallel", "1"], ["job", "restart", "1"]
        for number, command in enumerate(words):
            with subprocess.Popen([sluice, *command], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
                wait_for(lambda: is_stopped(cluster.coordinator), "the coordinator to keep job 1")
                if number == 0:
                    cluster.go_on(cluster.coordinator)
                    client.wait()
                    continue
                assert (Path(cluster.state) / "2.job").exists()
                cluster.coordinator.kill()
                cluster.coordinator.wait()
                client.kill()
        cluster.coordinator = cluster.start_coordinator()
        states = [job["state"] for job in cluster.get("/jobs")["jobs"]]
        assert states == ["cancelled", "scheduled"], states
        cluster.start_worker()
        cluster.wait_for_state(2, "finished")


def nothing_goes_into_a_pipe_before_that_is_kept(sluice, folder):
    """Otherwise the next coordinator would begin anew, and write it once more."""
    pipe = Path(folder) / "pipe"
    os.mkfifo(pipe)
    with ClusterHere(sluice, workers=1, state=True) as cluster:
        job = cluster.submit(job_of_few_rows(folder, "pipe"), "--parallel", "1", "--restart-delay", "50ms")
        cluster.wait_for_state(job, "deploying")  # until somebody reads
        with no_disk(cluster):
            with pipe.open() as reader:
                assert reader.read() == ""
            info = cluster.wait_for_state(job, "failed")
        assert "what must not be forgotten of the job cannot be written" in info["error"], info
        assert "it cannot begin anew: it reads or writes a pipe" in info["error"], info


def main():
    sluice = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for test in (a_job_goes_on_when_it_cannot_be_submitted_once_more,
                     a_coordinator_that_dies_between_a_job_and_its_successor,
                     nothing_goes_into_a_pipe_before_that_is_kept):
            print(test.__name__, flush=True)
            test(sluice, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""commits.py SLUICE: workers that die or stand still while a job makes its files or gives them their names, readers of
pipes that stand still: every row is there once, or the job says what is there."""

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cluster_here import ClusterHere, file_calls, is_stopped, wait_for

ROWS = 5000
# In real time; there is no end to them that a test would see.
ENDLESS = "use nexmark.{bid}\nfrom bid |> select auction, price |> to csv(\"PATH\")\n"
ENDLESS_FLAGS = ["--param", "nexmark.events=1000000000", "--param", "nexmark.rate=100000", "--param",
                 "nexmark.pace=real"]
# Seconds of them, and what comes of those is known.
LASTING = "use nexmark.{bid}\nfrom bid |> aggregate n = count() per auction over tumble(1s) |> to csv(\"PATH\")\n"
LASTING_FLAGS = ["--param", "nexmark.events=20000", "--param", "nexmark.rate=10000"]


def write(folder, name, text):
    path = Path(folder) / name
    path.write_text(text)
    return path


LARGE = ["--memory", "100TiB"]  # of workers that jobs can ask for


def job_of_two_sinks(folder):
    """It writes a part into a directory, and then a file; and where."""
    numbers = write(folder, "numbers.csv", "n\n" + "".join(f"{i}\n" for i in range(ROWS)))
    directory = Path(tempfile.mkdtemp(dir=folder))
    (directory / "parts").mkdir()
    return write(directory, "two.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                 "let sums = from numbers |> aggregate s = sum(n) per k = n % 1000\n"
                 f'from sums |> to json("{directory}/parts/")\n'
                 f'from sums |> to json("{directory}/second.json")\n'), directory


def check_files(directory):
    names = sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())
    assert names == ["parts/part-00000.json", "second.json", "two.flow"], names
    for name in names[:2]:
        rows = (directory / name).read_text().splitlines()
        assert len(rows) == len(set(rows)) == 1000, (name, len(rows))


def start_worker_that_stops(cluster, folder, name):
    """Before it gives a file this name."""
    with file_calls(folder, STOP_AT_RENAME=name):
        worker = cluster.start_worker(2, *LARGE)
    cluster.wait_for_workers(3)
    return worker


def stopped_while_committing(cluster, folder, *words):
    """A job whose worker stands still when one of its files has a name, and the other one has none yet."""
    flow, directory = job_of_two_sinks(folder)
    worker = start_worker_that_stops(cluster, folder, "second.json")
    job = cluster.submit(flow, "--parallel", "2", "--slot-memory", "10TiB", *words)
    wait_for(lambda: is_stopped(worker), "the worker to stop")
    assert (directory / "parts/part-00000.json").exists() and not (directory / "second.json").exists()
    return job, worker, directory


def a_worker_that_dies_while_committing(cluster, folder):
    job, worker, directory = stopped_while_committing(cluster, folder, "--restart-delay", "50ms")
    worker.kill()
    worker.wait()
    more = cluster.start_worker(2, *LARGE)
    info = cluster.wait_for_state(job, "finished")
    assert info["restarts"] == 1, info
    assert "committing" in [step["state"] for step in info["history"]][:-2], info
    check_files(directory)
    more.terminate()
    cluster.wait_for_workers(2)


def a_worker_that_sleeps_while_committing(cluster, folder):
    job, worker, directory = stopped_while_committing(cluster, folder, "--restart-delay", "50ms")
    more = cluster.start_worker(2, *LARGE)
    info = cluster.wait_for_state(job, "finished")
    assert info["restarts"] == 1, info
    check_files(directory)
    inodes = {path: path.stat().st_ino for path in directory.rglob("*")}
    cluster.go_on(worker)
    worker.terminate()
    worker.wait()  # behind all that it had to do
    check_files(directory)
    assert inodes == {path: path.stat().st_ino for path in directory.rglob("*")}, "a file was replaced"
    more.terminate()
    cluster.wait_for_workers(2)


def a_failed_commit_says_what_is_there(cluster, folder):
    job, worker, directory = stopped_while_committing(cluster, folder, "--restart", "none")
    worker.kill()
    said = cluster.wait_for_state(job, "failed")["error"]
    assert "was lost" in said, said
    assert f"these may be there, complete, or not be written: {directory}/parts/part-00000.json, " \
           f"{directory}/second.json" in said, said
    again = cluster.command("submit", str(directory / "two.flow"), "--wait")
    assert again.returncode == 4 and b"holds results of an earlier run" in again.stderr, again.stderr
    cluster.wait_for_workers(2)


def a_job_that_replaces_its_input_does_not_begin_anew(cluster, folder):
    """However its paths are written, also into a directory that has no input yet."""
    for reads, writes in (("in/a.csv", "in/a.csv"), ("./in/*/*.csv", "in/empty/a.csv"),
                          ("in/*/*.csv", "in/empty/../empty/a.csv"), ("in/*/*.csv", "link/a.csv")):
        directory = Path(tempfile.mkdtemp(dir=folder))
        for name in ("in/full", "in/empty"):
            (directory / name).mkdir(parents=True)
        (directory / "link").symlink_to("in/empty")
        for name in ("in/a.csv", "in/full/a.csv"):
            write(directory, name, "n\n1\n2\n")
        flow = write(directory, "replaces.flow", f'source numbers: {{ n: int }} = csv("{reads}")\n'
                     f'from numbers |> set n = n * 10 |> to csv("{writes}")\n'
                     f'from numbers |> to json("second.json")\n')
        worker = start_worker_that_stops(cluster, folder, "second.json")
        job = cluster.submit(flow, "--parallel", "1", "--slot-memory", "10TiB", "--restart-delay", "50ms", cwd=directory)
        wait_for(lambda: is_stopped(worker), "the worker to stop")
        worker.kill()
        said = cluster.wait_for_state(job, "failed")["error"]
        assert "it cannot begin anew: it replaces what it reads" in said, said
        assert "a.csv, " in said and f"{directory}/second.json" in said, said
        assert (directory / writes).read_text() == "n\n10\n20\n", (directory / writes).read_text()
        cluster.wait_for_workers(2)


def a_job_that_is_cancelled_says_what_may_be_there(cluster, folder):
    """Also when a later attempt fails because of a row."""
    flow, directory = job_of_two_sinks(folder)
    for ends_by in ("cancel", "row"):
        worker = start_worker_that_stops(cluster, folder, "second.json")
        if ends_by == "row":
            numbers = write(directory, "numbers.csv", "n\n5\n3\n")
            flow = write(directory, "two.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                         f'from numbers |> to json("{directory}/first.json")\n'
                         f'from numbers |> select m = 100 // n |> to json("{directory}/second.json")\n')
        environment = {**os.environ, "SLUICE_CLUSTER": cluster.http}
        delay = "1h" if ends_by == "cancel" else "50ms"
        with subprocess.Popen([cluster.sluice, "submit", flow, "--wait", "--parallel", "1", "--slot-memory", "10TiB",
                               "--restart-delay", delay], env=environment, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as client:
            wait_for(lambda: is_stopped(worker), "the worker to stop")
            job = cluster.get("/jobs")["jobs"][-1]["job"]
            if ends_by == "row":
                write(directory, "numbers.csv", "n\n0\n")
            worker.kill()
            if ends_by == "cancel":
                cluster.wait_for_state(job, "restarting")
                assert "begun_files" not in cluster.get(f"/jobs/{job}")
                assert cluster.command("job", "cancel", str(job)).returncode == 0
            else:
                cluster.wait_for_workers(2)
                more = cluster.start_worker(2, *LARGE)
            said = client.communicate(timeout=60)[1].decode()
            assert client.returncode == 4, (client.returncode, said)
        files = sorted(f"{directory}/{name}" for name in
                       (("parts/part-00000.json", "second.json") if ends_by == "cancel" else
                        ("first.json", "second.json")))
        assert "these may be there, complete, or not be written: " + ", ".join(files) in said, said
        assert "nothing was kept" not in said and ("R0102" in said) == (ends_by == "row"), said
        assert Path(files[0]).exists() and not Path(files[1]).exists()
        assert cluster.get(f"/jobs/{job}")["begun_files"] == files, cluster.get(f"/jobs/{job}")
    more.terminate()
    cluster.wait_for_workers(2)


def a_worker_that_sleeps_does_not_replace_what_a_restart_wrote(cluster, folder):
    directory = Path(tempfile.mkdtemp(dir=folder))
    numbers = write(directory, "in.csv", "n\n1\n2\n")
    flow = write(directory, "late.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                 f'from numbers |> to csv("{directory}/late.csv")\n')
    worker = start_worker_that_stops(cluster, folder, "late.csv")
    job = cluster.submit(flow, "--parallel", "1", "--slot-memory", "10TiB", "--restart", "none")
    wait_for(lambda: is_stopped(worker), "the worker to stop")
    cluster.wait_for_state(job, "failed")
    write(directory, "in.csv", "n\n3\n")
    more = cluster.start_worker(2, *LARGE)
    cluster.wait_for_workers(3)
    again = cluster.command("job", "restart", str(job))
    assert again.returncode == 0, again
    cluster.wait_for_state(int(again.stdout), "finished")
    cluster.go_on(worker)
    worker.terminate()
    worker.wait()  # behind all that it had to do
    assert (directory / "late.csv").read_text() == "n\n3\n", (directory / "late.csv").read_text()
    names = sorted(path.name for path in directory.iterdir())
    assert names == ["in.csv", "late.csv", "late.flow"], names
    more.terminate()
    cluster.wait_for_workers(2)


def worker_of(cluster, job):
    """The process with the tasks of a job of one slot."""
    number = cluster.get(f"/jobs/{job}")["tasks"][0]["worker"]
    process = {worker["worker"]: worker["process"] for worker in cluster.get("/workers")["workers"]}[number]
    return next(worker for worker in cluster.workers if worker.pid == process)


def kill_worker_of(cluster, job):
    worker = worker_of(cluster, job)
    worker.kill()
    worker.wait()
    cluster.workers.remove(worker)
    cluster.workers.append(cluster.start_worker())


def a_worker_that_dies_while_deploying(cluster, folder):
    pipe = Path(folder) / "deploying"
    os.mkfifo(pipe)
    numbers = write(folder, "numbers.csv", "n\n" + "".join(f"{i}\n" for i in range(1000)))
    flow = write(folder, "deploying.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                 f'from numbers |> to json("{pipe}")\n')
    job = cluster.submit(flow, "--parallel", "1", "--restart-delay", "50ms")
    cluster.wait_for_state(job, "deploying")  # until somebody reads
    kill_worker_of(cluster, job)
    wait_for(lambda: cluster.get(f"/jobs/{job}")["restarts"] == 1, "the second attempt")
    rows = pipe.read_text().splitlines()
    assert len(rows) == len(set(rows)) == 1000, len(rows)
    cluster.wait_for_state(job, "finished")


def fill_pipe(cluster, folder, name):
    """A job that writes to a pipe which is full, and its reader."""
    pipe = Path(folder) / name
    os.mkfifo(pipe)
    flow = write(folder, f"{name}.flow", ENDLESS.replace("PATH", str(pipe)))
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    job = cluster.submit(flow, *ENDLESS_FLAGS, "--parallel", "1")
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    wait_for(lambda: not select.select([], [writer], [], 0)[1], "the pipe to be full")
    os.close(writer)
    return job, reader


def a_pipe_cannot_be_written_again(cluster, folder):
    job, reader = fill_pipe(cluster, folder, "again")
    kill_worker_of(cluster, job)
    info = cluster.wait_for_state(job, "failed")
    assert "it cannot begin anew: it reads or writes a pipe" in info["error"], info
    assert info["restarts"] == 0, info
    os.close(reader)
    cluster.wait_for_workers(2)


def a_job_whose_reader_stands_still_can_be_cancelled(cluster, folder):
    job, reader = fill_pipe(cluster, folder, "still")
    assert cluster.command("job", "cancel", str(job)).returncode == 0
    cluster.wait_for_state(job, "cancelled")
    os.close(reader)


def rows_do_not_pile_up_behind_a_reader_that_stands_still(cluster, folder):
    pipe = Path(folder) / "slow"
    os.mkfifo(pipe)
    flow = write(folder, "slow.flow", ENDLESS.replace("PATH", str(pipe)))
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    job = cluster.submit(flow, *ENDLESS_FLAGS[:2], "--parallel", "4")  # as fast as it can
    seen = [0]

    def stands_still():
        before = seen[0]
        time.sleep(1.5)  # how long it must not have read anything
        seen[0] = cluster.get(f"/jobs/{job}")["rows_in"]
        return before == seen[0] != 0

    wait_for(stands_still, "the sources to wait")
    assert cluster.command("job", "cancel", str(job)).returncode == 0
    cluster.wait_for_state(job, "cancelled")
    os.close(reader)


def two_jobs_on_one_worker_outlive_the_coordinator(sluice, folder):
    with ClusterHere(sluice, workers=1, state=True) as cluster:
        paths = [Path(folder) / f"lasting-{i}.csv" for i in range(2)]
        flows = [write(folder, f"lasting-{i}.flow", LASTING.replace("PATH", str(paths[i]))) for i in range(2)]
        expected = []
        for flow, path in zip(flows, paths):
            subprocess.run([sluice, "run", flow, *LASTING_FLAGS], check=True, stdin=subprocess.DEVNULL)
            expected.append(sorted(path.read_text().splitlines()))
            path.unlink()
        jobs = [cluster.submit(flow, *LASTING_FLAGS, "--param", "nexmark.pace=real", "--parallel", "1") for flow in flows]
        for job in jobs:
            wait_for(lambda: cluster.get(f"/jobs/{job}")["rows_in"] > 1000, "rows")
        cluster.coordinator.kill()
        cluster.coordinator.wait()
        cluster.coordinator = cluster.start_coordinator()
        cluster.wait_for_workers(1)
        for i, job in enumerate(jobs):
            info = cluster.wait_for_state(job, "finished")
            assert "suspended" in [step["state"] for step in info["history"]], info
            assert sorted(paths[i].read_text().splitlines()) == expected[i]


def the_next_coordinator_says_which_files_may_be_there(sluice, folder):
    with ClusterHere(sluice, workers=2, state=True) as cluster:
        job, worker, directory = stopped_while_committing(cluster, folder, "--restart", "none")
        cluster.coordinator.kill()
        cluster.coordinator.wait()
        cluster.coordinator = cluster.start_coordinator()
        said = cluster.wait_for_state(job, "failed")["error"]
        assert "the coordinator ended while the job was on its way" in said, said
        assert f"these may be there, complete, or not be written: {directory}/parts/part-00000.json, " \
               f"{directory}/second.json" in said, said
        worker.kill()


def an_attempt_that_cannot_be_kept_fails(sluice, folder):
    with ClusterHere(sluice, workers=0, state=True) as cluster:
        numbers = write(folder, "kept.csv", "n\n1\n2\n")
        flow = write(folder, "kept.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n'
                     f'from numbers |> to csv("{folder}/kept-out.csv")\n')
        job = cluster.submit(flow, "--parallel", "1", "--restart", "none")
        moved = Path(cluster.state + "-moved")
        Path(cluster.state).rename(moved)
        cluster.start_worker()
        info = cluster.wait_for_state(job, "failed")
        assert "what must not be forgotten of the job cannot be written" in info["error"], info
        assert not Path(f"{folder}/kept-out.csv").exists()
        moved.rename(cluster.state)
        again = cluster.command("submit", str(flow), "--parallel", "1", "--wait")
        assert again.returncode == 0 and Path(f"{folder}/kept-out.csv").read_text() == "n\n1\n2\n", again


def a_slow_disk_costs_the_coordinator_no_worker(sluice, folder):
    """What a job has printed takes longer to be kept than workers wait for a coordinator that says nothing."""
    with file_calls(folder, SLOW_FSYNC=".output"):
        cluster = ClusterHere(sluice, workers=1, state=True)
    with cluster:
        endless = cluster.submit(write(folder, "undisturbed.flow", ENDLESS.replace("PATH", f"{folder}/undisturbed.csv")),
                                 *ENDLESS_FLAGS, "--parallel", "1")
        wait_for(lambda: cluster.get(f"/jobs/{endless}")["rows_in"] > 1000, "rows")
        numbers = write(folder, "few.csv", "n\n1\n2\n")
        flow = write(folder, "few.flow", f'source few: {{ n: int }} = csv("{numbers}")\nfrom few |> to print()\n')
        done = cluster.command("submit", str(flow), "--wait", "--parallel", "1")
        assert done.returncode == 0 and done.stdout == b"n\n1\n2\n", done
        info = cluster.get(f"/jobs/{endless}")
        assert info["state"] == "running" and info["restarts"] == 0, info
        before = info["rows_in"]
        wait_for(lambda: cluster.get(f"/jobs/{endless}")["rows_in"] > before, "more rows")
        assert "lost" not in cluster.workers[0].log.read_text(), cluster.workers[0].log.read_text()
        assert cluster.command("job", "cancel", str(endless)).returncode == 0
        cluster.wait_for_state(endless, "cancelled")


def main():
    sluice = sys.argv[1]
    tests = (a_worker_that_dies_while_committing, a_worker_that_sleeps_while_committing,
             a_failed_commit_says_what_is_there, a_job_that_replaces_its_input_does_not_begin_anew,
             a_job_that_is_cancelled_says_what_may_be_there,
             a_worker_that_sleeps_does_not_replace_what_a_restart_wrote, a_worker_that_dies_while_deploying,
             a_pipe_cannot_be_written_again,
             a_job_whose_reader_stands_still_can_be_cancelled, rows_do_not_pile_up_behind_a_reader_that_stands_still)
    with tempfile.TemporaryDirectory() as folder:
        with ClusterHere(sluice, workers=2) as cluster:
            for test in tests:
                print(test.__name__, flush=True)
                test(cluster, folder)
        for test in (two_jobs_on_one_worker_outlive_the_coordinator, the_next_coordinator_says_which_files_may_be_there,
                     an_attempt_that_cannot_be_kept_fails, a_slow_disk_costs_the_coordinator_no_worker):
            print(test.__name__, flush=True)
            test(sluice, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

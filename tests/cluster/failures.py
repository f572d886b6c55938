#!/usr/bin/env python3
"""failures.py SLUICE: workers and coordinators that die, stop or are not who they say: every job ends rightly or says
why not, and the cluster goes on."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster_here import ClusterHere, wait_for

ENDLESS = """use nexmark.{bid}
from bid |> aggregate n = count() per auction over tumble(10s) |> to print()
"""
# A day of events in real time; it has an end. (0 events have none.)
FOREVER = ["--param", "nexmark.events=1000000000", "--param", "nexmark.rate=10000", "--param", "nexmark.pace=real"]
SMALL = "from numbers |> aggregate s = sum(n) per k = n % 3 |> to print\n"


def write(folder, name, text):
    path = Path(folder) / name
    path.write_text(text)
    return path


def small_job(folder):
    numbers = write(folder, "numbers.csv", "n\n" + "".join(f"{i}\n" for i in range(1000)))
    return write(folder, "small.flow", f'source numbers: {{ n: int }} = csv("{numbers}")\n' + SMALL)


def check_small(cluster, folder):
    done = cluster.command("submit", str(small_job(folder)), "--wait", "--parallel", "3")
    assert done.returncode == 0, done.stderr
    rows = sorted(done.stdout.decode().splitlines())
    assert rows == ["0,166833", "1,166167", "2,166500", "k,s"], rows


def a_dead_worker_fails_a_job_that_may_not_begin_anew(cluster, folder):
    job = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "6", "--restart", "none")
    cluster.wait_for_state(job, "running")
    cluster.workers[1].kill()
    info = cluster.wait_for_state(job, "failed")
    assert "was lost" in info["error"], info
    states = [step["state"] for step in info["history"]]
    assert states == ["created", "scheduled", "deploying", "running", "failing", "failed"], states
    status = cluster.command("job", "status", str(job)).stdout.decode()
    assert "was lost" in status and "failing" in status, status
    check_small(cluster, folder)
    cluster.workers[1] = cluster.start_worker()
    cluster.wait_for_workers(3)


# Four seconds of events in real time, and what is to come of them.
LASTING = ["--param", "nexmark.events=40000", "--param", "nexmark.rate=10000", "--param", "nexmark.pace=real"]


def lasting_job(folder):
    text = ENDLESS.replace("print()", f'csv("{folder}/lasting.csv")')
    return write(folder, "lasting.flow", text.replace("tumble(10s)", "tumble(1s)"))


def expected_of_lasting_job(cluster, folder):
    flow = lasting_job(folder)
    done = subprocess.run([cluster.sluice, "run", str(flow), *LASTING[:4]], stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    path = Path(folder) / "lasting.csv"
    rows = sorted(path.read_text().splitlines())
    path.unlink()
    assert len(rows) > 1000, len(rows)
    return rows


def wait_for_rows(cluster, job):
    wait_for(lambda: cluster.get(f"/jobs/{job}")["rows_in"] > 1000, f"rows of job {job}")


def a_job_begins_anew_when_a_worker_is_lost(cluster, folder):
    expected = expected_of_lasting_job(cluster, folder)
    job = cluster.submit(lasting_job(folder), *LASTING, "--parallel", "4", "--restart-delay", "100ms")
    wait_for_rows(cluster, job)
    cluster.workers[2].kill()
    wait_for(lambda: cluster.get(f"/jobs/{job}")["restarts"] == 1, "the second attempt")
    cluster.wait_for_state(job, "running")
    wait_for_rows(cluster, job)
    cluster.workers[1].send_signal(signal.SIGSTOP)
    cluster.workers[2] = cluster.start_worker()  # there would be too few slots without it
    info = cluster.wait_for_state(job, "finished")
    cluster.workers[1].send_signal(signal.SIGCONT)
    assert info["restarts"] == 2 and len(info["failures"]) == 2, info
    assert "was lost" in info["failures"][0]["error"] and "says nothing" in info["failures"][1]["error"], info
    assert sorted(Path(folder, "lasting.csv").read_text().splitlines()) == expected
    cluster.wait_for_workers(3)


def rows_that_were_shown_are_not_shown_again(cluster, folder):
    job = cluster.submit(write(folder, "endless.flow", ENDLESS.replace("10s", "1s")), "--param", "nexmark.events=0", "--param",
                         "nexmark.rate=10000", "--param", "nexmark.pace=real", "--parallel", "4")
    wait_for(lambda: cluster.request("GET", f"/jobs/{job}/output")[1], "rows")
    cluster.workers[1].kill()
    info = cluster.wait_for_state(job, "failed")
    assert "rows of it were shown already" in info["error"], info
    cluster.workers[1] = cluster.start_worker()
    cluster.wait_for_workers(3)


def a_worker_that_is_asked_to_leave_finishes_its_tasks(cluster, folder):
    expected = expected_of_lasting_job(cluster, folder)
    job = cluster.submit(lasting_job(folder), *LASTING, "--parallel", "6")
    wait_for_rows(cluster, job)
    leaving = cluster.workers[2]
    leaving.terminate()
    wait_for(lambda: any(worker["is_leaving"] for worker in cluster.get("/workers")["workers"]), "it to leave")
    waiting = cluster.submit(small_job(folder), "--parallel", "5")
    info = cluster.wait_for_state(job, "finished")
    assert info["restarts"] == 0, info
    assert leaving.wait(timeout=60) == 0
    assert sorted(Path(folder, "lasting.csv").read_text().splitlines()) == expected
    info = cluster.get(f"/jobs/{waiting}")
    assert info["state"] == "scheduled" and info["waits_for"] == "it needs 5 slots, 4 are free", info
    cluster.workers[2] = cluster.start_worker()
    cluster.wait_for_state(waiting, "finished")
    cluster.wait_for_workers(3)


def a_job_waits_for_slots_with_memory(cluster, folder):
    large = cluster.submit(small_job(folder), "--parallel", "1", "--slot-memory", "100TiB")
    assert "with 109951162777600 bytes of memory each" in cluster.get(f"/jobs/{large}")["waits_for"]
    more = cluster.start("worker", "worker", "--join", cluster.join, "--slots", "1", "--memory", "100TiB")
    cluster.wait_for_state(large, "finished")
    more.terminate()
    cluster.wait_for_workers(3)


def a_paused_worker_is_lost_and_joins_again(cluster, folder):
    job = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "6", "--restart", "none")
    cluster.wait_for_state(job, "running")
    cluster.workers[0].send_signal(signal.SIGSTOP)
    info = cluster.wait_for_state(job, "failed")
    assert "says nothing" in info["error"], info
    check_small(cluster, folder)
    cluster.workers[0].send_signal(signal.SIGCONT)
    cluster.wait_for_workers(3)
    check_small(cluster, folder)


def workers_join_a_coordinator_that_was_started_again(cluster, folder):
    cluster.coordinator.kill()
    cluster.coordinator.wait()
    cluster.coordinator = cluster.start_coordinator()
    cluster.wait_for_workers(3)
    check_small(cluster, folder)


def jobs_outlive_the_coordinator(sluice, folder):
    with ClusterHere(sluice, state=True) as cluster:
        expected = expected_of_lasting_job(cluster, folder)
        done = cluster.command("submit", str(small_job(folder)), "--wait")
        assert done.returncode == 0, done.stderr
        job = cluster.submit(lasting_job(folder), *LASTING, "--parallel", "4")
        once = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--restart", "none", "--parallel", "1")
        stopped = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "1")
        never = cluster.submit(small_job(folder), "--parallel", "100", "--restart", "none")
        for running in (job, once, stopped):
            wait_for_rows(cluster, running)
        assert cluster.command("job", "cancel", str(stopped)).returncode == 0
        for end in (cluster.coordinator.kill, cluster.coordinator.terminate):
            end = getattr(cluster.coordinator, end.__name__)
            end()
            cluster.coordinator.wait()
            cluster.coordinator = cluster.start_coordinator()
            cluster.wait_for_workers(3)
            wait_for_rows(cluster, job)
        info = cluster.wait_for_state(job, "finished")
        states = [step["state"] for step in info["history"]]
        assert states.count("suspended") == 2 and states[-3:] == ["running", "committing", "finished"], states
        assert sorted(Path(folder, "lasting.csv").read_text().splitlines()) == expected
        assert cluster.get(f"/jobs/{never}")["state"] == "scheduled"
        assert cluster.get(f"/jobs/{stopped}")["state"] == "cancelled"
        info = cluster.get(f"/jobs/{once}")
        assert info["state"] == "failed" and "the coordinator ended" in info["error"], info
        assert cluster.get("/jobs/1")["state"] == "finished"
        assert cluster.request("GET", "/jobs/1/output")[1] == done.stdout
        assert cluster.submit(small_job(folder)) > once
        second = subprocess.run([sluice, "coordinator", "--port", "0", "--http-port", "0", "--state-dir",
                                 cluster.state], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        assert second.returncode == 4 and b"another coordinator" in second.stderr, second


def a_client_waits_for_the_next_coordinator(sluice, folder):
    with ClusterHere(sluice, state=True) as cluster:
        expected = expected_of_lasting_job(cluster, folder)
        environment = {**os.environ, "SLUICE_CLUSTER": cluster.http}
        client = subprocess.Popen([sluice, "submit", lasting_job(folder), *LASTING, "--wait", "--parallel", "2"],
                                  env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: cluster.get("/jobs")["jobs"], "the job")
        wait_for_rows(cluster, 1)
        cluster.coordinator.kill()
        cluster.coordinator.wait()
        assert "trying again" in client.stderr.readline()
        cluster.coordinator = cluster.start_coordinator()
        assert client.wait(timeout=60) == 0
        assert sorted(Path(folder, "lasting.csv").read_text().splitlines()) == expected


def a_cancelled_job_ends(cluster, folder):
    job = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "4")
    cluster.wait_for_state(job, "running")
    assert cluster.command("job", "cancel", str(job)).returncode == 0
    cluster.wait_for_state(job, "cancelled")
    assert cluster.command("job", "cancel", str(job)).returncode == 0


def a_job_waits_for_slots(cluster, folder):
    large = cluster.submit(small_job(folder), "--parallel", "7")
    info = cluster.get(f"/jobs/{large}")
    assert info["state"] == "scheduled" and info["waits_for"] == "it needs 7 slots, 6 are free", info
    more = cluster.start_worker(1)
    cluster.wait_for_state(large, "finished")
    more.terminate()
    cluster.wait_for_workers(3)


def a_row_error_shows_its_source(cluster, folder):
    bad = write(folder, "bad.csv", "n\n5\n0\n")
    flow = write(folder, "bad.flow", f'source numbers: {{ n: int }} = csv("{bad}")\nfrom numbers |> select q = 10 // n |> to print()\n')
    here = subprocess.run([cluster.sluice, "run", str(flow)], capture_output=True, stdin=subprocess.DEVNULL)
    there = cluster.command("submit", str(flow), "--wait")
    assert here.returncode == there.returncode == 4, (here.returncode, there.returncode)
    assert here.stderr == there.stderr, there.stderr.decode()


def a_bad_record_of_bytes_that_are_no_text(cluster, folder):
    Path(folder, "latin.csv").write_bytes(b"n,t\n1,\xe4\xf6\n")
    flow = write(folder, "latin.flow", f'source rows: {{ n: int, t: string }} = csv("{folder}/latin.csv")\n'
                 "from rows |> select t |> to print()\n")
    done = cluster.command("submit", str(flow), "--wait")
    assert done.returncode == 4 and b"R0204" in done.stderr, done.stderr
    check_small(cluster, folder)
    assert len(cluster.get("/workers")["workers"]) == 3


def idle_sources_need_one_worker(cluster, folder):
    numbers = write(folder, "times.csv", "n,at\n1,2024-01-01T00:00:00Z\n")
    flow = write(folder, "idle.flow", f'source times: {{ n: int, at: timestamp }} = csv("{numbers}") time at idle 1s\n'
                 "from times |> aggregate s = sum(n) over tumble(1s) |> select s |> to print()\n")
    done = cluster.command("submit", str(flow), "--wait", "--parallel", "3")
    assert done.returncode == 4 and b"--parallel 1" in done.stderr, done.stderr
    done = cluster.command("submit", str(flow), "--wait", "--parallel", "1")
    assert done.stdout == b"s\n1\n", done


def bad_requests_are_refused(cluster, folder):
    for method, path, body, expected in (
            ("GET", "/jobs/99999", None, 404), ("POST", "/jobs/99999/cancel", b"{}", 404), ("GET", "/nothing", None, 404),
            ("POST", "/jobs", b"", 400), ("POST", "/jobs", b"[]", 400), ("POST", "/jobs", b"{\"plan\": 3}", 400),
            ("POST", "/jobs", b"{\"plan\": \"nonsense\"}", 400), ("POST", "/jobs", b"\xff\xfe{", 400),
            ("POST", "/jobs", b"[" * 100_000, 400), ("GET", "/jobs/99999999999999999999999", None, 404)):
        status, answer = cluster.request(method, path, body)
        assert status == expected, (method, path, status, answer)
    for headers, expected in (({"Content-Type": "text/plain"}, 415), ({"Origin": "http://example.org"}, 403)):
        status, answer = cluster.request("POST", "/jobs", b"{}", headers)
        assert status == expected, (headers, status, answer)
    check_small(cluster, folder)


def noise_on_the_port_of_workers_is_refused(cluster, folder):
    for noise in (b"GET / HTTP/1.1\r\n\r\n", bytes(1000), os.urandom(4096), b"SFrm" + os.urandom(100)):
        with socket.create_connection(("127.0.0.1", cluster.ports[0]), timeout=30) as peer:
            peer.sendall(noise)
            try:
                assert peer.recv(100) == b"", "noise was answered"
            except ConnectionResetError:
                pass
    check_small(cluster, folder)


def only_those_who_know_the_token_are_let_in(sluice):
    with ClusterHere(sluice, workers=1, token="a secret") as cluster:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            status, answer = cluster.request("GET", "/jobs", headers=headers)
            assert status == 401, (status, answer)
        assert cluster.command("jobs").returncode == 0
        stranger = subprocess.Popen([sluice, "worker", "--join", cluster.join], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, text=True)
        try:
            line = stranger.stderr.readline()
            assert "refused the connection: the token is not that of this cluster" in line, line
        finally:
            stranger.terminate()
            stranger.wait()
        assert len(cluster.get("/workers")["workers"]) == 1


def main():
    sluice = sys.argv[1]
    tests = (a_dead_worker_fails_a_job_that_may_not_begin_anew, a_job_begins_anew_when_a_worker_is_lost,
             rows_that_were_shown_are_not_shown_again, a_worker_that_is_asked_to_leave_finishes_its_tasks,
             a_job_waits_for_slots_with_memory, a_paused_worker_is_lost_and_joins_again,
             workers_join_a_coordinator_that_was_started_again, a_cancelled_job_ends, a_job_waits_for_slots,
             a_row_error_shows_its_source,
             a_bad_record_of_bytes_that_are_no_text, idle_sources_need_one_worker, bad_requests_are_refused,
             noise_on_the_port_of_workers_is_refused)
    with tempfile.TemporaryDirectory() as folder, ClusterHere(sluice) as cluster:
        for test in tests:
            print(test.__name__, flush=True)
            test(cluster, folder)
        for test in (jobs_outlive_the_coordinator, a_client_waits_for_the_next_coordinator):
            print(test.__name__, flush=True)
            test(sluice, folder)
    print(only_those_who_know_the_token_are_let_in.__name__)
    only_those_who_know_the_token_are_let_in(sluice)
    return 0


if __name__ == "__main__":
    sys.exit(main())

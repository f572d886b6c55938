#!/usr/bin/env python3
"""following.py SLUICE: what commands that follow a job say when the coordinator is busy, comes back or has forgotten it;
what a job waits for; and names that would change the terminal."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cluster_here import PATIENCE, ClusterHere, wait_for
from failures import ENDLESS, FOREVER, small_job, write


def begin(cluster, *words):
    """Like cluster.command(), but goes on meanwhile."""
    return subprocess.Popen([cluster.sluice, *words, *cluster.flags], env={**os.environ, "SLUICE_CLUSTER": cluster.http},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def endless(folder):
    return str(write(folder, "endless.flow", ENDLESS))


def another_job_with_the_number_is_not_taken_for_it(sluice, folder):
    with ClusterHere(sluice, workers=1) as cluster:
        waiting = begin(cluster, "submit", endless(folder), *FOREVER, "--wait")
        cluster_job = wait_for(lambda: cluster.get("/jobs")["jobs"], "the job")[0]
        watching = begin(cluster, "job", "watch", str(cluster_job["job"]))
        cluster.wait_for_state(1, "running")
        first = watching.stdout.readline()
        assert first.endswith("created\n"), first
        # They are held meanwhile, and so cannot see that for a moment there is no job of this number at all.
        for process in (waiting, watching):
            process.send_signal(signal.SIGSTOP)
        cluster.coordinator.kill()
        cluster.coordinator.wait()
        cluster.coordinator = cluster.start_coordinator()
        cluster.wait_for_workers(1)
        other = cluster.submit(small_job(folder), "--parallel", "1")
        assert other == cluster_job["job"], other
        info = cluster.wait_for_state(other, "finished")
        assert info["identity"] != cluster_job["identity"], info
        for process in (waiting, watching):
            process.send_signal(signal.SIGCONT)
            code, out, err = end(process)
            assert code == 4 and f"the coordinator has forgotten job {other}" in err, (code, out, err)
            assert "166833" not in out and "finished" not in out, out


def answers_name_the_job(sluice, folder):
    with ClusterHere(sluice, workers=1) as cluster:
        job = cluster.submit(small_job(folder))
        plan = cluster.request("GET", f"/jobs/{job}/plan")[1].decode()
        status, answer = cluster.request("POST", "/jobs", json.dumps({"plan": plan}).encode())
        made = json.loads(answer)
        assert status == 201 and re.fullmatch("[0-9a-f]{16}", made["identity"]), made
        assert cluster.get(f"/jobs/{made['job']}")["identity"] == made["identity"]
        assert cluster.get(f"/jobs/{job}")["identity"] != made["identity"]
        status, answer = cluster.request("POST", f"/jobs/{made['job']}/restart", b"{}")
        assert cluster.get(f"/jobs/{json.loads(answer)['job']}")["identity"] == json.loads(answer)["identity"]


def a_busy_coordinator_is_waited_for(sluice, folder):
    with ClusterHere(sluice, workers=1) as cluster:
        cluster.coordinator.send_signal(signal.SIGSTOP)
        submitting = begin(cluster, "submit", str(small_job(folder)), "--wait", "--parallel", "1")
        time.sleep(7)  # longer than a client of this library waits unless it is told to
        assert submitting.poll() is None, end(submitting)
        cluster.coordinator.send_signal(signal.SIGCONT)
        code, out, err = end(submitting)
        assert code == 0 and "166833" in out, (code, out, err)
        assert len(cluster.get("/jobs")["jobs"]) == 1


def watching_goes_on_with_the_next_coordinator(sluice, folder):
    with ClusterHere(sluice, workers=1, state=True) as cluster:
        job = cluster.submit(endless(folder), *FOREVER, "--parallel", "1")
        cluster.wait_for_state(job, "running")
        watching = begin(cluster, "job", "watch", str(job))
        assert watching.stdout.readline().endswith("created\n")
        cluster.coordinator.kill()
        cluster.coordinator.wait()
        line = watching.stderr.readline()
        assert "; trying again" in line, line
        cluster.coordinator = cluster.start_coordinator()
        cluster.wait_for_workers(1)
        cluster.request("POST", f"/jobs/{job}/cancel", b"{}")
        code, out, err = end(watching)
        assert code == 4 and out.endswith("cancelled\n"), (code, out, err)


def status_says_what_a_job_waits_for(sluice, folder):
    def status(job):
        return cluster.command("job", "status", str(job)).stdout.decode()

    with ClusterHere(sluice, workers=1) as cluster:
        held = cluster.submit(endless(folder), *FOREVER, "--parallel", "2")
        cluster.wait_for_state(held, "running")
        first, second = (cluster.submit(small_job(folder), "--parallel", parallel) for parallel in ("2", "1"))
        assert "\nwaits: it needs 2 slots, 0 are free\n" in status(first), status(first)
        assert f"\nwaits: job {first} is before it\n" in status(second), status(second)
        cluster.workers[0].kill()
        wait_for(lambda: cluster.get(f"/jobs/{held}")["restarts"] == 1, "the next attempt")
        text = status(held)
        assert "\nhas begun anew 1 time\n" in text and "\nattempts that failed\n" in text and "was lost" in text, text
        cluster.request("POST", f"/jobs/{held}/cancel", b"{}")
        cluster.start_worker(2)
        cluster.wait_for_state(second, "finished")
        assert "waits:" not in status(second), status(second)


def names_do_not_change_the_terminal(sluice, folder):
    name = "\x1b[2Jred\nworker 9 joined\x9b"
    with ClusterHere(sluice, workers=1) as cluster:
        job = cluster.submit(small_job(folder))
        plan = cluster.request("GET", f"/jobs/{job}/plan")[1].decode()
        status, answer = cluster.request("POST", "/jobs", json.dumps({"plan": plan, "name": name}).encode())
        assert status == 201, answer
        named = str(json.loads(answer)["job"])
        assert cluster.wait_for_state(int(named), "finished")["name"] == name  # programs get it as it is
        said = [cluster.command(*words).stdout.decode() for words in (("jobs",), ("job", "status", named),
                                                                      ("job", "logs", named),
                                                                      ("job", "metrics", named))]
        said.append(cluster.coordinator.log.read_text())
        said += [line["text"] for line in cluster.get("/logs")["lines"]]
        for text in said:
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]|^worker 9", text, re.M), text
        assert "\\x1b[2Jred\\nworker 9 joined" in said[0] and "\\x1b[2Jred\\nworker 9 joined" in said[1], said


def main():
    sluice = sys.argv[1]
    with socket.create_server(("127.0.0.1", 0)) as silent, tempfile.TemporaryDirectory() as folder:
        # It takes connections and says nothing, for longer than all of the tests below.
        asking = subprocess.Popen([sluice, "jobs", "--cluster", f"127.0.0.1:{silent.getsockname()[1]}"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for test in (another_job_with_the_number_is_not_taken_for_it, answers_name_the_job,
                     a_busy_coordinator_is_waited_for, watching_goes_on_with_the_next_coordinator,
                     status_says_what_a_job_waits_for, names_do_not_change_the_terminal):
            print(test.__name__, flush=True)
            test(sluice, folder)
        code, out, err = end(asking)
        assert code == 4 and "has not answered for 35 s" in err and "TLS" not in err, (code, out, err)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""api.py SLUICE: what the coordinator answers to clients: every route, and what is refused."""

import json
import re
import sys
import tempfile

from cluster_here import ClusterHere, wait_for
from failures import ENDLESS, FOREVER, small_job, write

# Every route, and what an answer has: fields of JSON, or nothing for text. {job} is a job that has finished.
ROUTES = (
    ("GET", "/v1/overview", {"workers", "slots", "free_slots", "jobs_waiting", "jobs_running", "jobs_ended"}),
    ("GET", "/v1/workers", {"workers"}),
    ("GET", "/v1/jobs", {"jobs"}),
    ("POST", "/v1/jobs", {"job"}),
    ("GET", "/v1/jobs/{job}", {"job", "name", "state", "has_ended", "history", "tasks"}),
    ("GET", "/v1/jobs/{job}/plan", None),
    ("GET", "/v1/jobs/{job}/metrics", {"job", "stages"}),
    ("GET", "/v1/jobs/{job}/output", None),
    ("POST", "/v1/jobs/{job}/cancel", {"job"}),
    ("GET", "/metrics", None),
)


def body_for(cluster, path, job):
    """Of a POST: nothing, but where something is wanted."""
    return json.dumps({"plan": cluster.request("GET", f"/jobs/{job}/plan")[1].decode()}).encode() \
        if path == "/v1/jobs" else b"{}"


def every_route_answers(cluster, folder):
    job = cluster.submit(small_job(folder))
    cluster.wait_for_state(job, "finished")
    for method, path, fields in ROUTES:
        body = body_for(cluster, path, job) if method == "POST" else None
        status, answer = cluster.request(method, path.replace("{job}", str(job)), body)
        assert status in (200, 201, 202), (method, path, status, answer)
        if fields is None:
            assert answer, path
        else:
            missing = fields - json.loads(answer).keys()
            assert not missing, (method, path, missing)


def what_is_unknown_is_refused_with_json(cluster, folder):
    for method, path, body, expected, words in (
            ("GET", "/v1/nothing", None, 404, "there is nothing at /v1/nothing"),
            ("GET", "/v1/jobs/9999", None, 404, "there is no job 9999"),
            ("GET", "/v1/jobs/99999999999999999999999", None, 404, "there is no job"),
            ("GET", "/v1/jobs/9999/metrics", None, 404, "there is no job 9999"),
            ("GET", "/v1/jobs/9999/output", None, 404, "there is no job 9999"),
            ("GET", "/v1/jobs/1/output?from=x", None, 400, "`from` must be a whole number"),
            ("DELETE", "/v1/jobs/1", None, 405, "/v1/jobs/1 takes GET, not DELETE"),
            ("PUT", "/v1/jobs", b"{}", 405, "/v1/jobs takes GET, POST, not PUT"),
            ("POST", "/v1/workers", b"{}", 405, "/v1/workers takes GET, not POST"),
            ("POST", "/v1/jobs", b'{"plan": "x", "name": "' + b"n" * 2000 + b'"}', 400, "at most 1000 bytes"),
            ("GET", "/v1/workers?" + "x" * 9000, None, 414, "status 414")):
        status, answer = cluster.request(method, path, body)
        assert status == expected and words in json.loads(answer)["error"], (method, path, status, answer)
    status, answer = cluster.request("HEAD", "/v1/workers")
    assert status == 200 and answer == b"", (status, answer)


def tasks_have_figures(cluster, folder):
    done = cluster.get(f"/jobs/{cluster.submit(small_job(folder), '--parallel', '3')}")
    job = done["job"]
    cluster.wait_for_state(job, "finished")
    metrics = cluster.get(f"/jobs/{job}/metrics")
    reader = next(stage for stage in metrics["stages"] if "numbers" in stage["operators"][0])
    assert reader["rows_in"] == 1000 and len(reader["tasks"]) == 3, reader
    assert sum(stage["rows_out"] for stage in metrics["stages"] if stage is metrics["stages"][-1]) == 3, metrics
    assert all(task["state"] == "finished" for task in reader["tasks"]), reader


SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.e+-]+)$')


def scrape(cluster):
    """The samples by name; every name has a kind and a help, and ends as its kind wants."""
    status, text = cluster.request("GET", "/metrics")
    assert status == 200
    kinds, samples = {}, {}
    for line in text.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds and (kind == "counter") == name.endswith("_total"), line
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.match(line).groups()
            assert name in kinds, line
            samples.setdefault(name, []).append((labels or "", float(value)))
    return samples


def prometheus_can_watch(cluster, folder):
    job = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "3")
    cluster.wait_for_state(job, "running")

    def rows():
        samples = scrape(cluster)
        mine = {name: [value for labels, value in of_name if f'job="{job}",stage="S0"' in labels]
                for name, of_name in samples.items() if name.startswith("sluice_task_")}
        return mine if sum(mine["sluice_task_rows_in_total"]) > 0 else None

    mine = wait_for(rows, "rows of the job")
    assert len(mine["sluice_task_busy_seconds_total"]) == 3, mine
    assert sum(mine["sluice_task_busy_seconds_total"]) > 0 and sum(mine["sluice_task_idle_seconds_total"]) > 0, mine
    assert len(mine["sluice_task_watermark_seconds"]) > 0, mine
    samples = scrape(cluster)
    assert samples["sluice_workers"] == [("", 3.0)], samples["sluice_workers"]
    assert ('state="running"', 1.0) in samples["sluice_jobs"], samples["sluice_jobs"]
    assert all(value > 1e6 for _, value in samples["sluice_worker_resident_memory_bytes"]), samples
    assert samples["process_resident_memory_bytes"][0][1] > 1e6
    cluster.command("job", "cancel", str(job))
    cluster.wait_for_state(job, "stopped")


def main():
    tests = (every_route_answers, what_is_unknown_is_refused_with_json, tasks_have_figures, prometheus_can_watch)
    with tempfile.TemporaryDirectory() as folder, ClusterHere(sys.argv[1]) as cluster:
        for test in tests:
            print(test.__name__, flush=True)
            test(cluster, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

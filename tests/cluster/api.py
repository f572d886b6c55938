#!/usr/bin/env python3
"""api.py SLUICE: what the coordinator answers to clients: every route, and what is refused."""

import json
import re
import subprocess
import sys
import tempfile

from cluster_here import ClusterHere, wait_for
from failures import ENDLESS, FOREVER, small_job, write

# Every route; {job} stands for a job. openapi.json says what they answer.
ROUTES = (
    ("GET", "/v1/overview"), ("GET", "/v1/workers"), ("GET", "/v1/config"), ("GET", "/v1/logs"), ("GET", "/v1/jobs"),
    ("POST", "/v1/jobs"), ("GET", "/v1/jobs/{job}"), ("GET", "/v1/jobs/{job}/plan"),
    ("GET", "/v1/jobs/{job}/exceptions"), ("GET", "/v1/jobs/{job}/logs"), ("GET", "/v1/jobs/{job}/metrics"),
    ("GET", "/v1/jobs/{job}/output"), ("POST", "/v1/jobs/{job}/cancel"), ("POST", "/v1/jobs/{job}/restart"),
    ("GET", "/v1/openapi.json"), ("GET", "/metrics"),
)
TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None)}


def problems(value, schema, document, where="answer"):
    """Where `value` is not as `schema` (the part of JSON schema that openapi.json uses) wants it."""
    if "$ref" in schema:
        return problems(value, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document, where)
    found = [problem for part in schema.get("allOf", ()) for problem in problems(value, part, document, where)]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)
                         for kind in kinds):
        return [*found, f"{where} is {value!r}, not {kinds}"]
    if isinstance(value, dict):
        found += [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, part in schema.get("properties", {}).items():
            if name in value:
                found += problems(value[name], part, document, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += problems(item, schema.get("items", {}), document, f"{where}[{index}]")
    return found


def what_is_served_is_described(cluster, folder):
    """openapi.json has the routes and no others, and the answers are what it says."""
    document = cluster.get("/v1/openapi.json")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == set(ROUTES), described ^ set(ROUTES)
    bad = write(folder, "few.csv", "n\n5\n0\n")
    flow = write(folder, "few.flow",
                 f'source numbers: {{ n: int }} = csv("{bad}")\nfrom numbers |> select q = 10 // n |> to print()\n')
    jobs = [cluster.submit(small_job(folder)), cluster.submit(flow)]
    cluster.wait_for_state(jobs[0], "finished")
    cluster.wait_for_state(jobs[1], "failed")
    plan = cluster.request("GET", f"/jobs/{jobs[0]}/plan")[1].decode()
    for method, path in ROUTES:
        operation = document["paths"][path][method.lower()]
        for job in jobs:
            body = json.dumps({"plan": plan}) if path == "/v1/jobs" else "{}"
            status, answer = cluster.request(method, path.replace("{job}", str(job)),
                                             body.encode() if method == "POST" else None)
            (wanted, response), = ((code, one) for code, one in operation["responses"].items() if code < "400")
            assert status == int(wanted), (method, path, status, answer)
            if "application/json" in response["content"]:
                schema = response["content"]["application/json"]["schema"]
                found = problems(json.loads(answer), schema, document)
                assert not found, (method, path, found)
        if "{job}" in path:
            status, answer = cluster.request(method, path.replace("{job}", "9999"), b"{}" if method == "POST" else None)
            schema = operation["responses"]["404"]["content"]["application/json"]["schema"]
            assert status == 404 and not problems(json.loads(answer), schema, document), (path, status, answer)
    assert problems({"job": "x"}, document["components"]["schemas"]["Job"], document), "the check finds nothing"


def a_job_is_submitted_once_more(cluster, folder):
    endless = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "6")
    cluster.wait_for_state(endless, "running")
    status, answer = cluster.request("POST", f"/jobs/{endless}/restart", b"{}")
    again = json.loads(answer)["job"]
    assert status == 201 and again == endless + 1, (status, answer)
    cluster.wait_for_state(endless, "cancelled")
    cluster.wait_for_state(again, "running")
    cluster.request("POST", f"/jobs/{again}/cancel", b"{}")
    cluster.wait_for_state(again, "cancelled")


def jobs_take_the_slots_that_are_free(cluster, folder):
    job = cluster.submit(small_job(folder))
    assert cluster.get(f"/jobs/{job}")["slots"] == 6
    cluster.wait_for_state(job, "finished")
    held = cluster.submit(write(folder, "endless.flow", ENDLESS), *FOREVER, "--parallel", "4")
    cluster.wait_for_state(held, "running")
    job = cluster.submit(small_job(folder))
    assert cluster.get(f"/jobs/{job}")["slots"] == 2
    cluster.wait_for_state(job, "finished")
    cluster.request("POST", f"/jobs/{held}/cancel", b"{}")
    cluster.wait_for_state(held, "cancelled")


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
            ("GET", "/v1/jobs/9999/logs", None, 404, "there is no job 9999"),
            ("GET", "/v1/jobs/9999/exceptions", None, 404, "there is no job 9999"),
            ("GET", "/v1/jobs?from=-1", None, 400, "`from` must be a whole number"),
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
    cluster.wait_for_state(job, "cancelled")


def much_output_comes_in_pieces(cluster, folder):
    """As much as `sluice run` shows, though no answer has it all."""
    rows = "".join(f"{i},{'long ' * 10}\n" for i in range(150_000))
    numbers = write(folder, "many.csv", "n,t\n" + rows)
    flow = write(folder, "many.flow", f'source many: {{ n: int, t: string }} = csv("{numbers}")\nfrom many |> to print()\n')
    here = subprocess.run([cluster.sluice, "run", str(flow)], capture_output=True, stdin=subprocess.DEVNULL)
    there = cluster.command("submit", str(flow), "--wait", "--parallel", "2")
    assert there.returncode == 0 and len(there.stdout) > 8 << 20, (len(there.stdout), there.stderr)
    assert sorted(there.stdout.splitlines()) == sorted(here.stdout.splitlines())
    job = cluster.get("/jobs")["jobs"][-1]["job"]
    status, piece = cluster.request("GET", f"/jobs/{job}/output")
    assert status == 200 and len(piece) == 4 << 20, len(piece)
    assert piece == there.stdout[:4 << 20]


def what_went_wrong_is_told(cluster, folder):
    bad = write(folder, "bad.csv", "n\n5\n0\n")
    flow = write(folder, "bad.flow",
                 f'source numbers: {{ n: int }} = csv("{bad}")\nfrom numbers |> select q = 10 // n |> to print()\n')
    job = cluster.submit(flow, "--parallel", "1")
    cluster.wait_for_state(job, "failed")
    (exception,) = cluster.get(f"/jobs/{job}/exceptions")["exceptions"]
    assert exception["code"].startswith("R") and exception["task"].startswith("S0.") and exception["worker"] > 0, exception
    log = [line["text"] for line in cluster.get(f"/jobs/{job}/logs")["lines"]]
    assert log[0] == "created" and log[-1] == "failed", log
    assert any(exception["message"] in line for line in log), log
    every = cluster.get("/logs")
    assert any(f"job {job} (bad): failed" == line["text"] for line in every["lines"]), every
    assert every["next"] == every["lines"][-1]["number"] + 1
    again = cluster.get(f"/logs?from={every['next']}")
    assert again["lines"] == [] and again["dropped"] == 0, again


def jobs_that_ended_long_ago_are_forgotten(cluster, folder):
    first = cluster.submit(small_job(folder))
    cluster.wait_for_state(first, "finished")
    plan = cluster.request("GET", f"/jobs/{first}/plan")[1]
    body = json.dumps({"plan": plan.decode(), "name": "one of many"}).encode()
    for _ in range(210):
        status, answer = cluster.request("POST", "/jobs", body)
        assert status == 201, answer
    last = json.loads(answer)["job"]
    cluster.wait_for_state(last, "finished")
    wait_for(lambda: len(cluster.get("/jobs")["jobs"]) == 200, "old jobs to go")
    status, answer = cluster.request("GET", f"/jobs/{first}")
    assert status == 404 and b"the last 200 are remembered" in answer, answer
    page = cluster.get("/jobs?limit=150")
    rest = cluster.get(f"/jobs?from={page['next']}")
    assert len(page["jobs"]) == 150 and len(rest["jobs"]) == 50 and rest["next"] is None
    listed = cluster.command("jobs").stdout.decode().splitlines()
    assert len(listed) == 201, len(listed)


def main():
    tests = (what_is_served_is_described, what_is_unknown_is_refused_with_json, tasks_have_figures, prometheus_can_watch,
             much_output_comes_in_pieces, what_went_wrong_is_told,
             a_job_is_submitted_once_more, jobs_take_the_slots_that_are_free, jobs_that_ended_long_ago_are_forgotten)
    with tempfile.TemporaryDirectory() as folder, ClusterHere(sys.argv[1]) as cluster:
        for test in tests:
            print(test.__name__, flush=True)
            test(cluster, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

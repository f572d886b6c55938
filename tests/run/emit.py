"""When results come: `emit final` of groups that are complete at a time, and `emit changes` of windows, against a second
implementation: random rows, out of order and some of them late; the answers must be the same at every parallelism, block
size and tier, with passes on and off.

    emit.py SLUICE SEED [ROUNDS]
"""

import collections

import variations
from windows import Rows, duration, hop, is_late, text_of, tumble


def final_case(random_, rows):
    """Rows (key, value, time, mark, closes) whose groups are complete when time has passed `closes`."""
    wait = random_.choice([0, 0, 700])
    open_ones = [row for row in rows if row[2] <= row[4] + wait]
    in_time = [row for row in open_ones if row[3] is None or row[2] >= row[3]]
    groups = collections.defaultdict(list)
    for key, value, time, _, closes in in_time:
        groups[key, closes].append((time, value))
    condition = f"ts - closes <= {duration(wait)}" if wait else "ts <= closes"
    step = random_.choice(["aggregate n = count(), total = sum(value) per key, closes emit final",
                           "top 1 by value desc, ts per key, closes emit final",
                           "first per key, closes emit final",
                           "latest per key, closes emit final"])
    chosen = {"top": lambda of: max(of, key=lambda row: (row[1], -row[0])), "first": min,
              "latest": lambda of: min(of, key=lambda row: (-row[0], row[1]))}.get(step.split()[0])
    if random_.random() < 0.4:  # each result has the time of its key
        counts = collections.Counter((closes + wait) // 1_000 * 1_000 for _, closes in groups)
        step += " |> aggregate n = count() over tumble(1s) |> select start = window.start, n"
        expected = [(text_of(start), str(count)) for start, count in counts.items()]
    elif chosen:
        step += " |> select key, closes, ts, value"
        expected = [(key, text_of(closes), text_of(chosen(of)[0]), str(chosen(of)[1]))
                    for (key, closes), of in groups.items()]
    else:
        expected = [(key, text_of(closes), str(len(of)), str(sum(value for _, value in of)))
                    for (key, closes), of in groups.items()]
    return f"where {condition} |> {step}", expected, len(open_ones) - len(in_time)


def changes_case(random_, rows):
    size = random_.choice([250, 2_000])
    step = size // random_.choice([1, 2])
    late = random_.choice([0, 700])
    windows = tumble(size, 0) if step == size else hop(size, step, 0)
    distinct = random_.random() < 0.5
    groups = collections.defaultdict(list)
    expected = []
    left_out = 0
    for key, value, time, mark, _ in rows:
        open_ones = [(start, end) for start, end in windows(time) if not is_late(end, mark, late)]
        left_out += not open_ones
        for start, _ in open_ones:
            values = groups[key, start]
            before = result_of(values, distinct)
            values.append(value)
            after = result_of(values, distinct)
            if before != after:
                if before:
                    expected.append((key, text_of(start), *before, "-1"))
                expected.append((key, text_of(start), *after, "1"))
    more = ", d = count_distinct(value)" if distinct else ", high = max(value)"
    options = f", late = {duration(late)}" if late else ""
    window = f"tumble({duration(size)}{options})" if step == size else \
        f"hop({duration(size)}, every = {duration(step)}{options})"
    names = "d" if distinct else "high"
    text = f"aggregate total = sum(value){more} per key over {window} emit changes"
    if random_.random() < 0.3:  # as it is when the input has ended
        expected = [(key, text_of(start), *result_of(values, distinct)) for (key, start), values in groups.items()]
        return f"{text} |> select key, start = window.start, total, {names}", expected, left_out
    return f"{text} |> changes |> select key, start = window.start, total, {names}, change", expected, left_out


def result_of(values, distinct):
    return (str(sum(values)), str(len(set(values)) if distinct else max(values))) if values else ()


def random_case(random_, path):
    """A program, its answer, and the number of rows that come too late."""
    delay = random_.choice([0, 100, 3_000])
    rows = [(key, value, time, mark, time + random_.choice([-300, 0, 200, 1_000, 40_000]) // 100 * 100)
            for key, value, time, mark in Rows(random_, delay).rows]
    with open(path, "w", encoding="utf-8") as file:
        file.write("key,value,ts,closes\n")
        for key, value, time, _, closes in rows:
            file.write(f"{key},{value},{text_of(time)},{text_of(closes)}\n")
    steps, expected, late = random_.choice([final_case, changes_case])(random_, rows)
    program = (f"source rows: {{ key: string, value: int, ts: timestamp, closes: timestamp }} = csv(\"{path}\") "
               f"time ts delay {duration(delay)}\nfrom rows |> {steps} |> to csv(\"-\")\n")
    return program, sorted(expected), late


def check(sluice, _, random_, folder):
    text, expected, late = random_case(random_, folder / "rows.csv")
    for answer in variations.answers(sluice, random_, folder / "emit.flow", text):
        answer.check(expected, late)


if __name__ == "__main__":
    variations.main(check)

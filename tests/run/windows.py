"""Windows against a second implementation: random rows, out of order and some of them late, are put into windows here
and by Sluice, whose answers must be these at every parallelism, block size and tier, with passes on and off.

    windows.py SLUICE SEED [ROUNDS]
"""

import collections
import csv
import datetime
import itertools

import variations

START = 1_700_000_000_000  # milliseconds


def text_of(milliseconds):
    moment = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(milliseconds=milliseconds)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def duration(milliseconds):
    return f"{milliseconds}ms"


class Rows:
    """Rows (key, value, time) in the order of the file, each with the watermark that its source had before it."""

    def __init__(self, random_, delay):
        self.delay = delay
        self.rows = []
        now = START + random_.randrange(5_000)
        latest = None
        for _ in range(random_.choice([0, 1, 5, 60, 400])):
            now += random_.choice([0, 1, 7, 40, 300, 2_000] if random_.random() < 0.98 else [30_000])
            time = now - random_.randrange(delay + 1) - (random_.randrange(4_000) if random_.random() < 0.05 else 0)
            mark = None if latest is None else latest - delay
            self.rows.append((random_.choice("abcde"), random_.randrange(-20, 100), time, mark))
            latest = time if latest is None else max(latest, time)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("key,value,ts\n")
            for key, value, time, _ in self.rows:
                file.write(f"{key},{value},{text_of(time)}\n")


def is_late(end, mark, late):
    return mark is not None and end + late <= mark


def tumble(size, offset):
    def windows(time):
        start = (time - offset) // size * size + offset
        yield start, start + size
    return windows


def hop(size, step, offset):
    def windows(time):
        start = (time - offset) // step * step + offset
        while start + size > time:
            yield start, start + size
            start -= step
    return windows


def cumulate(size, step, offset):
    def windows(time):
        start = (time - offset) // size * size + offset
        end = start + ((time - start) // step + 1) * step
        while end <= start + size:
            yield start, end
            end += step
    return windows


def grouped(rows, windows, keyed, late):
    """The times and values of every group, and the rows that are late for all their windows."""
    groups = collections.defaultdict(list)
    left_out = []
    for key, value, time, mark in rows.rows:
        of_row = list(windows(time))
        open_ones = [(start, end) for start, end in of_row if not is_late(end, mark, late)]
        for start, end in open_ones:
            groups[(key if keyed else None, start, end)].append((time, value))
        if of_row and not open_ones:
            left_out.append((key, value, time))
    return groups, left_out


def sessions(rows, gap, longest, late):
    """Rows that come later than promised are left out; the others, per key, split where nothing came for the gap, and
    where a session would be too long."""
    times = collections.defaultdict(list)
    left_out = []
    for key, value, time, mark in rows.rows:
        if mark is None or time + late >= mark:
            times[key].append((time, value))
        else:
            left_out.append((key, value, time))
    groups = {}
    for key, all_of_key in times.items():
        session = []
        for time, value in sorted(all_of_key):
            if session and (time - session[-1][0] >= gap or time - session[0][0] >= longest):
                groups[session_of(key, session, gap, longest)] = session
                session = []
            session.append((time, value))
        groups[session_of(key, session, gap, longest)] = session
    return groups, left_out


def session_of(key, session, gap, longest):
    return key, session[0][0], min(session[-1][0] + gap, session[0][0] + longest)


def counted_off(rows, count, keyed):
    """Rows of a key, so many at a time, in their order; the windows in the order in which they are full."""
    begun = collections.defaultdict(list)
    for key, value, time, _ in rows.rows:
        group = begun[key if keyed else None]
        group.append((time, value))
        if len(group) == count:
            yield key, list(group)
            group.clear()
    for key, group in begun.items():
        if group:
            yield key, group


class Columns:
    """What is computed of a group, as Flow and in Python."""

    ALWAYS = {
        "n = count()": len,
        "total = sum(value)": lambda group: sum(value for _, value in group),
        "low = min(value)": lambda group: min(value for _, value in group),
        "high = max(value)": lambda group: max(value for _, value in group),
    }
    SOMETIMES = {
        "entry = first(value)": lambda group: min(group)[1],
        "exit = last(value)": lambda group: min((-time, value) for time, value in group)[1],
        "d = count_distinct(value)": lambda group: len({value for _, value in group}),
    }

    def __init__(self, random_, distinct):
        chosen = [flow for flow in self.SOMETIMES if random_.random() < 0.3 and (distinct or "distinct" not in flow)]
        self.all = {**self.ALWAYS, **{flow: self.SOMETIMES[flow] for flow in chosen}}

    def flow(self):
        return ", ".join(self.all)

    def names(self):
        return ", ".join(flow.split(" =")[0] for flow in self.all)

    def of(self, group):
        return [compute(group) for compute in self.all.values()]


def texts(cells):
    return tuple(str(cell) for cell in cells)


def count_case(random_, rows):
    count = random_.choice([1, 2, 3, 10, 1_000])
    keyed = random_.random() < 0.7
    made = Columns(random_, distinct=False)
    step_text = f"aggregate {made.flow()}{' per key' if keyed else ''} over count({count})"
    expected = [texts(([key] if keyed else []) + made.of(group)) for key, group in counted_off(rows, count, keyed)]
    return step_text, ("key, " if keyed else "") + made.names(), expected


def aggregated(groups, keyed, made):
    for (key, start, end), group in groups.items():
        yield texts(([key] if keyed else []) + [text_of(start), text_of(end)] + made.of(group))


def best(groups, keyed):
    for (key, start, end), group in groups.items():
        values = [value for _, value in group]
        for value in values:
            if value == max(values):
                yield texts(([key] if keyed else []) + [text_of(start), text_of(end), value])


def first_rows(groups, count):
    """Of every key and window the first rows by time; of rows with the same time the smallest values."""
    for (key, start, end), group in groups.items():
        for _, value in sorted(group)[:count]:
            yield texts([key, text_of(start), text_of(end), value])


def distinct_case(random_, groups, window):
    if random_.random() < 0.5:
        step_text = f"select key, value |> distinct over {window}"
        expected = [texts([key, text_of(start), text_of(end), value])
                    for (key, start, end), group in groups.items() for value in {value for _, value in group}]
    else:
        step_text = f"distinct per key by value desc over {window}"
        expected = [texts([key, text_of(start), text_of(end), max(value for _, value in group)])
                    for (key, start, end), group in groups.items()]
    return step_text, expected


def random_case(random_, path):
    delay = random_.choice([0, 500, 3_000])
    rows = Rows(random_, delay)
    rows.write(path)
    step = random_.choice([250, 1_000, 2_000])
    size = step * random_.choice([1, 2, 5])
    offset = random_.choice([0, 0, 300])
    late = random_.choice([0, 0, 700, 4_000])
    options = f", late = {duration(late)}" if late else ""
    shift = (f", offset = {duration(offset)}" if offset else "") + options
    kind = random_.choice(["tumble", "hop", "cumulate", "session", "session", "count"])
    longest = random_.choice([size, size * 3, size // 2]) if kind == "session" and random_.random() < 0.5 else None
    if longest:
        options += f", max = {duration(longest)}"
    if kind == "hop" and random_.random() < 0.3:
        size = step * 5 // 2 if random_.random() < 0.5 else max(1, step // 2)
    window = {
        "tumble": f"tumble({duration(size)}{shift})",
        "hop": f"hop({duration(size)}, every = {duration(step)}{shift})",
        "cumulate": f"cumulate({duration(size)}, every = {duration(step)}{shift})",
        "session": f"session({duration(size)}{options})",
        "count": "",
    }[kind]
    what = random_.choice(["aggregate", "aggregate", "top", "take", "distinct"])
    keyed = kind == "session" or what in ("take", "distinct") or random_.random() < 0.7
    per = " per key" if keyed else ""
    columns = ("key, " if keyed else "") + "start = window.start, end = window.end"
    if kind == "session":
        groups, left_out = sessions(rows, size, longest or 10 ** 15, late)
    elif kind == "count":
        left_out = []
    else:
        windows = {"tumble": tumble(size, offset), "hop": hop(size, step, offset),
                   "cumulate": cumulate(size, step, offset)}[kind]
        groups, left_out = grouped(rows, windows, keyed, late)
    if kind == "count":
        step_text, columns, expected = count_case(random_, rows)
    elif what == "aggregate" or longest or (kind == "session" and what in ("take", "distinct")):
        made = Columns(random_, distinct=True)
        with_total = keyed and kind != "session" and random_.random() < 0.3
        if with_total:
            per = " per rollup(key)"
        step_text = f"aggregate {made.flow()}{per} over {window}"
        columns += ", " + made.names()
        expected = list(aggregated(groups, keyed, made))
        if with_total:
            expected += [("", *row) for row in aggregated(grouped(rows, windows, False, late)[0], False, made)]
    elif what == "take":
        count = random_.choice([1, 2, 5])
        step_text = f"take {count} per key over {window}"
        columns += ", value"
        expected = first_rows(groups, count)
    elif what == "distinct":
        columns += ", value"
        step_text, expected = distinct_case(random_, groups, window)
    else:
        step_text = f"top 1 with ties by value desc{per} over {window}"
        columns += ", value"
        expected = best(groups, keyed)
    program = (f'source rows: {{ key: string, value: int, ts: timestamp }} = csv("{path}") time ts delay '
               f"{duration(delay)}\n"
               f"let result = from rows |> {step_text}\n"
               f"from result |> select {columns} |> to csv(\"-\")\n")
    reads_late = kind != "count" and "distinct over" not in step_text and random_.random() < 0.4
    if reads_late:
        program += f'from result.late |> to csv("{path}.late")\n'
    return program, sorted(expected), left_out, reads_late


def late_rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [(key, int(value), time) for key, value, time in itertools.islice(csv.reader(file), 1, None)]


def check(sluice, _, random_, folder):
    text, expected, left_out, reads_late = random_case(random_, folder / "rows.csv")
    left_out = [(key, value, text_of(time)) for key, value, time in left_out]
    first = None
    for answer in variations.answers(sluice, random_, folder / "windows.flow", text):
        answer.check(expected, 0 if reads_late else len(left_out))
        if reads_late and late_rows_of(folder / "rows.csv.late") != left_out:
            answer.fail(f"other late rows than {left_out}")
        # Windows of several sets of keys come in the order of their ends, and sets of one moment in any.
        first = first or answer.output
        if answer.output != first and "rollup" not in text:
            answer.fail("the rows come in another order")


if __name__ == "__main__":
    variations.main(check)

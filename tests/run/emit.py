"""When results come: `emit final` of groups that are complete at a time, and `emit changes` and `emit every(D)` of
windows, counted rows and plain groups, against a second implementation: random rows, out of order and some of them late;
the answers must be the same at every parallelism, block size and tier, with passes on and off.

    emit.py SLUICE SEED [ROUNDS]
"""

import collections

import variations
from windows import Rows, duration, hop, is_late, text_of, tumble


def final_case(random_, rows, _):
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


def any_windows(random_, late):
    """Windows in Flow, and those that a time falls into."""
    size = random_.choice([250, 2_000])
    step = size // random_.choice([1, 2])
    options = f", late = {duration(late)}" if late else ""
    if step == size:
        return f"tumble({duration(size)}{options})", tumble(size, 0)
    return f"hop({duration(size)}, every = {duration(step)}{options})", hop(size, step, 0)


class Group:
    """Its values, and the result that it gave out last."""

    def __init__(self, distinct):
        self.distinct, self.values, self.given, self.due = distinct, [], (), None

    def changes(self):
        """The result of before to be taken back and the one of now, where they differ."""
        result = result_of(self.values, self.distinct)
        if result == self.given:
            return []
        both = [(*self.given, "-1")] * bool(self.given) + [(*result, "1")]
        self.given = result
        return both


def changes_case(random_, rows, delay):
    every = random_.choice([None, None, 50, 1_000])
    late = random_.choice([0, 700])
    distinct = random_.random() < 0.5
    window, windows = any_windows(random_, late) if random_.random() < 0.7 else ("", lambda _: [(0, None)])
    groups = collections.defaultdict(lambda: Group(distinct))
    expected = []
    left_out = 0
    for key, value, time, mark, _ in rows:
        open_ones = [(start, end) for start, end in windows(time) if end is None or not is_late(end, mark, late)]
        left_out += not open_ones
        for start, end in open_ones:
            group = groups[key, start]
            if every:
                # The watermark that its source has with the row; what changes up to its next multiple goes out once.
                with_row = time - delay if mark is None else max(mark, time - delay)
                due = (with_row // every + 1) * every
                due = due if end is None else min(due, end + late)
                if group.due is not None and group.due < due:
                    expected += [(key, text_of(start), *change) for change in group.changes()]
                group.due = due if group.due is None else max(due, group.due)
            group.values.append(value)
            if not every:
                expected += [(key, text_of(start), *change) for change in group.changes()]
    for (key, start), group in groups.items():
        expected += [(key, text_of(start), *change) for change in group.changes()]
    more = ", d = count_distinct(value)" if distinct else ", high = max(value)"
    columns = f"key{', start = window.start' if window else ''}, total, {'d' if distinct else 'high'}"
    emit = f"every({duration(every)})" if every else "changes"
    text = f"aggregate total = sum(value){more} per key {'over ' + window if window else ''} emit {emit}"
    if random_.random() < 0.3:  # as it is when the input has ended
        expected = [(key, text_of(start), *result_of(group.values, distinct))
                    for (key, start), group in groups.items()]
        text += f" |> select {columns}"
    else:
        text += f" |> changes |> select {columns}, change"
    return text, expected if window else [(key, *rest) for key, _, *rest in expected], left_out


class Session:
    """Of a key: its rows from `start` to `end`, and the results that are to be taken back when it changes."""

    def __init__(self, start, end, given=(), due=None):
        self.start, self.end, self.given, self.due, self.values = start, end, list(given), due, []
        self.shown_until = None  # the first end of a window that was given out

    def is_due(self, mark, late):
        return self.due is not None and (self.due <= mark or
                                         self.shown_until is not None and self.shown_until + late <= mark)

    def changes(self, distinct, sees_window):
        result = result_of(self.values, distinct)
        if sees_window:
            result = (text_of(self.start), text_of(self.end), *result)
        self.due = None
        self.shown_until = self.end if sees_window else None
        if self.given == [result]:
            return []
        both = [(*given, "-1") for given in self.given] + [(*result, "1")]
        self.given = [result]
        return both


def session_case(random_, rows, delay):
    """Sessions, and groups that are forgotten, as they grow and become one."""
    every = random_.choice([None, None, 50, 1_000, 20_000])
    distinct = random_.random() < 0.5
    is_kept = random_.random() < 0.4
    late = 0 if is_kept else random_.choice([0, 0, 700])
    gap = random_.choice([40, 300, 2_000])
    sessions = collections.defaultdict(list)
    expected = []
    left_out = 0
    for key, value, time, mark, _ in rows:
        if mark is not None and time + late < mark:
            left_out += 1
            continue
        end = time + gap + is_kept / 1_000  # with `keep`, a microsecond more
        joined = [one for one in sessions[key] if time < one.end and end > one.start]
        with_row = time - delay if mark is None else max(mark, time - delay)
        due = (with_row // every + 1) * every if every else None
        if every:
            for one in joined:
                if one.is_due(with_row, late):
                    expected += [(key, *change) for change in one.changes(distinct, not is_kept)]
        given = [each for one in joined for each in one.given]
        dues = [one.due for one in joined if one.due is not None] + [due]
        session = Session(min([time] + [one.start for one in joined]), max([end] + [one.end for one in joined]),
                          given, max(dues) if every else None)
        session.shown_until = min((one.shown_until for one in joined if one.shown_until is not None), default=None)
        session.values = [value] + [each for one in joined for each in one.values]
        sessions[key] = [one for one in sessions[key] if one not in joined] + [session]
        if not every:
            expected += [(key, *change) for change in session.changes(distinct, not is_kept)]
    for key, of_key in sessions.items():
        for session in of_key:
            expected += [(key, *change) for change in session.changes(distinct, not is_kept)]
    options = f", late = {duration(late)}" if late else ""
    over = f"keep {duration(gap)}" if is_kept else f"over session({duration(gap)}{options})"
    more, name = ("d = count_distinct(value)", "d") if distinct else ("high = max(value)", "high")
    columns = f"key{'' if is_kept else ', start = window.start, end = window.end'}, total, {name}"
    emit = f"every({duration(every)})" if every else "changes"
    text = f"aggregate total = sum(value), {more} per key {over} emit {emit}"
    if not is_kept and random_.random() < 0.4:  # which forgets its rows with their windows
        text += " |> distinct"
    if random_.random() < 0.3:
        expected = [(key, *session.given[0]) for key, of_key in sessions.items() for session in of_key]
        return f"{text} |> select {columns}", expected, left_out
    return f"{text} |> changes |> select {columns}, change", expected, left_out


class Ranking:
    """The first rows of a group, and those that it gave out last."""

    def __init__(self, limit, ties, ranks):
        self.limit, self.ties, self.ranks = limit, ties, ranks
        self.rows, self.given, self.due = [], collections.Counter(), None

    def shown(self):
        ordered = sorted(self.rows, key=lambda row: (-row[1], row))
        count = min(self.limit, len(ordered))
        while self.ties and 0 < count < len(ordered) and ordered[count][1] == ordered[count - 1][1]:
            count += 1
        return collections.Counter((*row, place + 1) if self.ranks else row for place, row in enumerate(ordered[:count]))

    def changes(self):
        now = self.shown()
        gone, come = self.given - now, now - self.given
        self.given, self.due = now, None
        return [(*row, "-1") for row in gone.elements()] + [(*row, "1") for row in come.elements()]


def top_case(random_, rows, delay):
    every = random_.choice([None, 50, 1_000, 20_000])
    late = random_.choice([0, 700])
    keyed = random_.random() < 0.6
    ties = random_.random() < 0.3
    # Of equal rows nobody can say which has which place.
    ranks = random_.random() < 0.4 and len({(key, value, time, closes) for key, value, time, _, closes in rows}) == len(rows)
    limit = random_.choice([1, 2, 5])
    window, windows = any_windows(random_, late) if random_.random() < 0.8 else ("", lambda _: [(0, None)])
    groups = collections.defaultdict(lambda: Ranking(limit, ties, ranks))
    changes = []
    left_out = 0
    for key, value, time, mark, closes in rows:
        open_ones = [(start, end) for start, end in windows(time) if end is None or not is_late(end, mark, late)]
        left_out += not open_ones
        for start, end in open_ones:
            group = groups[key if keyed else None, start]
            if every:
                with_row = time - delay if mark is None else max(mark, time - delay)
                due = (with_row // every + 1) * every
                due = due if end is None else min(due, end + late)
                if group.due is not None and group.due < due:
                    changes += [(start, *change) for change in group.changes()]
                group.due = due if group.due is None else max(due, group.due)
            group.rows.append((key, value, time, closes))
            if not every:
                changes += [(start, *change) for change in group.changes()]
    for (_, start), group in groups.items():
        changes += [(start, *change) for change in group.changes()]

    def row_text(start, key, value, time, closes, *more):
        return (key, *([text_of(start)] if window else []), str(value), text_of(time), text_of(closes), *map(str, more))

    names = f"key{', start = window.start' if window else ''}, value, ts, closes{', place' if ranks else ''}"
    text = (f"top {limit}{' with ties' * ties} by value desc{' per key' * keyed}{' as place' * ranks}"
            f"{' over ' + window if window else ''} emit {f'every({duration(every)})' if every else 'changes'}")
    if random_.random() < 0.3:
        return f"{text} |> select {names}", [row_text(start, *row) for (_, start), group in groups.items()
                                             for row in group.given.elements()], left_out
    return f"{text} |> changes |> select {names}, change", [row_text(*change) for change in changes], left_out


def count_case(random_, rows, _):
    """Groups of so many rows, as they fill."""
    size = random_.choice([1, 3, 10])
    keyed = random_.random() < 0.6
    groups = collections.defaultdict(list)
    expected = []
    for key, value, *_ in rows:
        of_key = groups[key if keyed else ""]
        if not of_key or len(of_key[-1].values) == size:
            of_key.append(Group(False))
        of_key[-1].values.append(value)
        expected += [(key, *change) if keyed else change for change in of_key[-1].changes()]
    text = f"aggregate total = sum(value), high = max(value) {'per key ' * keyed}over count({size}) emit changes"
    if random_.random() < 0.3:
        expected = [(key, *group.given) if keyed else group.given for key, of_key in groups.items() for group in of_key]
        return text, expected, 0
    return f"{text} |> changes", expected, 0


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
    steps, expected, late = random_.choice([final_case, changes_case, session_case, top_case, count_case])(random_, rows, delay)
    program = (f"source rows: {{ key: string, value: int, ts: timestamp, closes: timestamp }} = csv(\"{path}\") "
               f"time ts delay {duration(delay)}\nfrom rows |> {steps} |> to csv(\"-\")\n")
    return program, sorted(expected), late


def check(sluice, _, random_, folder):
    text, expected, late = random_case(random_, folder / "rows.csv")
    for answer in variations.answers(sluice, random_, folder / "emit.flow", text):
        answer.check(expected, late)


if __name__ == "__main__":
    variations.main(check)

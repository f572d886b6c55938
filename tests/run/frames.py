"""Columns computed over the rows before a row against sqlite3's window functions: random rows, out of order and some of
them late, in random steps; the answers must be the same at every parallelism, block size and tier, with passes on and
off.

    frames.py SLUICE SEED [ROUNDS]
"""

import sqlite3
from collections import defaultdict

import variations
from windows import Rows, duration, text_of

TEXTS = ["", "a", "text", "a text longer than sixteen bytes", "ä"]


class Frame:
    """Which rows a step looks at: in which order, of which keys, how far back; as Flow and as SQL."""

    def __init__(self, random_, is_timed):
        self.keys = random_.choice([["key"], ["key"], ["key", "even"], []])
        orders = ["ts"] if is_timed else random_.choice([["ts"], ["value desc"], ["text", "value desc"], ["even desc"]])
        self.by = "" if is_timed else " by " + ", ".join(orders)
        self.order = ", ".join(orders)
        # Ties are broken by all columns from left to right.
        self.total = self.order + ", key, value, text, even, ts"
        self.kind, self.size = random_.choice([("", 0), ("rows", random_.choice([1, 2, 3, 10])),
                                               ("last", random_.choice([1, 500, 20_000]))])
        if self.kind == "last" and orders != ["ts"]:
            self.kind = ""
        if is_timed and not self.keys and not self.kind:
            self.keys = ["key"]

    def flow(self):
        per = " per " + ", ".join(self.keys) if self.keys else ""
        over = {"": "", "rows": f" over rows({self.size})", "last": f" over last({duration(self.size)})"}[self.kind]
        return per + self.by + over

    def partition(self):
        return "partition by " + ", ".join(self.keys) if self.keys else ""

    def aggregate(self, call, condition):
        # Window functions of sqlite count rows at the same time, and its min and max of few rows all rows.
        if self.kind == "last" or (self.kind and condition and call.startswith("m")):
            first = f"u.ts > t.ts - {self.size}" if self.kind == "last" else f"u.n > t.n - {self.size}"
            same = " and ".join(["u.n <= t.n", first, *(f"u.{k} = t.{k}" for k in self.keys),
                                 *([f"u.{condition}"] if condition else [])])
            return f"(select {call} from numbered u where {same})"
        some = f" filter (where {condition})" if condition else ""
        length = f"{self.size - 1} preceding" if self.kind else "unbounded preceding"
        return f"{call}{some} over ({self.partition()} order by n rows between {length} and current row)"

    def look(self, call):
        return f"{call} over ({self.partition()} order by n)"


def random_columns(random_, frame):
    """Names with their expressions in Flow and in SQL."""
    some = [("where value > 20", "value > 20"), ("where even", "even")]
    made = [("row_number()", frame.look("row_number()")),
            ("rank()", f"rank() over ({frame.partition()} order by {frame.order})")]
    for back in (1, 2, 7):
        made.append((f"lag(value, {back})" if back > 1 else "lag(value)", frame.look(f"lag(value, {back})")))
        made.append((f"lag(text, {back})", frame.look(f"lag(text, {back})")))
    for ahead in (1, 3):
        made.append((f"lead(value, {ahead})", frame.look(f"lead(value, {ahead})")))
        made.append((f"lead(text, {ahead})", frame.look(f"lead(text, {ahead})")))
    made.append(("(lead(value) ?? 0) - (lag(value) ?? 0)",
                 frame.look("lead(value, 1, 0)") + " - " + frame.look("lag(value, 1, 0)")))
    made.append(("value - (lag(value) ?? 0)", "value - " + frame.look("lag(value, 1, 0)")))
    for call, sql in (("count()", "count(*)"), ("sum(value)", "total(value)"), ("min(value)", "min(value)"),
                      ("max(text)", "max(text)"), ("avg(value)", "avg(value)")):
        made.append((call, frame.aggregate(sql, "")))
        flow, condition = random_.choice(some)
        made.append((f"{call} {flow}", frame.aggregate(sql, condition)))
    made.append(("2 * sum(value) + count()", f"2 * {frame.aggregate('total(value)', '')} + "
                 f"{frame.aggregate('count(*)', '')}"))
    return [(f"c{i}", *column) for i, column in enumerate(random_.sample(made, random_.choice([1, 2, 4])))]


def shown(flow, value):
    """A value of sqlite as Sluice writes it."""
    if value is None:
        return ""
    if flow.startswith("avg"):
        return repr(float(value))
    return str(int(value)) if isinstance(value, float) else str(value)


def answers(rows, frame, columns):
    """The rows with the columns, in the order of sqlite."""
    base = sqlite3.connect(":memory:")
    base.execute("create table rows (key text, value int, text text, even int, ts int)")
    base.executemany("insert into rows values (?, ?, ?, ?, ?)", rows)
    numbered = f"select *, row_number() over ({frame.partition()} order by {frame.total}) n from rows"
    made = ", ".join(sql for _, _, sql in columns)
    found = base.execute(f"with numbered as ({numbered}) select key, value, text, even, ts, {made} from numbered t "
                         f"order by {frame.total}")
    return [(key, str(value), text, "true" if even else "false", text_of(ts),
             *(shown(flow, value) for (_, flow, _), value in zip(columns, more)))
            for key, value, text, even, ts, *more in found]


def counted_by_second(rows):
    """How many rows per key and window of a second."""
    counts = defaultdict(int)
    for row in rows:
        counts[row[0], row[4][:19] + "Z"] += 1
    return sorted((key, start, str(count)) for (key, start), count in counts.items())


def random_case(random_, path):
    """A program and its answer."""
    is_timed = random_.random() < 0.6
    delay = random_.choice([0, 100, 3_000])
    given = Rows(random_, delay).rows
    rows = [(key, value, random_.choice(TEXTS), value % 2 == 0, time, mark) for key, value, time, mark in given]
    with open(path, "w", encoding="utf-8") as file:
        file.write("key,value,text,even,ts\n")
        for key, value, text, even, time, _ in rows:
            file.write(f'{key},{value},"{text}",{str(even).lower()},{text_of(time)}\n')
    late = [row for row in rows if is_timed and row[5] is not None and row[4] < row[5]]
    frame = Frame(random_, is_timed)
    columns = random_columns(random_, frame)
    expected = answers([row[:5] for row in rows if row not in late], frame, columns)
    timed = f" time ts delay {duration(delay)}" if is_timed else ""
    steps = f"extend {', '.join(f'{name} = {flow}' for name, flow, _ in columns)}{frame.flow()}"
    if is_timed and "lead" not in steps and random_.random() < 0.3:
        steps += "\n  |> aggregate n = count() per key over tumble(1s)\n  |> select key, start = window.start, n"
        expected = counted_by_second(expected)
    program = (f"source rows: {{ key: string, value: int, text: string, even: bool, ts: timestamp }} = csv(\"{path}\")"
               f"{timed}\nfrom rows\n  |> {steps}\n  |> to csv(\"-\")\n")
    return program, expected, len(late)


def check(sluice, _, random_, folder):
    text, expected, late = random_case(random_, folder / "rows.csv")
    for answer in variations.answers(sluice, random_, folder / "frames.flow", text):
        answer.check(expected, late)
        # Rows of one key come in their order; those of different keys in any, when there are several tasks.
        is_ordered = answer.parallel == "1" and "tumble" not in text and "lead" not in text
        if is_ordered and answer.rows() != expected:
            answer.fail("the rows come in another order")


if __name__ == "__main__":
    variations.main(check)

"""Windows and bounds of time for the random pipelines of oracle.py: each in Flow and, over rows with time__, in SQL."""

from dataclasses import dataclass

SECOND = 1_000_000


def duration(micros):
    return f"{micros // 1000}ms"


@dataclass(frozen=True)
class Window:
    flow: str
    kind: str
    size: int
    step: int
    offset: int = 0

    def assign(self, sql, keys):
        """The rows of a query, each once for every window it belongs to, with wstart__ and wend__."""
        if self.kind == "session":
            partition = f"partition by {', '.join(keys)}"
            split = f"select *, time__ - lag(time__) over ({partition} order by time__) as gap__ from ({sql})"
            number = (f"select *, sum(gap__ is null or gap__ >= {self.size}) over ({partition} order by time__ "
                      f"range unbounded preceding) as session__ from ({split})")
            return (f"select *, min(time__) over ({partition}, session__) as wstart__, "
                    f"max(time__) over ({partition}, session__) + {self.size} as wend__ from ({number})")
        unit = self.size if self.kind == "cumulate" else self.step
        first = f"flow_floor_to(time__ - {self.offset}, {unit}) + {self.offset}"
        if self.kind == "cumulate":
            ends = ", ".join(f"({i * self.step})" for i in range(1, self.size // self.step + 1))
            with_end = f"select *, {first} as wstart__, {first} + column1 as wend__ from ({sql}), (values {ends})"
        else:  # a tumbling window is a hopping one with a hop of its size
            back = ", ".join(f"({i * self.step})" for i in range((self.size + self.step - 1) // self.step))
            with_end = (f"select *, {first} - column1 as wstart__, {first} - column1 + {self.size} as wend__ "
                        f"from ({sql}), (values {back})")
        return f"select * from ({with_end}) where wend__ > time__"


def tumble(random):
    size = random.choice([1, 2, 10, 60]) * SECOND
    offset = random.choice([0, 0, 300_000])
    shift = f", offset = {duration(offset)}" if offset else ""
    return Window(f"tumble({duration(size)}{shift})", "tumble", size, size, offset)


def any_window(random, keyed):
    kind = random.choice(["tumble", "tumble", "hop", "cumulate", "session"])
    if kind == "tumble":
        return tumble(random)
    step = random.choice([1, 2, 10]) * SECOND
    size = step * random.choice([1, 2, 5])
    if kind == "session":
        return Window(f"session({duration(size)})", kind, size, step) if keyed else tumble(random)
    if kind == "hop" and random.random() < 0.3:
        size = step * 5 // 2
    return Window(f"{kind}({duration(size)}, every = {duration(step)})", kind, size, step)


@dataclass(frozen=True)
class JoinBound:
    """What a join of timed inputs says about the times of its pairs, and the SQL of what its rows have of them."""
    flow: str = ""
    flow_on: tuple = ()
    sql_on: tuple = ()
    window_start: str | None = None
    time: str | None = None


def join_bound(random, kind, left, right):
    """Conditions over time__ and other_time__."""
    later = "max(time__, other_time__)" if kind == "" else None
    left_time, right_time = (next((c.name for c in side if c.is_time), None) for side in (left, right))
    way = random.choice(["window", "window", "within", "range", "none"])
    if way == "window":
        window = tumble(random)
        start = f"flow_floor_to({{}} - {window.offset}, {window.size}) + {window.offset}"
        of_row = start.format("coalesce(time__, other_time__)" if kind in ("right ", "full ") else "time__")
        same = f"{start.format('time__')} = {start.format('other_time__')}"
        return JoinBound(f" over {window.flow}", (), (same,), of_row, f"{of_row} + {window.size} - 1")
    before, after = (random.choice([0, 250_000, SECOND, 10 * SECOND]) for _ in range(2))
    if way == "within":
        return JoinBound(f" within {duration(before)}", (), (f"abs(time__ - other_time__) <= {before}",), time=later)
    if way == "range" and left_time and right_time:
        flow_on = f"{right_time} in {left_time} - {duration(before)}..{left_time} + {duration(after)}"
        return JoinBound("", (flow_on,), (f"other_time__ between time__ - {before} and time__ + {after}",), time=later)
    return JoinBound(time=later)


def disordered(random, rows, position, delay):
    """Rows with fresh times at `position`, in an order in which none comes more than `delay` behind a later one."""
    now = 1_704_067_200 * SECOND
    arrivals = []
    for row in rows:
        now += random.choice([0, 0, 1_000, 250_000, SECOND, 5 * SECOND, 40 * SECOND] if random.random() < 0.9 else [0])
        row[position] = now
        arrivals.append((now + random.randint(0, delay), len(arrivals), row))
    return [row for _, _, row in sorted(arrivals)]

"""Windows by the clock of a time zone against Python's zoneinfo: random rows around the moments at which the clocks of
a place are moved, out of order and some of them late.

    zones.py SLUICE SEED [ROUNDS]

A window begins and ends when the clock first shows a time; that is looked for here minute by minute.
"""

import collections
import datetime
import functools
import zoneinfo

import variations
from windows import is_late, text_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FAR = 26 * HOUR  # no clock is so far from UTC, nor moved so far

# North and south; clocks that are moved by half an hour, at midnight, by two hours, backwards in winter, over a whole
# day; and clocks that are never moved.
ZONES = ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Sydney", "Australia/Lord_Howe",
         "Asia/Beirut", "Antarctica/Troll", "Europe/Dublin", "Africa/Casablanca", "Pacific/Apia", "Asia/Kolkata",
         "Asia/Kathmandu", "UTC"]


@functools.cache
def offset(zone, minute):
    moment = datetime.datetime.fromtimestamp(minute * 60, zoneinfo.ZoneInfo(zone))
    return moment.utcoffset() // datetime.timedelta(milliseconds=1)


def local(zone, time):
    return time + offset(zone, time // MINUTE)


@functools.cache
def first(zone, shown):
    """The first moment at which the clock shows so much."""
    return next(time for time in range(shown - FAR, shown + FAR, MINUTE) if local(zone, time) >= shown)


@functools.cache
def moves(zone, year):
    """When the clock is moved in this year, and its begin."""
    begin = int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) // 60
    hours = range(begin, begin + 366 * 24 * 60, 60)
    moved = [hour * MINUTE for hour in hours if offset(zone, hour) != offset(zone, hour + 60)]
    return moved or [begin * MINUTE]


class Windows:
    """In Flow, and those that contain a time."""

    def __init__(self, random_, zone):
        self.zone = zone
        self.kind = random_.choice(["tumble", "hop", "cumulate"])
        self.size, self.step = random_.choice([(DAY, DAY), (7 * DAY, DAY), (2 * DAY, 12 * HOUR), (DAY, 3 * HOUR),
                                               (DAY, HOUR), (HOUR, HOUR), (2 * HOUR, 30 * MINUTE)])
        if self.kind == "tumble":
            self.step = self.size
        self.offset = random_.choice([0, 0, 5 * HOUR])
        self.late = random_.choice([0, 2 * HOUR])

    def flow(self):
        text = f"{self.kind}({self.size // MINUTE}min"
        text += "" if self.kind == "tumble" else f", every = {self.step // MINUTE}min"
        text += f", offset = {self.offset // MINUTE}min" if self.offset else ""
        text += f", late = {self.late // MINUTE}min" if self.late else ""
        return f"{text}, zone = \"{self.zone}\")"

    def moment(self, shown):
        return first(self.zone, shown + self.offset)

    def near(self, time, step, reach):
        """Numbers of steps that begin up to `reach` before the time, as far as a clock may be wrong."""
        shown = local(self.zone, time) - self.offset
        return range((shown - FAR - reach) // step, (shown + FAR) // step + 1)

    def of(self, time):
        found = set()
        if self.kind == "cumulate":
            for number in self.near(time, self.size, self.size):
                start = self.moment(number * self.size)
                ends = [self.moment(number * self.size + end) for end in range(self.step, self.size + 1, self.step)]
                found |= {(start, end) for end in ends if start <= time < end}
        else:
            for number in self.near(time, self.step, self.size):
                start, end = self.moment(number * self.step), self.moment(number * self.step + self.size)
                if start <= time < end:
                    found.add((start, end))
        return sorted(found)


def random_rows(random_, zone, delay):
    """Rows (key, value, time, mark) around a move of the clock."""
    now = random_.choice(moves(zone, random_.choice([2011, 2019, 2024, 2037, 2038, 2061]))) - 30 * HOUR
    latest = None
    for _ in range(random_.choice([5, 60, 150])):
        now += random_.choice([0, 5, 30, 50, 120]) * MINUTE
        time = now - random_.randrange(delay + 1) // 1000 * 1000
        time -= random_.randrange(30 * HOUR) // 1000 * 1000 if random_.random() < 0.05 else 0
        yield random_.choice("abc"), random_.randrange(100), time, None if latest is None else latest - delay
        latest = time if latest is None else max(latest, time)


def check(sluice, _, random_, folder):
    zone = random_.choice(ZONES)
    windows = Windows(random_, zone)
    delay = random_.choice([0, 90 * MINUTE])
    rows = list(random_rows(random_, zone, delay))
    path = folder / "rows.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write("key,value,ts\n")
        file.writelines(f"{key},{value},{text_of(time)}\n" for key, value, time, _ in rows)
    groups = collections.defaultdict(list)
    left_out = 0
    for key, value, time, mark in rows:
        of_row = windows.of(time)
        open_ones = [(start, end) for start, end in of_row if not is_late(end, mark, windows.late)]
        left_out += bool(of_row) and not open_ones
        for start, end in open_ones:
            groups[key, start, end].append(value)
    step = random_.choice([f"aggregate n = count(), total = sum(value) per key over {windows.flow()}",
                           f"aggregate n = count(), total = sum(value) per key over {windows.flow()} emit every(3h)",
                           f"top 1 by value desc per key over {windows.flow()}"])
    columns = "value" if step.startswith("top") else "n, total"
    program = (f"source rows: {{ key: string, value: int, ts: timestamp }} = csv(\"{path}\") "
               f"time ts delay {delay}ms\nfrom rows |> {step} "
               f"|> select key, start = window.start, end = window.end, {columns} |> to csv(\"-\")\n")
    expected = [(key, text_of(start), text_of(end),
                 *([str(max(values))] if step.startswith("top") else [str(len(values)), str(sum(values))]))
                for (key, start, end), values in groups.items()]
    for answer in variations.answers(sluice, random_, folder / "zones.flow", program):
        answer.check(expected, left_out)


if __name__ == "__main__":
    variations.main(check)

"""Steps with `keep` against a second implementation: random rows, out of order and some of them late, of keys that come
back after long and after short; the answers must be the same at every parallelism, block size and tier, with passes on
and off.

    keep.py SLUICE SEED [ROUNDS]
"""

import collections

import variations
from windows import Rows, duration, text_of

TEXTS = ["", "a", "text", "a text longer than sixteen bytes", "ä"]


def lives(rows, keep, key_of):
    """The rows of each key in the order of time, split where none came for longer than `keep`."""
    by_key = collections.defaultdict(list)
    for row in rows:
        by_key[key_of(row)].append(row)
    for of_key in by_key.values():
        of_key.sort(key=lambda row: (row[3], row[:3]))
        life = []
        for row in of_key:
            if life and row[3] - life[-1][3] > keep:
                yield life
                life = []
            life.append(row)
        yield life


def shown(row):
    return row[0], str(row[1]), row[2], text_of(row[3])


def key(row):
    return row[0]


def first(rows, keep, _):
    return "first per key", [shown(life[0]) for life in lives(rows, keep, key)]


def distinct(rows, keep, random_):
    columns = random_.choice([("key",), ("text",), ("key", "text")])
    part = {"key": 0, "text": 2}

    def of(row):
        return tuple(row[part[column]] for column in columns)
    return f"select {', '.join(columns)} |> distinct", [of(life[0]) for life in lives(rows, keep, of)]


def aggregate(rows, keep, _):
    return ("aggregate n = count(), total = sum(value), last = max(text), d = count_distinct(text) per key",
            [(life[0][0], str(len(life)), str(sum(row[1] for row in life)), max(row[2] for row in life),
              str(len({row[2] for row in life})))
             for life in lives(rows, keep, key)])


def latest(rows, keep, _):
    return "latest per key", [shown(min(life, key=lambda row: (-row[3], row[:3]))) for life in lives(rows, keep, key)]


def top(rows, keep, random_):
    limit = random_.choice([1, 2, 5])
    chosen = [(place, sorted(life, key=lambda row: (-row[1], row[0], row[2], row[3]))[:limit])
              for place, life in enumerate(lives(rows, keep, key))]
    return (f"top {limit} by value desc per key as place",
            [(*shown(row), str(i + 1)) for _, of in chosen for i, row in enumerate(of)])


def extend(rows, keep, random_):
    over = random_.choice(["", "", " over rows(3)", " over last(2000ms)"])
    result = []
    for life in lives(rows, keep, key):
        for i, row in enumerate(life):
            frame = life[:i + 1]
            if "rows" in over:
                frame = frame[-3:]
            if "last" in over:
                frame = [other for other in frame if other[3] > row[3] - 2_000]
            before = str(life[i - 1][1]) if i else ""
            rank = min(j for j in range(i + 1) if life[j][3] == row[3]) + 1
            result.append((*shown(row), str(i + 1), str(rank), before, str(sum(other[1] for other in frame)),
                           max(other[2] for other in frame)))
    columns = "n = row_number(), r = rank(), before = lag(value), total = sum(value), longest = max(text)"
    return f"extend {columns} per key{over}", result


class Source:
    """A source with random rows, as a file and its declaration, and those of its rows that are not late."""

    def __init__(self, random_, path, name, keys):
        delay = random_.choice([0, 100, 3_000])
        rows = [(random_.choice(keys), value, random_.choice(TEXTS), time, mark)
                for _, value, time, mark in Rows(random_, delay).rows]
        with open(path, "w", encoding="utf-8") as file:
            file.write("key,value,text,ts\n")
            for key_, value, text, time, _ in rows:
                file.write(f'{key_},{value},"{text}",{text_of(time)}\n')
        self.in_time = [row[:4] for row in rows if row[4] is None or row[3] >= row[4]]
        self.late = len(rows) - len(self.in_time)
        self.text = (f"source {name}: {{ key: string, value: int, text: string, ts: timestamp }} = csv(\"{path}\") "
                     f"time ts delay {duration(delay)}\n")


def joined(lefts, rights, keep, random_):
    near = [(left, right) for left in lefts for right in rights
            if left[0] == right[0] and abs(left[3] - right[3]) <= keep]
    if random_.random() < 0.3:
        kept = {id(left): left for left, _ in near}
        return "semi join others as o on o.key == key", [shown(left) for left in kept.values()]
    return ("join others as o on o.key == key and o.value <= value", [
        (*shown(left), str(right[1]), text_of(right[3])) for left, right in near if right[1] <= left[1]])


def random_case(random_, path):
    """A program, its answer, and the number of rows that come too late."""
    keys = random_.choice([["a", "b", "c"], [f"a key longer than sixteen bytes {i}" for i in range(40)]])
    rows = Source(random_, path, "rows", keys)
    text, late = rows.text, rows.late
    keep = random_.choice([1, 50, 700, 5_000, 40_000])
    made = random_.choice([first, distinct, aggregate, latest, top, extend, joined])
    if made == joined:
        others = Source(random_, f"{path}.others", "others", keys)
        text, late = text + others.text, late + others.late
        step, expected = joined(rows.in_time, others.in_time, keep, random_)
    else:
        step, expected = made(rows.in_time, keep, random_)
    text += f"from rows |> {step} keep {duration(keep)} "
    if made == joined and not step.startswith("semi"):
        text += "|> select key, value, text, ts, other = o.value, at = o.ts "
    return text + "|> to csv(\"-\")\n", sorted(expected), late


def check(sluice, _, random_, folder):
    text, expected, late = random_case(random_, folder / "rows.csv")
    for answer in variations.answers(sluice, random_, folder / "keep.flow", text):
        answer.check(expected, late)


if __name__ == "__main__":
    variations.main(check)

"""As-of joins against correlated queries of sqlite3: random rows of two sources, out of order and some of them late; the
answers must be the same at every parallelism, block size and tier, with passes on and off. And a join of bids with the
last auction of their bidder, whose sources are read by several tasks.

    asof.py SLUICE SEED [ROUNDS]
"""

import sqlite3

from nexmark_events import AUCTION, BID, Nexmark
import variations
from windows import Rows, duration, text_of

TEXTS = ["", "a", "text", "a text longer than sixteen bytes", None]


def cell(value):
    return "" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


def given(random_, path, delay):
    """Rows (key, value, text, time) as a file; those that are not late, and how many are."""
    rows = [(key, value, random_.choice(TEXTS), time, mark) for key, value, time, mark in Rows(random_, delay).rows]
    with open(path, "w", encoding="utf-8") as file:
        file.write("key,value,text,ts\n")
        for key, value, text, time, _ in rows:
            file.write(f"{cell(key)},{value},{cell(text)},{text_of(time)}\n")
    in_time = [row[:4] for row in rows if row[4] is None or row[3] >= row[4]]
    return in_time, len(rows) - len(in_time)


def source(name, path, delay):
    return (f"source {name}: {{ key: string, value: int, text: string?, ts: timestamp }} = csv(\"{path}\") "
            f"time ts delay {duration(delay)}\n")


def random_case(random_, folder):
    """A program, its answer, and how many rows are late."""
    delays = [random_.choice([0, 100, 3_000]) for _ in range(2)]
    left, left_late = given(random_, folder / "left.csv", delays[0])
    text = source("rows", folder / "left.csv", delays[0])
    if random_.random() < 0.2:
        right, right_late, other = left, left_late, "rows"
    else:
        right, right_late = given(random_, folder / "right.csv", delays[1])
        text += source("versions", folder / "right.csv", delays[1])
        other = "versions"
    base = sqlite3.connect(":memory:")
    for name, rows in (("rows", left), ("versions", right)):
        base.execute(f"create table {name} (key text, value int, text text, ts int)")
        base.executemany(f"insert into {name} values (?, ?, ?, ?)", rows)
    keys, sql_keys = random_.choice([("v.key == key", "v.key = r.key"),
                                     ("key == v.key and v.value % 3 == value % 3",
                                      "v.key = r.key and (v.value % 3 + 3) % 3 = (r.value % 3 + 3) % 3")])
    within = random_.choice([None, None, 0, 50, 2_000])
    # Of several versions at one time the last one in the order of their columns.
    of_version = (f"select rowid from versions v where {sql_keys} and v.ts <= r.ts "
                  "order by v.ts desc, v.key desc, v.value desc, v.text is not null desc, v.text desc limit 1")
    bound = "" if within is None else f" and r.ts - v.ts <= {within}"
    found = base.execute(f"select r.key, r.value, r.text, r.ts, v.value, v.text, v.ts from rows r join versions v "
                         f"on v.rowid = ({of_version}){bound}").fetchall()
    clause = "" if within is None else f" within {duration(within)}"
    text += f"from rows\n  |> asof join {other} as v on {keys}{clause}\n"
    if random_.random() < 0.3:
        text += "  |> aggregate n = count(), of = sum(v.value) per key over tumble(1s)\n"
        text += "  |> select key, start = window.start, n, of\n"
        expected = {}
        for key, _, _, time, of, _, _ in found:
            n, total = expected.get((key, time // 1000 * 1000), (0, 0))
            expected[key, time // 1000 * 1000] = n + 1, total + of
        expected = [(key, text_of(start), str(n), str(of)) for (key, start), (n, of) in expected.items()]
    else:
        text += "  |> select key, value, text, ts, of = v.value, word = v.text, since = v.ts\n"
        expected = [(key, str(value), word or "", text_of(time), str(of), other_word or "", text_of(since))
                    for key, value, word, time, of, other_word, since in found]
    return text + '  |> to csv("-")\n', sorted(expected), left_late + right_late


def bids_case(random_):
    """Bids with the last auction that their bidder had opened, over events of nexmark."""
    settings = random_.choice([{"rate": 1_000, "disorder": 3_000_000}, {"rate": 100_000}, {"rate": 10_000, "seed": 4}])
    events = 5_000
    nexmark = Nexmark(events, **settings)
    auctions = {}
    for row in nexmark.stream("auction"):
        row = dict(zip(AUCTION, row))
        auctions.setdefault(row["seller"], []).append((row["date_time"], row["id"]))
    expected = []
    for row in nexmark.stream("bid"):
        row = dict(zip(BID, row))
        opened = [each for each in auctions.get(row["bidder"], []) if moment(each[0]) <= moment(row["date_time"])]
        if opened:
            last = max(opened, key=lambda each: (moment(each[0]), each[1]))
            expected.append((str(row["auction"]), str(row["bidder"]), row["date_time"], str(last[1]), last[0]))
    text = ("use nexmark.{auction, bid}\nfrom bid\n  |> asof join auction as a on a.seller == bidder\n"
            '  |> select auction, bidder, date_time, a.id, opened = a.date_time\n  |> to csv("-")\n')
    params = [f"nexmark.{name}={value}us" if name == "disorder" else f"nexmark.{name}={value}"
              for name, value in [*settings.items(), ("events", events)]]
    return text, sorted(expected), 0, [word for param in params for word in ("--param", param)]


def moment(text):
    """Texts of times with fractions of different lengths in the order of time."""
    return text.rstrip("Z").ljust(26, "0") if "." in text else text.rstrip("Z") + ".000000"


def check(sluice, seed, random_, folder):
    case = bids_case(random_) if seed % 6 == 0 else random_case(random_, folder)
    text, expected, late, *params = case
    for answer in variations.answers(sluice, random_, folder / "asof.flow", text, *params):
        answer.check(expected, late)


if __name__ == "__main__":
    variations.main(check)

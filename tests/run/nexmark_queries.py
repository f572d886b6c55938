#!/usr/bin/env python3
"""nexmark_queries.py SLUICE ROOT [--all EVENTS]: the queries of examples/nexmark give the answers that plain Python computes from the
events of nexmark_events.py, at two rates, with and without disorder, however they are run. With --all so many events
at the rates and disorders of the benchmark, and every combination of tasks, tiers and block sizes; for a million that
takes the better part of an hour.

    tests/run/nexmark_queries.py build/release/sluice . --all 1000000"""

import os
import sys
from collections import defaultdict
from datetime import datetime, timezone

from harness import Configuration, describe, run_sluice
from nexmark_events import AUCTION, BID, PERSON, Nexmark, time_text

EVENTS = 20_000
SETTINGS = (
    {"rate": 100_000},
    {"rate": 100_000, "disorder": 3_000_000, "seed": 5},
    {"rate": 10_000_000, "disorder": 1_000},
    {"rate": 1_000, "disorder": 3_000_000},
)
CONFIGURATIONS = (
    Configuration(),
    Configuration(parallel=4, tier="quick", block_bytes=4096),
    Configuration(parallel=2, optimize=False, tier="quick", block_bytes=1000),
)
ALL_SETTINGS = tuple({"rate": rate, "disorder": disorder} for rate in (100_000, 10_000_000)
                     for disorder in (0, 3_000_000))
ALL_CONFIGURATIONS = tuple(Configuration(parallel=parallel, tier=tier, block_bytes=block_bytes)
                           for parallel in (1, 2, 4) for tier in ("quick", "optimized")
                           for block_bytes in (4096, 262_144))
DAY = "2015-07-15T00:00:00Z"


def number(value):
    return repr(value)


def rank(price):
    return 1 if price < 10_000 else 2 if price < 1_000_000 else 3


def q0(bids):
    return [(b["auction"], b["bidder"], b["price"], b["date_time"], b["extra"]) for b in bids]


def q1(bids):
    return [(b["auction"], b["bidder"], number(0.908 * b["price"]), b["date_time"], b["extra"]) for b in bids]


def q2(bids):
    return [(b["auction"], b["price"]) for b in bids if b["auction"] % 123 == 0]


def q10(bids):
    return [(b["auction"], b["bidder"], b["price"], b["date_time"], b["extra"], b["date_time"][:10],
             b["date_time"][11:16]) for b in bids]


def q13(bids):
    """The table has every key, with the key as its value."""
    return [(b["auction"], b["bidder"], b["price"], b["date_time"], b["auction"] % 10_000) for b in bids]


def q14(bids):
    # All events of the test are in the first hour of the day.
    return [(b["auction"], b["bidder"], number(0.908 * b["price"]), "nightTime", b["date_time"], b["extra"],
             b["extra"].count("c")) for b in bids if 1e6 < 0.908 * b["price"] < 5e7]


def counts_by_rank(bids):
    for of in (None, "bidder", "auction"):
        for wanted in (0, 1, 2, 3):
            values = [b[of] if of else None for b in bids if wanted in (0, rank(b["price"]))]
            yield len(set(values)) if of else len(values)


def q15(bids):
    return [(DAY, *counts_by_rank(bids))]


def q16(bids):
    channels = defaultdict(list)
    for bid in bids:
        channels[bid["channel"]].append(bid)
    return [(channel, DAY, max(instant(b["date_time"]) for b in of).strftime("%H:%M"), *counts_by_rank(of))
            for channel, of in channels.items()]


def q17(bids):
    prices = defaultdict(list)
    for bid in bids:
        prices[bid["auction"]].append(bid["price"])
    return [(auction, DAY, len(of), *(sum(rank(p) == r for p in of) for r in (1, 2, 3)), min(of), max(of),
             number(sum(of) / len(of)), sum(of)) for auction, of in prices.items()]


def q18(bids):
    latest = {}
    for bid in bids:
        rest = [bid[name] for name in BID]
        key = bid["bidder"], bid["auction"]
        # Of bids at the same time the one whose columns come first.
        if key not in latest or (-instant(bid["date_time"]).timestamp(), rest) < latest[key][0]:
            latest[key] = (-instant(bid["date_time"]).timestamp(), rest), bid
    return [tuple(bid[name] for name in BID) for _, bid in latest.values()]


def q19(bids):
    groups = defaultdict(list)
    for bid in bids:
        groups[bid["auction"]].append(bid)
    rows = []
    for of in groups.values():
        of.sort(key=lambda b: (-b["price"], *(b[name] for name in BID)))
        rows += [(*(bid[name] for name in BID), i + 1) for i, bid in enumerate(of[:10])]
    return rows


def q21(bids):
    known = {"apple": "0", "google": "1", "facebook": "2", "baidu": "3"}
    rows = []
    for b in bids:
        channel_id = known.get(b["channel"].lower()) or b["url"].partition("channel_id=")[2]
        if channel_id:
            rows.append((b["auction"], b["bidder"], b["price"], b["channel"], channel_id))
    return rows


def q22(bids):
    return [(b["auction"], b["bidder"], b["price"], b["channel"], *b["url"].split("/")[3:6]) for b in bids]


# ---- joins: over people, auctions and bids ----


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def by_id(rows):
    return {row["id"]: row for row in rows}


def q3(people, auctions, _bids):
    sellers = by_id(people)
    rows = [(sellers.get(a["seller"]), a) for a in auctions if a["category"] == 10]
    return [(p["name"], p["city"], p["state"], a["id"]) for p, a in rows if p and p["state"] in ("OR", "ID", "CA")]


def bids_while_open(auctions, bids):
    known = by_id(auctions)
    for bid in bids:
        auction = known.get(bid["auction"])
        if auction and instant(auction["date_time"]) <= instant(bid["date_time"]) <= instant(auction["expires"]):
            yield auction, bid


def q4(_people, auctions, bids):
    highest = {}
    for auction, bid in bids_while_open(auctions, bids):
        key = auction["category"], auction["id"]
        highest[key] = max(highest.get(key, 0), bid["price"])
    prices = defaultdict(list)
    for (category, _), price in sorted(highest.items()):
        prices[category].append(price)
    return [(category, number(sum(of) / len(of))) for category, of in prices.items()]


def q8(people, auctions, _bids):
    opened = {(a["seller"], window_start(a)) for a in auctions}
    return [(p["id"], p["name"], time_text(window_start(p))) for p in people if (p["id"], window_start(p)) in opened]


def winners(auctions, bids):
    groups = defaultdict(list)
    for auction, bid in bids_while_open(auctions, bids):
        groups[auction["id"]].append((-bid["price"], instant(bid["date_time"]), *(bid[c] for c in BID[:5]), auction, bid))
    return [min(of, key=lambda entry: entry[:-2])[-2:] for of in groups.values()]


def q6(_people, auctions, bids):
    sellers = defaultdict(list)
    for auction, bid in winners(auctions, bids):
        sellers[auction["seller"]].append((instant(auction["expires"]), auction["id"], bid["price"]))
    rows = []
    for seller, of in sellers.items():
        of.sort()
        for i, (_, auction, price) in enumerate(of):
            prices = [price for _, _, price in of[max(0, i - 9):i + 1]]
            rows.append((seller, auction, price, number(sum(prices) / len(prices))))
    return rows


def q9(_people, auctions, bids):
    return [(a["id"], a["item_name"], a["category"], b["bidder"], b["price"], b["date_time"])
            for a, b in winners(auctions, bids)]


def q20(_people, auctions, bids):
    known = by_id(auctions)
    pairs = [(bid, known.get(bid["auction"])) for bid in bids]
    return [(*(b[c] for c in BID), a["item_name"], a["initial_bid"], a["reserve"], a["date_time"], a["expires"],
             a["seller"], a["category"]) for b, a in pairs if a and a["category"] == 10]


def q23(people, auctions, bids):
    known = by_id(people)
    opened = defaultdict(list)
    for auction in auctions:
        opened[auction["seller"]].append(auction)
    return [(b["auction"], b["bidder"], b["price"], b["date_time"], p["name"], p["city"], p["state"], a["id"],
             a["item_name"], a["category"]) for b in bids for p in [known.get(b["bidder"])] if p
            for a in opened[b["bidder"]]]


# ---- windows ----

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def micros(event):
    since = instant(event["date_time"]) - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def window_start(event, step=10):
    return micros(event) // (step * SECOND) * (step * SECOND)


def q5(bids):
    counts = defaultdict(lambda: defaultdict(int))
    for bid in bids:
        for back in range(5):
            counts[window_start(bid, 2) - back * 2 * SECOND][bid["auction"]] += 1
    rows = []
    for start, of in counts.items():
        most = max(of.values())
        rows += [(auction, num, time_text(start)) for auction, num in of.items() if num == most]
    return rows


def q7(bids):
    windows = defaultdict(list)
    for bid in bids:
        windows[window_start(bid)].append(bid)
    columns = ("auction", "price", "bidder", "date_time", "extra")
    rows = []
    for of in windows.values():
        highest = max(bid["price"] for bid in of)
        rows += [tuple(bid[name] for name in columns) for bid in of if bid["price"] == highest]
    return rows


def q11(bids):
    times = defaultdict(list)
    for bid in bids:
        times[bid["bidder"]].append(micros(bid))
    rows = []
    for bidder, of in times.items():
        of.sort()
        first = 0
        for i in range(1, len(of) + 1):
            if i == len(of) or of[i] - of[i - 1] >= 10 * SECOND:
                rows.append((bidder, i - first, time_text(of[first]), time_text(of[i - 1] + 10 * SECOND)))
                first = i
    return rows


def q12(bids):
    """When the rows were read is not known here: only the bids of each bidder."""
    counts = defaultdict(int)
    for bid in bids:
        counts[bid["bidder"]] += 1
    return list(counts.items())


def totals(rows):
    counts = defaultdict(int)
    for row in rows:
        bidder, bids = row.split(",")[:2]
        counts[bidder] += int(bids)
    return [f"{bidder},{bids}" for bidder, bids in counts.items()]


JOINS = {"q3": q3, "q4": q4, "q6": q6, "q8": q8, "q9": q9, "q20": q20, "q23": q23}
ORDERED = {"q0": q0, "q1": q1, "q2": q2, "q10": q10, "q13": q13, "q14": q14, "q21": q21, "q22": q22}
IN_ANY_ORDER = {"q5": q5, "q7": q7, "q11": q11, "q12": q12, "q15": q15, "q16": q16, "q17": q17, "q18": q18,
                "q19": q19}


def main():
    sluice, root, failures = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), 0
    is_all = sys.argv[3:4] == ["--all"]
    events = int(sys.argv[4]) if is_all else EVENTS
    for settings in ALL_SETTINGS if is_all else SETTINGS:
        streams = [[dict(zip(columns, row)) for row in Nexmark(events, **settings).stream(name)]
                   for name, columns in (("person", PERSON), ("auction", AUCTION), ("bid", BID))]
        bids = streams[2]
        params = {f"nexmark.{name}": f"{value}us" if name == "disorder" else value for name, value in settings.items()}
        params["nexmark.events"] = events
        for name, query in {**ORDERED, **IN_ANY_ORDER, **JOINS}.items():
            answer = query(*streams) if name in JOINS else query(bids)
            expected = [",".join(map(str, row)) for row in answer]
            if is_all:
                print(f"{settings} {name}: {len(expected)} rows", file=sys.stderr)
            for configuration in ALL_CONFIGURATIONS if is_all else CONFIGURATIONS:
                # Paths in the examples begin at the root.
                result = run_sluice(sluice, f"{root}/examples/nexmark/{name}.flow", configuration, params, cwd=root)
                rows = result.stdout.decode().splitlines()[1:]
                if name == "q12":
                    rows = totals(rows)
                same = rows == expected if name in ORDERED else sorted(rows) == sorted(expected)
                if result.returncode == 0 and same:
                    continue
                failures += 1
                odd = sorted(set(rows) ^ set(expected))[:4]
                print(f"{name} {settings}: {len(rows)} rows, expected {len(expected)}; they differ in\n  " +
                      "\n  ".join(odd) + "\n" + describe(result)[:1000])
    if failures:
        sys.exit(f"nexmark queries: {failures} runs failed or differ")


if __name__ == "__main__":
    main()

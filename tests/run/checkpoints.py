"""A job with --state-dir that is killed again and again, at any moment, writes the files that it writes undisturbed, and
leaves nothing behind. Every program runs with another number of tasks, and is killed at moments drawn from the seed;
the first time when it has a checkpoint, so that there is one to go on from."""
import gzip
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NEXMARK = "use nexmark.{bid, auction, person}\n"
PROGRAMS = {
    "words": """source text: { line: string } = lines("words/*")
from text |> expand word in words(lower(line)) |> aggregate n = count() per word |> to csv("counts.csv")
from text |> where length(line) % 7 == 0 |> to csv("lines.csv")
""",
    "windows": NEXMARK + """from bid |> aggregate n = count(), dearest = max(price) per auction over tumble(2s) |> to csv("tumble.csv")
from bid |> aggregate bidders = count_distinct(bidder) per auction over hop(4s, every = 1s) |> to csv("hop.csv")
from bid |> top 3 by price desc, bidder per auction over tumble(2s) |> select auction, price, bidder |> to csv("top.csv")
""",
    "joins": NEXMARK + """from auction |> join person as p on p.id == seller |> where p.state == "OR" |> select p.name, id |> to csv("q3.csv")
from auction |> join bid as b on b.auction == id and b.date_time in date_time..expires
|> aggregate final = max(b.price) per id |> aggregate average = avg(final) per bucket = id % 10 |> to csv("q4.csv")
""",
    "sessions": NEXMARK + """from bid |> aggregate n = count() per bidder over session(1s) |> to csv("sessions.csv")
from bid |> select auction |> distinct |> to csv("distinct.csv")
from bid |> where auction % 50 == 0 |> sort by price, auction, bidder, date_time |> take 1000 |> to csv("sorted.csv")
""",
    "frames": NEXMARK + """from bid |> where auction % 8 == 0
|> extend was = lag(price), n = count(), high = max(price) per auction over rows(4)
|> select auction, bidder, was, n, high |> to csv("rows.csv")
from bid |> where bidder % 7 == 0 |> extend next = lead(price) per bidder |> select bidder, price, next |> to csv("lead.csv")
from bid |> where bidder % 4 == 0 |> aggregate n = count(), auctions = count_distinct(auction) per bidder over session(100ms, max = 300ms)
|> to csv("cut.csv")
""",
    # What has come and not gone of a table is the table.
    "changes": NEXMARK + """from bid |> where auction % 4 == 0
|> aggregate n = count(), high = max(price) per auction over tumble(1s) emit every(300ms) |> changes
|> aggregate there = sum(change) per auction, n, high, window |> where there != 0 |> to csv("every.csv")
from bid |> where auction % 4 == 0 |> aggregate n = count() per auction |> top 50 by n desc, auction |> changes
|> aggregate there = sum(change) per auction, n |> where there != 0 |> to csv("top.csv")
from bid |> where auction % 4 == 0 |> top 2 by price desc, bidder, date_time per auction over tumble(1s) emit changes |> changes
|> aggregate there = sum(change) per auction, bidder, price |> where there != 0 |> to csv("best.csv")
from bid |> where bidder % 4 == 0
|> aggregate n = count(), auctions = count_distinct(auction) per bidder over session(200ms) emit every(1s) |> changes
|> aggregate there = sum(change) per bidder, n, auctions, start = window.start |> where there != 0 |> to csv("open.csv")
""",
    "lookups": NEXMARK + """source side: { key: int, value: string } = csv("side.csv")
from bid |> join side as s on s.key == auction |> select auction, price, s.value |> to csv("looked.csv")
from bid |> left join side as s on s.key == bidder |> where s is null |> select bidder |> to csv("missing.csv")
""",
    "clock": NEXMARK + """from bid |> aggregate n = count() per auction over tumble(1s) |> to csv("clock.csv")
""",
}
# In real time a thread of its own reads ahead.
FLAGS = {"clock": ["-p", "nexmark.pace=real", "-p", "nexmark.rate=600000"]}


# A short job may end before somebody can kill it.
MOST_ROUNDS = 20


def write_words(folder, chance):
    (folder / "words").mkdir()
    vocabulary = [f"word{i}" for i in range(2000)]
    for number in range(3):
        lines = "".join(" ".join(chance.choices(vocabulary, k=8)) + "\n" for _ in range(30000))
        path = folder / "words" / f"{number}.txt"
        path.write_text(lines)
    (folder / "words" / "3.txt.gz").write_bytes(gzip.compress(lines.encode()))


def write_side(folder):
    rows = "".join(f"{1000 + 3 * i},value {i}\n" for i in range(20000))
    (folder / "side.csv").write_text("key,value\n" + rows)


def outputs(folder):
    return [path for path in folder.glob("*.csv") if path.name != "side.csv"]


def results(folder):
    """The rows of each file, in any order: tasks meet in another one after a kill."""
    return {path.name: sorted(path.read_bytes().splitlines()) for path in outputs(folder)}


def remove_results(folder):
    for path in outputs(folder):
        path.unlink()


def command(sluice, name, events, more):
    events_flag = ["-p", f"nexmark.events={events}"] if PROGRAMS[name].startswith(NEXMARK) else []
    return [sluice, "run", f"{name}.flow", *events_flag, *FLAGS.get(name, []), *more]


def checkpoints(folder):
    """Those that are complete."""
    place = folder / "state" / "checkpoints"
    return [path for path in place.glob("chk-*") if path.suffix == ""] if place.exists() else []


def has_checkpoint_in_time(process, folder):
    """Waits until the process has made one; false when it has ended before."""
    while process.poll() is None:
        if checkpoints(folder):
            return True
        time.sleep(0.001)
    return False


def run_disturbed(arguments, folder, longest, kills, chance):
    """Kills it so many times, if it does not end before; the last life ends by itself. How often it was killed: not at
    all when it has ended before its first checkpoint."""
    for killed in range(kills + 1):
        with subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
            is_there = killed > 0 or has_checkpoint_in_time(process, folder)
            try:
                wait = 0 if killed == 0 else chance.uniform(0, longest)
                _, errors = process.communicate(timeout=wait if killed < kills and is_there else 300)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                continue
            if process.returncode != 0:
                sys.exit(f"life {killed + 1} of {' '.join(map(str, arguments))} ended with {process.returncode}: {errors}")
            return killed
    sys.exit(f"{' '.join(map(str, arguments))} does not end")


def leftovers(folder):
    hidden = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    return hidden + [path.name for path in (folder / "state" / "checkpoints").iterdir()]


def check(sluice, name, events, rounds, kills, chance):
    """Returns how many kills there were."""
    total = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / f"{name}.flow").write_text(PROGRAMS[name])
        if name == "words":
            write_words(folder, chance)
        write_side(folder)
        begin = time.monotonic()
        subprocess.run(command(sluice, name, events, ["--parallel", "2"]), cwd=folder, check=True)
        longest = time.monotonic() - begin
        expected = results(folder)
        if not expected or not all(expected.values()):
            sys.exit(f"{name} writes nothing")
        for number in range(MOST_ROUNDS):
            if number >= rounds and total > 0:
                break
            remove_results(folder)
            more = ["--parallel", str(1 + number % 3), "--state-dir", "state",
                    "--checkpoint-every", chance.choice(["10ms", "20ms", "50ms"])]
            killed = run_disturbed(command(sluice, name, events, more), folder, longest, kills, chance)
            total += killed
            if results(folder) != expected:
                sys.exit(f"{name}, round {number}: other rows behind {killed} kills")
            if left := leftovers(folder):
                sys.exit(f"{name}, round {number}: left behind: {left}")
    if total == 0:
        sys.exit(f"{name} was never killed behind a checkpoint")
    return total


def main(sluice, seed, events, rounds, kills):
    chance = random.Random(int(seed))
    for name in PROGRAMS:
        killed = check(os.path.abspath(sluice), name, int(events), int(rounds), int(kills), chance)
        print(f"{name}: {rounds} rounds, {killed} kills, the same rows")


main(*sys.argv[1:])

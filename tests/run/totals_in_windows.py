"""Windows behind a join with a table of totals, which is complete only when the input has ended: every group of a window
comes once, however many tasks there are.

    totals_in_windows.py SLUICE SEED [ROUNDS]
"""

from collections import Counter, defaultdict

import variations

SPAN = 60_000  # milliseconds of event time


def random_case(random_, folder):
    """A program and its answer."""
    rows = sorted((random_.randrange(SPAN), random_.randrange(6), random_.randrange(8))
                  for _ in range(random_.choice([3, 40, 400])))
    with open(folder / "rows.csv", "w", encoding="utf-8") as file:
        file.write("s,c,ts\n")
        for time, s, c in rows:
            file.write(f"{s},{c},2024-01-01T00:00:{time // 1000:02}.{time % 1000:03}Z\n")
    totals = defaultdict(lambda: (0, -1))
    for _, s, c in rows:
        count, most = totals[s]
        totals[s] = (count + 1, max(most, c))
    text = (f'source rows: {{ s: int, c: int, ts: timestamp }} = csv("{folder / "rows.csv"}") time ts\n'
            "let totals = from rows |> aggregate m = max(c), n = count() per s\n"
            "from rows\n"
            "|> join totals as g on g.s == s\n"
            "|> where c == g.m or c * 5 <= g.n\n"
            "|> aggregate n = count() per c over tumble(5s)\n"
            "|> select c, n, at = window.start\n"
            "|> to print()\n")
    groups = Counter((time // 5000, c) for time, s, c in rows
                     if c == totals[s][1] or c * 5 <= totals[s][0])
    expected = [(str(c), str(n), f"2024-01-01T00:00:{window * 5:02}Z") for (window, c), n in groups.items()]
    return text, expected


def check(sluice, seed, random_, folder):
    text, expected = random_case(random_, folder)
    for answer in variations.answers(sluice, random_, folder / f"program_{seed}.flow", text):
        answer.check(expected, 0)


if __name__ == "__main__":
    variations.main(check)

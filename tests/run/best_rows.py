"""Programs that say the same twice, and those that join rows with the largest value of their group, the way one does in
SQL: they must print what sqlite says, with the passes that rewrite them and without, however they are run.

    best_rows.py SLUICE [SEED]
"""

import csv
import io
import itertools
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import Configuration

COLUMNS = ["k", "c", "v", "d", "s", "f", "ts"]
SOURCE = ("source {0}: {{ k: string?, c: int, v: int?, d: decimal(8,2), s: string, f: float, ts: timestamp }}"
          " = csv(\"{1}\") time ts delay 10s\n")
WINDOW = "(cast(strftime('%s', ts) as int) / 20)"
BETTER = {"min": "<=", "max": ">="}
CASES = 25
FLAGS = [[], ["--no-optimize"], ["--without", "share_parts"], ["--without", "top_joins"],
         ["--without", "share_parts", "--without", "top_joins"]]
WAYS = [Configuration(*each) for each in itertools.product((1, 2, 4), ("quick", "optimized"), (True,), (1, 262144))]

# Parts that stand twice: the program and what sqlite is asked for.
TWICE = [
    ("""from rows |> aggregate n = count(), t = sum(c) per s
|> join (from rows |> aggregate n = count(), t = sum(c) per s) as o on o.n == n |> select s, other = o.s, o.t""",
     """with g as (select s, count(*) as n, sum(c) as t from rows group by s)
select g.s, o.s, o.t from g join g as o on o.n = g.n"""),
    ("""from rows |> aggregate n = count() per s |> union (from rows |> aggregate n = count() per s) |> select s, n""",
     "select s, count(*) from rows group by s union all select s, count(*) from rows group by s"),
    ("from rows |> union again |> select c, s", "select c, s from rows union all select c, s from rows"),
    ("""from rows |> where c > 1 |> aggregate n = count() per c
|> left join (from again |> where c > 1 |> top 1 by s, d, ts per c) as first on first.c == c
|> select c, n, s = first?.s""",
     "select c, count(*), min(s) from rows where c > 1 group by c"),
    ("""from rows |> aggregate n = count() per c over tumble(20s)
|> join (from again |> aggregate m = max(d) per c over tumble(20s)) as o on o.c == c and o.window == window
|> join (from again |> aggregate m = max(d) per c over tumble(20s)) as p on p.m == o.m and p.window == window
|> select c, n, o.m, other = p.c""",
     f"""with g as (select c, {WINDOW} as w, count(*) as n, max(d) as m from rows group by 1, 2)
select g.c, g.n, o.m, p.c from g join g as o on o.c = g.c and o.w = g.w join g as p on p.m = o.m and p.w = g.w"""),
]


def write_rows(random_, path):
    """Few different values, so that there are ties; some rows are there twice; one key has only nulls."""
    rows = []
    for i in range(240):
        key = random_.choice(["a", "b", "cc", None])
        value = None if key == "b" or random_.random() < 0.2 else random_.randrange(-3, 9)
        second = max(0, i // 2 - random_.randrange(8))
        rows.append([key, random_.randrange(4), value, f"{random_.randrange(300) / 100:.2f}", random_.choice("xyz"),
                     random_.choice(["0.5", "2.5", "-0.0", "0.0"]),
                     f"2024-03-01T10:{second // 60:02}:{second % 60:02}Z"])
        if random_.random() < 0.1:
            rows.append(list(rows[-1]))
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return rows


def database_of(rows):
    database = sqlite3.connect(":memory:")
    database.execute("create table rows (k text, c int, v int, d real, s text, f real, ts text)")
    database.executemany("insert into rows values (?, ?, ?, ?, ?, ?, ?)", rows)
    return database


class Extremum:
    """Rows joined with the largest or smallest value of their group, and what else a person might compare or want."""

    def __init__(self, random_):
        self.random = random_
        self.function = random_.choice(list(BETTER))
        self.value = random_.choice(["v", "c", "d", "s", "c * 2", "f"])
        self.keys = random_.choice([["k"], ["c"], ["k", "c"], ["s"], ["c % 2"], ["f"]])
        self.over = random_.choice(["", "", " over tumble(20s)"])
        self.kind = random_.choice(["", "", "semi "])
        self.also = random_.random() < 0.3
        self.needed = [name for name in ("k", "v") if name in [*self.keys, self.value] or random_.random() < 0.2]

    def compared(self):
        """The conditions, in Flow and in SQL."""
        random_, better = self.random, BETTER[self.function]
        flow = [f"g.k{i} == {key}" for i, key in enumerate(self.keys)]
        if len(flow) > 1 and random_.random() < 0.15:
            flow.pop()
        flow.append(f"{self.value} {random_.choice(['==', better])} g.best")
        if random_.random() < 0.3:
            flow.append('s != "x"')
        if random_.random() < 0.2:
            flow.append(random_.choice(["c < 3", "g.best != g.best", "c * 5 > g.k0" if self.keys[0] == "c" else "d > d"]))
        return " and ".join(flow), " and ".join(flow).replace("==", "=").replace("!=", "<>").replace('"', "'")

    def wanted(self):
        flow, sql = ["c", "s"], ["rows.c", "rows.s"]
        if self.kind == "":
            flow += ["best = g.best", "g.k0"]
            sql += ["g.best", "g.k0"]
            if self.also and self.random.random() < 0.5:
                flow.append("g.n")
                sql.append("g.n")
        return ", ".join(flow), ", ".join(sql)

    def program(self):
        where = "".join(f" |> where {name} is not null" for name in self.needed)
        (on, sql_on), (wanted, sql_wanted) = self.compared(), self.wanted()
        also = ", n = count()" if self.also else ""
        group = ", ".join(f"k{i} = {key}" for i, key in enumerate(self.keys))
        flow = (f"from rows{where}\n|> {self.kind}join (from rows{where}"
                f" |> aggregate best = {self.function}({self.value}){also} per {group}{self.over}) as g\n"
                f"  on {on}{self.over}\n|> select {wanted}")
        rows = f"(select *, {WINDOW} as w from rows where {' and '.join(f'{n} is not null' for n in self.needed) or 'true'})"
        columns = ", ".join(f"{key} as k{i}" for i, key in enumerate(self.keys))
        window = ["w"] if self.over else []
        best = (f"(select {columns}, min(w) as w, {self.function}({self.value}) as best, count(*) as n from {rows}"
                f" group by {', '.join([*self.keys, *window])})")
        sql_on += " and g.w = rows.w" if self.over else ""
        if self.kind:
            return flow, f"select {sql_wanted} from {rows} as rows where exists (select 1 from {best} as g where {sql_on})"
        return flow, f"select {sql_wanted} from {rows} as rows join {best} as g on {sql_on}"


def cell_of(text):
    try:
        return float(text) + 0.0  # not -0.0
    except (TypeError, ValueError):
        return text or None


def answer(sluice, path, flags):
    result = subprocess.run([sluice, "run", str(path), *flags], capture_output=True, text=True, timeout=300, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(result.args)}\n{result.stderr}\n{path.read_text(encoding='utf-8')}")
    return sorted((tuple(map(cell_of, row)) for row in list(csv.reader(io.StringIO(result.stdout)))[1:]), key=str)


def fired(sluice, path):
    text = subprocess.run([sluice, "explain", str(path), "--level", "rewrites"], capture_output=True, text=True,
                          timeout=300, check=True).stdout.split("did not fire")[0]
    return {code for code in ("R05", "R22") if f" {code} " in text}


def main():
    sluice, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    random_ = random.Random(seed)
    count = {"R05": 0, "R22": 0}
    with tempfile.TemporaryDirectory() as folder:
        path, data = Path(folder) / "job.flow", Path(folder) / "rows.csv"
        database = database_of(write_rows(random_, data))
        sources = SOURCE.format("rows", data) + SOURCE.format("again", data)
        for flow, sql in [*TWICE, *(Extremum(random_).program() for _ in range(CASES))]:
            path.write_text(f"{sources}{flow}\n|> to csv(\"-\")\n", encoding="utf-8")
            expected = sorted((tuple(map(cell_of, row)) for row in database.execute(sql)), key=str)
            for code in fired(sluice, path):
                count[code] += 1
            for flags in FLAGS:
                got = answer(sluice, path, [*flags, *random_.choice(WAYS).flags()])
                if got != expected:
                    sys.exit(f"seed {seed}, flags {flags}:\n{path.read_text(encoding='utf-8')}\n{sql}\n"
                             f"got {len(got)} rows {got[:5]}\nnot {len(expected)} rows {expected[:5]}")
    if count["R05"] < 3 or count["R22"] < CASES // 5:
        sys.exit(f"the passes hardly ever did anything: {count}")
    print(f"{CASES + len(TWICE)} programs print what sqlite says; rewritten: {count}")


if __name__ == "__main__":
    main()

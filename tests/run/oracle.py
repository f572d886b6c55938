#!/usr/bin/env python3
"""oracle.py SLUICE [--seed N] [--count N]: random pipelines over random data, answered by `sluice run` and, as SQL, by
sqlite. Every pipeline runs in two configurations drawn at random, which must print the same bytes, and those must be
what sqlite says. A difference prints the seed of its pipeline; `--seed N --count 1 --keep DIR` keeps its files.

With `--timed` the rows of the inputs have event time and come out of order; then the pipelines have windows, and joins
within a time. With `--changes` the pipelines that are tables print their changes, which must add up to what sqlite says: at the end and,
where one file is read by one task, behind any number of its rows."""

import argparse
import json
import math
import random as randomness
import sqlite3
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from harness import Configuration, configurations, describe, run_sluice
from oracle_expressions import Expressions, flow_name, sql_name
from oracle_steps import STEPS, TIMED_STEPS, Relation, step_distinct, step_sort
from oracle_values import (Column, add_functions, random_columns, random_rows, timestamp_value, write_csv,
                           write_json)
from oracle_windows import JoinBound, disordered, duration, join_bound


class Case:
    def __init__(self, seed, folder, changes=False, timed=False):
        self.changes = changes
        self.timed = timed
        self.random = randomness.Random(seed)
        self.folder = folder
        self.declarations = ""
        self.lets = ""
        self.queries = []
        self.sources = []  # the number of files of each
        self.has_join = False  # rows may come in any order
        self.database = sqlite3.connect(":memory:")
        add_functions(self.database)

    def source(self, name, columns=None, timed=None):
        """A table in sqlite and as one or more files; where rows have event time they come out of order."""
        random = self.random
        timed = self.timed if timed is None else timed
        columns = columns or random_columns(random)
        if timed and not any(c.is_time for c in columns):
            columns.append(Column("ts", "timestamp", False, is_time=True))
        rows = random_rows(random, columns)
        clause = ""
        if timed:
            position = next(i for i, c in enumerate(columns) if c.is_time)
            delay = random.choice([0, 500_000, 5_000_000])
            rows = disordered(random, rows, position, delay)
            clause = f" time {flow_name(columns[position].name)} delay {duration(delay)}"
        self.database.execute(f"create table {name} ({', '.join(sql_name(c.name) for c in columns)})")
        self.database.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)
        extension, write = random.choice([("csv", write_csv), ("json", write_json)])
        pieces = random.choice([1, 1, 1, 3])
        self.sources.append(pieces)
        for i in range(pieces):
            piece = rows[i * len(rows) // pieces:(i + 1) * len(rows) // pieces] if timed else rows[i::pieces]
            write(random, self.folder / f"{name}-{i}.{extension}", columns, piece)
        fields = ", ".join(f"{flow_name(c.name)}: {c.declared}" for c in columns)
        path = f"{self.folder}/{name}-{'*' if pieces > 1 else '0'}.{extension}"
        self.declarations += f'source {name}: {{ {fields} }} = {extension}("{path}"){clause}\n'
        if timed:
            return Relation(tuple(columns), f"select *, {sql_name(columns[position].name)} as time__ from {name}", timed=True)
        return Relation(tuple(columns), f"select * from {name}")

    def keep(self, relation):
        """The relation as a table of its own: sqlite's parser does not take queries as deep as pipelines are long."""
        name = f"step{len(self.queries)}"
        self.queries.append(f"{name}: {relation.sql}")
        self.database.execute(f"create table {name} as {relation.sql}")
        return replace(relation, sql=f"select * from {name}")

    def forget_behind(self, rows):
        """sqlite's answers become those over the first rows of the only input."""
        self.database.execute(f"delete from first_input where rowid > {rows}")
        for query in self.queries:
            name, sql = query.split(": ", 1)
            self.database.execute(f"drop table {name}")
            self.database.execute(f"create table {name} as {sql}")

    def size(self, relation):
        return self.database.execute(f"select count(*) from ({relation.sql})").fetchone()[0]

    def steps(self, relation, count):
        flow = ""
        for _ in range(count):
            if any(c.type == "average" for c in relation.columns):  # without rows null in SQL, NaN in Flow
                break
            made = self.random.choice(TIMED_STEPS if relation.timed else STEPS)(self.random, relation)
            if not made:
                continue
            after = self.keep(made[1])
            if self.size(after) * 4 < self.size(relation) and self.random.random() < 0.7:
                continue  # tests little when almost nothing is left
            flow += f"|> {made[0]}\n"
            relation = after
        return flow, relation

    def union(self, flow, relation, name="second_input"):
        """With another source of the same columns."""
        if relation.timed and not any(c.is_time for c in relation.columns):
            return flow, relation
        other = self.source(name, list(relation.columns), relation.timed)
        columns = tuple(replace(c, bound=max(c.bound, 1000)) for c in relation.columns)
        query = f"{relation.named().sql} union all {other.named().sql}"
        relation = self.keep(Relation(columns, query, timed=relation.timed))
        return f"{flow}|> union {name}\n", relation

    def join(self, flow, relation):
        """With rows of another source, or with the pipeline itself."""
        random = self.random
        kind = random.choice(["", "", "left ", "right ", "full ", "semi ", "anti "])
        if random.random() < 0.25:
            self.lets = f"let base =\n  from first_input\n{flow}"
            name, other, flow = "base", relation, ""
        else:
            name, other = "second_input", self.source("second_input")
        keys = self.join_keys(relation, other)
        if not keys:
            return flow, relation
        sides = []
        for columns, query, chosen in ((relation.columns, relation.sql, [k[0] for k in keys]),
                                       (other.columns, other.sql, [k[1] for k in keys])):
            lost = [c for c in dict.fromkeys(chosen) if c.nullable]
            test = " and ".join(f"{sql_name(c.name)} is not null" for c in lost) or "true"
            steps = "".join(f"|> where {flow_name(c.name)} is not null " for c in lost)
            kept = tuple(c.required() if c in lost else c for c in columns)
            sides.append((kept, f"select * from ({query}) where {test}", steps))
        (left, left_sql, left_steps), (right, right_sql, right_steps) = sides
        right = tuple(replace(c, name=f"oo.{c.name}") for c in right)
        renamed = ", ".join(f"{sql_name(c.name[3:])} as {sql_name(c.name)}" for c in right)
        if other.timed:
            renamed += ", time__ as other_time__"
        flow_on = [random.choice([f"oo.{b.name} == {a.name}", f"{a.name} == oo.{b.name}"]) for a, b in keys]
        sql_on = [f'{sql_name(a.name)} = "oo.{b.name}"' for a, b in keys]
        if random.random() < 0.4:
            residual = Expressions(random, (*left, *right)).required("bool", 2)
            # An equality of the two sides would be a key, and those are never null.
            may_be_key = "==" in residual.flow and any(c.nullable for c in (*left, *right))
            flow_on.append(f"not (not ({residual.flow}))" if may_be_key else f"({residual.flow})")
            sql_on.append(f"({residual.sql})")
        bound = join_bound(random, kind, left, right) if relation.timed and other.timed else JoinBound()
        flow_on += bound.flow_on
        sql_on += bound.sql_on
        columns, flow_columns, sql_columns = [], [], []
        for column in left:
            columns.append(replace(column, nullable=column.nullable or kind in ("right ", "full "), is_time=False))
            flow_columns.append(flow_name(column.name))
            sql_columns.append(sql_name(column.name))
        if kind not in ("semi ", "anti "):
            mark = "?" if kind in ("left ", "full ") else ""
            for i, column in enumerate(random.sample(right, random.randint(0, min(3, len(right))))):
                columns.append(replace(column, name=f"right{i}", nullable=column.nullable or bool(mark), is_time=False))
                flow_columns.append(f"right{i} = oo{mark}.{column.name[3:]}")
                sql_columns.append(f"{sql_name(column.name)} as right{i}")
        if bound.window_start:
            columns.append(Column("of_window", "timestamp", False))
            flow_columns.append("of_window = window.start")
            sql_columns.append(f"{bound.window_start} as of_window")
        if bound.time:
            sql_columns.append(f"{bound.time} as time__")
        right_query = f"(select {renamed} from ({right_sql}))"
        on = " and ".join(sql_on)
        if kind in ("semi ", "anti "):
            word = "exists" if kind == "semi " else "not exists"
            query = (f"select {', '.join(sql_columns)} from ({left_sql}) where {word} "
                     f"(select 1 from {right_query} where {on})")
        else:
            query = f"select {', '.join(sql_columns)} from ({left_sql}) {kind}join {right_query} on {on}"
        if self.size(Relation((), query)) > 20_000:
            return flow, relation
        text = f"{left_steps}|> {kind}join (from {name} {right_steps}) as oo on {' and '.join(flow_on)}{bound.flow}\n"
        if kind not in ("semi ", "anti ") or bound.window_start:
            text += f"|> select {', '.join(flow_columns)}\n"
        self.has_join = True
        return flow + text, self.keep(Relation(tuple(columns), query, timed=bound.time is not None))

    def join_keys(self, left, right):
        pairs = [(a, b) for a in left.columns for b in right.columns if a.type == b.type]
        return self.random.sample(pairs, min(len(pairs), self.random.choice([1, 1, 2])))

    def diamond(self, flow, relation):
        """The same rows on two ways that meet again."""
        self.lets = f"let base =\n  from first_input\n{flow}"
        timed = relation.timed
        ways, queries = [], []
        for _ in range(2):
            condition = Expressions(self.random, relation.columns).required("bool")
            way = f"|> where {condition.flow}\n"
            branch = self.keep(replace(relation, sql=f"select * from ({relation.sql}) where {condition.sql}"))
            step = self.random.choice([None, step_distinct, step_sort])
            if step and not timed:
                text, branch = step(self.random, branch)
                way += f"|> {text}\n"
                branch = self.keep(branch)
            ways.append(way)
            queries.append(branch.sql)
        relation = self.keep(Relation(relation.columns, f"{queries[0]} union all {queries[1]}", timed=timed))
        return f"{ways[0]}|> union (from base {ways[1].replace(chr(10), ' ')})\n", relation

    def make(self):
        """The program and the relation it must print."""
        random = self.random
        relation = self.source("first_input")
        flow, relation = self.steps(relation, random.randint(0, 3))
        if not any(c.type == "average" for c in relation.columns):
            way = random.choice([self.union, self.diamond, self.join, self.join, None, None])
            if way:
                flow, relation = way(flow, relation)
            if way == self.join and random.random() < 0.3:
                flow, relation = self.union(flow, relation, "third_input")
        more, relation = self.steps(relation, random.randint(0, 4))
        start = "base" if self.lets else "first_input"
        # Windows that give out their results before they end are tables.
        if self.timed and " emit " in self.lets + flow + more and random.random() < 0.7:
            self.changes = True
        if self.changes:
            more += "|> changes\n"
            relation = replace(relation, ordered=False)
        return f'{self.declarations}\n{self.lets}\nfrom {start}\n{flow}{more}|> to json("-")\n', relation


def comparable(value, column):
    if value is None:
        return None
    match column.type:
        case "bool":
            return bool(value)
        case "float" | "average":
            return float(value)
    return value


def printed_rows(output, relation):
    """The rows of JSON output as sqlite would give them; raises ValueError for anything not of the right type."""
    types = {"int": int, "string": str, "float": float, "average": float, "bool": bool, "timestamp": str}
    rows = []
    for line in output.decode().split("\n")[:-1]:
        record = json.loads(line)
        if list(record) != [c.name for c in relation.columns]:
            raise ValueError(f"columns {list(record)}, not {[c.name for c in relation.columns]}")
        for column, value in zip(relation.columns, record.values()):
            if value is None and (column.nullable or column.type == "average"):
                continue
            if type(value) is not types[column.type]:
                raise ValueError(f"{column.name} is {value!r}, not a {column.declared}")
        rows.append(tuple(timestamp_value(v) if c.type == "timestamp" and v is not None else v
                          for c, v in zip(relation.columns, record.values())))
    return rows


def order_of(row):
    return tuple((value is not None, value if value is not None else 0) for value in row)


def same(left, right):
    def close(a, b):
        return a == b or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-12))
    return len(left) == len(right) and all(len(a) == len(b) and all(map(close, a, b)) for a, b in zip(left, right))


def accumulated(rows):
    """What a table has become after these changes, each a row and 1 or -1. Raises ValueError when a row goes that is not
    there."""
    table = Counter()
    for *row, change in rows:
        row = tuple(row)
        table[row] += change
        if table[row] < 0:
            raise ValueError(f"{row} goes before it came")
    return list(table.elements())


def is_table(flow):
    """Does the pipeline make a table? Only its text tells, but then it is certain."""
    last = flow.rsplit("\nfrom ", 1)[1]
    words = ("|> aggregate", "|> top", "|> left join", "|> right join", "|> full join", "|> anti join")
    return any(word in (flow if "base" in last else last) for word in words)


def check_prefix(sluice, case, relation, flow, whole):
    """The first rows of the only file alone: their changes are the first ones of all, and add up to sqlite's answer."""
    rows = case.random.randint(0, 60)
    start = flow.index("first_input", flow.index("\n\n"))
    limited = f"{flow[:start]}(from first_input |> take {rows}){flow[start + len('first_input'):]}"
    path = case.folder / "prefix.flow"
    path.write_text(limited)
    result = run_sluice(sluice, path, Configuration())
    if result.returncode != 0:
        return f"{describe(result)}{limited}"
    if not whole.startswith(result.stdout):
        return f"the changes of the first {rows} rows are not the first of all\n{describe(result)}{limited}"
    case.forget_behind(rows)
    return compare(case, result, result.stdout, relation, limited)


def check(sluice, seed, folder, changes=False, timed=False):
    """None when all is well, else what went wrong."""
    case = Case(seed, folder, changes, timed)
    flow, relation = case.make()
    if changes and not is_table(flow):
        return None
    path = folder / "job.flow"
    path.write_text(flow)
    changes = case.changes
    chosen = case.random.sample(configurations(), 2)
    results = [run_sluice(sluice, path, configuration) for configuration in chosen]
    for result in results:
        if result.returncode != 0:
            return f"{describe(result)}{flow}"
    outputs = [result.stdout for result in results]
    # Rows with event time come from all files in turn, or from one behind the other where no step asks for the time.
    if (case.has_join or timed) and not relation.ordered:
        outputs = [sorted(output.splitlines()) for output in outputs]
    if outputs[0] != outputs[1] and not changes:
        return f"two runs differ\n{describe(results[0])}{describe(results[1])}{flow}"
    for result in results if changes else results[:1]:
        problem = compare(case, result, result.stdout, relation, flow)
        if problem:
            return problem
    waits_for_end = "|> sort" in flow or "|> take" in flow
    if changes and not timed and case.sources == [1] and not waits_for_end:
        path.write_text(flow)
        whole = run_sluice(sluice, path, Configuration(block_bytes=1))
        return check_prefix(sluice, case, relation, flow, whole.stdout)
    return None


def compare(case, result, output, relation, flow):
    """None when the output is what sqlite says."""
    wanted = [tuple(map(comparable, row, relation.columns)) for row in case.database.execute(replace(relation, timed=False).named().sql)]
    try:
        if case.changes:
            shown = replace(relation, columns=(*relation.columns, Column("change", "int", False)))
            got = accumulated(printed_rows(output, shown))
        else:
            got = printed_rows(output, relation)
    except ValueError as error:
        return f"{error}\n{describe(result)}{flow}"
    if not relation.ordered:
        wanted, got = sorted(wanted, key=order_of), sorted(got, key=order_of)
    if not same(wanted, got):
        first = next((i for i, (a, b) in enumerate(zip(wanted, got)) if not same([a], [b])), min(len(wanted), len(got)))
        return (f"sqlite has {len(wanted)} rows, sluice {len(got)}; the first that differ:\n"
                f"  sqlite {wanted[first:first + 2]}\n  sluice {got[first:first + 2]}\n{describe(result)}{flow}\n"
                + "\n".join(case.queries))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sluice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--keep", help="write the files of the pipelines here and leave them")
    parser.add_argument("--changes", action="store_true", help="the changes of tables instead of their last state")
    parser.add_argument("--timed", action="store_true", help="rows with event time, out of order; windows")
    parser.add_argument("--stop", type=int, default=5, help="after so many failures")
    options = parser.parse_args()
    if options.changes and options.timed:
        parser.error("--changes asks for tables, and pipelines of --timed give streams: one of the two")
    failures = 0
    for seed in range(options.seed, options.seed + options.count):
        with tempfile.TemporaryDirectory(prefix="sluice-oracle-") as holder:
            folder = Path(options.keep or holder)
            folder.mkdir(parents=True, exist_ok=True)
            problem = check(options.sluice, seed, folder, options.changes, options.timed)
        if problem:
            failures += 1
            print(f"---- seed {seed}: {problem}", flush=True)
            if failures >= options.stop:
                break
    if failures:
        sys.exit(f"{failures} pipelines failed")


if __name__ == "__main__":
    main()

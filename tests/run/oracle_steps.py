"""The steps of the random pipelines of oracle.py: each in Flow and, over the same rows, in SQL."""

from dataclasses import dataclass, replace

from oracle_expressions import IF, Expressions, flow_name, sql_name
from oracle_values import Column
from oracle_windows import any_window, tumble


@dataclass(frozen=True)
class Relation:
    """What a pipeline has become after some steps: its columns, and a SQL query for its rows, which gives the event time
    as time__ when the pipeline is timed."""
    columns: tuple
    sql: str
    ordered: bool = False
    timed: bool = False

    def names(self):
        return ", ".join(sql_name(c.name) for c in self.columns)

    def and_time(self):
        return ", time__" if self.timed else ""

    def named(self):
        """Without the columns of the query that are only there to help."""
        return replace(self, sql=f"select {self.names()}{self.and_time()} from ({self.sql})")


def fresh_name(random, columns):
    names = ("n", "m", "total", "label", "grp", "within", "r2", "keep", "over")
    return random.choice([n for n in names if n not in {c.name for c in columns}])


def computed(random, relation, name):
    """A new column: its text in Flow and SQL, and its type."""
    make = Expressions(random, relation.columns)
    expression = make.make(make.any_type(["int", "int", "string", "float", "bool", "timestamp"]))
    return expression, Column(name, expression.type, expression.nullable, expression.bound, expression.exact)


# ---- steps: each takes a relation and returns the Flow text and the next relation, or None when it cannot ----


def step_where(random, relation):
    nullable = [c for c in relation.columns if c.nullable]
    if nullable and random.random() < 0.3:  # narrows the column for the steps that follow
        column = random.choice(nullable)
        name = sql_name(column.name)
        columns = tuple(c.required() if c is column else c for c in relation.columns)
        return (f"where {flow_name(column.name)} is not null",
                replace(relation, columns=columns, sql=f"select * from ({relation.sql}) where {name} is not null"))
    condition = Expressions(random, relation.columns).required("bool")
    query = f"select * from ({relation.sql}) where {condition.sql}"
    return f"where {condition.flow}", replace(relation, sql=query)


def step_select(random, relation):
    chosen = random.sample(relation.columns, random.randint(1, len(relation.columns)))
    flow, sql, columns = [], [], []
    for column in chosen:
        flow.append(flow_name(column.name))
        sql.append(sql_name(column.name))
        columns.append(column)
    for _ in range(random.randint(0, 2)):
        name = fresh_name(random, columns)
        expression, column = computed(random, relation, name)
        flow.append(f"{flow_name(name)} = {expression.at(IF)}")
        sql.append(f"{expression.sql} as {sql_name(name)}")
        columns.append(column)
    query = f"select {', '.join(sql)}{relation.and_time()} from ({relation.sql})"
    return f"select {', '.join(flow)}", Relation(tuple(columns), query, timed=relation.timed)


def step_extend(random, relation):
    if len(relation.columns) > 8:
        return None
    name = fresh_name(random, relation.columns)
    expression, column = computed(random, relation, name)
    query = f"select *, {expression.sql} as {sql_name(name)} from ({relation.sql})"
    return (f"extend {flow_name(name)} = {expression.at(IF)}",
            Relation((*relation.columns, column), query, timed=relation.timed))


def step_set(random, relation):
    old = random.choice(relation.columns)
    expression = Expressions(random, relation.columns).make(old.type)
    new = Column(old.name, old.type, expression.nullable, expression.bound, expression.exact)
    columns = tuple(new if c is old else c for c in relation.columns)
    sql = ", ".join(f"{expression.sql} as {sql_name(c.name)}" if c is new else sql_name(c.name) for c in columns)
    query = f"select {sql}{relation.and_time()} from ({relation.sql})"
    return f"set {flow_name(old.name)} = {expression.at(IF)}", Relation(columns, query, timed=relation.timed)


def step_drop(random, relation):
    if len(relation.columns) < 2:
        return None
    dropped = random.choice(relation.columns)
    kept = tuple(c for c in relation.columns if c is not dropped)
    return f"drop {flow_name(dropped.name)}", Relation(kept, relation.sql, timed=relation.timed).named()


def step_rename(random, relation):
    old = random.choice(relation.columns)
    new = replace(old, name=fresh_name(random, relation.columns))
    columns = tuple(new if c is old else c for c in relation.columns)
    sql = ", ".join(f"{sql_name(old.name)} as {sql_name(new.name)}" if c is new else sql_name(c.name) for c in columns)
    return (f"rename {flow_name(new.name)} = {flow_name(old.name)}",
            Relation(columns, f"select {sql}{relation.and_time()} from ({relation.sql})", timed=relation.timed))


def step_expand(random, relation):
    if len(relation.columns) > 8:
        return None
    texts = Expressions(random, relation.columns).required("string", 1)
    name = fresh_name(random, relation.columns)
    flow, sql = random.choice([(f"words({texts.at(IF)})", f"flow_words({texts.sql})"),
                               (f'split({texts.at(IF)}, " ")', f"flow_split({texts.sql}, ' ')")])
    return (f"expand {flow_name(name)} in {flow}",
            Relation((*relation.columns, Column(name, "string", False)),
                     f"select input.*, list.value as {sql_name(name)} from (select *, {sql} as list__ from "
                     f"({relation.sql})) as input, json_each(list__) as list", timed=relation.timed).named())


def aggregate_call(random, relation, grouped, functions):
    """One call: Flow text without its name, SQL, type."""
    make = Expressions(random, relation.columns)
    filtered = random.random() < 0.3
    condition = make.required("bool", 2) if filtered else None
    clause = f" where {condition.at(IF)}" if filtered else ""

    def case(sql):
        return f"case when {condition.sql} then {sql} end" if filtered else sql

    function = random.choice(functions)
    if function == "count":
        return f"count(){clause}", f"count({case('1')})", ("int", False, 100_000, True)
    if function == "count_distinct":
        value = make.make(random.choice(["int", "string", "bool", "timestamp"]), 1)
        return (f"count_distinct({value.at(IF)}){clause}", f"count(distinct {case(value.sql)})",
                ("int", False, 100_000, True))
    if function in ("sum", "avg"):
        value = make.make(random.choice(["int", "float"]) if function == "sum" else "float", 1)
        if not value.exact or value.bound > 2**40:
            return f"count(){clause}", f"count({case('1')})", ("int", False, 100_000, True)
        if function == "sum":
            zero = "0" if value.type == "int" else "0.0"
            return (f"sum({value.at(IF)}){clause}", f"coalesce(sum({case(value.sql)}), {zero})",
                    (value.type, False, value.bound * 10_000, True))
        return f"avg({value.at(IF)}){clause}", f"avg({case(value.sql)})", ("average", False, 0, False)
    value = make.make(random.choice(["int", "string", "float", "timestamp"]), 1)
    nullable = value.nullable or filtered or not grouped
    return (f"{function}({value.at(IF)}){clause}", f"{function}({case(value.sql)})",
            (value.type, nullable, value.bound, value.exact))


def step_aggregate(random, relation):
    return aggregate(random, relation, random.choice([0, 1, 1, 1, 2, 3]))


def step_window_aggregate(random, relation):
    if not relation.timed:
        return None
    key_count = random.choice([0, 1, 1, 2])
    return aggregate(random, relation, key_count, any_window(random, key_count != 0), random_emit(random))


def key_sets(random, columns, flow_keys):
    """Several sets of these keys at once: how `per` says so, and the sets, each a list of positions. Only keys that are
    never null may be missing from a set."""
    loose = [i for i, column in enumerate(columns) if not column.nullable and column.type != "average"]
    fixed = [i for i in range(len(columns)) if i not in loose]
    is_computed = any(" = " in key for key in flow_keys)  # which has its name once
    kind = random.choice(["rollup", "cube"] + ["sets"] * (not is_computed))
    names = ", ".join(flow_keys[i] for i in loose)
    if kind == "rollup":
        chosen = [loose[:n] for n in range(len(loose), -1, -1)]
    else:
        chosen = [[i for bit, i in enumerate(loose) if not number >> bit & 1] for number in range(2 ** len(loose))]
    if kind == "sets":
        chosen = [loose] + random.sample(chosen[1:], random.randint(0, min(3, len(chosen) - 1)))
        names = ", ".join("{" + ", ".join(flow_keys[i] for i in of) + "}" if len(of) != 1 or random.random() < 0.5
                          else flow_keys[of[0]] for of in chosen)
    per = " per " + ", ".join([*(flow_keys[i] for i in fixed), f"{kind}({names})"])
    return per, [fixed + of for of in chosen], fixed + loose


def aggregate(random, relation, key_count, window=None, emit=""):
    keys = random.sample(relation.columns, min(len(relation.columns), key_count))
    flow_keys = [flow_name(k.name) for k in keys]
    sql_keys = [sql_name(k.name) for k in keys]
    columns = [replace(k, is_time=False) for k in keys]
    if keys and random.random() < 0.2:
        name = fresh_name(random, columns)
        expression, column = computed(random, relation, name)
        flow_keys.append(f"{flow_name(name)} = {expression.at(IF)}")
        sql_keys.append(expression.sql)
        columns.append(column)
    # Keys are computed under names of their own first: GROUP BY takes numbers and aliases for something else.
    hidden = [f"key{i}__" for i in range(len(columns))]
    inner = ", ".join(["*", *(f"{key} as {name}" for key, name in zip(sql_keys, hidden))])
    rows = f"select {inner} from ({relation.sql})"
    if window:
        rows = window.assign(rows, hidden)
    per, sets = f" per {', '.join(flow_keys)}" if keys else "", [list(range(len(columns)))]
    with_sets = keys and (not window or window.kind != "session") and random.random() < 0.5
    if with_sets and any(not c.nullable and c.type != "average" for c in columns):
        per, sets, order = key_sets(random, columns, flow_keys)
        columns = [columns[i] for i in order]
        hidden = [hidden[i] for i in order]
        sets = [[order.index(i) for i in of] for of in sets]
        columns = [replace(c, nullable=c.nullable or any(i not in of for of in sets)) for i, c in enumerate(columns)]
    grouped = all(sets)
    key_names = [sql_name(c.name) for c in columns]
    flow, sql = [], []
    functions = ["count", "sum", "sum", "avg", "min", "max", "count_distinct"]
    for _ in range(random.randint(1, 3)):
        name = fresh_name(random, columns)
        text, query, (type_name, nullable, bound, exact) = aggregate_call(random, relation, grouped, functions)
        if type_name == "int" and not nullable and " where " not in text and random.random() < 0.2:
            text, query, bound = f"{text} // 2 + count()", f"flow_idiv({query}, 2) + count(*)", bound + 10_000
        flow.append(f"{flow_name(name)} = {text}")
        sql.append(f"{query} as {sql_name(name)}")
        columns.append(Column(name, type_name, nullable, bound, exact))
    text = f"aggregate {', '.join(flow)}{per}"
    bounds = []
    if window:
        bounds = ["wstart__", "wend__"]
        text, sql, columns = with_window(window, text, sql, columns, emit)
    queries = []
    for of in sets:
        made = [f"{hidden[i] if i in of else 'null'} as {name}" for i, name in enumerate(key_names)]
        group = [hidden[i] for i in of] + bounds
        by = f" group by {', '.join(group)}" if group else ""
        queries.append(f"select {', '.join(made + sql)} from ({rows}){by}")
    return text, Relation(tuple(columns), " union all ".join(queries), timed=window is not None and not emit)


def random_emit(random):
    """Mostly nothing: results of windows come once. Else they are a table."""
    return random.choice([""] * 6 + [" emit changes", f" emit every({random.choice(['10ms', '1s', '30s'])})"])


def with_window(window, flow, sql, columns, emit=""):
    """A step over a window that gives these columns, and the columns of the window, whose rows have its last moment."""
    taken = {c.name for c in columns}
    opened, closed = (next(n for n in (name, f"{name}2", f"{name}3", f"{name}4", f"{name}5") if n not in taken)
                      for name in ("opened", "closed"))
    names = ", ".join([flow_name(c.name) for c in columns] + [f"{opened} = window.start", f"{closed} = window.end"])
    sql = [*sql, f"wstart__ as {opened}", f"wend__ as {closed}"] + ["wend__ - 1 as time__"] * (not emit)
    columns = [*columns, Column(opened, "timestamp", False), Column(closed, "timestamp", False)]
    return f"{flow} over {window.flow}{emit}\n|> select {names}", sql, columns


def random_order(random, relation):
    keys = random.sample(relation.columns, random.randint(1, min(2, len(relation.columns))))
    keys = [k for k in keys if k.type != "average"] or [relation.columns[0]]
    ways = [random.choice(["", " asc", " desc"]) for _ in keys]
    flow = ", ".join(flow_name(k.name) + way for k, way in zip(keys, ways))
    sql = ", ".join(sql_name(k.name) + way for k, way in zip(keys, ways))
    return flow, sql


def step_sort(random, relation):
    flow, sql = random_order(random, relation)
    query = f"select {relation.names()} from ({relation.sql}) order by {sql}, {relation.names()}"
    text = f"sort by {flow}"
    if random.random() < 0.3:
        skip, take = random.randint(0, 5), random.randint(0, 30)
        text += f" |> skip {skip} |> take {take}"
        query += f" limit {take} offset {skip}"
    return text, Relation(relation.columns, query, ordered=True)


def step_top(random, relation):
    return top(random, relation)


def step_window_top(random, relation):
    return top(random, relation, tumble(random), random_emit(random)) if relation.timed else None


def top(random, relation, window=None, emit=""):
    flow, sql = random_order(random, relation)
    limit = random.choice([1, 2, 5, 20])
    keys = random.sample(relation.columns, random.choice([0, 0, 1]))
    keys = [k for k in keys if k.type != "average"]
    groups = [sql_name(k.name) for k in keys] + (["wstart__"] if window else [])
    partition = f"partition by {', '.join(groups)} " if groups else ""
    per = f" per {', '.join(flow_name(k.name) for k in keys)}" if keys else ""
    ties = random.random() < 0.3
    rank_name = fresh_name(random, relation.columns) if random.random() < 0.3 else None
    number = f"row_number() over ({partition}order by {sql}, {relation.names()})"
    bound = f"rank() over ({partition}order by {sql})" if ties else number
    columns, rank = tuple(replace(c, is_time=False) for c in relation.columns), ""
    if rank_name:
        columns, rank = (*columns, Column(rank_name, "int", False)), f" as {flow_name(rank_name)}"
    rows = window.assign(relation.sql, []) if window else relation.sql
    query = f"select *, {number} as {sql_name(rank_name or 'number__')}, {bound} as bound__ from ({rows})"
    text = f"top {limit}{' with ties' if ties else ''} by {flow}{per}"
    names = [sql_name(c.name) for c in columns]
    if window:
        text, names, columns = with_window(window, text + rank, names, columns, emit)
    else:
        text += rank
    query = f"select {', '.join(names)} from ({query}) where bound__ <= {limit}"
    result = Relation(tuple(columns), query, ordered=not groups, timed=window is not None and not emit)
    if not groups:
        result = replace(result, sql=f"{query} order by {sql}, {relation.names()}")
    return text, result


def step_distinct(_random, relation):
    return "distinct", Relation(relation.columns, f"select distinct {relation.names()} from ({relation.sql})")


STEPS = [step_where, step_where, step_where, step_select, step_select, step_extend, step_extend, step_set, step_drop,
         step_rename, step_expand, step_aggregate, step_aggregate, step_aggregate, step_sort, step_top, step_distinct]
# Of a pipeline whose rows have event time.
TIMED_STEPS = [step_where, step_where, step_select, step_extend, step_set, step_drop, step_rename, step_expand,
               *[step_window_aggregate] * 4, step_window_top, step_window_top, step_aggregate, step_top, step_distinct]

#!/usr/bin/env python3
"""decimals.py SLUICE SEED: random decimals of random types through every operation, against Python's decimal module,
in both code tiers and with rows passing an exchange. The types of results are worked out here a second time."""

import json
import random
import re
import sys
import tempfile
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, getcontext
from pathlib import Path

from harness import Configuration, describe, run_sluice

getcontext().prec = 200
MAX = 38
PAIRS = 14
ROWS = 60


def capped(precision, scale):
    if precision <= MAX:
        return precision, scale
    whole = precision - scale
    return MAX, max(min(scale, 6), max(MAX - whole, 0))


def result_type(op, a, b):
    (p, s), (q, t) = a, b
    if op in "+-":
        scale = max(s, t)
        return min(MAX, max(p - s, q - t) + scale + 1), scale
    if op == "*":
        return capped(p + q + 1, s + t)
    if op == "/":
        scale = max(6, s + q + 1)
        return capped(p - s + t + scale, scale)
    if op == "//":
        return min(MAX, p - s + t + 1), 0
    scale = max(s, t)
    return min(MAX, q - t + scale), scale


def rounded(value, scale, how=ROUND_HALF_UP):
    return value.quantize(Decimal(1).scaleb(-scale), rounding=how)


def exact(op, a, b):
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op == "*":
        return a * b
    if op == "/":
        return a / b
    floor = (a / b).to_integral_value(ROUND_FLOOR)
    return floor if op == "//" else a - floor * b


def fits(value, type_):
    return abs(value) < Decimal(10) ** (type_[0] - type_[1])


def text(value, scale):
    result = f"{value:.{scale}f}"
    return result[1:] if re.fullmatch(r"-[0.]+", result) else result


def random_type(rng):
    precision = rng.choice([1, 3, 9, 12, 18, 19, 20, 30, 37, 38, rng.randint(1, MAX)])
    return precision, rng.choice([0, precision, rng.randint(0, precision), min(2, precision)])


def random_value(rng, type_):
    precision, scale = type_
    digits = rng.randint(1, precision)
    unscaled = rng.choice([rng.randrange(10 ** digits), 10 ** digits - 1, 10 ** (digits - 1), 5 * 10 ** (digits - 1)])
    value = Decimal(unscaled).scaleb(-scale)
    return -value if rng.random() < 0.5 else value


class Pair:
    """Two columns and everything that is computed of them."""

    def __init__(self, rng, index):
        self.names = (f"a{index}", f"b{index}")
        self.rows = []
        while len(self.rows) < ROWS:  # with types where hardly any result fits, begin again
            self.types = (random_type(rng), random_type(rng))
            rows = [tuple(random_value(rng, type_) for type_ in self.types) for _ in range(20 * ROWS)]
            self.rows = [row for row in rows if row[1] != 0 and all(self.is_fine(op, *row) for op in self.ops())][:ROWS]

    def ops(self):
        return ["+", "-", "*", "/", "//", "%"]

    def is_fine(self, op, a, b):
        type_ = result_type(op, *self.types)
        scale = max(self.types[0][1], self.types[1][1])
        whole = max(self.types[0][0] - self.types[0][1], self.types[1][0] - self.types[1][1])
        aligned = min(MAX, whole + scale), scale
        if not (fits(a, aligned) and fits(b, aligned)):
            return False
        return fits(rounded(exact(op, a, b), type_[1]), type_)

    def columns(self):
        a, b = self.names
        found = [(f"r{i}_{a}", f"{a} {op} {b}") for i, op in enumerate(self.ops())]
        (precision, scale), digits = self.types[0], self.types[0][1] // 2
        found += [(f"n_{a}", f"-{a}"), (f"o_{a}", f"round({a}, {digits})"), (f"f_{a}", f"floor({a})"),
                  (f"c_{a}", f"ceil({a})"), (f"p_{a}", f"abs({a})"), (f"lt_{a}", f"{a} < {b}"),
                  (f"eq_{a}", f"{a} == {b}"), (f"t_{a}", f"string({a})"), (f"d_{a}", f"float({a})"),
                  (f"y_{a}", f"decimal(string({a}), {precision}, {scale}) == {a}")]
        return found

    def expected(self, a, b):
        scale = self.types[0][1]
        values = [text(rounded(exact(op, a, b), result_type(op, *self.types)[1]), result_type(op, *self.types)[1])
                  for op in self.ops()]
        digits = scale // 2
        values += [text(-a, scale), text(rounded(a, digits), digits), text(a.to_integral_value(ROUND_FLOOR), 0),
                   text(-((-a).to_integral_value(ROUND_FLOOR)), 0), text(abs(a), scale), a < b, a == b,
                   json.dumps(text(a, scale)), float(a), True]
        return values


def main():
    sluice, seed = sys.argv[1], int(sys.argv[2])
    rng = random.Random(seed)
    pairs = [Pair(rng, i) for i in range(PAIRS)]
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.csv"
        names = [name for pair in pairs for name in pair.names]
        lines = [",".join(["id", *names])]
        for i in range(ROWS):
            cells = [text(value, type_[1]) for pair in pairs for value, type_ in zip(pair.rows[i], pair.types)]
            lines.append(",".join([str(i), *cells]))
        data.write_text("\n".join(lines) + "\n")
        fields = ", ".join(f"{name}: decimal({p},{s})" for pair in pairs
                           for name, (p, s) in zip(pair.names, pair.types))
        columns = ", ".join(f"{name} = {expr}" for pair in pairs for name, expr in pair.columns())
        flow = Path(folder) / "decimals.flow"
        flow.write_text(f'source data: {{ id: int, {fields} }} = csv("{data}")\n'
                        f'from data |> select id, {columns} |> sort by id |> to json("-")\n'
                        f'from data |> aggregate n = count(), ' +
                        ", ".join(f"s_{a} = sum({a}), l_{a} = max({a}), m_{a} = min({a})"
                                  for a in (pair.names[0] for pair in pairs if pair.types[0][0] < 36)) +
                        ' |> to json("-")\n')
        for configuration in (Configuration(tier="quick"), Configuration(tier="optimized"),
                              Configuration(parallel=3, tier="quick", optimize=False, block_bytes=4096)):
            result = run_sluice(sluice, flow, configuration)
            if result.returncode != 0:
                sys.exit(describe(result))
            failures += compare(pairs, result.stdout.splitlines())
    if failures:
        sys.exit("\n".join(failures[:20]))


def compare(pairs, lines):
    rows = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
    totals = [row for row in rows if "n" in row]
    rows = [row for row in rows if "id" in row]
    if len(rows) != ROWS or len(totals) != 1:
        yield f"{len(rows)} rows, {len(totals)} totals"
        return
    for i, row in enumerate(rows):
        for pair in pairs:
            for (name, expr), wanted in zip(pair.columns(), pair.expected(*pair.rows[i])):
                got = json.dumps(row[name]) if name.startswith("t_") else row[name]
                same = float(got) == wanted if name.startswith("d_") else got == wanted
                if not same:
                    a, b = pair.rows[i]
                    yield f"{expr} with {pair.types}, {a} and {b} is {got}, not {wanted}"
    for pair in pairs:
        name, (precision, scale) = pair.names[0], pair.types[0]
        if precision >= 36:
            continue
        values = [row[0] for row in pair.rows]
        for prefix, wanted in (("s", sum(values)), ("l", max(values)), ("m", min(values))):
            if totals[0][f"{prefix}_{name}"] != text(wanted, scale):
                yield f"{prefix} of {name} is {totals[0][f'{prefix}_{name}']}, not {wanted}"


if __name__ == "__main__":
    main()

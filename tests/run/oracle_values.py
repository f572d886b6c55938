"""Random columns, rows and input files for oracle.py, and the functions that sqlite lacks."""

import datetime
import json
import re
from dataclasses import dataclass, replace

EPOCH_2024 = 1_704_067_200_000_000  # 2024-01-01 in microseconds since 1970

# Texts that readers, writers, hashes and comparisons could get wrong.
TEXTS = ["", "a", "b", "B", "Zed", "ünï", "Ä", "a,b", 'q"uote', "x y", "  pad ", "line\nbreak", "null", "0", "-",
         "naïve café", "seventeen letters", "exactly sixteen!",
         "a text that is much longer than any inline buffer could be, or so", "tab\there", "back\\slash", "日本語",
         "a b a", "{}", "'single'"]
# Soft words of Flow are good names for columns.
NAMES = ["a", "b", "amount", "city", "key", "type", "state", "time", "on", "by", "per", "count", "order", "x1",
         "longer_name", "desc", "top", "sum", "value", "end"]
TYPES = ["int", "int", "string", "string", "float", "bool", "timestamp"]


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    bound: int = 1000   # int: absolute values stay below
    exact: bool = True  # float: sums of it are exact, so they do not depend on their order
    is_time: bool = False  # it has the event time of its row

    @property
    def declared(self):
        return self.type + ("?" if self.nullable else "")

    def required(self):
        return replace(self, nullable=False)


def random_columns(random):
    count = random.randint(2, 6)
    names = random.sample(NAMES, count)
    columns = [Column(name, random.choice(TYPES), random.random() < 0.4) for name in names]
    columns[0] = replace(columns[0], type="int", nullable=random.random() < 0.2)
    return columns


def random_value(random, column):
    if column.nullable and random.random() < 0.25:
        return None
    match column.type:
        case "int":
            return random.choice([0, 1, -1, random.randint(-5, 5), random.randint(-999, 999)])
        case "float":
            return random.choice([0.0, 0.25, random.randint(-400, 400) / 4])
        case "string":
            return random.choice(TEXTS)
        case "bool":
            return random.random() < 0.5
        case "timestamp":
            return EPOCH_2024 + random.choice([random.randint(0, 5) * 3_600_000_000, random.randint(0, 10**13)])


def random_rows(random, columns):
    count = random.choice([0, 1, 20, 100, 400, 400])
    rows = [[random_value(random, c) for c in columns] for _ in range(count)]
    return rows + [list(random.choice(rows)) for _ in range(count // 4)]  # some rows occur twice


def timestamp_text(micros):
    seconds, fraction = divmod(micros, 1_000_000)
    days, in_day = divmod(seconds, 86_400)
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    text = f"{date.isoformat()}T{in_day // 3600:02}:{in_day // 60 % 60:02}:{in_day % 60:02}"
    return text + (f".{fraction:06}".rstrip("0") if fraction else "") + "Z"


def timestamp_value(text):
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z", text)
    year, month, day, hour, minute, second = (int(g) for g in found.groups()[:6])
    days = (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days
    return ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + int((found[7] or "").ljust(6, "0"))


# ---- files ----


def csv_cell(random, value, column):
    if value is None:
        return ""
    if column.type == "bool":
        return "true" if value else "false"
    text = timestamp_text(value) if column.type == "timestamp" else str(value)
    needs_quotes = column.type == "string" and (re.search(r'[",\n\r]', text) or (text == "" and column.nullable))
    if needs_quotes or random.random() < 0.1:
        return '"' + text.replace('"', '""') + '"'
    return text


def write_csv(random, path, columns, rows):
    """One file; the order of its columns, its line ends and its quotes vary."""
    order = list(range(len(columns)))
    random.shuffle(order)
    # A column that the program does not declare. Without it, null in an only column would be an empty line: no row.
    extra = len(columns) == 1 or random.random() < 0.3
    end = random.choice(["\n", "\n", "\r\n"])
    lines = [",".join([columns[i].name for i in order] + ["ignored"] * extra)]
    for row in rows:
        lines.append(",".join([csv_cell(random, row[i], columns[i]) for i in order] + ['"x,y"'] * extra))
    text = end.join(lines) + (end if random.random() < 0.8 or not rows else "")
    path.write_bytes(text.encode())


def write_json(random, path, columns, rows):
    lines = []
    for row in rows:
        pairs = []
        for column, value in zip(columns, row):
            if value is None and random.random() < 0.5:
                continue
            is_time = column.type == "timestamp" and value is not None
            pairs.append((column.name, timestamp_text(value) if is_time else value))
        if random.random() < 0.2:
            pairs.append(("ignored", random.choice([None, 1, "x", {"a": [1, {"b": "}"}]}, [], True])))
        if random.random() < 0.3:
            random.shuffle(pairs)
        separators = random.choice([(",", ":"), (", ", ": ")])
        lines.append(json.dumps(dict(pairs), ensure_ascii=random.random() < 0.3, separators=separators))
    path.write_text("\n".join(lines) + ("\n" if lines and random.random() < 0.8 else ""), encoding="utf-8")


# ---- for sqlite ----


def null_in_null_out(function):
    return lambda *arguments: None if None in arguments else function(*arguments)


def words(text):
    return re.findall(r"[^\W_]+", text)


def add_functions(database):
    functions = {
        "flow_idiv": (2, lambda a, b: a // b),
        "flow_mod": (2, lambda a, b: a % b),
        "flow_lower": (1, str.lower),
        "flow_upper": (1, str.upper),
        "flow_trim": (1, str.strip),
        "flow_length": (1, len),
        "flow_contains": (2, lambda text, part: int(part in text)),
        "flow_starts": (2, lambda text, part: int(text.startswith(part))),
        "flow_ends": (2, lambda text, part: int(text.endswith(part))),
        "flow_replace": (3, lambda text, old, new: text.replace(old, new) if old else text),
        "flow_substring": (3, lambda text, start, size: text[start:start + size]),
        "flow_words": (1, lambda text: json.dumps(words(text))),
        "flow_split": (2, lambda text, separator: json.dumps(text.split(separator))),
        "flow_floor_to": (2, lambda micros, step: micros // step * step),
        "flow_hour": (1, lambda micros: micros // 3_600_000_000 % 24),
        "flow_float_text": (1, repr),
        "flow_bool_text": (1, lambda value: "true" if value else "false"),
        "flow_time_text": (1, timestamp_text),
    }
    for name, (arity, function) in functions.items():
        database.create_function(name, arity, null_in_null_out(function), deterministic=True)

"""Random Flow expressions, each with the SQL that means the same."""

from dataclasses import dataclass

from oracle_values import EPOCH_2024, TEXTS, timestamp_text

# How tightly the parts of an expression bind, as in docs/language.md.
IF, COALESCE, OR, AND, NOT, COMPARE, ADD, MUL, UNARY, POSTFIX = range(1, 11)
MAX_BOUND = 2**50
TO_TEXT = {"float": "flow_float_text", "bool": "flow_bool_text", "timestamp": "flow_time_text"}


@dataclass(frozen=True)
class Expr:
    flow: str
    level: int  # one of the above
    sql: str
    type: str
    nullable: bool = False
    bound: int = 1000
    exact: bool = True

    def at(self, level):
        """The Flow text where something binding at `level` or tighter must stand."""
        return self.flow if self.level >= level else f"({self.flow})"


def flow_text(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def sql_text(text):
    return "'" + text.replace("'", "''") + "'"


def flow_name(name):
    return name


def sql_name(name):
    return f'"{name}"'


class Expressions:
    """Makes expressions over a list of columns."""

    def __init__(self, random, columns):
        self.random = random
        self.columns = columns

    def any_type(self, types):
        """Mostly one that some column has."""
        present = [c.type for c in self.columns if c.type in types]
        return self.random.choice(present if present and self.random.random() < 0.8 else types)

    def make(self, type_name, depth=3):
        leaf = depth <= 0 or self.random.random() < 0.25
        return self.leaf(type_name) if leaf else getattr(self, f"make_{type_name}")(depth - 1)

    def required(self, type_name, depth=3):
        """An expression that is never null."""
        value = self.make(type_name, depth)
        if not value.nullable:
            return value
        other = self.make(type_name, 0)
        if other.nullable:
            other = self.literal(type_name)
        return Expr(f"{value.at(COALESCE + 1)} ?? {other.at(COALESCE)}", COALESCE,
                    f"coalesce({value.sql}, {other.sql})", type_name, False, max(value.bound, other.bound),
                    value.exact and other.exact)

    def leaf(self, type_name):
        fitting = [c for c in self.columns if c.type == type_name]
        if fitting and self.random.random() < 0.8:
            return self.column(self.random.choice(fitting))
        return self.literal(type_name)

    def column(self, column):
        return Expr(flow_name(column.name), POSTFIX, sql_name(column.name), column.type, column.nullable, column.bound,
                    column.exact)

    def literal(self, type_name):
        random = self.random
        match type_name:
            case "int":
                value = random.choice([0, 1, 2, 7, -1, -3, 100, 999])
                return Expr(str(value), POSTFIX if value >= 0 else UNARY, f"({value})", "int", bound=1000)
            case "float":
                value = random.randint(-40, 40) / 4
                return Expr(repr(value), POSTFIX if value >= 0 else UNARY, f"({value!r})", "float")
            case "string":
                text = random.choice(TEXTS)
                return Expr(flow_text(text), POSTFIX, sql_text(text), "string")
            case "bool":
                value = random.random() < 0.5
                return Expr("true" if value else "false", POSTFIX, str(int(value)), "bool")
            case "timestamp":
                micros = EPOCH_2024 + random.randint(0, 100) * 3_600_000_000
                return Expr(f"@{timestamp_text(micros)}", POSTFIX, str(micros), "timestamp")

    # ---- by type ----

    def either(self, type_name, depth):
        """if c then a else b, or match n { 1 -> a, else -> b }."""
        if self.random.random() < 0.3:
            return self.match(type_name, depth)
        condition = self.required("bool", depth)
        a, b = self.make(type_name, depth), self.make(type_name, depth)
        nullable = a.nullable or b.nullable
        return Expr(f"if {condition.at(IF)} then {a.at(IF)} else {b.at(IF)}", IF,
                    f"(case when {condition.sql} then {a.sql} else {b.sql} end)", type_name, nullable,
                    max(a.bound, b.bound), a.exact and b.exact)

    def match(self, type_name, depth):
        value, label = self.required("int", depth), self.literal("int")
        a, b = self.make(type_name, depth), self.make(type_name, depth)
        return Expr(f"match {value.at(IF)} {{ {label.flow} -> {a.at(IF)}, else -> {b.at(IF)} }}", POSTFIX,
                    f"(case when {value.sql} = {label.sql} then {a.sql} else {b.sql} end)", type_name,
                    a.nullable or b.nullable, max(a.bound, b.bound), a.exact and b.exact)

    def make_int(self, depth):
        kind = self.random.choice(["+", "-", "*", "//", "%", "neg", "length", "either", "??", "hour", "narrowed"])
        if kind == "either":
            return self.either("int", depth)
        if kind == "??":
            return self.required("int", depth)
        if kind == "narrowed":
            return self.narrowed(depth)
        if kind == "length":
            text = self.make("string", depth)
            return Expr(f"length({text.at(IF)})", POSTFIX, f"flow_length({text.sql})", "int", text.nullable, 10_000)
        if kind == "hour":
            time = self.make("timestamp", depth)
            return Expr(f"hour({time.at(IF)})", POSTFIX, f"flow_hour({time.sql})", "int", time.nullable, 24)
        a = self.make("int", depth)
        if kind == "neg":
            return Expr(f"-{a.at(POSTFIX)}", UNARY, f"(-{a.sql})", "int", a.nullable, a.bound)
        if kind in ("//", "%"):
            divisor = self.random.choice([2, 3, 10, -4, 7])
            sign = "idiv" if kind == "//" else "mod"
            return Expr(f"{a.at(MUL)} {kind} {divisor}", MUL, f"flow_{sign}({a.sql}, {divisor})", "int", a.nullable,
                        a.bound)
        b = self.make("int", depth)
        if kind == "*":
            if a.bound * b.bound > MAX_BOUND:
                return a
            return Expr(f"{a.at(MUL)} * {b.at(MUL + 1)}", MUL, f"({a.sql} * {b.sql})", "int", a.nullable or b.nullable,
                        a.bound * b.bound)
        if a.bound + b.bound > MAX_BOUND:
            return a
        return Expr(f"{a.at(ADD)} {kind} {b.at(ADD + 1)}", ADD, f"({a.sql} {kind} {b.sql})", "int",
                    a.nullable or b.nullable, a.bound + b.bound)

    def narrowed(self, depth):
        """if x is not null then ... x ... else ...: x has a value in the first branch."""
        nullable = [c for c in self.columns if c.nullable]
        if not nullable:
            return self.make("int", depth)
        column = self.random.choice(nullable)
        inner = Expressions(self.random, [c.required() if c is column else c for c in self.columns])
        a, b = inner.make("int", depth), self.make("int", depth)
        return Expr(f"if {flow_name(column.name)} is not null then {a.at(IF)} else {b.at(IF)}", IF,
                    f"(case when {sql_name(column.name)} is not null then {a.sql} else {b.sql} end)", "int",
                    a.nullable or b.nullable, max(a.bound, b.bound))

    def make_float(self, depth):
        kind = self.random.choice(["+", "-", "*", "/", "mixed", "either", "??"])
        if kind == "either":
            return self.either("float", depth)
        if kind == "??":
            return self.required("float", depth)
        a = self.make("float", depth)
        if kind == "mixed":
            b = self.make("int", 0)
            return Expr(f"{b.at(ADD)} + {a.at(ADD + 1)}", ADD, f"({b.sql} + {a.sql})", "float",
                        a.nullable or b.nullable, exact=a.exact)
        if kind == "/":
            divisor = self.random.choice([2.0, 3.0, -8.0])
            return Expr(f"{a.at(MUL)} / {divisor}", MUL, f"({a.sql} / {divisor})", "float", a.nullable, exact=False)
        b = self.make("float", depth)
        level = MUL if kind == "*" else ADD
        return Expr(f"{a.at(level)} {kind} {b.at(level + 1)}", level, f"({a.sql} {kind} {b.sql})", "float",
                    a.nullable or b.nullable, exact=kind != "*" and a.exact and b.exact)

    def make_string(self, depth):
        kind = self.random.choice(["lower", "upper", "trim", "replace", "substring", "either", "??", "format"])
        if kind == "either":
            return self.either("string", depth)
        if kind == "??":
            return self.required("string", depth)
        if kind == "format":
            return self.format(depth)
        text = self.make("string", depth)
        if kind == "replace":
            old, new = self.random.choice([("a", "-"), (" ", ""), ("", "x"), ("b", "bb"), ("ü", "ue")])
            return Expr(f"replace({text.at(IF)}, {flow_text(old)}, {flow_text(new)})", POSTFIX,
                        f"flow_replace({text.sql}, {sql_text(old)}, {sql_text(new)})", "string", text.nullable)
        if kind == "substring":
            start, size = self.random.randint(0, 3), self.random.randint(0, 20)
            return Expr(f"substring({text.at(IF)}, {start}, {size})", POSTFIX,
                        f"flow_substring({text.sql}, {start}, {size})", "string", text.nullable)
        return Expr(f"{kind}({text.at(IF)})", POSTFIX, f"flow_{kind}({text.sql})", "string", text.nullable)

    def format(self, depth):
        """f"...": the text of any value."""
        flow, sql = "", []
        for _ in range(self.random.randint(1, 3)):
            type_name = self.random.choice(["int", "string", "float", "bool", "timestamp"])
            value = self.required(type_name, min(depth, 1))
            separator = self.random.choice(["", "/", ": "])
            flow += separator + "{" + value.at(IF) + "}"
            sql += [sql_text(separator), f"{TO_TEXT.get(type_name, '')}({value.sql})"]
        return Expr(f'f"{flow}"', POSTFIX, "(" + " || ".join(sql) + ")", "string")

    def make_timestamp(self, depth):
        kind = self.random.choice(["+", "floor_to", "either", "??"])
        if kind == "either":
            return self.either("timestamp", depth)
        if kind == "??":
            return self.required("timestamp", depth)
        time = self.make("timestamp", depth)
        text, micros = self.random.choice([("1h", 3_600_000_000), ("2d", 172_800_000_000), ("90s", 90_000_000)])
        if kind == "+":
            return Expr(f"{time.at(ADD)} + {text}", ADD, f"({time.sql} + {micros})", "timestamp", time.nullable)
        return Expr(f"floor_to({time.at(IF)}, {text})", POSTFIX, f"flow_floor_to({time.sql}, {micros})", "timestamp",
                    time.nullable)

    def make_bool(self, depth):
        kind = self.random.choice(["compare", "compare", "equal", "equal", "and", "or", "not", "is null", "text", "in"])
        if kind in ("and", "or"):
            level = AND if kind == "and" else OR
            a, b = self.required("bool", depth), self.required("bool", depth)
            return Expr(f"{a.at(level)} {kind} {b.at(level + 1)}", level, f"({a.sql} {kind} {b.sql})", "bool")
        if kind == "not":
            a = self.required("bool", depth)
            return Expr(f"not {a.at(NOT)}", NOT, f"(not {a.sql})", "bool")
        type_name = self.any_type(["int", "string", "float", "timestamp"])
        if kind == "is null":
            nullable = [c for c in self.columns if c.nullable]
            if not nullable:
                return self.literal("bool")
            column = self.random.choice(nullable)
            word = self.random.choice(["is null", "is not null"])
            return Expr(f"{flow_name(column.name)} {word}", COMPARE, f"({sql_name(column.name)} {word})", "bool")
        if kind == "text":
            function, sql = self.random.choice([("contains", "flow_contains"), ("starts_with", "flow_starts"),
                                                ("ends_with", "flow_ends")])
            text, part = self.make("string", depth), self.random.choice(["a", "b", "", "ï", "x y"])
            return Expr(f"{function}({text.at(IF)}, {flow_text(part)})", POSTFIX,
                        f"{sql}({text.sql}, {sql_text(part)})", "bool", text.nullable)
        if kind == "in" and self.random.random() < 0.4:
            value = self.required("int", depth)
            low, high = sorted(self.random.sample(range(-10, 500), 2))
            flow, sign = self.random.choice([("..", "<="), ("..<", "<")])
            return Expr(f"{value.at(COMPARE + 1)} in {low}{flow}{high}", COMPARE,
                        f"({value.sql} >= {low} and {value.sql} {sign} {high})", "bool")
        if kind == "in":
            value = self.required(self.any_type(["int", "string"]), depth)
            items = [self.literal(value.type) for _ in range(self.random.randint(1, 4))]
            word = self.random.choice(["in", "not in"])
            return Expr(f"{value.at(COMPARE + 1)} {word} [{', '.join(i.flow for i in items)}]", COMPARE,
                        f"({value.sql} {word} ({', '.join(i.sql for i in items)}))", "bool")
        a, b = self.make(type_name, depth), self.make(type_name, depth)
        if kind == "equal":
            flow, sql = self.random.choice([("==", "is"), ("!=", "is not")])
            return Expr(f"{a.at(COMPARE + 1)} {flow} {b.at(COMPARE + 1)}", COMPARE, f"({a.sql} {sql} {b.sql})", "bool")
        sign = self.random.choice(["<", "<=", ">", ">="])
        return Expr(f"{a.at(COMPARE + 1)} {sign} {b.at(COMPARE + 1)}", COMPARE, f"({a.sql} {sign} {b.sql})", "bool",
                    a.nullable or b.nullable)

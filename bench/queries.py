"""queries: what the programs here that measure one query after the other have in common."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def add_arguments(parser, queries, parallel):
    parser.add_argument("--query", default=",".join(queries), help=f"of {', '.join(queries)}; default: all")
    parser.add_argument("--parallel", type=int, default=parallel, help=f"tasks (default {parallel})")
    parser.add_argument("--sluice", default=str(ROOT / "build/release/sluice"), help="the program to measure")
    parser.add_argument("--json", action="store_true", help="an object per query on standard output, no table")


def parse(parser, queries):
    """The options, with the names of the queries instead of their list."""
    options = parser.parse_args()
    options.query = options.query.split(",")
    for name in options.query:
        if name not in queries:
            parser.error(f"there is no query {name}; there are {', '.join(queries)}")
    return options


def report(options, header, measure, line):
    """Prints what `measure` gives for each query, as JSON or under `header` as `line` puts it. The exit code: 1 when one
    of them is not `ok`."""
    if not options.json:
        print(header)
    failed = False
    for name in options.query:
        result = {"query": name, **measure(name)}
        failed |= not result["ok"]
        print(json.dumps(result) if options.json else line(result), flush=True)
    return 1 if failed else 0

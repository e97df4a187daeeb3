"""``python -m benchmarks``: the table of instruction counts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from basilisk.errors import BasiliskError
from benchmarks.candid.__main__ import main as candid
from benchmarks.cases import CASES
from benchmarks.files.__main__ import main as files
from benchmarks.markdown import table
from benchmarks.runner import Result, measure
from benchmarks.stable.__main__ import main as stable

_HEADINGS = ("call", "first", "second", "Rust", "Motoko", "RustPython", "other CPython")


def _rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    def number(value: int | None) -> str:
        return "" if value is None else f"{value:,}"

    return [
        (result.case.name, number(result.first), number(result.second), *map(number, result.case.published))
        for result in results
    ]


def main() -> int:
    """Print the table, or with ``--json`` the counts; ``candid``, ``stable``, ``files`` are other tables."""
    if sys.argv[1:2] == ["candid"]:
        return candid(sys.argv[2:])
    if sys.argv[1:2] == ["stable"]:
        return stable(sys.argv[2:])
    if sys.argv[1:2] == ["files"]:
        return files(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument("names", nargs="*", help="only cases whose name contains one of these")
    arguments = parser.parse_args()
    chosen = [case for case in CASES if not arguments.names or any(n in case.name for n in arguments.names)]
    try:
        installation, results = measure(chosen)
    except BasiliskError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if arguments.json:
        counts = {result.case.name: [result.first, result.second] for result in results}
        print(json.dumps({"installation": installation, **counts}, indent=1))
        return 0
    print("Wasm instructions of a whole message: arguments decoded, method run, reply encoded.")
    print("The columns on the right are published figures of others, in instructions of the network.\n")
    print(table(_HEADINGS, _rows(results)))
    print(f"\ninstallation: {installation:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks.candid``: the table of the codec's cost per element."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from basilisk.errors import BasiliskError
from benchmarks.candid.cases import CASES
from benchmarks.candid.runner import Charges, Cost, measure
from benchmarks.markdown import table

_HEADINGS = ("element", "bytes", "decode", "encode", "goal", "", "release")


def _number(value: float) -> str:
    """Whole numbers, but tenths and hundredths of small ones."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _row(cost: Cost) -> tuple[str, ...]:
    goal = "" if cost.case.goal is None else f"{cost.case.goal:,}"
    verdict = "" if cost.case.goal is None else "met" if cost.holds else "missed"
    counts = (cost.size, cost.decode, cost.encode)
    return (cost.case.name, *map(_number, counts), goal, verdict, _number(cost.release))


def _print(charges: Charges, costs: Sequence[Cost]) -> None:
    print("Instructions per element of a vec (per byte of a blob), without the system's charge for bytes:")
    print(f"{charges.argument:.2f} for each of an argument, {charges.reply:.2f} for each of a reply.\n")
    print(table(_HEADINGS, [_row(cost) for cost in costs], text_columns=(0, 5)))
    print("\nWhat bounds each:\n")
    for cost in costs:
        print(f"- {cost.case.name}: {cost.case.bound}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or with ``--json`` the numbers by case; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.candid", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("names", nargs="*", help="only cases whose name contains one of these")
    options = parser.parse_args(arguments)
    chosen = [case for case in CASES if not options.names or any(n in case.name for n in options.names)]
    try:
        charges, costs = measure(chosen)
    except BasiliskError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        numbers = {c.case.name: [round(n, 2) for n in (c.size, c.decode, c.encode, c.release)] for c in costs}
        print(json.dumps({"charges": [charges.argument, charges.reply], **numbers}, indent=1))
    else:
        _print(charges, costs)
    return 0 if all(cost.holds for cost in costs) else 1


if __name__ == "__main__":
    sys.exit(main())

"""``./dev bench stable``: what operations on stable structures cost, and how a map's grow with its size.

./dev bench stable                  maps of up to 10,000 entries
./dev bench stable --most 1000000   the whole table; filling takes some minutes
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from basilisk.errors import BasiliskError
from basilisk.testing import Canister, LocalReplica
from benchmarks.markdown import table

PROGRAM = Path(__file__).parent / "program"

#: Entries that a measured call works on, and that a call which fills a map adds.
FEW, MANY = 100, 20_000

_KINDS = (
    ("`StableBTreeMap[str, str]`", "texts", "text_nothing"),
    ("`StableBTreeMap[str, User]`", "users", "text_nothing"),
    ("`StableBTreeSet[str]`", "names", "text_nothing"),
    ("`StableVec[nat64]`, push and `v[i]`", "items", "numbers_nothing"),
    ("`StableLog[str]`, append and `log[i]`", "entries", "numbers_nothing"),
    ("`StableMinHeap[nat64]`, push and pop", "heap", "numbers_nothing"),
    ("`StableCell[User]`", "cell", "numbers_nothing"),
)


class _Meter:
    def __init__(self, canister: Canister) -> None:
        self.canister = canister

    def call(self, method: str, start: int, end: int) -> int:
        """Instructions of a call."""
        self.canister.call(method, start, end)
        return self.canister.last.instructions

    def each(self, method: str, nothing: str, start: int) -> int:
        """Instructions of one operation, without the loop and the call around it."""
        return (self.call(method, start, start + FEW) - self.call(nothing, start, start + FEW)) // FEW


def _sizes(meter: _Meter, most: int) -> list[tuple[str, ...]]:
    rows, size, first = [], 0, None
    for exponent in range(2, 1 + round(math.log10(most))):
        wanted = 10**exponent
        while size < wanted:
            step = min(MANY, wanted - size)
            meter.call("numbers_set", size, size + step)
            size += step
        heap = meter.canister.status.heap_bytes
        iterate = meter.call("numbers_iterate", 0, 0) // size
        grown = meter.canister.status.heap_bytes - heap
        get = meter.each("numbers_get", "numbers_nothing", 0)
        replace = meter.each("numbers_set", "numbers_nothing", 0)
        insert = meter.each("numbers_set", "numbers_nothing", size)
        remove = meter.each("numbers_remove", "numbers_nothing", size)
        first = first or (get, insert, remove)
        ratio = max(now / then for now, then in zip((get, insert, remove), first))
        counts = (f"{n:,}" for n in (size, get, insert, replace, remove, iterate, grown))
        rows.append((*counts, f"{ratio:.2f}", f"{math.log(size) / math.log(100):.2f}"))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both tables; 1 when an operation costs more than its share of log n."""
    parser = argparse.ArgumentParser(prog="benchmarks stable", description=__doc__)
    parser.add_argument("--most", type=int, default=10_000, help="entries of the largest map")
    options = parser.parse_args(arguments)
    try:
        meter = _Meter(LocalReplica().deploy(PROGRAM))
        rows = _sizes(meter, options.most)
        kinds = []
        for name, methods, nothing in _KINDS:
            meter.call(f"{methods}_set", 0, 1000)
            adding = meter.each(f"{methods}_set", nothing, 1000)
            kinds.append((name, f"{adding:,}", f"{meter.each(f'{methods}_get', nothing, 0):,}"))
    except BasiliskError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(
        "`StableBTreeMap[nat64, nat64]`: instructions of an operation, and of an entry when all are iterated;"
    )
    print(
        "bytes by which the heap grows meanwhile; the dearest operation and log n, relative to 100 entries.\n"
    )
    headings = ("entries", "get", "insert", "replace", "remove", "iterate", "heap", "ratio", "log n")
    print(table(headings, rows, text_columns=()))
    print("\nOthers, with 1,000 elements:\n")
    print(table(("structure", "add or set", "get"), kinds))
    return 0 if all(float(row[-2]) <= float(row[-1]) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

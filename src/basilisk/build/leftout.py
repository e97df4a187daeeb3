"""What ``--stdlib=used`` leaves out of the runtime itself: code and static data of C modules.

A module goes when the program cannot import it and nothing has started it.  Starting a module writes to its
static data (CPython numbers its definition), so data that are no longer what the runtime brought keep a
module even though it is not among the imported ones: the build itself may have used it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from basilisk.runtime.removable import Part, Removable
from basilisk.wasm.leb128 import Buffer

__all__ = ["LeftOut", "leave_out"]


@dataclass(frozen=True)
class LeftOut:
    """The memory without the data of ``modules``, and the functions that go with them."""

    memory: Buffer = field(repr=False)
    functions: frozenset[int] = field(default=frozenset(), repr=False)
    modules: frozenset[str] = frozenset()


def leave_out(removable: Removable, modules: Collection[str], initial: Buffer, memory: Buffer) -> LeftOut:
    """Take away what only ``modules`` lead to.

    ``initial`` is the memory as the runtime brings it, ``memory`` what became of it.
    """
    before, now = memoryview(initial).cast("B"), memoryview(memory).cast("B")

    def changed(part: Part) -> bool:
        return any(before[start : start + size] != now[start : start + size] for start, size in part.data)

    gone = frozenset(modules)
    while True:
        parts = removable.without(gone)
        started = [part.modules for part in parts if changed(part)]
        if not started:
            break
        gone -= frozenset().union(*started)
    smaller = bytearray(memory)
    for part in parts:
        for start, size in part.data:
            smaller[start : start + size] = bytes(size)
    functions = frozenset(
        number for part in parts for first, count in part.functions for number in range(first, first + count)
    )
    return LeftOut(smaller, functions, gone)

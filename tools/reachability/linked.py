"""What the linker says of a module: symbols and relocations.

Source of the layout: WebAssembly tool conventions, "Linking" (custom sections ``linking``, ``reloc.*``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cpython.faults import BuildFault
from tools.reachability.binary import Segment, signed, unsigned

__all__ = ["Datum", "Node", "Relocation", "Symbols", "read_relocations", "read_symbols"]

_VERSION = 2
_INIT_FUNCS, _SYMBOL_TABLE = 6, 8
_FUNCTION, _DATA, _GLOBAL, _SECTION, _TAG, _TABLE = range(6)
_UNDEFINED, _EXPLICIT_NAME, _ABSOLUTE = 0x10, 0x40, 0x200

#: Relocations that name a symbol, with and without an addend, and those that name none.
_PLAIN = frozenset({0, 1, 2, 7, 10, 12, 13, 18, 19, 20, 24, 26})
_WITH_ADDEND = frozenset({3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25})
_TYPE_INDEX = 6


@dataclass(frozen=True)
class Datum:
    """A symbol's static data: its address and size."""

    address: int
    size: int


Node = int | Datum
"""A function by its number, or a datum."""


@dataclass(frozen=True)
class Symbols:
    """``nodes`` are the functions and data by symbol number, None for everything else."""

    nodes: list[Node | None]
    data: dict[str, Datum]
    initialisers: list[Node]


@dataclass(frozen=True)
class Relocation:
    """A place in a section's payload that mentions a symbol."""

    offset: int
    target: Node
    addend: int


def read_symbols(linking: bytes, segments: list[Segment]) -> Symbols:
    """Read the section ``linking``."""
    version, at = unsigned(linking, 0)
    if version != _VERSION:
        raise BuildFault(f"the linker writes version {version} of its section, this reads version {_VERSION}")
    nodes: list[Node | None] = []
    data: dict[str, Datum] = {}
    first: list[int] = []
    while at < len(linking):
        kind = linking[at]
        size, at = unsigned(linking, at + 1)
        end = at + size
        if kind == _SYMBOL_TABLE:
            count, at = unsigned(linking, at)
            for _ in range(count):
                at = _symbol(linking, at, segments, nodes, data)
            if at != end:
                raise BuildFault("the linker's table of symbols has another form")
        elif kind == _INIT_FUNCS:
            count, at = unsigned(linking, at)
            for _ in range(count):
                _, at = unsigned(linking, at)
                symbol, at = unsigned(linking, at)
                first.append(symbol)
        at = end
    return Symbols(nodes, data, [node for number in first if (node := nodes[number]) is not None])


def _symbol(
    linking: bytes, at: int, segments: list[Segment], nodes: list[Node | None], data: dict[str, Datum]
) -> int:
    kind = linking[at]
    flags, at = unsigned(linking, at + 1)
    if kind == _DATA:
        length, at = unsigned(linking, at)
        name = linking[at : at + length].decode("utf-8")
        at += length
        if flags & _UNDEFINED:
            nodes.append(None)
            return at
        segment, at = unsigned(linking, at)
        offset, at = unsigned(linking, at)
        size, at = unsigned(linking, at)
        base = 0 if flags & _ABSOLUTE else segments[segment].address
        nodes.append(Datum(base + offset, size))
        data[name] = Datum(base + offset, size)
        return at
    index, at = unsigned(linking, at)
    if kind != _SECTION and (not flags & _UNDEFINED or flags & _EXPLICIT_NAME):
        length, at = unsigned(linking, at)
        at += length
    if kind not in (_FUNCTION, _GLOBAL, _SECTION, _TAG, _TABLE):
        raise BuildFault(f"the linker writes symbols of an unknown kind {kind}")
    nodes.append(index if kind == _FUNCTION else None)
    return at


def read_relocations(content: bytes, symbols: Symbols) -> Iterator[Relocation]:
    """Mentions of functions and data in one section (``reloc.CODE`` or ``reloc.DATA``)."""
    _, at = unsigned(content, 0)
    count, at = unsigned(content, at)
    for _ in range(count):
        kind = content[at]
        offset, at = unsigned(content, at + 1)
        index, at = unsigned(content, at)
        addend = 0
        if kind in _WITH_ADDEND:
            addend, at = signed(content, at)
        elif kind == _TYPE_INDEX:
            continue
        elif kind not in _PLAIN:
            raise BuildFault(f"the linker writes relocations of an unknown kind {kind}")
        target = symbols.nodes[index]
        if target is not None:
            yield Relocation(offset, target, addend)

"""Which modules of the table of built-in modules lead to which functions and data.

The graph is that of the linked module: a node for each function and each datum, an edge for each relocation.
The optimiser keeps the references of a function, but for three things, which are edges as well: a call to a
function may become a call to an equal one, a constant in the table may become a call, and the table may name
an equal function.  Functions that the optimiser made are taken to be in use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cpython.faults import BuildFault
from tools.reachability.binary import CODE, Segment, WasmBinary
from tools.reachability.calls import named_functions
from tools.reachability.linked import Datum, Node, Relocation, Symbols, read_relocations, read_symbols
from tools.reachability.names import function_numbers

__all__ = ["Reach", "explore"]

_TABLE = "_PyImport_Inittab"
_ENTRY = 8  #: bytes: address of the name, function


@dataclass(frozen=True)
class Reach:
    """``functions`` of the optimised module and ``data`` with the modules that lead to them.

    What is reached without any of these is not listed, nor is what nothing reaches; such data are ``in_use``.
    """

    modules: list[str]
    functions: dict[int, frozenset[str]]
    data: dict[Datum, frozenset[str]]
    in_use: list[Datum]


def explore(linked: bytes, optimised: bytes) -> Reach:
    """The analysis; ``linked`` has relocations, ``optimised`` is what became of it, with numbers as names."""
    before, after = WasmBinary(linked), WasmBinary(optimised)
    linking = before.custom("linking")
    if linking is None:
        raise BuildFault("the linker wrote no symbols", remedy="link with --emit-relocs")
    segments = before.segments
    if [(s.address, s.content) for s in segments] != [(s.address, s.content) for s in after.segments]:
        raise BuildFault("the optimiser changed the static data")
    symbols = read_symbols(linking, segments)
    edges, entries = _linked_edges(before, symbols, segments)
    names = function_numbers(after)
    made = _optimised_edges(before, after, names, edges)

    exports = before.exported_functions.values()
    always = _reached([*exports, *symbols.initialisers, *made], edges, set())
    owners: dict[Node, set[str]] = defaultdict(set)
    for module, function in sorted(entries.items()):
        for node in _reached([function], edges, always):
            owners[node].add(module)
    count = after.imported_functions + sum(1 for _ in after.bodies())
    functions = {
        index: frozenset(owners[names[index]])
        for index in range(after.imported_functions, count)
        if index in names and names[index] in owners
    }
    data = set(symbols.data.values()) | {node for node in symbols.nodes if isinstance(node, Datum)}
    return Reach(
        sorted(entries),
        functions,
        {datum: frozenset(owners[datum]) for datum in data if datum.size and datum in owners},
        [datum for datum in data if datum.size and datum not in owners],
    )


def _linked_edges(
    module: WasmBinary, symbols: Symbols, segments: list[Segment]
) -> tuple[dict[Node, set[Node]], dict[str, Node]]:
    """Edges of the linked module, and the functions of the table of built-in modules by module."""
    edges: dict[Node, set[Node]] = defaultdict(set)
    first = module.imported_functions
    starts = [start for start, _ in module.bodies()]
    for item in read_relocations(_relocations(module, "CODE"), symbols):
        edges[first + bisect_right(starts, item.offset) - 1].add(item.target)
    table = symbols.data.get(_TABLE)
    if table is None:
        raise BuildFault(f"the linked runtime has no symbol {_TABLE}")
    found: dict[int, dict[int, Relocation]] = defaultdict(dict)
    owners = _Owners(symbols)
    places = [segment.start for segment in segments]
    for item in read_relocations(_relocations(module, "DATA"), symbols):
        segment = segments[bisect_right(places, item.offset) - 1]
        address = segment.address + item.offset - segment.start
        holders = owners.at(address)
        if not holders:
            raise BuildFault(f"a relocation at address {address} belongs to no symbol")
        if table in holders:
            row, place = divmod(address - table.address, _ENTRY)
            found[row][place] = item
            if place == 0:
                edges[table].add(item.target)
            continue
        for holder in holders:
            edges[holder].add(item.target)
    entries: dict[str, Node] = {}
    for _, mentions in sorted(found.items()):
        if len(mentions) == 2:
            name = mentions[0].target
            assert isinstance(name, Datum)
            text = _string(segments, name.address + mentions[0].addend)
            entries[text] = mentions[4].target
    return edges, entries


def _optimised_edges(
    before: WasmBinary, after: WasmBinary, names: dict[int, int], edges: dict[Node, set[Node]]
) -> list[Node]:
    """Adds what the optimised code and table name; returns what the functions made since name."""
    made: list[Node] = []
    code = after.section(CODE)
    for index, (start, end) in enumerate(after.bodies(), after.imported_functions):
        named = [names[number] for number in named_functions(code, start, end) if number in names]
        if index in names:
            edges[names[index]].update(named)
        else:
            made += named
    slots, former = after.table, before.table
    if slots.keys() != former.keys():
        raise BuildFault("the optimiser changed the table's places")
    for slot, function in former.items():
        if slots[slot] in names:
            edges[function].add(names[slots[slot]])
    made += [names[index] for index in after.exported_functions.values() if index in names]
    return made


def _reached(roots: Iterable[Node], edges: dict[Node, set[Node]], known: set[Node]) -> set[Node]:
    """Everything that ``roots`` lead to, without what is ``known``."""
    seen: set[Node] = set()
    todo = [node for node in roots if node not in known]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += [item for item in edges.get(node, ()) if item not in seen and item not in known]
    return seen


def _relocations(module: WasmBinary, section: str) -> bytes:
    content = module.custom(f"reloc.{section}")
    if content is None:
        raise BuildFault("the linker wrote no relocations", remedy="link with --emit-relocs")
    return content


def _string(segments: list[Segment], address: int) -> str:
    for segment in segments:
        start = address - segment.address
        if 0 <= start < len(segment.content):
            return segment.content[start : segment.content.index(b"\0", start)].decode("ascii")
    raise BuildFault(f"no static data at address {address}")


class _Owners:
    """Symbols by address; the strings that the linker merged overlap."""

    def __init__(self, symbols: Symbols) -> None:
        data = {node for node in symbols.nodes if isinstance(node, Datum) and node.size}
        self._sorted = sorted(data, key=lambda datum: (datum.address, datum.size))
        self._starts = [datum.address for datum in self._sorted]
        ends, most = [], 0
        for datum in self._sorted:
            most = max(most, datum.address + datum.size)
            ends.append(most)
        self._ends = ends  #: the furthest end of the symbols up to each

    def at(self, address: int) -> list[Datum]:
        """The symbols whose data include ``address``."""
        index = bisect_right(self._starts, address) - 1
        found = []
        while index >= 0 and self._ends[index] > address:
            datum = self._sorted[index]
            if datum.address + datum.size > address:
                found.append(datum)
            index -= 1
        return found

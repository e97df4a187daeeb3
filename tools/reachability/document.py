"""The artefact's section ``basilisk:removable``: what each set of modules alone has need of.

JSON: ``modules`` lists the built-in modules; ``parts`` has rows ``[modules, functions, data]``: numbers of
modules, and runs of functions and of addresses as ``[first, count, …]``.  A part can go when none of its
modules can be imported.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tools.reachability.graph import Reach, explore

__all__ = ["document"]


def document(linked: bytes, optimised: bytes) -> bytes:
    """The section for the two forms of the runtime, see :func:`tools.reachability.graph.explore`."""
    reach = explore(linked, optimised)
    number = {name: index for index, name in enumerate(reach.modules)}
    functions: dict[frozenset[str], list[int]] = defaultdict(list)
    for index, modules in sorted(reach.functions.items()):
        functions[modules].append(index)
    data: dict[frozenset[str], list[tuple[int, int]]] = defaultdict(list)
    for start, end, modules in _areas(reach):
        data[modules].append((start, end - start))
    rows = [
        [
            sorted(number[name] for name in modules),
            [value for run in _runs(functions[modules]) for value in run],
            [value for area in data[modules] for value in area],
        ]
        for modules in functions.keys() | data.keys()
    ]
    content = {"modules": reach.modules, "parts": sorted(rows)}
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = count = 0
    for number in numbers:
        if count and number == start + count:
            count += 1
            continue
        if count:
            yield start, count
        start, count = number, 1
    if count:
        yield start, count


def _areas(reach: Reach) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Addresses that only data of the same modules cover, in order."""
    events: list[tuple[int, int, frozenset[str] | None]] = []
    for datum in [*reach.data, *reach.in_use]:
        users = reach.data.get(datum)
        events += [(datum.address, 1, users), (datum.address + datum.size, 0, users)]
    open_now: list[frozenset[str] | None] = []
    start = 0
    last: tuple[int, int, frozenset[str]] | None = None
    for address, opens, modules in sorted(events, key=lambda event: event[:2]):
        if address > start and open_now and None not in open_now:
            owners = frozenset().union(*(item for item in open_now if item is not None))
            if last is not None and last[1] == start and last[2] == owners:
                last = (last[0], address, owners)
            else:
                if last is not None:
                    yield last
                last = (start, address, owners)
        if opens:
            open_now.append(modules)
        else:
            open_now.remove(modules)
        start = address
    if last is not None:
        yield last

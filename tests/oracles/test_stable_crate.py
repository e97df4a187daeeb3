"""The crate behind stable structures, against a model and against ic-stable-structures, on the same bytes."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .instance import Panicked, Refused
from .settings import count, property_settings
from .stable_crate import Command, Library, StableCrate, number, start

#: Rounds of commands; each is done by one of the two libraries, which opens what the other one left.
Rounds = list[tuple[Library, list[Command]]]


@pytest.fixture(scope="session")
def crate() -> StableCrate:
    return start()


def rounds(commands: st.SearchStrategy[Command], size: int = 60) -> st.SearchStrategy[Rounds]:
    libraries: st.SearchStrategy[Library] = st.sampled_from(["ours", "theirs"])
    return st.lists(st.tuples(libraries, st.lists(commands, max_size=size)), max_size=6)


def check(crate: StableCrate, kind: str, made: Rounds, model: Callable[[Command], list[bytes]]) -> None:
    """Every answer of either library is the model's."""
    crate.load(b"")
    for library, commands in made:
        assert crate.work(library, kind, commands) == [model(command) for command in commands]
        count(f"{kind}: commands by turns with ic-stable-structures")


# ---- maps and sets ---------------------------------------------------------------------------------


class MapModel:
    """A sorted map, as a dict."""

    def __init__(self, order: Callable[[bytes], Any]) -> None:
        self.items: dict[bytes, bytes] = {}
        self.order = order

    def __call__(self, command: Command) -> list[bytes]:
        letter, arguments = command
        items = self.items
        key = arguments[0] if arguments else b""
        keys = sorted(items, key=self.order)
        if letter == "I":
            old = items.get(key)
            items[key] = arguments[1]
            return [] if old is None else [old]
        if letter in "RG":
            old = items.pop(key, None) if letter == "R" else items.get(key)
            return [] if old is None else [old]
        if letter in "FfEl":
            if not keys:
                return []
            key = keys[0 if letter in "Ff" else -1]
            return [key, items.pop(key) if letter in "fl" else items[key]]
        if letter == "S":
            found = self.range(keys, *arguments)
            return [part for key in found for part in (key, items[key])]
        if letter == "B":
            flags = int.from_bytes(arguments[1], "little")
            return self.beside(keys, key, bool(flags & 1), bool(flags & 2))
        if letter == "X":
            items.clear()
            return []
        return [number(len(items) if letter == "N" else key in items)]

    def beside(self, keys: list[bytes], key: bytes, inclusive: bool, down: bool) -> list[bytes]:
        order = self.order
        if down:
            keys = [
                other for other in reversed(keys) if order(other) < order(key) or (inclusive and other == key)
            ]
        else:
            keys = [other for other in keys if order(other) > order(key) or (inclusive and other == key)]
        return [keys[0], self.items[keys[0]]] if keys else []

    def range(self, keys: list[bytes], low: bytes, high: bytes, flags_: bytes) -> list[bytes]:
        flags, order = int.from_bytes(flags_, "little"), self.order
        if flags & 1:
            keys = [key for key in keys if order(key) > order(low) or (flags & 2 and key == low)]
        if flags & 4:
            keys = [key for key in keys if order(key) < order(high) or (flags & 8 and key == high)]
        return keys[::-1] if flags & 16 else keys


def map_commands(
    keys: st.SearchStrategy[bytes], values: st.SearchStrategy[bytes], order: Callable[[bytes], Any]
) -> st.SearchStrategy[Command]:
    def ranged(ends: tuple[bytes, bytes], flags: int) -> Command:
        low, high = sorted(ends, key=order)
        if low == high:
            flags |= 2 | 8  # the Rust library panics at an empty range of this kind
        return "S", (low, high, number(flags))

    insert = st.tuples(st.just("I"), st.tuples(keys, values))
    return st.one_of(
        insert,
        insert,
        insert,
        st.tuples(st.sampled_from("RRGH"), st.tuples(keys)),
        st.tuples(st.sampled_from("NFEflNFEflX"), st.just(())),
        st.builds(ranged, st.tuples(keys, keys), st.integers(0, 31)),
        st.builds(lambda key, flags: ("B", (key, number(flags))), keys, st.integers(0, 3)),
    )


def by_bytes(key: bytes) -> bytes:
    return key


def by_length(key: bytes) -> tuple[int, bytes]:
    return len(key), key


FEW = st.binary(max_size=3).map(lambda key: bytes(byte & 3 for byte in key))
LONG = st.builds(lambda key, times: key * times, FEW, st.integers(1, 800))
EIGHT = st.integers(0, 60).map(lambda key: key.to_bytes(8, "big"))
SMALL = st.binary(max_size=20)
LARGE = st.builds(lambda byte, size: bytes([byte]) * size, st.integers(0, 255), st.integers(0, 4000))


@pytest.mark.parametrize(
    ("kind", "keys", "values", "order"),
    [
        ("map", FEW, SMALL, by_bytes),
        ("map", FEW | LONG, SMALL | LARGE, by_bytes),
        ("u64 map", EIGHT, EIGHT, by_bytes),
        ("principal map", FEW | st.binary(max_size=29), EIGHT, by_length),
        ("set", FEW | LONG, st.just(b""), by_bytes),
    ],
    ids=["short", "long", "fixed", "principals", "set"],
)
def test_maps(
    crate: StableCrate,
    kind: str,
    keys: st.SearchStrategy[bytes],
    values: st.SearchStrategy[bytes],
    order: Callable[[bytes], Any],
) -> None:
    """For all commands, in turns of either library on one memory: the answers are those of a sorted dict."""

    @property_settings
    @given(rounds(map_commands(keys, values, order)))
    def holds(made: Rounds) -> None:
        check(crate, kind, made, MapModel(order))

    holds()


@pytest.mark.parametrize("writer", ["ours", "theirs"])
def test_a_map_of_thousands_in_either_library(crate: StableCrate, writer: Library) -> None:
    """Many nodes: filled by one library, half emptied by the other, emptied by the first."""
    other: Library = "theirs" if writer == "ours" else "ours"
    keys = [(index * 7919 % 3001).to_bytes(4, "big") * (1 + index % 9) for index in range(3000)]
    values = [bytes([index % 256]) * (index % 300) for index in range(3000)]
    crate.load(b"")
    crate.work(writer, "map", [("I", (key, value)) for key, value in zip(keys, values)])
    everything = ("S", (b"", b"", number(0)))
    expected = [part for pair in sorted(zip(keys, values)) for part in pair]
    assert crate.work("ours", "map", [everything]) == crate.work("theirs", "map", [everything]) == [expected]
    removed = crate.work(other, "map", [("R", (key,)) for key in keys[::2]])
    assert removed == [[value] for value in values[::2]]
    expected = [part for pair in sorted(zip(keys[1::2], values[1::2])) for part in pair]
    assert crate.work("ours", "map", [everything]) == crate.work("theirs", "map", [everything]) == [expected]
    popped = crate.work(writer, "map", [("fl"[index % 2], ()) for index in range(1500)])
    assert sorted(key for key, _ in popped) == sorted(keys[1::2])
    assert crate.work(other, "map", [("N", ()), ("F", ())]) == [[number(0)], []]


# ---- the others ------------------------------------------------------------------------------------


def indexed(elements: st.SearchStrategy[bytes]) -> st.SearchStrategy[Command]:
    index = st.integers(0, 40).map(number)
    append = st.tuples(st.just("A"), st.tuples(elements))
    return st.one_of(
        append,
        append,
        st.tuples(st.just("T"), st.tuples(index, elements)),
        st.tuples(st.just("G"), st.tuples(index)),
        st.tuples(st.sampled_from("ON"), st.just(())),
    )


@pytest.mark.parametrize(
    ("kind", "elements"), [("vec", EIGHT), ("blob vec", st.binary(max_size=300))], ids=["fixed", "bounded"]
)
def test_lists(crate: StableCrate, kind: str, elements: st.SearchStrategy[bytes]) -> None:
    """For all commands, in turns of either library: the answers are those of a list."""

    @property_settings
    @given(rounds(indexed(elements)))
    def holds(made: Rounds) -> None:
        items: list[bytes] = []

        def model(command: Command) -> list[bytes]:
            letter, arguments = command
            index = int.from_bytes(arguments[0], "little") if letter in "TG" else 0
            if letter == "A":
                items.append(arguments[0])
                return []
            if letter == "T":
                if index < len(items):
                    items[index] = arguments[1]
                return [number(index < len(items))]
            if letter == "O":
                return [items.pop()] if items else []
            return [number(len(items))] if letter == "N" else items[index : index + 1]

        check(crate, kind, made, model)

    holds()


@property_settings
@given(rounds(indexed(SMALL | LARGE).filter(lambda command: command[0] in "AGN")))
def test_logs(crate: StableCrate, made: Rounds) -> None:
    """For all commands, in turns of either library: the answers are those of a list that only grows."""
    items: list[bytes] = []

    def model(command: Command) -> list[bytes]:
        letter, arguments = command
        if letter == "A":
            items.append(arguments[0])
            return [number(len(items) - 1)]
        if letter == "N":
            return [number(len(items))]
        index = int.from_bytes(arguments[0], "little")
        return items[index : index + 1]

    check(crate, "log", made, model)


@property_settings
@given(
    rounds(
        st.one_of(
            st.tuples(st.just("A"), st.tuples(EIGHT)),
            st.tuples(st.just("A"), st.tuples(EIGHT)),
            st.tuples(st.sampled_from("OGN"), st.just(())),
        )
    )
)
def test_heaps(crate: StableCrate, made: Rounds) -> None:
    """For all commands, in turns of either library: the answers are those of heapq."""
    items: list[bytes] = []

    def model(command: Command) -> list[bytes]:
        letter, arguments = command
        if letter == "A":
            heapq.heappush(items, arguments[0])
            return []
        if letter == "N":
            return [number(len(items))]
        return [] if not items else [heapq.heappop(items) if letter == "O" else items[0]]

    check(crate, "heap", made, model)


@property_settings
@given(rounds(st.tuples(st.just("T"), st.tuples(SMALL | LARGE)) | st.just(("G", ())), size=5))
def test_cells(crate: StableCrate, made: Rounds) -> None:
    """For all commands, in turns of either library: a cell holds what was set last."""
    held = b""

    def model(command: Command) -> list[bytes]:
        nonlocal held
        letter, arguments = command
        if letter == "T":
            held = arguments[0]
            return []
        return [held]

    check(crate, "cell", made, model)


# ---- damaged memory --------------------------------------------------------------------------------

KINDS = ["map", "u64 map", "vec", "blob vec", "log", "cell", "heap"]


@pytest.fixture(scope="module", params=KINDS)
def damaged(request: pytest.FixtureRequest) -> tuple[StableCrate, str, bytes]:
    """A crate with bounds on work and memory, a kind, and a memory with such a structure in it."""
    crate, kind = start(bounded=True), str(request.param)
    crate.load(b"")
    fill: list[Command] = []
    for index in range(300):
        key = (index * 77 % 301).to_bytes(8, "big")
        if "map" in kind:
            fill.append(("I", (key, key if kind == "u64 map" else key * (index % 60))))
        else:
            fill.append(("T" if kind == "cell" else "A", (key,)))
    crate.work("ours", kind, fill)
    return crate, kind, crate.dump()


def places(size: int) -> st.SearchStrategy[int]:
    """Headers are where damage has most consequences: of the manager, of structures, of nodes."""
    page = 65_536
    return st.one_of(
        st.integers(0, 120),
        st.integers(page, page + 200),
        st.integers(page, page + 20_000),
        st.integers(2 * page, 2 * page + 100),
        st.integers(0, size - 8),
    )


NUMBERS = st.sampled_from([0, 1, 2, 100, 2**16 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]).map(number)


def test_damage_ends_in_an_error_or_a_wrong_answer(damaged: tuple[StableCrate, str, bytes]) -> None:
    """Whatever bytes change: no panic, no endless loop, no memory beyond the bounds."""
    crate, kind, memory = damaged
    size = len(memory)
    outcomes: Counter[bool] = Counter()

    @property_settings
    @given(
        st.lists(
            st.tuples(places(size), st.binary(min_size=1, max_size=8) | NUMBERS), min_size=1, max_size=4
        ),
        st.lists(_command(kind), max_size=12),
    )
    def holds(changes: list[tuple[int, bytes]], commands: list[Command]) -> None:
        crate.load(memory)
        for place, data in changes:
            crate.overwrite(min(place, size - len(data)), data)
        try:
            crate.work("ours", kind, commands)
        except Panicked:
            raise
        except Refused as reason:
            assert str(reason)
            outcomes[False] += 1
        else:
            outcomes[True] += 1

    holds()
    assert outcomes[True] and outcomes[False], "some damage is seen, some is not"


def _command(kind: str) -> st.SearchStrategy[Command]:
    if kind in ("map", "u64 map"):
        values = EIGHT if kind == "u64 map" else SMALL
        return map_commands(st.integers(0, 400).map(lambda key: key.to_bytes(8, "big")), values, by_bytes)
    if kind == "cell":
        return st.tuples(st.just("T"), st.tuples(SMALL)) | st.just(("G", ()))
    if kind == "heap":
        return st.tuples(st.just("A"), st.tuples(EIGHT)) | st.sampled_from([("O", ()), ("G", ()), ("N", ())])
    commands = indexed(EIGHT)
    return commands.filter(lambda command: command[0] in "AGN") if kind == "log" else commands

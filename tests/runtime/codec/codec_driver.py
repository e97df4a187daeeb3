"""Runs inside Python 3.13 with the native build of the codec; serves requests on standard input.

A request is a pickled list of calls ``(function, arguments)``; the answer is the list of results, each
``("ok", value)``, ``("error", text)`` for the codec's own error, or ``("raised", type, text)``.  Lengths are
four bytes, little-endian.  The classes below stand for those that a canister would have.
"""

from __future__ import annotations

import enum
import gc
import importlib.machinery
import importlib.util
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Principal:
    """Stands for ``basilisk.Principal``."""

    bytes: bytes


@dataclass(frozen=True)
class Service:
    """Stands for a service class; made from the principal's bytes."""

    canister_id: Principal


class Some:
    """Stands for ``basilisk.Some``."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Some) and self.value == other.value

    def __repr__(self) -> str:
        return f"Some({self.value!r})"


def make_service(raw: bytes) -> Service:
    """Constructor of services."""
    return Service(Principal(raw))


@dataclass
class Point:
    """A record as a dataclass."""

    x: int
    y: Any


class Picky:
    """A record class whose constructor refuses some values."""

    def __init__(self, x: int) -> None:
        if x == 13:
            raise ValueError("13 is unlucky")
        self.x = x


class Colour(enum.Enum):
    """A variant as an enumeration."""

    Red = 1
    Green = 2
    Blue = 3


class Case:
    """Stands for ``basilisk.Case``."""

    __slots__ = ("value",)
    _one_slot_ = True

    def __init__(self, value: object = None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Case) and self.value == other.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


class First(Case):
    """A case of a variant."""

    __slots__ = ()


class Second(Case):
    """Another one."""

    __slots__ = ()


class Third(Case):
    """Another one."""

    __slots__ = ()


class Wide(Case):
    """A case whose instances have attributes of their own, so they are made by calling it."""


class Fifth(Case):
    """A case of a long variant."""

    __slots__ = ()


class Sixth(Case):
    """Another one."""

    __slots__ = ()


class Seventh(Case):
    """Another one."""

    __slots__ = ()


class Eighth(Case):
    """Another one."""

    __slots__ = ()


#: A class for each alternative of a variant, by its position.
CASES = (First, Second, Third, Wide, Fifth, Sixth, Seventh, Eighth)


class Shrinking:
    """An item that empties the list it is in while it is being encoded."""

    def __init__(self, victim: Any) -> None:
        self.victim = victim

    @property
    def x(self) -> int:
        """Read by the encoder."""
        self.victim.clear()
        return 1


def load(path: str) -> Any:
    """The extension module at ``path``."""
    loader = importlib.machinery.ExtensionFileLoader("basilisk_codec", path)
    spec = importlib.util.spec_from_file_location("basilisk_codec", loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def leaks(codec: Any, function: str, plan: int, argument: Any) -> int:
    """Memory blocks that 200 more calls leave behind (some noise is normal)."""

    def many(times: int) -> int:
        for _ in range(times):
            try:
                getattr(codec, function)(plan, argument)
            except codec.CandidError:
                pass
        gc.collect()
        return sys.getallocatedblocks()

    many(50)
    before = many(1)
    return many(200) - before


def shrinking_list(codec: Any, plan: int) -> Any:
    """Encodes a list whose first item empties it."""
    items: list[Any] = []
    items += [Shrinking(items), Shrinking(items), Shrinking(items)]
    return codec.encode(plan, (items,))


def self_containing(codec: Any, plan: int) -> Any:
    """Encodes a list that contains itself."""
    items: list[Any] = []
    items.append(items)
    return codec.encode(plan, (items,))


def nested(codec: Any, plan: int, depth: int) -> Any:
    """Encodes a linked list of that length, made here because pickle does not nest so deep."""
    value: Any = None
    for number in range(depth):
        value = {"head": number, "tail": value}
    return codec.encode(plan, (value,))


def depth_of(codec: Any, plan: int, data: bytes) -> int:
    """Length of a linked list after decoding."""
    (value,) = codec.decode(plan, data)
    length = 0
    while value is not None:
        value, length = value["tail"], length + 1
    return length


def wrappers_of(codec: Any, plan: int, data: bytes) -> int:
    """How many ``Some`` are around None after decoding; encoding gives the same bytes again."""
    (value,) = codec.decode(plan, data)
    if codec.encode(plan, (value,)) != data:
        raise AssertionError("not the same bytes")
    count = 0
    while value is not None:
        value, count = value.value, count + 1
    return count


def cycle(codec: Any, plan: int, kind: str) -> Any:
    """Encodes a value that contains itself."""
    items: Any
    if kind == "vec":
        items = []
        items.append(items)
    elif kind == "record":
        items = {"head": 1}
        items["tail"] = items
    elif kind == "variant":
        items = {}
        items["next"] = items
    elif kind == "case":
        inner_items: list[Any] = []
        items = First(inner_items)
        inner_items.append(items)
    elif kind == "map":
        items = {}
        items["key"] = items
    elif kind == "instance":
        items = Point(1, None)
        items.y = items
    elif kind == "tuple":
        inner: list[Any] = [1, None]
        items = inner
        inner[1] = (1, inner)
    else:
        items = Some(None)
        items.value = items
    return codec.encode(plan, (items,))


def shared(codec: Any, plan: int, data: bytes) -> tuple[bool, bool]:
    """Whether two decoded values are one object, and whether the garbage collector knows them."""
    (first,), (second,) = codec.decode(plan, data), codec.decode(plan, data)
    return first is second, gc.is_tracked(first) and gc.is_tracked(second)


def empty_slot(codec: Any, plan: int) -> Any:
    """Encodes a case that was made without its value."""
    return codec.encode(plan, (First.__new__(First),))


def cycles_of_cases(codec: Any, plan: int, data: bytes) -> int:
    """How many of ten decoded cases around lists are alive after each was put into its own list."""
    for _ in range(10):
        (case,) = codec.decode(plan, data)
        case.value.append(case)
    del case
    gc.collect()
    return sum(isinstance(item, First) and isinstance(item.value, list) for item in gc.get_objects())


def attributes(codec: Any, plan: int, data: bytes) -> dict[str, Any]:
    """What Python sees of a decoded Point, and what the codec sees of one that was changed."""

    def decoded() -> Any:
        return codec.decode(plan, data)[0]

    def encoded(point: Any) -> bool:
        return bool(codec.encode(plan, (point,)) == data)

    plain, asked, replaced, renewed, more = (decoded() for _ in range(5))
    names = list(vars(asked))
    replaced.__dict__ = {"y": replaced.y, "x": replaced.x}
    del renewed.x
    renewed.x = 300
    more.z = 1
    missing = decoded()
    del missing.y
    try:
        text = codec.encode(plan, (missing,))
    except codec.CandidError as error:
        text = str(error)

    original = Point.__init__

    def init(self: Point, x: int, y: Any) -> None:
        original(self, x, y)
        self.first = "x"  # type: ignore[attr-defined]

    before = sys.getrefcount(Point)
    kept = [decoded() for _ in range(100)]
    same = sys.getrefcount(Point) - before - len(kept)
    Point.__init__ = init  # type: ignore[method-assign]
    try:
        changed: Any = decoded()
    finally:
        Point.__init__ = original  # type: ignore[method-assign]
    return {
        "names": names,
        "tracked": all(gc.is_tracked(point) for point in kept),
        "encoded": [encoded(point) for point in (plain, asked, replaced, renewed, more)],
        "missing": text,
        "counted": same,
        "changed": (changed.first, changed.x, changed.y),
    }


HELPERS: dict[str, Callable[..., Any]] = {
    "leaks": leaks,
    "shrinking_list": shrinking_list,
    "self_containing": self_containing,
    "nested": nested,
    "depth_of": depth_of,
    "wrappers_of": wrappers_of,
    "cycle": cycle,
    "attributes": attributes,
    "cycles_of_cases": cycles_of_cases,
    "empty_slot": empty_slot,
    "shared": shared,
}


def answer(codec: Any, function: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The result of one call."""
    try:
        if function in HELPERS:
            return "ok", HELPERS[function](codec, *arguments)
        return "ok", getattr(codec, function)(*arguments)
    except codec.CandidError as error:
        return "error", str(error)
    except Exception as error:
        return "raised", type(error).__name__, str(error)


def main(path: str) -> None:
    """Serves requests until the end of input."""
    codec = load(path)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(size := source.read(4)) == 4:
        calls = pickle.loads(source.read(int.from_bytes(size, "little")))
        data = pickle.dumps([answer(codec, function, arguments) for function, arguments in calls], 4)
        sink.write(len(data).to_bytes(4, "little") + data)
        sink.flush()

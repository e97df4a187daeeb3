"""The codec where it is at home: depth within a canister's stack, and what it costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.testing.local import LocalCanister

ANYBODY = Principal.anonymous()
DEEPEST = 2_000  # MAX_DEPTH in bridge_crate/src/candid/limits.rs

DEPTH = """\
from basilisk import nat64, query, text

codec = __import__("_basilisk_ic")
LIST = (("opt", 2), ("int",), ("record", "dict", None, ((0, "head", 1), (1, "tail", 0))))
NATS = (("opt", 2), ("nat",), ("record", "dict", None, ((0, "head", 1), (1, "tail", 0))))
PAIRS = (("opt", 2), ("int",), ("tuple", (1, 0)))
VECS = (("vec", 0),)
CHAIN = (("variant", "dict", None, ((0, "end", 1), (1, "next", 0))), ("null",))
MAPS = (("map", 1, 0), ("text",))
own, other, pairs, vecs, chain, maps, anything = [
    codec.compile_plan(nodes, (0,)) for nodes in (LIST, NATS, PAIRS, VECS, CHAIN, MAPS, (("reserved",),))
]


def grow(value, depth, step):
    for _ in range(depth):
        value = step(value)
    return value


def through(plan, value, *readers):
    data = codec.encode(plan, (value,))
    for reader in (plan, anything, *readers):
        codec.decode(reader, data)


@query
def nest(depth: nat64) -> text:
    try:
        through(other, grow(None, depth, lambda inner: {"head": 1, "tail": inner}), own)
        through(pairs, grow(None, depth, lambda inner: (1, inner)), own)
        through(vecs, grow([], depth - 1, lambda inner: [inner]))
        through(chain, grow({"end": None}, depth - 1, lambda inner: {"next": inner}))
        through(maps, grow({}, depth // 2 - 1, lambda inner: {"key": inner}))
    except codec.CandidError as error:
        return str(error)
    return "done"
"""


def test_values_as_deep_as_allowed(deploy: Callable[[str], LocalCanister]) -> None:
    """Every container, written, read, coerced and skipped at the limit; one level more is an error."""
    canister = deploy(DEPTH)
    assert canister.call("nest", [DEEPEST], ANYBODY) == ["done"]
    (answer,) = canister.call("nest", [DEEPEST + 1], ANYBODY)
    assert "nested too deeply" in str(answer)


NAMES = """\
from basilisk import Record, Vec, nat8, nat64, query, text


class Item(Record):
    count: nat8


@query
def store(label: text, items: Vec[Item]) -> text:
    return label


@query
def wide(label: text, items: Vec[nat64]) -> Vec[Item]:
    return [{"count": item} for item in items]
"""


def test_errors_name_arguments_and_results(deploy: Callable[[str], LocalCanister]) -> None:
    """A bad argument is called by its parameter's name, a bad result ``result``; both with the path."""
    canister = deploy(NAMES)
    with pytest.raises(CallRejected, match=r"types: items\[0\]\.count: expected nat8, found int"):
        canister.call_untyped("store", ["x", [{"count": 300}]], ANYBODY)
    with pytest.raises(CallRejected, match=r"types: label: expected text, found int"):
        canister.call_untyped("store", [5, []], ANYBODY)
    with pytest.raises(CallRejected, match=r"result\[1\]\.count: 300 does not fit nat8"):
        canister.call("wide", ["x", [1, 300]], ANYBODY)


COST = """\
from basilisk import nat64, query, text

codec = __import__("_basilisk_ic")
VALUES = {
    "text": ((("text",),), "a" * 16),
    "nat64": ((("nat64",),), 2**40),
    "vec nat64": ((("vec", 1), ("nat64",)), [2**40 + number for number in range(1000)]),
    "vec text": ((("vec", 1), ("text",)), ["a" * 16] * 1000),
    "blob": ((("blob",),), bytes(2**20)),
}
RECORD = (("vec", 1), ("record", "dict", None, tuple((n, f"field_{n}", 2) for n in range(10))), ("nat64",))
ROW = dict(field_0=0, field_1=1, field_2=2, field_3=3, field_4=4)
ROW.update(field_5=5, field_6=6, field_7=7, field_8=8, field_9=9)
VALUES["record"] = (RECORD, [ROW] * 1000)
PLANS = {name: codec.compile_plan(nodes, (0,)) for name, (nodes, _) in VALUES.items()}


@query
def encode(name: text) -> nat64:
    plan, value = PLANS[name], (VALUES[name][1],)
    for _ in range(2):  # the first round warms up the interpreter and the allocator
        before = codec.performance_counter(0)
        codec.encode(plan, value)
        cost = codec.performance_counter(0) - before
    return cost


@query
def decode(name: text) -> nat64:
    plan, data = PLANS[name], codec.encode(PLANS[name], (VALUES[name][1],))
    for _ in range(2):
        values = None
        before = codec.performance_counter(0)
        values = codec.decode(plan, data)
        cost = codec.performance_counter(0) - before
    return cost


@query
def hello(name: text) -> text:
    return "hello"
"""

#: Instructions allowed for encoding and decoding, about a fifth above those measured.  The call from Python
#: and the clock take some 4,500 of each.
CEILINGS = {
    "text": (6_900, 5_800),
    "nat64": (6_800, 5_800),
    "vec nat64": (105_000, 150_000),
    "vec text": (245_000, 340_000),
    "blob": (2_500_000, 1_300_000),
    "record": (2_550_000, 2_130_000),  # 1,000 records of ten fields
}


def test_instructions(deploy: Callable[[str], LocalCanister]) -> None:
    """Encoding and decoding stay as cheap as they are; so does a query as a whole."""
    canister = deploy(COST)
    found = {}
    for name in CEILINGS:
        measured = [canister.call(direction, [name], ANYBODY)[0] for direction in ("encode", "decode")]
        found[name] = tuple(int(str(value)) for value in measured)
    for name, ceiling in CEILINGS.items():
        assert all(value <= limit for value, limit in zip(found[name], ceiling)), (name, found[name])
    canister.call("hello", ["World"], ANYBODY)
    assert canister.instructions <= 8_000

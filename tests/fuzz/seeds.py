"""Plans and valid messages to start from, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from basilisk import candid
from basilisk.candid.types import Environment, Type, field_id
from tests.runtime.codec.codec_driver import CASES, Colour, Picky, Point, Principal, Some
from tests.runtime.codec.plans import plan_of
from tests.unit.candid.strategies import supertypes, typed_values

__all__ = ["Plan", "Seeds", "collect", "dictionary"]

PlanNodes = tuple[tuple[Any, ...], tuple[int, ...]]

#: An input names its plan in one byte.
MOST_PLANS = 256

_CHOSEN = """\
type List = opt record { head : int; tail : List };
type Tree = variant { leaf : nat; node : record { Tree; Tree } };
type Twice = record { left : opt Twice; right : vec Twice };
"""
_CHOSEN_TYPES = (
    ("(List)", "(opt record { head = 1; tail = opt record { head = -2; tail = null } })"),
    ("(Tree)", "(variant { node = record { variant { leaf = 1 }; variant { leaf = 300 } } })"),
    ("(Twice)", "(record { left = null; right = vec { record { left = null; right = vec {} } } })"),
    ("(vec record { text; nat })", '(vec { record { "a"; 1 }; record { "b"; 2 } })'),
    ("(vec nat8, vec nat64, vec text)", '(blob "\\00\\ff", vec { 1; 2 }, vec { "é"; "" })'),
    ("(opt opt opt bool, reserved, null)", "(opt opt null, null, null)"),
    ("(vec null, vec record {}, vec reserved)", "(vec { null; null }, vec { record {} }, vec {})"),
    ("(float32, float64, int, nat)", "(1.5, -0.0, -170141183460469231731687303715884105729, 0)"),
    ("(principal, func (nat) -> (nat) query)", '(principal "aaaaa-aa", func "2vxsx-fae"."get")'),
    ("(service { get : (opt nat) -> (int) query })", '(service "2vxsx-fae")'),
    ("(record { x : int; y : opt int })", "(record { x = 7; y = opt 8 })"),
    ("(variant { Red; Green; Blue })", "(variant { Green })"),
    ("(nat8, nat16, nat32, int8, int16, int32, int64)", "(1, 2, 3, -1, -2, -3, -4)"),
)


def _table(*types: bytes) -> bytes:
    return b"DIDL" + bytes([len(types)]) + b"".join(types)


#: Messages that promise much in few bytes: vecs of values without bytes, records of records of nothing, opts.
_BOMBS = (
    _table(b"\x6d\x7f") + b"\1\0" + b"\x80\x94\xeb\xdc\x03",
    _table(b"\x6d\x70") + b"\1\0" + b"\x80\x80\x0f",
    _table(b"\x6d\1", b"\x6c\2\0\x7f\1\2", b"\x6c\1\0\x7f") + b"\1\0" + b"\x80\xb5\x18",
    _table(b"\x6e\0") + b"\1\0" + b"\1" * 200 + b"\0",
    _table(b"\x6d\0") + b"\1\0" + b"\x40" * 64 + b"\0" * 4,
    _table(b"\x6d\1", b"\x6d\2", b"\x6d\x7f") + b"\1\0" + b"\x10" + b"\xff\x7f" * 16,
    _table(b"\x6d\x7d") + b"\1\0" + b"\2" + b"\xff" * 300 + b"\1" + b"\0",
)


def _styles() -> list[PlanNodes]:
    """Plans for the ways of holding values that only a canister has."""

    def fields(**nodes: int) -> tuple[tuple[int, str, int], ...]:
        return tuple(sorted((field_id(name), name, node) for name, node in nodes.items()))

    return [
        ((("text",), ("nat",), ("map", 0, 1)), (2,)),
        ((("int",), ("opt", 0), ("record", "attrs", Point, fields(x=0, y=1))), (2,)),
        ((("int",), ("record", "attrs", Picky, fields(x=0)), ("vec", 1)), (2,)),
        ((("null",), ("variant", "enum", Colour, fields(Red=0, Green=0, Blue=0)), ("opt", 1)), (1, 2)),
        ((("null",), ("nat",), ("variant", "cases", CASES[:2], fields(leaf=1, none=0)), ("vec", 2)), (3,)),
        ((("vec", 1), ("variant", "cases", CASES[:3], fields(leaf=2, node=0, wide=2)), ("text",)), (1,)),
        ((("principal", Principal), ("float64",), ("map", 0, 1), ("map", 1, 2)), (2, 3)),
        ((("opt", 0, Some),), (0,)),
        ((("vec", 0),), (0,)),
        ((("tuple", (0, 0)),), (0,)),
        ((("reserved",),), (0,)),
        ((), ()),
    ]


@dataclass(frozen=True)
class Plan:
    """``types`` is None where the host's codec has no such types."""

    nodes: PlanNodes
    types: tuple[list[Type], Environment] | None


@dataclass(frozen=True)
class Seeds:
    """``inputs`` name a plan in their first byte; a message follows."""

    plans: list[Plan]
    inputs: list[bytes]


def collect(count: int = 110) -> Seeds:
    """The chosen types and ``count`` random ones with a value, a supertype each, every message at both."""
    plans: list[Plan] = [Plan(nodes, None) for nodes in _styles()]
    inputs: list[bytes] = []

    def add(message: bytes, *readers: tuple[list[Type], Environment]) -> None:
        for declared, environment in readers:
            if len(plans) < MOST_PLANS:
                plans.append(Plan(plan_of(declared, environment), (declared, environment)))
                inputs.append(bytes([len(plans) - 1]) + message)
        inputs.extend(bytes([number]) + message for number in range(len(_styles())))

    for types, values in _CHOSEN_TYPES:
        interface = candid.parse_did(f"{_CHOSEN} service : {{ read : {types} -> () }}")
        assert interface.service is not None
        method: Any = interface.service.methods[0][1]
        declared = [argument.type for argument in method.args]
        found = candid.parse_values(values, declared, interface.environment)
        add(candid.encode(declared, found, interface.environment), (declared, interface.environment))

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(typed_values(), st.data())
    def random(typed: tuple[list[Type], list[Any], Environment], data: st.DataObject) -> None:
        declared, values, environment = typed
        above = [data.draw(supertypes(type_)) for type_ in declared]
        message = candid.encode(declared, values, environment)
        add(message, (declared, environment), (above, environment))

    random()
    inputs.extend(bytes([number]) + bomb for bomb in _BOMBS for number in range(len(plans)))
    return Seeds(plans, inputs)


def dictionary() -> str:
    """libFuzzer's dictionary: the magic bytes, type codes, lengths at their limits."""
    words = [b"DIDL"]
    words += [bytes([code]) for code in range(0x68, 0x80)]
    words += [
        b"\x80\x00",
        b"\xff\x7f",
        b"\x80\x80\x80\x80\x10",
        b"\xff\xff\xff\xff\x0f",
        b"\xff" * 9 + b"\x01",
    ]
    words += [b"\x6e\x00", b"\x6d\x00", b"\x6c\x00", b"\x6c\x02\x00\x00\x01\x00", b"\x6b\x01\x00\x7f"]
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)

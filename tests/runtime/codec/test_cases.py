"""Variants whose values are instances of classes, against the same variants as dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import candid
from basilisk.candid.types import Environment, Type
from tests.unit.candid.strategies import mutated, supertypes, typed_values

from .codec_driver import CASES, First, Second, Third, Wide
from .native import Codec, CodecError
from .plans import canister_value, plan_of
from .test_properties import PROPERTY
from .test_values import fields

TEXT_OR_NAT = (("nat",), ("text",), ("null",))


def instances(host: Sequence[Any], declared: Sequence[Type], environment: Environment) -> list[Any]:
    """The host's values with instances for variants."""
    return [canister_value(value, type_, environment, True) for value, type_ in zip(host, declared)]


def read(codec: Codec, data: bytes, declared: Sequence[Type], environment: Environment) -> list[Any] | None:
    """What the codec makes of a message at variants of classes; None when it refuses."""
    try:
        return list(codec.call("decode", codec.plan(*plan_of(declared, environment, True)), data))
    except CodecError:
        return None


def expected(data: bytes, declared: Sequence[Type], environment: Environment) -> list[Any] | None:
    """What the host makes of it."""
    try:
        return instances(candid.decode(data, declared, environment), declared, environment)
    except candid.CandidError:
        return None


@PROPERTY
@given(typed_values())
def test_round_trip(codec: Codec, typed: tuple[list[Type], list[Any], Environment]) -> None:
    """decode(encode(values)) == values, and the bytes are those of the same variants as dicts."""
    declared, host, environment = typed
    values = instances(host, declared, environment)
    plan = codec.plan(*plan_of(declared, environment, True))
    data = codec.call("encode", plan, tuple(values))
    assert list(codec.call("decode", plan, data)) == values
    dicts = [canister_value(value, type_, environment) for value, type_ in zip(host, declared)]
    assert codec.call("encode", codec.plan(*plan_of(declared, environment)), tuple(dicts)) == data


@PROPERTY
@given(st.data(), typed_values())
def test_supertypes(
    codec: Codec, data: st.DataObject, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """At supertypes the canister reads the instances that stand for what the host reads."""
    declared, host, environment = typed
    message = candid.encode(declared, host, environment)
    above = [data.draw(supertypes(type_)) for type_ in declared]
    assert read(codec, message, above, environment) == expected(message, above, environment) is not None


@PROPERTY
@given(st.data(), typed_values())
def test_mutated_messages(
    codec: Codec, data: st.DataObject, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """After a few bytes have been changed, both sides refuse, or read the same."""
    declared, host, environment = typed
    message = data.draw(mutated(candid.encode(declared, host, environment)))
    there = read(codec, message, declared, environment)
    assert repr(there) == repr(expected(message, declared, environment))  # repr: NaN is NaN


def variant(**nodes: int) -> tuple[Any, ...]:
    """A variant node with a class for each alternative, by increasing id."""
    return ("variant", "cases", CASES[: len(nodes)], fields(**nodes))


def test_the_exact_class_is_the_case(codec: Codec) -> None:
    """Anything else is an error that names the cases: a dict, another class, the class of a case itself."""
    node = variant(Closed=2, Deposit=0, Move=1)  # First is Move, by its id
    plan = codec.plan((*TEXT_OR_NAT, node), (3,))
    by_name = {name: CASES[place] for place, (_, name, _) in enumerate(node[3])}
    for name, content in {"Closed": None, "Deposit": 5, "Move": "left"}.items():
        value = by_name[name](content)
        assert codec.call("decode", plan, codec.call("encode", plan, (value,))) == (value,)
    names = [name for _, name, _ in node[3]]
    listed = f"{names[0]}, {names[1]} or {names[2]}"
    for wrong, found in (({"Deposit": 5}, "dict"), (Wide(5), "Wide"), (None, "NoneType"), (5, "int")):
        with pytest.raises(CodecError, match=f"^result: expected {listed}, got {found}$"):
            codec.call("encode", plan, (wrong,))
    with pytest.raises(
        CodecError, match=rf"^result: expected {listed}, got the class Deposit: write Deposit\(…\)$"
    ):
        codec.call("encode", plan, (by_name["Deposit"],))
    with pytest.raises(
        CodecError, match=rf"^result: expected {listed}, got the class Closed: write Closed\(\)$"
    ):
        codec.call("encode", plan, (by_name["Closed"],))
    with pytest.raises(CodecError, match=r"^result\.Deposit: expected int, got str$"):
        codec.call("encode", plan, (by_name["Deposit"]("a lot"),))


def test_many_cases_are_not_all_named(codec: Codec) -> None:
    """An error lists twelve."""
    many = tuple((number, f"Case{number}", 0) for number in range(14))
    plan = codec.plan((("null",), ("variant", "cases", (First,) * 14, many)), (1,))
    with pytest.raises(CodecError, match=r"expected Case0, .*, Case11, …, got int$"):
        codec.call("encode", plan, (5,))


def test_errors_of_messages_name_the_case(codec: Codec) -> None:
    """The path has the case, and unknown tags are told by their number; an opt makes null of them."""
    wide = codec.plan((*TEXT_OR_NAT, ("variant", "dict", None, fields(Move=1, Extra=0))), (3,))
    plan = codec.plan((*TEXT_OR_NAT, variant(Move=0, Closed=2)), (3,))
    lenient = codec.plan((*TEXT_OR_NAT, variant(Move=0, Closed=2), ("opt", 3)), (4,))
    for value, message in (({"Move": "x"}, r"\.Move: expected nat, found text"), ({"Extra": 5}, "field id")):
        data = codec.call("encode", wide, (value,))
        with pytest.raises(CodecError, match=message):
            codec.call("decode", plan, data)
        assert codec.call("decode", lenient, data) == (None,)


def test_what_the_garbage_collector_knows(codec: Codec) -> None:
    """Instances without content are one object; those around containers are tracked, cycles collected."""
    plan = codec.plan((("null",), variant(Closed=0)), (1,))
    data = codec.call("encode", plan, (First(),))
    assert codec.call("shared", plan, data)[0]
    assert codec.call("decode", plan, data) == (First(),)
    plan = codec.plan((("nat",), variant(Deposit=0)), (1,))
    assert codec.call("shared", plan, codec.call("encode", plan, (First(5),))) == (False, False)
    plan = codec.plan((("nat",), ("vec", 0), variant(Deposits=1)), (2,))
    data = codec.call("encode", plan, (First([5]),))
    assert codec.call("shared", plan, data) == (False, True)
    assert codec.call("cycles_of_cases", plan, data) == 0


def test_an_instance_without_its_value(codec: Codec) -> None:
    """One made by `__new__` alone is an error, not a crash."""
    plan = codec.plan((("nat",), variant(Deposit=0)), (1,))
    with pytest.raises(CodecError, match=r"^result: AttributeError"):
        codec.call("empty_slot", plan)


def test_references_are_counted_right(codec: Codec) -> None:
    """Neither success nor failure leaves objects behind."""
    nodes = (*TEXT_OR_NAT, ("vec", 0), variant(A=2, B=1, C=3, D=0), ("vec", 4))
    plan = codec.plan(nodes, (5,))
    by_name = {name: CASES[place] for place, (_, name, _) in enumerate(nodes[4][3])}
    values = ([by_name["A"](), by_name["B"]("x" * 20), by_name["C"]([2**70]), by_name["D"](2**70)],)
    data = codec.call("encode", plan, values)
    assert codec.call("decode", plan, data) == values
    assert abs(codec.call("leaks", "encode", plan, values)) < 20
    assert abs(codec.call("leaks", "decode", plan, data)) < 20
    assert abs(codec.call("leaks", "encode", plan, ([*values[0], Second({})],))) < 20
    for end in range(1, len(data)):
        assert abs(codec.call("leaks", "decode", plan, data[:-end])) < 20


@pytest.mark.parametrize(
    "classes", [None, (), (First,), (First, Second, Third), (First, 5), [First, Second], (First, len)]
)
def test_malformed_plans(codec: Codec, classes: Any) -> None:
    """A plan has a class for each case."""
    node = ("variant", "cases", classes, ((1, "a", 0), (2, "b", 0)))
    kind, name, text = codec.ask("compile_plan", (("nat",), node), (1,))
    assert (kind, name) == ("raised", "ValueError") and "invalid Candid plan" in text

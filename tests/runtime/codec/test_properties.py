"""The canister's codec against the host's: two implementations that share no code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk import candid
from basilisk.candid.types import Environment, Type
from tests.unit.candid.strategies import environments, mutated, supertypes, typed_values, types, values

from .native import Codec, CodecError
from .plans import canister_value, plan_of

PROPERTY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


def canister_values(host: Sequence[Any], declared: Sequence[Type], environment: Environment) -> list[Any]:
    """A sequence of the host's values as a canister holds them."""
    return [canister_value(value, type_, environment) for value, type_ in zip(host, declared)]


def decode_here(data: bytes, declared: Sequence[Type], environment: Environment) -> list[Any] | None:
    """The host's opinion of a message; None when it refuses."""
    try:
        return canister_values(candid.decode(data, declared, environment), declared, environment)
    except candid.CandidError:
        return None


def decode_there(
    codec: Codec, data: bytes, declared: Sequence[Type], environment: Environment
) -> list[Any] | None:
    """The canister's opinion."""
    try:
        return list(codec.call("decode", codec.plan(*plan_of(declared, environment)), data))
    except CodecError:
        return None


@PROPERTY
@given(typed_values())
def test_round_trip(codec: Codec, typed: tuple[list[Type], list[Any], Environment]) -> None:
    """decode(encode(values)) == values."""
    declared, host, environment = typed
    plan = codec.plan(*plan_of(declared, environment))
    expected = canister_values(host, declared, environment)
    assert list(codec.call("decode", plan, codec.call("encode", plan, tuple(expected)))) == expected


@PROPERTY
@given(typed_values())
def test_the_host_reads_what_the_canister_writes(
    codec: Codec, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """host.decode(canister.encode(values)) == values, without coercion: the types are the same."""
    declared, host, environment = typed
    expected = canister_values(host, declared, environment)
    data = codec.call("encode", codec.plan(*plan_of(declared, environment)), tuple(expected))
    assert decode_here(data, declared, environment) == expected


@PROPERTY
@given(typed_values())
def test_the_canister_reads_what_the_host_writes(
    codec: Codec, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """canister.decode(host.encode(values)) == values."""
    declared, host, environment = typed
    data = candid.encode(declared, host, environment)
    assert decode_there(codec, data, declared, environment) == canister_values(host, declared, environment)


@PROPERTY
@given(st.data(), typed_values())
def test_supertypes(
    codec: Codec, data: st.DataObject, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """At supertypes, with more or fewer values, both sides read the same."""
    declared, host, environment = typed
    message = candid.encode(declared, host, environment)
    above = [data.draw(supertypes(type_)) for type_ in declared]
    expected = decode_here(message, above, environment)
    assert expected is not None
    assert decode_there(codec, message, above, environment) == expected
    assert decode_there(codec, message, above[:1], environment) == expected[:1]


@PROPERTY
@given(st.data(), typed_values(), st.lists(types(), max_size=3))
def test_any_other_types(
    codec: Codec,
    data: st.DataObject,
    typed: tuple[list[Type], list[Any], Environment],
    others: list[Type],
) -> None:
    """At types that have nothing to do with the message, both sides refuse, or read the same."""
    declared, host, environment = typed
    message = candid.encode(declared, host, environment)
    assert decode_there(codec, message, others, environment) == decode_here(message, others, environment)


@PROPERTY
@given(st.data(), typed_values())
def test_mutated_messages(
    codec: Codec, data: st.DataObject, typed: tuple[list[Type], list[Any], Environment]
) -> None:
    """After a few bytes have been changed, both sides refuse, or read the same."""
    declared, host, environment = typed
    message = data.draw(mutated(candid.encode(declared, host, environment)))
    there = decode_there(codec, message, declared, environment)
    here = decode_here(message, declared, environment)
    assert repr(there) == repr(here)  # repr: NaN is NaN


@PROPERTY
@given(st.data(), environments())
def test_any_bytes(codec: Codec, data: st.DataObject, environment: Environment) -> None:
    """Bytes behind a right start never bring the codec down, and both sides agree about them."""
    declared = data.draw(st.lists(types(named=True), max_size=2))
    message = b"DIDL" + data.draw(st.binary(max_size=40))
    there = decode_there(codec, message, declared, environment)
    assert repr(there) == repr(decode_here(message, declared, environment))


@PROPERTY
@given(st.data(), environments())
def test_wrong_values_are_refused(codec: Codec, data: st.DataObject, environment: Environment) -> None:
    """A value of one type encoded as another is refused or written as a value of that type; no crash."""
    declared = data.draw(types(named=True))
    other = data.draw(types(named=True))
    value = canister_value(data.draw(values(other, environment)), other, environment)
    try:
        message = codec.call("encode", codec.plan(*plan_of([declared], environment)), (value,))
    except CodecError:
        return
    assert decode_here(message, [declared], environment) is not None

"""Properties of the Candid room, each stated in its test's docstring; Hypothesis looks for exceptions."""

from __future__ import annotations

import os
import time
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from basilisk import candid
from basilisk.candid import CandidError
from basilisk.candid.did_printer import used_names
from basilisk.candid.leb128 import encode_signed, encode_unsigned, value_of_signed, value_of_unsigned
from basilisk.candid.numbers import format_float, format_integer, parse_float, parse_integer, round_single
from basilisk.candid.types import FLOAT32, FLOAT64, Environment, Interface, Ref, Type

from . import strategies

# BASILISK_EXAMPLES=2000 makes a long search out of the quick one.
EXAMPLES = int(os.environ.get("BASILISK_EXAMPLES", "20"))
usual = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
Typed = tuple[list[Type], list[Any], Environment]


@usual
@given(strategies.types())
def test_types_survive_printing(type_: Type) -> None:
    """parse_type(format_type(t)) == t, on one line and broken into short lines."""
    assert candid.parse_type(candid.format_type(type_)) == type_
    assert candid.parse_type(candid.format_type(type_, width=10)) == type_


@usual
@given(strategies.interfaces())
def test_interfaces_survive_printing(interface: Interface) -> None:
    """parse_did(format_did(i)) == i, but for types nobody uses; printing again gives the same text."""
    text = candid.format_did(interface)
    again = candid.parse_did(text)
    assert again.service == interface.service
    assert again.init_args == interface.init_args
    assert again.environment == {name: interface.environment[name] for name in used_names(interface)}
    assert candid.format_did(again) == text


@usual
@given(strategies.typed_values())
def test_values_survive_encoding(typed: Typed) -> None:
    """decode(encode(v)) == v at the types of v."""
    types, values, environment = typed
    assert candid.decode(candid.encode(types, values, environment), types, environment) == values


@usual
@given(strategies.typed_values())
def test_messages_describe_themselves(typed: Typed) -> None:
    """Decoding at the types a message brings, encoding again and decoding at the true types gives v."""
    types, values, environment = typed
    message = candid.encode(types, values, environment)
    wire_types, wire_environment = candid.message_types(message)
    at_wire = candid.decode(message, wire_types, wire_environment)
    again = candid.encode(wire_types, at_wire, wire_environment)
    assert candid.decode(again, types, environment) == values
    candid.decode(message)


@usual
@given(strategies.typed_values(), st.integers(1, 100))
def test_values_survive_printing(typed: Typed, width: int) -> None:
    """parse_values(format_values(v)) == v at the types of v, whatever the width of the lines."""
    types, values, environment = typed
    text = candid.format_values(values, types, environment, width=width)
    assert candid.parse_values(text, types, environment) == values


@usual
@given(strategies.typed_values(references=False))
def test_texts_describe_themselves(typed: Typed) -> None:
    """Printed values, read without types and encoded at the types found, decode to v at the true types."""
    types, values, environment = typed
    text = candid.format_values(values, types, environment)
    message = candid.text_to_message(text)
    assert candid.decode(message, types, environment) == values


@usual
@given(strategies.typed_values())
def test_messages_become_text(typed: Typed) -> None:
    """Every message prints, and what is printed can be read."""
    types, values, environment = typed
    text = candid.message_to_text(candid.encode(types, values, environment))
    candid.parse_typed_values(text)


@usual
@given(st.data())
def test_supertypes_decode(data: st.DataObject) -> None:
    """A value decodes at every supertype of its type, and subtype says so."""
    type_ = data.draw(strategies.types())
    value = data.draw(strategies.values(type_))
    wider = data.draw(strategies.supertypes(type_))
    assert candid.subtype(type_, wider)
    (result,) = candid.decode(candid.encode([type_], [value]), [wider])
    assert candid.decode(candid.encode([wider], [result]), [wider]) == [result]


@usual
@given(st.data())
def test_subtyping_is_sound(data: st.DataObject) -> None:
    """For any two types: if a <: b, values of a decode at b; if not, the difference says why."""
    left, right = data.draw(strategies.types()), data.draw(strategies.types())
    verdict = candid.subtype(left, right)
    if verdict:
        value = data.draw(strategies.values(left))
        candid.decode(candid.encode([left], [value]), [right])
    else:
        assert verdict.difference is not None
        assert str(verdict.difference)


@usual
@given(st.data())
def test_subtyping_is_reflexive_and_transitive(data: st.DataObject) -> None:
    """t <: t, and t <: t' <: t'' gives t <: t''."""
    type_ = data.draw(strategies.types())
    wider = data.draw(strategies.supertypes(type_))
    widest = data.draw(strategies.supertypes(wider))
    assert candid.subtype(type_, type_)
    assert candid.subtype(type_, widest)


@usual
@given(strategies.interfaces(), st.data())
def test_equality_of_types(interface: Interface, data: st.DataObject) -> None:
    """Types equal themselves under other names; unequal ones are told apart; equal ones are subtypes."""
    known = interface.environment
    # One more level of names before each definition changes nothing.
    renamed = {name: Ref(f"{name}_") for name in known}
    renamed.update({f"{name}_": type_ for name, type_ in known.items()})
    assert interface.service is not None
    assert candid.same_type(interface.service, interface.service, known, renamed)
    left, right = data.draw(strategies.types(named=True)), data.draw(strategies.types(named=True))
    same = candid.same_type(left, right, known)
    assert same == candid.same_type(right, left, known)
    assert same or left != right
    if same:
        assert candid.subtype(left, right, known) and candid.subtype(right, left, known)


def _decode_hostile(data: bytes, types: list[Type] | None, environment: Environment | None) -> None:
    start = time.process_time()
    try:
        candid.decode(data, types, environment, budget=50_000)
    except CandidError as error:
        assert str(error)
    assert time.process_time() - start < 5


@usual
@given(st.binary(max_size=200), strategies.typed_values())
def test_random_bytes(data: bytes, typed: Typed) -> None:
    """Random bytes decode or raise CandidError, nothing else, within the budget."""
    types, _, environment = typed
    for message in (data, b"DIDL" + data):
        _decode_hostile(message, None, None)
        _decode_hostile(message, types, environment)


@settings(usual, max_examples=2 * EXAMPLES)
@given(strategies.typed_values(), st.data())
def test_mutated_messages(typed: Typed, data: st.DataObject) -> None:
    """Valid messages with bytes changed, cut out or put in decode or raise CandidError, nothing else."""
    types, values, environment = typed
    message = data.draw(strategies.mutated(candid.encode(types, values, environment)))
    _decode_hostile(message, types, environment)
    _decode_hostile(message, None, None)


@usual
@given(strategies.typed_values(), st.data())
def test_mutated_texts(typed: Typed, data: st.DataObject) -> None:
    """Changed value texts are read or raise CandidError with a place, nothing else."""
    types, values, environment = typed
    text = candid.format_values(values, types, environment)
    place = data.draw(st.integers(0, len(text)))
    text = (
        text[:place]
        + data.draw(st.text("(){};,:=.\"\\'/*-+_0x1eadpt nopvlcrdi", max_size=4))
        + text[place + 1 :]
    )
    for attempt in (lambda: candid.parse_values(text, types, environment), lambda: candid.parse_values(text)):
        try:
            attempt()
        except CandidError as error:
            assert error.where is not None


@usual
@given(strategies.interfaces(), st.data())
def test_mutated_interfaces(interface: Interface, data: st.DataObject) -> None:
    """Changed interface files are read or raise CandidError with a place, nothing else."""
    text = candid.format_did(interface)
    place = data.draw(st.integers(0, len(text)))
    text = (
        text[:place]
        + data.draw(st.text('(){};,:=->"\\/*service type opt nat', max_size=4))
        + text[place + 1 :]
    )
    try:
        candid.parse_did(text)
    except CandidError as error:
        assert error.where is not None


@usual
@given(st.integers() | st.integers(-(2**2000), 2**2000))
def test_leb128_round_trip(value: int) -> None:
    """Signed and unsigned LEB128 round-trip; padding to an overlong form does not change the number."""
    assert value_of_signed(encode_signed(value)) == value
    if value >= 0:
        encoded = encode_unsigned(value)
        assert value_of_unsigned(encoded) == value
        padded = encoded[:-1] + bytes((encoded[-1] | 0x80, 0x80, 0))
        assert value_of_unsigned(padded) == value
        assert len(encoded) == max(1, -(-value.bit_length() // 7))


@usual
@given(st.integers(), st.integers(0, 60_000))
def test_integers_round_trip(value: int, shift: int) -> None:
    """parse_integer(format_integer(n)) == n for numbers far beyond CPython's digit limit."""
    number = value << shift
    assert parse_integer(format_integer(number)) == number


@usual
@given(st.floats(allow_nan=False))
def test_floats_round_trip(value: float) -> None:
    """parse_float(format_float(x)) is x in both widths, with the sign of zero."""
    assert repr(parse_float(format_float(value, 64))) == repr(value)
    try:
        single = round_single(value)
    except OverflowError:
        assume(False)
    assert repr(round_single(parse_float(format_float(single, 32)))) == repr(single)


@usual
@given(st.lists(st.floats(width=32), max_size=3), st.sampled_from((FLOAT32, FLOAT64)))
def test_floats_survive_as_values(values: list[float], type_: Type) -> None:
    """parse(print(v)) == v for every float, NaN and the sign of zero included; so without types given."""
    text = candid.format_values(values, [type_] * len(values))
    assert repr(candid.parse_values(text, [type_] * len(values))) == repr(values)
    assert repr(candid.decode(candid.text_to_message(text))) == repr(values)

"""Our codecs, texts and interfaces against the crates ``candid`` and ``candid_parser``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from basilisk import candid
from basilisk.candid.graph import resolve
from basilisk.candid.types import NAT8, Environment, Interface, Type, Vec
from basilisk.candid.values import Some
from tests.runtime.codec.native import Codec
from tests.runtime.codec.plans import plan_of
from tests.runtime.codec.test_properties import canister_values, decode_here, decode_there
from tests.unit.candid.strategies import environments, interfaces, supertypes, types

from .candid_crate import CandidCrate, Refused, interface_text
from .ic_py import parts
from .settings import Typed, batches, count, property_settings


def crate_reads(
    crate: CandidCrate, message: bytes, declared: list[Type], environment: Environment
) -> list[Any] | None:
    """What the crate reads at the types, as a canister holds it; None when it refuses.

    The crate writes the values anew, at the same types; the host's codec reads them, without any coercion.
    """
    try:
        written, _ = crate.decode(interface_text(environment, read=declared), "read", message)
    except Refused:
        return None
    values = decode_here(written, declared, environment)
    assert values is not None, "what the crate has written is refused"
    return values


def understands_itself(ask: Callable[..., Any], *arguments: str) -> bool:
    """Whether the crate can read a text that it has printed.

    It cannot always: names and texts are escaped as Rust does it (``\\0`` is no escape of Candid), and names
    such as ``true`` are not quoted.
    """
    try:
        ask(*arguments)
    except Refused:
        return False
    return True


def empty_vec_as_blob(typed: Typed, wanted: list[Type]) -> bool:
    """Whether an empty vec of other elements may have been read as a blob.

    Coercion goes by values, and no element stands against it: `vec nat` without elements reads as `vec int8`,
    in the crate as with us.  For `vec nat8` alone the crate has a shortcut that looks at the element's type.
    """
    _, values, environment = typed
    blob = any(
        isinstance(type_, Vec) and resolve(type_.inner, environment) == NAT8
        for type_ in parts(wanted, environment)
    )
    return blob and any(map(_has_empty_list, values))


def _has_empty_list(value: Any) -> bool:
    if isinstance(value, Some):
        return _has_empty_list(value.value)
    if isinstance(value, dict):
        return any(map(_has_empty_list, value.values()))
    return value == [] or (isinstance(value, (list, tuple)) and any(map(_has_empty_list, value)))


def written_by_both(codec: Codec, typed: Typed) -> list[bytes]:
    """The values as the host's codec and the canister's write them."""
    declared, values, environment = typed
    plan = codec.plan(*plan_of(declared, environment))
    there = codec.call("encode", plan, tuple(canister_values(values, declared, environment)))
    return [candid.encode(declared, values, environment), there]


@property_settings
@given(batches())
def test_the_crate_reads_what_we_write(codec: Codec, crate: CandidCrate, batch: list[Typed]) -> None:
    """crate.decode(ours.encode(values)) == values, for both of our codecs."""
    for typed in batch:
        declared, values, environment = typed
        expected = canister_values(values, declared, environment)
        for message in written_by_both(codec, typed):
            assert crate_reads(crate, message, declared, environment) == expected
            count("the candid crate reads messages of the host or of a canister")


@property_settings
@given(batches())
def test_we_read_what_the_crate_writes(codec: Codec, crate: CandidCrate, batch: list[Typed]) -> None:
    """ours.decode(crate.encode(text of values)) == values: our text, the crate's parser and encoder."""
    for declared, values, environment in batch:
        text = text_for_the_crate(declared, values, environment)
        try:
            message = crate.encode(interface_text(environment, read=declared), "read", text)
        except Refused:
            # The crate has no words for these.
            assert re.search(r"\binf : float", text)
            continue
        assert candid.decode(message, declared, environment) == values
        expected = canister_values(values, declared, environment)
        assert decode_there(codec, message, declared, environment) == expected
        count("the candid crate parses our text, both of our codecs read its message")


def text_for_the_crate(declared: list[Type], values: list[Any], environment: Environment) -> str:
    """Our text.  The crate wants a point in every float; we print ``0 : float32``, as dfx does."""
    text = candid.format_values(values, declared, environment)
    text = re.sub(r"(\d) : float", r"\1.0 : float", text)
    return re.sub(r"(\.\d+|e[+-]?\d+)\.0 : float", r"\1 : float", text)


@property_settings
@given(batches())
def test_we_read_the_texts_that_the_crate_prints(crate: CandidCrate, batch: list[Typed]) -> None:
    """parse(crate.print(values)) == values."""
    for declared, values, environment in batch:
        message = candid.encode(declared, values, environment)
        interface = interface_text(environment, read=declared)
        _, text = crate.decode(interface, "read", message)
        if understands_itself(crate.encode, interface, "read", text):
            assert candid.parse_values(text, declared, environment) == values
            count("we parse the text that the candid crate prints")


@property_settings
@given(st.data(), batches())
def test_supertypes(codec: Codec, crate: CandidCrate, data: st.DataObject, batch: list[Typed]) -> None:
    """At supertypes all three read the same, and none refuses."""
    for typed in batch:
        declared, values, environment = typed
        above = [data.draw(supertypes(type_)) for type_ in declared]
        message = candid.encode(declared, values, environment)
        expected = decode_here(message, above, environment)
        assert expected is not None
        assert decode_there(codec, message, above, environment) == expected
        found = crate_reads(crate, message, above, environment)
        assert found == expected or empty_vec_as_blob(typed, above)
        count("all read a message at a supertype")


@property_settings
@given(batches(), st.lists(types(), max_size=2))
def test_any_other_types(codec: Codec, crate: CandidCrate, batch: list[Typed], others: list[Type]) -> None:
    """At types that have nothing to do with the message, all three refuse or read the same."""
    for declared, values, environment in batch:
        message = candid.encode(declared, values, environment)
        expected = decode_here(message, others, environment)
        assert decode_there(codec, message, others, environment) == expected
        found = crate_reads(crate, message, others, environment)
        assert found == expected or empty_vec_as_blob((declared, values, environment), others)
        count("all read a message at other types, or refuse it")


@property_settings
@given(st.data(), environments())
def test_subtyping(crate: CandidCrate, data: st.DataObject, environment: Environment) -> None:
    """Both agree whether a type is a subtype: of itself, of one made from it, of any other, and back."""
    chosen = data.draw(st.lists(types(named=True), min_size=4, max_size=4))
    chosen += [data.draw(supertypes(type_)) for type_ in chosen]
    below = [one for one in chosen for _ in chosen]
    tops = chosen * len(chosen)
    text = interface_text(environment, below=below, tops=tops)
    ours = [bool(candid.subtype(one, top, environment)) for one, top in zip(below, tops)]
    assert crate.subtypes(text, "below", "tops") == ours
    for _ in below:
        count("subtyping as the candid crate sees it")


@property_settings
@given(interfaces())
def test_interfaces(crate: CandidCrate, interface: Interface) -> None:
    """The crate understands the interfaces we print, we those it prints, and nothing changes on the way."""
    ours = candid.format_did(interface)
    theirs = crate.print(ours)
    assume(understands_itself(crate.print, theirs))
    again = candid.parse_did(theirs)
    crate.check_equal(ours, candid.format_did(again))
    assert len(again.init_args) == len(interface.init_args)
    count("interfaces printed and parsed by the candid crate and by us")

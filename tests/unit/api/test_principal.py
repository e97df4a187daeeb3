"""Principals: text form, checks, order, immutability."""

from __future__ import annotations

import base64
import copy
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import Principal, PrincipalError

principals = st.binary(max_size=29)


def reference_text(data: bytes) -> str:
    """The definition of the interface specification, written with the standard library."""
    raw = zlib.crc32(data).to_bytes(4, "big") + data
    letters = base64.b32encode(raw).decode().rstrip("=").lower()
    return "-".join(letters[index : index + 5] for index in range(0, len(letters), 5))


@given(principals)
def test_text_form_is_that_of_the_specification(data: bytes) -> None:
    """For every principal: the text is base 32 of checksum and bytes in groups of five."""
    assert Principal(data).to_str() == reference_text(data)


@given(principals)
def test_text_and_hexadecimal_forms_lead_back(data: bytes) -> None:
    """For every principal: reading what was written gives an equal principal."""
    principal = Principal(data)
    assert Principal.from_str(str(principal)) == principal
    assert Principal.from_text(principal.to_text()) == principal
    assert Principal.from_hex(principal.hex) == principal
    assert Principal.from_hex(principal.hex.lower()).bytes == data


@given(principals, principals)
def test_principals_compare_as_in_rust(first: bytes, second: bytes) -> None:
    """For every pair: equality and hash are those of the bytes; shorter ones come first, then bytes."""
    a, b = Principal(first), Principal(second)
    assert (a == b) == (first == second)
    left, right = (len(first), first), (len(second), second)
    assert (a < b, a <= b, a > b, a >= b) == (left < right, left <= right, left > right, left >= right)
    if first == second:
        assert hash(a) == hash(b)


@given(principals, st.data())
def test_a_changed_letter_is_noticed(data: bytes, draw: st.DataObject) -> None:
    """For every text and every place in it: another letter there is refused."""
    text = Principal(data).to_str()
    index = draw.draw(st.integers(0, len(text) - 1))
    other = draw.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567-").filter(lambda c: c != text[index]))
    with pytest.raises(PrincipalError):
        Principal.from_str(text[:index] + other + text[index + 1 :])


@given(st.text(max_size=70))
def test_any_other_text_is_refused_cleanly(text: str) -> None:
    """For every text: either it is a principal's text form, or PrincipalError."""
    try:
        principal = Principal.from_str(text)
    except PrincipalError:
        return
    assert principal.to_str() == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "not a principal"),
        ("aaaaa", "not a principal"),
        ("AAAAA-AA", "lower case"),
        ("aaaaa-a1", "digit 1"),
        ("aaaaaaa", "written aaaaa-aa"),
        ("aaaa-aaa", "written aaaaa-aa"),
        ("aaaaa-ab", "not a principal"),
        ("rrkah-fqaaa-aaaaa-aaaaq-cbi", "checksum"),
        ("rrkah-fqaaa-aaaaa-aaaaq-caj", "written rrkah-fqaaa-aaaaa-aaaaq-cai"),
        ("ryjl3-tyaaa-aaaaa-aaaba-ca1", "digit 1"),
        ("é" * 8, "not a principal"),
    ],
)
def test_malformed_text_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(PrincipalError, match=hint):
        Principal.from_str(text)


def test_well_known_principals() -> None:
    assert Principal.management_canister().to_str() == "aaaaa-aa"
    assert Principal.anonymous().to_str() == "2vxsx-fae"
    assert Principal.anonymous().is_anonymous
    ledger = Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai")
    assert ledger.bytes == bytes.fromhex("00000000000000020101") and ledger.hex == "00000000000000020101"
    assert repr(ledger) == "Principal(ryjl3-tyaaa-aaaaa-aaaba-cai)"


def test_self_authenticating_is_the_hash_of_the_key() -> None:
    key = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    principal = Principal.self_authenticating(key)
    assert len(principal.bytes) == 29 and principal.bytes[-1] == 2
    assert Principal.self_authenticating(key.hex()) == principal


def test_a_principal_cannot_be_changed() -> None:
    principal = Principal.anonymous()
    with pytest.raises(AttributeError):
        principal.bytes = b""  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del principal.bytes
    assert copy.copy(principal) is principal and copy.deepcopy(principal) is principal
    assert pickle.loads(pickle.dumps(principal)) == principal


def test_only_bytes_of_a_possible_length_are_accepted() -> None:
    assert Principal(bytearray(b"\x04")) == Principal.anonymous()  # type: ignore[arg-type]
    with pytest.raises(PrincipalError, match="29 bytes"):
        Principal(bytes(30))
    with pytest.raises(TypeError, match="from_str"):
        Principal("aaaaa-aa")  # type: ignore[arg-type]
    with pytest.raises(PrincipalError):
        Principal.from_hex("zz")
    assert Principal(b"\x04") != b"\x04" and not Principal.anonymous() == "2vxsx-fae"

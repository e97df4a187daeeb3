"""Reading and writing modules."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.errors import ModuleRefused
from basilisk.wasm import leb128
from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.index_map import FunctionIndexMap
from basilisk.wasm.module import HEADER, Module, SectionId
from basilisk.wasm.sections import ValType, constant, constant_bits
from basilisk.wasm.shell import split

from .strategies import BITS, Generated, modules, wat


@given(st.integers(0, 2**64 - 1))
def test_unsigned_round_trip(value: int) -> None:
    """Reading what was written gives the number and the position after it."""
    encoded = leb128.encode_unsigned(value)
    assert leb128.read_unsigned(b"??" + encoded + b"!", 2, 64) == (value, 2 + len(encoded))


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_round_trip(value: int) -> None:
    """Reading what was written gives the number and the position after it."""
    encoded = leb128.encode_signed(value)
    assert leb128.read_signed(b"??" + encoded + b"!", 2, 64) == (value, 2 + len(encoded))


@given(st.binary(max_size=12))
def test_any_bytes_read_as_a_fitting_integer_or_are_refused(data: bytes) -> None:
    """No input makes the readers fail in another way, or yield a number beyond the type."""
    for read, low, high in (
        (leb128.read_unsigned, 0, 2**32),
        (leb128.read_signed, -(2**31), 2**31),
    ):
        try:
            value, position = read(data, 0, 32)
        except MalformedModule:
            continue
        assert low <= value < high
        assert 1 <= position <= 5


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x80\x80\x80\x80\x00", b"\xff\xff\xff\xff\x1f"])
def test_bad_unsigned_integers_are_refused(data: bytes) -> None:
    """Cut short, too long, too big."""
    with pytest.raises(MalformedModule):
        leb128.read_unsigned(data, 0, 32)


@given(st.sampled_from(sorted(BITS)), st.data())
def test_constants_round_trip(name: str, data: st.DataObject) -> None:
    """The bits of a number survive its constant expression, NaN payloads included."""
    bits = data.draw(st.integers(0, (1 << BITS[name]) - 1))
    assert constant_bits(constant(ValType[name.upper()], bits)) == bits


@settings(deadline=None)
@given(modules())
def test_a_module_read_and_written_is_unchanged(module: Generated) -> None:
    """encode(parse(m)) == m for modules whose lengths are in the shortest form."""
    assert Module.parse(module.wasm).encode() == module.wasm


@settings(deadline=None)
@given(modules(), st.data())
def test_damage_is_a_clean_error(module: Generated, data: st.DataObject) -> None:
    """A module cut short or with changed bytes splits or raises MalformedModule or UnsafeModule, no other."""
    broken = bytearray(module.wasm)
    for _ in range(data.draw(st.integers(0, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    with contextlib.suppress(ModuleRefused):
        split(bytes(broken[:cut]))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not start with"),
        (b"\x1f\x8b\x08", "does not start with"),
        (b"\0asm\x0d\0\x01\0", "not a core WebAssembly module"),
        (HEADER + b"\x01", "ends within an integer"),
        (HEADER + b"\x01\x05\x00", "announces 5 bytes, 1 are left"),
        (HEADER + b"\x0e\x00", "unknown section number 14"),
        (HEADER + b"\x03\x01\x00\x01\x01\x00", "twice or too late"),
        (HEADER + b"\x01\x01\x00\x01\x01\x00", "twice or too late"),
        (HEADER + b"\x00\x02\x05a", "cut short"),
        (HEADER + b"\x00\x02\x01\xff", "not UTF-8"),
    ],
)
def test_what_is_not_a_module_is_refused(data: bytes, words: str) -> None:
    """Each way a file can fail to be a sequence of sections has its own words."""
    with pytest.raises(MalformedModule, match=words):
        Module.parse(data)


def test_data_count_comes_before_code() -> None:
    """Sections added by a pass are put where the order wants them."""
    module = Module.parse(wat("(module (memory 1) (func))")).replaced(
        {SectionId.DATA: b"\x01\x01\x00", SectionId.DATA_COUNT: b"\x01"}
    )
    assert [section.id for section in module.sections][-3:] == [
        SectionId.DATA_COUNT,
        SectionId.CODE,
        SectionId.DATA,
    ]


def test_index_map() -> None:
    """The identity moves nothing; an added import moves the functions behind the imports."""
    identity = FunctionIndexMap.identity(3)
    assert identity.is_identity
    assert [identity(i) for i in range(3)] == [0, 1, 2]
    shifted = FunctionIndexMap(4, first=2, shift=1)
    assert not shifted.is_identity
    assert [shifted(i) for i in range(4)] == [0, 1, 3, 4]
    with pytest.raises(IndexError):
        identity(3)

"""The blob's layout: what is written can be read, and damage is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stdlib_bundler import format
from stdlib_bundler.format import Blob, FormatError, Module, RawBlock

_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
_PARAMETERS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)).filter(
    lambda lclppb: lclppb[0] + lclppb[1] <= 4
)


@st.composite
def _blobs(draw: st.DrawFn) -> Blob:
    names = draw(st.lists(_NAMES, unique=True, max_size=12))
    split = draw(st.integers(0, len(names)))
    refusals = {name: draw(st.text(max_size=20)) for name in names[split:]}
    blocks: list[RawBlock] = []
    rest = names[:split]
    while rest:
        take = draw(st.integers(1, len(rest)))
        method = draw(st.sampled_from([format.METHOD_STORED, format.METHOD_ZLIB, format.METHOD_LZMA]))
        frozen = not blocks and method == format.METHOD_STORED and draw(st.booleans())
        modules = tuple(
            Module(name, draw(st.binary(max_size=80)), draw(st.booleans()), frozen) for name in rest[:take]
        )
        lc, lp, pb = draw(_PARAMETERS) if method == format.METHOD_LZMA else (3, 0, 0)
        blocks.append(RawBlock(modules, method, lc, lp, pb))
        rest = rest[take:]
    return Blob(tuple(blocks), refusals)


@given(_blobs())
@settings(deadline=None)
def test_round_trip(blob: Blob) -> None:
    """read(write(blob)) gives the same modules, flags, refusals and block methods."""
    again = format.read(format.write(blob))
    assert again.modules() == blob.modules()
    assert again.refusals == blob.refusals
    before = [(block.method, block.lc, block.lp, block.pb, len(block.modules)) for block in blob.blocks]
    after = [(block.method, block.lc, block.lp, block.pb, len(block.modules)) for block in again.blocks]
    assert before == after


@given(_blobs())
@settings(deadline=None)
def test_writing_is_repeatable(blob: Blob) -> None:
    """write(read(write(blob))) equals write(blob) when empty modules do not change their order."""
    data = format.write(blob)
    again = format.write(Blob(blob.blocks, dict(reversed(blob.refusals.items()))))
    assert len(again) == len(data)
    assert format.read(again) == format.read(data)


@given(_blobs(), st.data())
@settings(deadline=None)
def test_shortened_blobs_are_refused(blob: Blob, data: st.DataObject) -> None:
    """Every proper prefix is refused, unless only bytes behind the last block in use were lost."""
    whole = format.write(blob)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        again = format.read(whole[:cut])
    except FormatError:
        return
    assert again.modules() == blob.modules()


@given(_blobs(), st.data())
@settings(deadline=None)
def test_damage_never_crashes(blob: Blob, data: st.DataObject) -> None:
    """A changed byte gives another blob or FormatError, no other exception."""
    whole = bytearray(format.write(blob))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        format.read(bytes(whole))
    except FormatError:
        pass


def test_tables_are_sorted_by_bytes() -> None:
    """A reader can search by halving: names are in the order of their UTF-8 bytes."""
    names = ["b", "a.b", "a", "é", "Z", "a_b"]
    modules = tuple(Module(name, name.encode()) for name in names)
    data = format.write(Blob((RawBlock(modules),), {}))
    strings = data.find(b"ba.ba")
    listed = []
    for index in range(len(names)):
        row = data[24 + index * 20 :][:20]
        offset, length = int.from_bytes(row[:4], "little"), int.from_bytes(row[4:6], "little")
        listed.append(data[strings + offset : strings + offset + length])
    assert listed == sorted(name.encode() for name in names)


@pytest.mark.parametrize(
    "blob",
    [
        Blob((RawBlock((Module("a", b""), Module("a", b""))),), {}),
        Blob((RawBlock((Module("a", b""),)),), {"a": "no"}),
        Blob((RawBlock((Module("", b""),)),), {}),
        Blob((RawBlock((Module("a" * 70000, b""),)),), {}),
        Blob((RawBlock(()), RawBlock((Module("a", b"", frozen=True),))), {}),
        Blob((RawBlock((Module("a", b"", frozen=True),), format.METHOD_ZLIB),), {}),
        Blob((RawBlock((Module("a", b""),), 9),), {}),
        Blob((RawBlock((Module("a", b""),), format.METHOD_LZMA, lc=4, lp=4),), {}),
    ],
    ids=["twice", "module and refusal", "no name", "long name", "late", "packed", "method", "parameters"],
)
def test_impossible_content_is_refused(blob: Blob) -> None:
    """What the layout cannot say is an error of the writer."""
    with pytest.raises(FormatError):
        format.write(blob)


def test_other_bytes_are_refused() -> None:
    """Anything without the magic number is not a blob."""
    with pytest.raises(FormatError, match="magic"):
        format.read(b"\0" * 100)
    with pytest.raises(FormatError, match="header"):
        format.read(b"BSK")

"""Memories as data segments."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.wasm.snapshot import BLOCK, memory_segments

from .strategies import PAGE, memories

quick = settings(max_examples=100, deadline=None)


def applied(segments: list[tuple[int, memoryview]], size: int) -> bytes:
    """The memory that segments describe."""
    memory = bytearray(size)
    for address, content in segments:
        memory[address : address + len(content)] = content
    return bytes(memory)


@quick
@given(memories())
def test_segments_rebuild_the_memory(memory: bytes) -> None:
    """Writing the segments into zeros gives the memory; they are sorted, start and end non-zero."""
    segments = memory_segments(memory)
    assert applied(segments, len(memory)) == memory
    last = 0
    for address, content in segments:
        assert address >= last
        assert content[0]
        assert content[-1]
        assert address // BLOCK == (address + len(content) - 1) // BLOCK
        last = address + len(content)


@quick
@given(memories(), st.integers(2, 6))
def test_a_limit_is_kept(memory: bytes, limit: int) -> None:
    """With few segments allowed, gaps are merged until they fit, and the memory is still the same."""
    segments = memory_segments(memory, limit)
    assert len(segments) <= limit
    assert applied(segments, len(memory)) == memory


@quick
@given(memories(9, 12), st.data())
def test_a_change_leaves_other_blocks_alone(memory: bytes, data: st.DataObject) -> None:
    """Changing one byte changes the segments of its block at most."""
    place = data.draw(st.integers(0, len(memory) - 1))
    changed = bytearray(memory)
    changed[place] ^= 0x5A
    block = place // BLOCK
    for number in range(len(memory) // BLOCK + 1):
        if number != block:
            assert in_block(memory, number) == in_block(bytes(changed), number)


def in_block(memory: bytes, number: int) -> list[tuple[int, bytes]]:
    """Segments of one block."""
    return [(a, bytes(c)) for a, c in memory_segments(memory) if a // BLOCK == number]


def test_too_small_a_limit_is_an_error() -> None:
    """More blocks in use than segments allowed cannot be written."""
    with pytest.raises(ValueError, match="do not fit 1 data segments"):
        memory_segments(b"\x01" * (BLOCK + 1), 1)


def test_an_empty_memory_has_no_segments() -> None:
    """All zero, or no page at all."""
    assert memory_segments(bytes(PAGE)) == []
    assert memory_segments(b"") == []


def test_sixteen_megabytes() -> None:
    """A memory of a canister's size with a run in each page of 4 KiB."""
    memory = bytearray(16 << 20)
    for start in range(0, len(memory), 4096):
        memory[start : start + 700] = b"\x07" * 700
    assert len(memory_segments(bytes(memory))) == 4096

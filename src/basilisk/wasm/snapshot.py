"""A linear memory as data segments: the runs that are not zero.

A segment costs some ten bytes of its own (flag, offset expression, length), so zeros between two runs are
kept when they are few.  Segments never cross a multiple of ``BLOCK``: a change in one place of the memory
then leaves the segments of all other blocks as they were, which lets compressed parts be reused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from basilisk.wasm.leb128 import Buffer

__all__ = ["BLOCK", "MAX_SEGMENTS", "memory_segments"]

#: No segment crosses a multiple of this address.
BLOCK = 262_144
#: The most segments of one module.  Wasm engines accept 100,000; wizer's own limit is 10,000, which keeps
#: instantiation quick.
MAX_SEGMENTS = 10_000
#: Shortest run of zeros that separates two segments.  Measured on images of CPython: the compressed
#: size has its minimum at 256 and is 0.02 % larger here, 0.2 % at 32, with three times the segments.
_GAP = 128

_NONZERO = re.compile(rb"[^\0]")


def memory_segments(memory: Buffer, limit: int = MAX_SEGMENTS) -> list[tuple[int, memoryview]]:
    """The runs of ``memory`` that are not zero as (address, content), in order of their addresses.

    Contents are views of ``memory``.  Runs closer than a gap are merged; the gap is doubled until there are
    at most ``limit`` segments.  Raises ValueError if even whole blocks are too many.
    """
    view = memoryview(memory).cast("B")
    gap = _GAP
    while True:
        segments = _merged(view, memory, gap)
        if len(segments) <= limit:
            return [(start, view[start:end]) for start, end in segments]
        if gap > BLOCK:
            raise ValueError(f"{len(view)} bytes of memory do not fit {limit} data segments")
        gap *= 2


def _merged(view: memoryview, memory: Buffer, gap: int) -> list[tuple[int, int]]:
    segments: list[tuple[int, int]] = []
    for start, end in _runs(memory, gap):
        while start < end:
            edge = min(end, (start // BLOCK + 1) * BLOCK)
            _append_trimmed(segments, view, start, edge)
            start = edge
    return segments


def _append_trimmed(segments: list[tuple[int, int]], view: memoryview, start: int, end: int) -> None:
    """Add a run without the zeros that the edge of a block left at its ends."""
    while start < end and not view[start]:
        start += 1
    while start < end and not view[end - 1]:
        end -= 1
    if start < end:
        segments.append((start, end))


def _runs(memory: Buffer, gap: int) -> Iterator[tuple[int, int]]:
    """Runs that start and end with a byte that is not zero and hold fewer than ``gap`` zeros in a row."""
    data = memory if isinstance(memory, bytes | bytearray) else bytes(memory)
    zeros = bytes(gap)
    match = _NONZERO.search(data)
    while match is not None:
        start = match.start()
        end = data.find(zeros, start)
        if end < 0:
            end = len(data)
            while not data[end - 1]:
                end -= 1
            yield start, end
            return
        yield start, end
        match = _NONZERO.search(data, end + gap)

"""Where a module is cut for compression.

Pieces are compressed on their own, so the cuts decide what can be reused when the module changes a little:
at the edges of sections, and inside the data section at segments that begin another block of memory.  The
link step lets no segment cross a block, so a change in one block of memory leaves the bytes of all others,
wherever they move to in the file.  Other large sections are cut at fixed distances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.leb128 import encode_unsigned
from basilisk.wasm.module import HEADER, Module, Section, SectionId
from basilisk.wasm.sections import constant_bits, read_data
from basilisk.wasm.snapshot import BLOCK

__all__ = ["HISTORY", "Piece", "pieces"]

#: How far back deflate can refer (RFC 1951).
HISTORY = 32_768
#: Sections without a structure known here are cut at this distance.
_LENGTH = 262_144


@dataclass(frozen=True)
class Piece:
    """Bytes ``start`` to ``end`` of the module; those from ``history`` to ``start`` may be referred to."""

    start: int
    end: int
    history: int


def pieces(data: bytes) -> list[Piece]:
    """Cut a module; the pieces follow each other and cover it.  Other data is cut at fixed distances."""
    try:
        runs = list(_runs(Module.parse(data)))
    except MalformedModule:
        runs = [[0, len(data)]]
    result = []
    for cuts in runs:
        for first, last in pairwise(cuts):
            for start in range(first, last, _LENGTH):
                result.append(Piece(start, min(last, start + _LENGTH), max(cuts[0], start - HISTORY)))
    return result


def _runs(module: Module) -> Iterator[list[int]]:
    """Positions of cuts, in runs that are compressed without regard to what comes before them.

    A run starts where bytes that rarely change follow bytes that often do, so that a change of the latter
    does not reach over.
    """
    start = 0
    for section in module.sections:
        if section.end - section.offset < HISTORY:
            continue  # small sections stay together with their neighbours
        if section.offset > start:
            yield [start, section.offset]
        if section.id is SectionId.DATA:
            cuts = _blocks(section)
            yield [section.offset, cuts[0]]  # the section's size and the number of segments
            yield cuts
        else:
            yield [section.offset, section.end]
        start = section.end
    end = module.sections[-1].end if module.sections else len(HEADER)
    if end > start:
        yield [start, end]


def _blocks(section: Section) -> list[int]:
    """Positions of the first segment, of each that begins another block of memory, and of the end."""
    base = section.end - len(section.payload)
    items = read_data(section.payload)
    position = base + len(encode_unsigned(len(items)))
    cuts, last = [position], None
    for item in items:
        block = None if item.offset is None else (constant_bits(item.offset) or 0) // BLOCK
        if block != last and position > cuts[-1]:
            cuts.append(position)
        last = block
        position += sum(map(len, item.encode()))
    if position != section.end:  # lengths that are not in their shortest form: no cuts
        return [base, section.end]
    return [*cuts, section.end] if section.end > cuts[-1] else cuts

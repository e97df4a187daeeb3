"""Rewrites the location table of a code object so that it holds line numbers alone.

The table (CPython 3.13, Objects/locations.md) maps instructions to lines and columns.  Columns draw the
markers under a line of source in a traceback; the standard library has no source inside a canister, so they
would never be shown.  Neighbouring entries of one line become one.
"""

from __future__ import annotations

import types

__all__ = ["lines_only"]

_NO_LOCATION = 15
_LONG = 14
_NO_COLUMNS = 13
_ONE_LINE_2 = 12
_ONE_LINE_0 = 10
_LONGEST_ENTRY = 8  # code units that one entry can cover


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            return value, at


def _read_signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _read_varint(data, at)
    return (-(value >> 1) if value & 1 else value >> 1), at


def _signed_varint(value: int) -> bytes:
    rest = (-value << 1) | 1 if value < 0 else value << 1
    out = bytearray()
    while rest >= 64:
        out.append(64 | (rest & 63))
        rest >>= 6
    out.append(rest)
    return bytes(out)


def _entries(table: bytes) -> list[tuple[int, int | None]]:
    """Pairs of (code units, line delta or None for "no line")."""
    result: list[tuple[int, int | None]] = []
    at = 0
    while at < len(table):
        first = table[at]
        at += 1
        code = (first >> 3) & 15
        units = (first & 7) + 1
        delta: int | None = 0
        if code == _NO_LOCATION:
            delta = None
        elif code == _LONG:
            delta, at = _read_signed(table, at)
            for _ in range(3):
                _, at = _read_varint(table, at)
        elif code == _NO_COLUMNS:
            delta, at = _read_signed(table, at)
        elif code >= _ONE_LINE_0:
            delta = code - _ONE_LINE_0
            at += 2
        else:
            at += 1
        result.append((units, delta))
    return result


def _rewrite(table: bytes) -> bytes:
    merged: list[tuple[int, int | None]] = []
    for units, delta in _entries(table):
        if merged and (delta == 0 or (delta is None and merged[-1][1] is None)):
            before, kind = merged[-1]
            if (kind is None) == (delta is None):
                merged[-1] = (before + units, kind)
                continue
        merged.append((units, delta))
    out = bytearray()
    for units, delta in merged:
        while units:
            part = min(units, _LONGEST_ENTRY)
            units -= part
            if delta is None:
                out.append(128 | _NO_LOCATION << 3 | part - 1)
            else:
                out.append(128 | _NO_COLUMNS << 3 | part - 1)
                out += _signed_varint(delta)
                delta = 0
    return bytes(out)


def lines_only(code: types.CodeType) -> types.CodeType:
    """A copy of ``code``, nested code objects included, whose table has no columns."""
    constants = tuple(
        lines_only(constant) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_linetable=_rewrite(code.co_linetable), co_consts=constants)

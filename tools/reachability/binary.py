"""Reading the parts of a WebAssembly module that the analysis needs.

Source of the layout: WebAssembly core specification, chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cpython.faults import BuildFault

__all__ = ["CODE", "DATA", "Segment", "WasmBinary", "leb", "signed", "unsigned"]

_CUSTOM, _IMPORT, _EXPORT, _ELEMENT, CODE, DATA = 0, 2, 7, 9, 10, 11
_HEADER = b"\0asm\x01\0\0\0"
_I32_CONST, _END = 0x41, 0x0B


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def signed(data: bytes, at: int) -> tuple[int, int]:
    """A signed LEB128 number and the position after it."""
    start = at
    value, at = unsigned(data, at)
    bits = 7 * (at - start)
    return (value - (1 << bits) if value >> (bits - 1) else value), at


def leb(value: int) -> bytes:
    """An unsigned number as LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@dataclass(frozen=True)
class Segment:
    """An active data segment; ``start`` is where its content lies in the section's payload."""

    address: int
    start: int
    content: bytes


class WasmBinary:
    """A module cut into sections.  Raises :class:`BuildFault` for what is none or has another form."""

    def __init__(self, module: bytes) -> None:
        if not module.startswith(_HEADER):
            raise BuildFault("not a WebAssembly module")
        self.order: list[tuple[int, str, bytes]] = []
        at = len(_HEADER)
        try:
            while at < len(module):
                kind = module[at]
                size, at = unsigned(module, at + 1)
                payload = module[at : at + size]
                name = ""
                if kind == _CUSTOM:
                    name, start = _text(payload, 0)
                    payload = payload[start:]
                self.order.append((kind, name, payload))
                at += size
        except IndexError:
            raise BuildFault("the module is cut short") from None

    def section(self, kind: int) -> bytes:
        """Payload of a numbered section; an absent one reads as an empty vector."""
        return next((payload for found, _, payload in self.order if found == kind), b"\0")

    def custom(self, name: str) -> bytes | None:
        """Payload of a custom section."""
        found = (payload for kind, label, payload in self.order if kind == _CUSTOM and label == name)
        return next(found, None)

    @property
    def imported_functions(self) -> int:
        """How many functions are imported; nothing else may be."""
        data = self.section(_IMPORT)
        count, at = unsigned(data, 0)
        for _ in range(count):
            for _ in range(2):
                size, at = unsigned(data, at)
                at += size
            if data[at] != 0:
                raise BuildFault("the module imports something that is not a function")
            _, at = unsigned(data, at + 1)
        return count

    @property
    def exported_functions(self) -> dict[str, int]:
        """Exported functions by name."""
        data = self.section(_EXPORT)
        count, at = unsigned(data, 0)
        found = {}
        for _ in range(count):
            name, at = _text(data, at)
            kind = data[at]
            index, at = unsigned(data, at + 1)
            if kind == 0:
                found[name] = index
        return found

    @property
    def table(self) -> dict[int, int]:
        """Functions by their slot in the table."""
        data = self.section(_ELEMENT)
        count, at = unsigned(data, 0)
        slots = {}
        for _ in range(count):
            flags, at = unsigned(data, at)
            if flags != 0:
                raise BuildFault("the module has element segments of an unknown form")
            first, at = _offset(data, at)
            size, at = unsigned(data, at)
            for slot in range(first, first + size):
                slots[slot], at = unsigned(data, at)
        return slots

    def bodies(self) -> Iterator[tuple[int, int]]:
        """Start and end of each function's body in the code section's payload, behind its size."""
        data = self.section(CODE)
        count, at = unsigned(data, 0)
        for _ in range(count):
            size, at = unsigned(data, at)
            yield at, at + size
            at += size

    @property
    def segments(self) -> list[Segment]:
        """The data segments."""
        data = self.section(DATA)
        count, at = unsigned(data, 0)
        found = []
        for _ in range(count):
            flags, at = unsigned(data, at)
            if flags != 0:
                raise BuildFault("the module has data segments of an unknown form")
            address, at = _offset(data, at)
            size, at = unsigned(data, at)
            found.append(Segment(address, at, data[at : at + size]))
            at += size
        return found


def _text(data: bytes, at: int) -> tuple[str, int]:
    size, at = unsigned(data, at)
    return data[at : at + size].decode("utf-8"), at + size


def _offset(data: bytes, at: int) -> tuple[int, int]:
    if data[at] != _I32_CONST:
        raise BuildFault("a segment's address is not a constant")
    value, at = signed(data, at + 1)
    if data[at] != _END:
        raise BuildFault("a segment's address is not a constant")
    return value & 0xFFFFFFFF, at + 1

"""Variable-length integers (WebAssembly core specification, "Integers" of the binary format).

Reading is strict: an encoding longer than the type allows, or with bits beyond the type, is refused.
"""

from __future__ import annotations

from basilisk.wasm.errors import MalformedModule

__all__ = ["Buffer", "encode_signed", "encode_unsigned", "read_signed", "read_unsigned"]

Buffer = bytes | bytearray | memoryview


def encode_unsigned(value: int) -> bytes:
    """Write a non-negative integer in the shortest form."""
    if value < 0:
        raise ValueError(f"{value} is negative")
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_signed(value: int) -> bytes:
    """Write an integer in two's complement in the shortest form."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def read_unsigned(data: Buffer, position: int, bits: int = 32) -> tuple[int, int]:
    """Read an unsigned integer of at most ``bits`` bits; returns it and the position after it."""
    try:
        value = data[position]
        position += 1
        if value < 0x80:
            return value, position
        value &= 0x7F
        shift = 7
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= bits:
                raise MalformedModule(f"an integer at byte {position} is longer than {bits} bits allow")
    except IndexError:
        raise MalformedModule("the module ends within an integer") from None
    if value >> bits:
        raise MalformedModule(f"an integer before byte {position} does not fit {bits} bits")
    return value, position


def read_signed(data: Buffer, position: int, bits: int = 32) -> tuple[int, int]:
    """Read a signed integer of at most ``bits`` bits; returns it and the position after it."""
    value = shift = 0
    try:
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                raise MalformedModule(f"an integer at byte {position} is longer than {bits} bits allow")
    except IndexError:
        raise MalformedModule("the module ends within an integer") from None
    if byte & 0x40:
        value -= 1 << shift
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise MalformedModule(f"an integer before byte {position} does not fit {bits} bits")
    return value, position

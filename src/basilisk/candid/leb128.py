"""LEB128 numbers of any size, in time linear in their length.

Source: Candid specification, "Notation" and "Memory" (``leb128``, ``sleb128``).  Long numbers go through
groups of eight encoded bytes, which are 56 bits or seven plain bytes: shifting a growing integer for
every byte would take quadratic time on hostile input.
"""

from __future__ import annotations

__all__ = ["encode_signed", "encode_unsigned", "value_of_signed", "value_of_unsigned"]

_GROUP_BITS = 56
_GROUP_PLAIN = 7
_GROUP_ENCODED = 8


def _septets(value: int, count: int) -> bytearray:
    """The ``count`` lowest 7-bit digits of a non-negative number, continuation bits set but the last."""
    digits = bytearray()
    groups = -(-count // _GROUP_ENCODED)
    plain = value.to_bytes(groups * _GROUP_PLAIN, "little")
    for start in range(0, len(plain), _GROUP_PLAIN):
        group = int.from_bytes(plain[start : start + _GROUP_PLAIN], "little")
        for shift in range(0, _GROUP_BITS, 7):
            digits.append((group >> shift) & 0x7F | 0x80)
    del digits[count:]
    digits[-1] &= 0x7F
    return digits


def encode_unsigned(value: int) -> bytes:
    """The shortest LEB128 form of a number that is not negative."""
    if value < 0x80:
        return bytes((value,))
    return bytes(_septets(value, -(-value.bit_length() // 7)))


def encode_signed(value: int) -> bytes:
    """The shortest SLEB128 form of a number."""
    if -0x40 <= value < 0x40:
        return bytes((value & 0x7F,))
    bits = (value if value >= 0 else ~value).bit_length() + 1
    count = -(-bits // 7)
    return bytes(_septets(value & ((1 << (7 * count)) - 1), count))


def value_of_unsigned(encoded: bytes) -> int:
    """The number behind one complete LEB128 sequence; needless leading zeros are allowed."""
    if len(encoded) <= _GROUP_ENCODED:
        value = 0
        for byte in reversed(encoded):
            value = value << 7 | byte & 0x7F
        return value
    plain = bytearray()
    for start in range(0, len(encoded), _GROUP_ENCODED):
        group = 0
        for byte in reversed(encoded[start : start + _GROUP_ENCODED]):
            group = group << 7 | byte & 0x7F
        plain += group.to_bytes(_GROUP_PLAIN, "little")
    return int.from_bytes(plain, "little")


def value_of_signed(encoded: bytes) -> int:
    """The number behind one complete SLEB128 sequence."""
    value = value_of_unsigned(encoded)
    if encoded[-1] & 0x40:
        value -= 1 << (7 * len(encoded))
    return value

"""Numbers as text, in both directions, and the formats of those with a fixed width.

Source: Candid specification, "Values" (``<num>``, ``<hexnum>``, ``<float>``).  CPython refuses to convert
decimal texts of more than 4,300 digits in one go (``sys.set_int_max_str_digits``), therefore long numbers
are taken apart and put together in pieces.
"""

from __future__ import annotations

import math
import struct

__all__ = [
    "FIXED_FORMATS",
    "format_float",
    "format_integer",
    "is_special_float",
    "parse_float",
    "parse_integer",
]

#: Numbers of fixed width by their Candid name: the format character of ``struct`` (little-endian).
FIXED_FORMATS = {
    "nat8": "B",
    "nat16": "H",
    "nat32": "I",
    "nat64": "Q",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "float32": "f",
    "float64": "d",
}

_CHUNK = 4000
_SPECIAL = {"inf": math.inf, "infinity": math.inf, "nan": math.nan, "NaN": math.nan}


def parse_integer(text: str) -> int:
    """The value of a decimal or hexadecimal number with optional sign and single underscores."""
    digits = text.replace("_", "").lstrip("+-")
    value = int(digits, 16) if digits[:2] in ("0x", "0X") else _parse_decimal(digits)
    return -value if text.startswith("-") else value


def _parse_decimal(digits: str) -> int:
    if len(digits) <= _CHUNK:
        return int(digits)
    first = len(digits) % _CHUNK
    numbers = [int(digits[:first] or "0")]
    numbers += [int(digits[i : i + _CHUNK]) for i in range(first, len(digits), _CHUNK)]
    # Joining neighbours pairwise keeps the factors of each product about equally long.
    scale = 10**_CHUNK
    while len(numbers) > 1:
        if len(numbers) % 2:
            numbers.insert(0, 0)
        numbers = [numbers[i] * scale + numbers[i + 1] for i in range(0, len(numbers), 2)]
        scale *= scale
    return numbers[0]


def format_integer(value: int) -> str:
    """The number in decimal with an underscore between groups of three digits."""
    sign, magnitude = ("-", -value) if value < 0 else ("", value)
    # 13,000 bits are at most 3,914 decimal digits.
    digits = f"{magnitude:_}" if magnitude.bit_length() <= 13_000 else _group(_format_long(magnitude))
    return sign + digits


def _group(digits: str) -> str:
    first = len(digits) % 3 or 3
    return "_".join([digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))])


def _format_long(value: int) -> str:
    scales = [10**_CHUNK]
    while scales[-1] * scales[-1] <= value:
        scales.append(scales[-1] * scales[-1])
    pieces = [value]
    for scale in reversed(scales):
        pieces = [part for piece in pieces for part in divmod(piece, scale)]
    return "".join(f"{piece:0{_CHUNK}d}" for piece in pieces).lstrip("0")


def is_special_float(word: str) -> bool:
    """True for the unsigned words that stand for infinity or not-a-number."""
    return word in _SPECIAL


def parse_float(text: str) -> float:
    """The value of a float, number or special word; raises OverflowError when it is too large."""
    plain = text.replace("_", "")
    word = plain.lstrip("+-")
    if word in _SPECIAL:
        value = _SPECIAL[word]
    elif word[:2] in ("0x", "0X"):
        value = float.fromhex(word)
    else:
        value = float(word)
        if math.isinf(value):
            raise OverflowError(text)
    return -value if plain.startswith("-") else value


def format_float(value: float, bits: int) -> str:
    """The shortest decimal that reads back as the same float of 32 or 64 bits; ``3`` for 3.0."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(value) if bits == 64 else _shortest_single(value)
    # A whole number has no sign of zero.
    return text[:-2] if text.endswith(".0") and text != "-0.0" else text


def _shortest_single(value: float) -> str:
    for precision in range(1, 9):
        shorter = float(f"{value:.{precision}g}")
        try:
            if round_single(shorter) == value:
                return repr(shorter)
        except OverflowError:
            # Rounding up near the largest float left the range; more digits will not.
            continue
    return repr(float(f"{value:.9g}"))


def round_single(value: float) -> float:
    """The nearest 32-bit float, as a Python float; raises OverflowError when there is none."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])

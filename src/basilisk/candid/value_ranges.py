"""Ranges of the integer types.  Source: Candid specification, "Natural Numbers" and "Integer Numbers"."""

from __future__ import annotations

__all__ = ["integer_range"]

_RANGES: dict[str, tuple[int | None, int | None]] = {"nat": (0, None), "int": (None, None)}
for _bits in (8, 16, 32, 64):
    _RANGES[f"nat{_bits}"] = (0, (1 << _bits) - 1)
    _RANGES[f"int{_bits}"] = (-(1 << _bits - 1), (1 << _bits - 1) - 1)


def integer_range(name: str) -> tuple[int | None, int | None] | None:
    """Smallest and largest value of an integer type (None: unbounded), or None for other types."""
    return _RANGES.get(name)

"""Where two logs differ."""

from __future__ import annotations

from typing import Any

__all__ = ["first_difference"]


def first_difference(left: Any, right: Any, place: str = "") -> str | None:
    """The place of the first difference between two JSON values, and both values there; None when equal."""
    if left == right:
        return None
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *(key for key in right if key not in left)]:
            found = first_difference(left.get(key), right.get(key), f"{place}.{key}")
            if found is not None:
                return found
    if isinstance(left, list) and isinstance(right, list):
        for number, (one, other) in enumerate(zip(left, right)):
            found = first_difference(one, other, f"{place}[{number}]")
            if found is not None:
                return found
        return f"{place}: {len(left)} items, {len(right)} items"
    return f"{place}: {str(left)[:400]} | {str(right)[:400]}"

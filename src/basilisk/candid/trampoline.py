"""Recursive algorithms without the host's stack.

A step is a generator that yields other steps and receives their results, so that the depth of a value or
a type is bounded by memory and not by Python's recursion limit.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, TypeVar

    T = TypeVar("T")
    Step = Generator[Any, Any, T]
else:
    Step = None  # a name for annotations only; the module typing stays out of the canister

__all__ = ["Step", "run"]


def run(step: Step[T]) -> T:
    """Drives ``step`` and all steps it yields; an exception ends the whole run and leaves it unchanged."""
    stack: list[Step[Any]] = [step]
    result: Any = None
    while stack:
        try:
            child = stack[-1].send(result)
        except StopIteration as stop:
            stack.pop()
            result = stop.value
        else:
            stack.append(child)
            result = None
    return result  # type: ignore[no-any-return]

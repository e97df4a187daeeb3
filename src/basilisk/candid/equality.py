"""Whether two types are the same, whatever their parts are called.

Names of types, of arguments and the order of definitions are for the reader; two types are equal when their
unfolded structures are.  (Being subtypes of each other is less: ``record {}`` and ``record { a : opt nat }``
are that.)  Source: Candid specification, "Type Definitions".
"""

from __future__ import annotations

from .graph import Graph
from .types import Argument, Environment, Type

__all__ = ["same_type"]


def same_type(
    left: Type | Argument,
    right: Type | Argument,
    left_environment: Environment | None = None,
    right_environment: Environment | None = None,
) -> bool:
    """Whether two types have equal structures.

    The environments hold the types that each side refers to by name; ``right_environment`` defaults to the
    left one.  Raises :class:`CandidError` for names without a definition.
    """
    if right_environment is None:
        right_environment = left_environment
    one, other = Graph(), Graph()
    pending = list(zip(one.add([left], left_environment), other.add([right], right_environment)))
    seen: set[tuple[int, int]] = set()
    while pending:
        pair = pending.pop()
        first, second = pair
        if first < 0 or second < 0:
            if first != second:
                return False
            continue
        if pair in seen:
            continue
        # Assumed to hold: a pair that is met again on its own way cannot be what makes the difference.
        seen.add(pair)
        a, b = one.nodes[first], other.nodes[second]
        if (a.kind, a.ids, a.names, a.mode) != (b.kind, b.ids, b.names, b.mode):
            return False
        for mine, others in ((a.children, b.children), (a.args, b.args), (a.results, b.results)):
            if len(mine) != len(others):
                return False
            pending += zip(mine, others)
    return True

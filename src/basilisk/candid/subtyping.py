"""The subtype relation, with reasons.

Source: Candid specification, "Upgrading and Subtyping", "Rules".  Every type is a subtype of every option
(the value is read as null where it does not fit), so that the relation never needs to try alternatives:
two types are compared by walking over pairs, each pair once, which also settles recursive types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Union

from basilisk.frozen import dataclass

from .graph import CODES, FUNC, OPT, RECORD, SERVICE, VARIANT, VEC, Graph
from .types import Argument, Environment, Type

__all__ = ["Difference", "Subtyping", "compare", "subtype"]

_EMPTY, _RESERVED, _PRINCIPAL = CODES["empty"], CODES["reserved"], CODES["principal"]
_NAT, _INT = CODES["nat"], CODES["int"]


@dataclass(frozen=True)
class Difference:
    """Why a type is no subtype: ``path`` leads to the place, such as ``args[0].items[].count``."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@dataclass(frozen=True)
class Subtyping:
    """The verdict: true or false, the differences, and places that work but lose values.

    ``differences`` has at most 100 entries and is empty for a subtype.  A loss is an option whose content
    has changed its type: the receiver always reads null there.
    """

    differences: tuple[Difference, ...] = ()
    losses: tuple[Difference, ...] = ()

    @property
    def difference(self) -> Difference | None:
        """The first difference, or None for a subtype."""
        return self.differences[0] if self.differences else None

    def __bool__(self) -> bool:
        return not self.differences


def subtype(
    left: Type | Argument,
    right: Type | Argument,
    left_environment: Environment | None = None,
    right_environment: Environment | None = None,
) -> Subtyping:
    """Whether every value of ``left`` can be read at the type ``right`` (``left <: right``).

    The environments hold the types that each side refers to by name; ``right_environment`` defaults to
    the left one.
    """
    if right_environment is None:
        right_environment = left_environment
    left_graph, right_graph = Graph(), Graph()
    (left_number,) = left_graph.add([left], left_environment)
    (right_number,) = right_graph.add([right], right_environment)
    options: list[_Pair] = []
    start = _Pair(False, left_number, right_number, None)
    differences: list[Difference] = []
    _walk(left_graph, right_graph, start, set(), options, _free, differences)
    if differences:
        return Subtyping(tuple(differences))
    losses = []
    checked: set[tuple[bool, int, int]] = set()
    while options:
        pair = options.pop(0)
        if pair[:3] in checked:
            continue
        checked.add(pair[:3])
        loss = _walk(left_graph, right_graph, pair._replace(path=None), set(), [], _free)
        if loss is not None:
            losses.append(Difference(_text(pair.path), f"is always read as null: {loss}"))
    return Subtyping((), tuple(losses))


def compare(
    left: Graph,
    left_number: int,
    right: Graph,
    right_number: int,
    seen: set[tuple[bool, int, int]],
    charge: Callable[[int], None],
) -> Difference | None:
    """The first difference between two nodes, or None for a subtype.

    ``seen`` remembers pairs that hold, for later calls; ``charge`` is told the work done.
    """
    return _walk(left, right, _Pair(False, left_number, right_number, None), seen, None, charge)


Path = Union["tuple[Path, str]", None]
"""A path with its last segment first: extending it takes the same time at any depth."""

_MAX_SEGMENTS = 40
_MAX_DIFFERENCES = 100


def _text(path: Path) -> str:
    segments: list[str] = []
    while path is not None:
        path, segment = path
        segments.append(segment)
    if len(segments) > _MAX_SEGMENTS:
        segments[_MAX_SEGMENTS // 2 : -_MAX_SEGMENTS // 2] = ["..."]
    return "".join(reversed(segments)).lstrip(".")


class _Pair(NamedTuple):
    """``flipped`` pairs compare a type of the right side with one of the left."""

    flipped: bool
    lower: int
    upper: int
    path: Path


def _free(work: int) -> None:
    """Comparing types of one's own is not limited."""


def _walk(
    left: Graph,
    right: Graph,
    start: _Pair,
    seen: set[tuple[bool, int, int]],
    options: list[_Pair] | None,
    charge: Callable[[int], None],
    every: list[Difference] | None = None,
) -> Difference | None:
    """The first difference; pairs seen on the way are kept only when there is none.

    With ``every`` the walk goes on behind a difference and puts them all there.
    """
    stack = [start]
    added: list[tuple[bool, int, int]] = []
    while stack:
        pair = stack.pop()
        flipped, lower, upper, path = pair
        if (lower in (_EMPTY, upper) and lower < 0) or upper == _RESERVED or (lower, upper) == (_NAT, _INT):
            continue
        if pair[:3] in seen:
            continue
        seen.add(pair[:3])
        added.append(pair[:3])
        charge(1)
        low, high = (right, left) if flipped else (left, right)
        children = _step(low, high, pair, options)
        if isinstance(children, str):
            difference = Difference(_text(path), children)
            if every is not None and len(every) < _MAX_DIFFERENCES:
                every.append(difference)
                continue
            seen.difference_update(added)
            return difference
        charge(len(children))
        stack.extend(reversed(children))
    return None


def _step(low: Graph, high: Graph, pair: _Pair, options: list[_Pair] | None) -> list[_Pair] | str:
    """The pairs on which this pair depends, or the reason why it does not hold."""
    flipped, lower, upper, path = pair
    kind = low.nodes[lower].kind if lower >= 0 else lower
    target = high.nodes[upper].kind if upper >= 0 else upper
    if target == OPT:
        if options is not None and lower not in (CODES["null"], _RESERVED):
            content = low.nodes[lower].children[0] if kind == OPT else lower
            options.append(_Pair(flipped, content, high.nodes[upper].children[0], path))
        return []
    if target == _PRINCIPAL and kind == SERVICE:
        return []
    if kind != target or kind not in (VEC, RECORD, VARIANT, FUNC, SERVICE):
        return f"{low.describe(lower)} is not a subtype of {high.describe(upper)}"
    node, other = low.nodes[lower], high.nodes[upper]
    if kind == VEC:
        return [_Pair(flipped, node.children[0], other.children[0], (path, "[]"))]
    if kind == FUNC:
        return _functions(low, high, pair)
    pairs = []
    if kind == VARIANT:
        targets = dict(zip(other.ids, other.children))
        for number, key, child in zip(node.ids, node.keys, node.children):
            if number not in targets:
                return f"the alternative {_name(key)} is not known"
            pairs.append(_Pair(flipped, child, targets[number], (path, f".{key}")))
        return pairs
    labels, wanted = (node.ids, other.ids) if kind == RECORD else (node.names, other.names)
    present = dict(zip(labels, node.children))
    for label, key, child in zip(wanted, other.keys or other.names, other.children):
        if label in present:
            pairs.append(_Pair(flipped, present[label], child, (path, f".{key}")))
        elif kind == SERVICE:
            return f"the method {_name(key)} is missing"
        elif not high.nullable(child):
            return f"the field {_name(key)} of type {high.describe(child)} is missing"
    return pairs


def _functions(low: Graph, high: Graph, pair: _Pair) -> list[_Pair] | str:
    flipped, lower, upper, path = pair
    node, other = low.nodes[lower], high.nodes[upper]
    if node.mode != other.mode:
        return f"{node.mode or 'update'} is not {other.mode or 'update'}"
    pairs = []
    # What the caller at the upper type passes must do for the function: the direction turns round.
    for index, wanted in enumerate(node.args):
        if index < len(other.args):
            pairs.append(_Pair(not flipped, other.args[index], wanted, (path, f".args[{index}]")))
        elif not low.nullable(wanted):
            return f"the argument {index} of type {low.describe(wanted)} is required now"
    for index, wanted in enumerate(other.results):
        if index < len(node.results):
            place = (path, f".results[{index}]")
            pairs.append(_Pair(flipped, node.results[index], wanted, place))
        elif not high.nullable(wanted):
            return f"the result {index} of type {high.describe(wanted)} is missing"
    return pairs


def _name(key: str | int) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key)

"""From the graph of types to the codec's plans.

A plan is a pair ``(nodes, roots)``: nodes are tuples that refer to each other by index, roots are the
indices of a method's arguments or results.  The bridge's codec documents the forms of the nodes.
"""

from __future__ import annotations

from basilisk.instances import set_fields
from basilisk.options import Some
from basilisk.principal import Principal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from basilisk.nodes import Node

    PlanNode = tuple[Any, ...]
    Plan = tuple[tuple[PlanNode, ...], tuple[int, ...]]

__all__ = ["make_plan"]


def make_plan(roots: Sequence[Node]) -> Plan:
    """The plan of a sequence of values.  Equal types share a node; cycles stay cycles."""
    builder = _Builder()
    indices = tuple(builder.index(root) for root in roots)
    return tuple(builder.nodes), indices


class _Builder:
    def __init__(self) -> None:
        self.nodes: list[PlanNode] = []
        self.known: dict[int, int] = {}
        self.principal: int | None = None

    def index(self, node: Node) -> int:
        node = node.target()
        known = self.known.get(id(node))
        if known is not None:
            return known
        if node.kind == "principal":
            self.known[id(node)] = index = self.principal_index()
            return index
        index = self.known[id(node)] = len(self.nodes)
        self.nodes.append(())  # taken now, so that a cycle finds it
        self.nodes[index] = self.form(node)
        return index

    def principal_index(self) -> int:
        if self.principal is None:
            self.principal = len(self.nodes)
            self.nodes.append(("principal", Principal))
        return self.principal

    def form(self, node: Node) -> PlanNode:
        kind = node.kind
        if kind == "opt":
            return (kind, self.index(node.parts[0]), Some)
        if kind == "vec":
            return (kind, self.index(node.parts[0]))
        if kind == "map":
            return (kind, self.index(node.parts[0]), self.index(node.parts[1]))
        if kind == "tuple":
            return (kind, self.indices(node.parts))
        if kind in ("record", "variant"):
            fields = tuple((label.id, label.key, self.index(label.node)) for label in node.fields)
            if node.style == "cases":
                return (kind, node.style, tuple(label.cls for label in node.fields), fields)
            if node.style != "attrs":
                return (kind, node.style, None if node.style == "dict" else node.cls, fields)
            order = set_fields(node.cls, [label.key for label in node.fields])
            form = (kind, node.style, node.cls, fields)
            return form if order is None else (*form, order)
        if kind == "func":
            return (
                kind,
                node.mode,
                self.indices(node.parts),
                self.indices(node.results),
                self.principal_index(),
            )
        if kind == "service":
            methods = tuple((name, self.index(func)) for name, func in node.methods)
            return (kind, methods, node.cls._from_bytes)
        return (kind,)

    def indices(self, nodes: Sequence[Node]) -> tuple[int, ...]:
        return tuple(self.index(node) for node in nodes)

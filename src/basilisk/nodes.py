"""What the annotations of a program mean: one graph for the interface and for the codec.

A :class:`Node` joins a Candid type with the Python form of its values.  The interface (``.did``) and the
codec's plans are two readings of the same graph, so they cannot disagree.
"""

from __future__ import annotations

from basilisk.candid.types import field_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["Label", "Node", "field_id"]


class Label:
    """A field of a record or a case of a variant.

    ``id`` is its number in Candid, ``name`` its Candid name (None if it has only the number), ``key`` the
    dictionary key, attribute, enum member or class that holds it in Python; ``cls`` is that class.
    """

    __slots__ = ("cls", "id", "key", "name", "node")

    def __init__(self, id: int, name: str | None, key: str, node: Node, cls: Any = None) -> None:
        self.id = id
        self.name = name
        self.key = key
        self.node = node
        self.cls = cls


class Node:
    """One type.  ``kind`` decides which of the other attributes mean something:

    * the name of a primitive type, ``principal`` or ``blob``: none;
    * ``opt``, ``vec``: ``parts`` holds the inner node; ``map``: key and value; ``tuple``: the items;
    * ``alias``: ``parts`` holds the node that ``name`` stands for;
    * ``record``, ``variant``: ``fields`` sorted by id, ``style`` (``dict``, ``attrs``, ``enum``, ``cases``),
      ``cls`` (of ``cases``, the class if there is just one);
    * ``func``: ``parts`` arguments, ``results``, ``labels`` the arguments' names, ``mode``;
    * ``service``: ``methods`` as (name, func node) sorted by name, ``cls``.

    ``name`` and ``module`` say how and where the user named the type; ``name`` is None for anonymous types.
    """

    __slots__ = (
        "cls",
        "fields",
        "kind",
        "labels",
        "methods",
        "mode",
        "module",
        "name",
        "parts",
        "results",
        "style",
    )

    def __init__(
        self, kind: str, parts: tuple[Node, ...] = (), *, name: str | None = None, module: str | None = None
    ) -> None:
        self.kind = kind
        self.parts = parts
        self.name = name
        self.module = module
        self.fields: tuple[Label, ...] = ()
        self.results: tuple[Node, ...] = ()
        self.labels: tuple[str | None, ...] = ()
        self.methods: tuple[tuple[str, Node], ...] = ()
        self.style = ""
        self.cls: Any = None
        self.mode = ""

    def children(self) -> Iterator[Node]:
        """The nodes this one refers to, in the order of the interface."""
        yield from self.parts
        for label in self.fields:
            yield label.node
        yield from self.results
        for _, node in self.methods:
            yield node

    def target(self) -> Node:
        """The node itself, or what an alias finally stands for."""
        node = self
        while node.kind == "alias":
            node = node.parts[0]
        return node

    def hashable(self) -> bool:
        """Whether Python values of the type can be keys of a dict; False where they may contain others."""
        seen: set[int] = set()
        pending = [self]
        while pending:
            node = pending.pop()
            if id(node) in seen or node.kind in ("func", "service"):
                continue
            seen.add(id(node))
            if node.kind in ("vec", "map") or node.style == "dict":
                return False
            if node.style == "attrs" and node.cls.__hash__ is None:
                return False
            pending.extend(node.children())
        return True

    def describe(self) -> str:
        """A short text for messages and for the names of generic instances, such as ``opt nat``."""
        if self.name is not None:
            return self.name
        if self.parts and self.kind != "func":
            return " ".join([self.kind, *(part.describe() for part in self.parts)])
        return self.kind

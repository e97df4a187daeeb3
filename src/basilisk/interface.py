"""From the registered methods to the canister's Candid interface.

Types keep the names that the program gives them.  Where two types of one name meet, that of the entry module
keeps it and the others take their module's name in front; the choice depends on the types alone, not on the
methods that use them.  Names and methods are sorted, so that moving code does not change the ``.did``.
"""

from __future__ import annotations

from basilisk._guest.docstrings import clean_docstring
from basilisk.candid import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from basilisk.nodes import Node
    from basilisk.signatures import Signature

__all__ = ["InterfaceMaker"]

# Candid specification, "Core grammar": words that cannot name a type.
_KEYWORDS = frozenset(
    """blob bool composite_query empty float32 float64 func import int int16 int32 int64 int8 nat nat16 nat32
    nat64 nat8 null oneway opt principal query record reserved service text type variant vec""".split()
)


class InterfaceMaker:
    """Makes the interface of a canister.

    ``methods`` are (name, mode, signature), ``init`` is the signature of the init arguments or None,
    ``entry`` the name of the program's entry module.
    """

    def __init__(
        self, methods: Iterable[tuple[str, str, Signature]], init: Signature | None, entry: str = "main"
    ) -> None:
        self._methods = sorted(methods, key=lambda method: method[0])
        self._init = init
        roots = list(init.arguments) if init else []
        for _, _, signature in self._methods:
            roots += [*signature.arguments, *signature.results]
        self._named = _Names(roots, entry)

    def interface(self) -> types.Interface:
        """The named types that are in use, the init arguments and the service."""
        named = self._named
        environment = {name: named.definition(node) for name, node in sorted(named.nodes.items())}
        service = tuple(
            (
                name,
                types.Func(
                    named.arguments(signature.arguments, signature.names),
                    named.arguments(signature.results),
                    "" if mode == "update" else mode,
                ),
            )
            for name, mode, signature in self._methods
        )
        init = named.arguments(self._init.arguments, self._init.names) if self._init else ()
        return types.Interface(environment, init, types.Service(service))

    def docstrings(self) -> dict[str, str]:
        """The docstrings of the classes that became named types, by the types' names."""
        return {name: text for name, node in self._named.nodes.items() if (text := _docstring(node.cls))}


class _Names:
    """Gives every named type that is in use a name of its own."""

    def __init__(self, roots: Iterable[Node], entry: str) -> None:
        self.nodes: dict[str, Node] = {}
        self._names: dict[int, str] = {}
        found = [node for node in _reachable(roots) if node.name is not None]
        # Python's sort is stable: what is equal in all of this keeps the order of the interface.
        found.sort(
            key=lambda node: (node.module != entry, node.module or "", len(_outer(node)), _outer(node))
        )
        rest = [node for node in found if not self._take(node, _identifier(node.name or ""))]
        for node in rest:
            next(name for name in _candidates(node) if self._take(node, name))

    def _take(self, node: Node, name: str) -> bool:
        if name in self.nodes:
            return False
        self.nodes[name] = node
        self._names[id(node)] = name
        return True

    def type(self, node: Node) -> types.Type:
        name = self._names.get(id(node))
        return types.Ref(name) if name is not None else self.definition(node)

    def definition(self, node: Node) -> types.Type:
        kind = node.kind
        if kind == "alias":
            return self.type(node.parts[0])
        if kind == "blob":
            return types.BLOB
        if kind == "opt":
            return types.Opt(self.type(node.parts[0]))
        if kind == "vec":
            return types.Vec(self.type(node.parts[0]))
        if kind == "map":
            return types.Vec(self._tuple(node.parts))
        if kind == "tuple":
            return self._tuple(node.parts)
        if kind == "func":
            return types.Func(
                self.arguments(node.parts, node.labels), self.arguments(node.results), node.mode
            )
        if kind == "service":
            return types.Service(tuple((name, self.type(func)) for name, func in node.methods))
        if kind in ("record", "variant"):
            fields = tuple(types.Field(label.id, label.name, self.type(label.node)) for label in node.fields)
            return types.Record(fields) if kind == "record" else types.Variant(fields)
        return types.PRIMITIVES[kind]

    def _tuple(self, parts: Sequence[Node]) -> types.Record:
        return types.Record(
            tuple(types.Field(index, None, self.type(part)) for index, part in enumerate(parts))
        )

    def arguments(
        self, nodes: Sequence[Node], names: Sequence[str | None] | None = None
    ) -> tuple[types.Argument, ...]:
        return tuple(
            types.Argument(self.type(node), name) for node, name in zip(nodes, names or (None,) * len(nodes))
        )


def _reachable(roots: Iterable[Node]) -> list[Node]:
    """The nodes that the interface refers to, each once, depth first."""
    found: dict[int, Node] = {}
    pending = list(roots)[::-1]
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found[id(node)] = node
            pending.extend(list(node.children())[::-1])
    return list(found.values())


def _outer(node: Node) -> str:
    """The class or function around a class; "" at the top level."""
    return str(getattr(node.cls, "__qualname__", "")).rpartition(".")[0]


def _candidates(node: Node) -> Iterator[str]:
    """Names for a type whose own name is taken, the best first; they never end."""
    name = _identifier(node.name or "")
    outer, module = _outer(node), node.module or ""
    if outer:
        name = f"{_identifier(outer)}_{name}"
        yield name
    yield f"{_identifier(module.rpartition('.')[2])}_{name}"
    yield f"{_identifier(module)}_{name}"
    count = 2
    while True:
        yield f"{name}_{count}"
        count += 1


def _docstring(cls: Any) -> str:
    """What the user wrote about a class; "" for the texts that dataclass and NamedTuple make up."""
    if cls is None:
        return ""
    text = cls.__dict__.get("__doc__")
    made_up = "__dataclass_fields__" in cls.__dict__ or "_fields" in cls.__dict__
    if made_up and isinstance(text, str) and text.startswith(f"{cls.__name__}("):
        return ""
    return clean_docstring(text)


def _identifier(name: str) -> str:
    """A Candid identifier that is as close to a Python name as the grammar allows."""
    letters = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in name
    )
    if not letters or letters[0].isdigit():
        letters = "_" + letters
    return letters + "_" if letters in _KEYWORDS else letters

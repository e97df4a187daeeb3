"""From the registered methods to the canister's Candid interface.

Types keep the names that the program gives them; where two types of one name meet, the later one takes its
module's name in front.  Names and methods are sorted, so that moving code does not change the ``.did``.
"""

from __future__ import annotations

from basilisk.candid import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from basilisk.nodes import Node

    # (name, mode, argument nodes, result nodes)
    MethodTypes = tuple[str, str, Sequence[Node], Sequence[Node]]

__all__ = ["make_interface"]

# Candid specification, "Core grammar": words that cannot name a type.
_KEYWORDS = frozenset(
    """blob bool composite_query empty float32 float64 func import int int16 int32 int64 int8 nat nat16 nat32
    nat64 nat8 null oneway opt principal query record reserved service text type variant vec""".split()
)


def make_interface(methods: Iterable[MethodTypes], init: Sequence[Node]) -> types.Interface:
    """The interface of a canister with these methods and these init arguments."""
    methods = sorted(methods, key=lambda method: method[0])
    roots = list(init)
    for _, _, arguments, results in methods:
        roots += [*arguments, *results]
    named = _Names(roots)
    environment = {name: named.definition(node) for name, node in sorted(named.nodes.items())}
    service = tuple(
        (
            name,
            types.Func(
                named.arguments(arguments), named.arguments(results), "" if mode == "update" else mode
            ),
        )
        for name, mode, arguments, results in methods
    )
    return types.Interface(environment, named.arguments(init), types.Service(service))


class _Names:
    """Gives every named type that is in use a name of its own."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self.nodes: dict[str, Node] = {}
        self._names: dict[int, str] = {}
        seen: set[int] = set()
        pending = list(roots)[::-1]
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.name is not None:
                self._take(node)
            pending.extend(list(node.children())[::-1])

    def _take(self, node: Node) -> None:
        wish = _identifier(node.name or "")
        name = wish
        if name in self.nodes:
            name = f"{_identifier((node.module or '').rpartition('.')[2])}_{wish}"
        count = 2
        while name in self.nodes:
            name = f"{wish}_{count}"
            count += 1
        self.nodes[name] = node
        self._names[id(node)] = name

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
                tuple(types.Argument(self.type(part), label) for part, label in zip(node.parts, node.labels)),
                self.arguments(node.results),
                node.mode,
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

    def arguments(self, nodes: Sequence[Node]) -> tuple[types.Argument, ...]:
        return tuple(types.Argument(self.type(node)) for node in nodes)


def _identifier(name: str) -> str:
    """A Candid identifier that is as close to a Python name as the grammar allows."""
    letters = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in name
    )
    if not letters or letters[0].isdigit():
        letters = "_" + letters
    return letters + "_" if letters in _KEYWORDS else letters

"""Types as a table of nodes that refer to each other by number, the way the binary format writes them.

Encoder, decoder and subtyping all work on this form: comparing two numbers replaces comparing two nested
types, and recursive types need no special care.  A negative number is a primitive type's code, any other
the index of a node.

Source: Candid specification, "Binary Format", "Types".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from .errors import CandidError
from .trampoline import Step, run
from .types import Argument, Environment, Func, Opt, Prim, Record, Ref, Service, Type, Variant, Vec

__all__ = [
    "CODES",
    "FUNC",
    "FUTURE",
    "NAMES",
    "OPT",
    "RECORD",
    "SERVICE",
    "VARIANT",
    "VEC",
    "Graph",
    "Node",
    "check_definition",
    "resolve",
]

CODES: dict[str, int] = {
    "null": -1,
    "bool": -2,
    "nat": -3,
    "int": -4,
    "nat8": -5,
    "nat16": -6,
    "nat32": -7,
    "nat64": -8,
    "int8": -9,
    "int16": -10,
    "int32": -11,
    "int64": -12,
    "float32": -13,
    "float64": -14,
    "text": -15,
    "reserved": -16,
    "empty": -17,
    "principal": -24,
}
NAMES: dict[int, str] = {code: name for name, code in CODES.items()}
OPT, VEC, RECORD, VARIANT, FUNC, SERVICE = -18, -19, -20, -21, -22, -23
FUTURE = -25
"""Any opcode below -24: a type this decoder does not know and only skips."""

_KIND_NAMES = {OPT: "opt", VEC: "vec", RECORD: "record", VARIANT: "variant", FUNC: "func", SERVICE: "service"}
_NULL, _RESERVED = CODES["null"], CODES["reserved"]


class Node:
    """A composite type.

    ``children`` belong to ``ids`` in records and variants, to ``names`` in services; opt and vec have one
    child.  ``keys`` are the Python keys of the fields: the name, or the id where there is none.
    """

    __slots__ = ("args", "children", "ids", "keys", "kind", "mode", "names", "positional", "results")

    def __init__(
        self,
        kind: int,
        children: tuple[int, ...] = (),
        ids: tuple[int, ...] = (),
        keys: tuple[str | int, ...] = (),
        names: tuple[str, ...] = (),
        args: tuple[int, ...] = (),
        results: tuple[int, ...] = (),
        mode: str = "",
        positional: bool = False,
    ) -> None:
        self.kind = kind
        self.children = children
        self.ids = ids
        self.keys = keys
        self.names = names
        self.args = args
        self.results = results
        self.mode = mode
        self.positional = positional

    def key(self) -> tuple[object, ...]:
        """Equal for nodes that are the same type by construction."""
        return (
            self.kind,
            self.children,
            self.ids,
            self.keys,
            self.names,
            self.args,
            self.results,
            self.mode,
            self.positional,
        )


class Graph:
    """A growing table of nodes."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._named: dict[str, int] = {}
        self._known: dict[tuple[object, ...], int] = {}

    def add(self, types: Iterable[Type | Argument], environment: Environment | None = None) -> list[int]:
        """The numbers of the types; names come from one and the same ``environment`` in all calls."""
        names = environment or {}
        return [run(self._add(item.type if isinstance(item, Argument) else item, names)) for item in types]

    def nullable(self, number: int) -> bool:
        """True when null is a value of the type: it may be left out of records and arguments."""
        return number in (_NULL, _RESERVED) or (number >= 0 and self.nodes[number].kind == OPT)

    def describe(self, number: int) -> str:
        """A word for messages."""
        if number < 0:
            return NAMES[number]
        return _KIND_NAMES.get(self.nodes[number].kind, "a type from the future")

    def _add(self, type_: Type, environment: Environment) -> Step[int]:
        if isinstance(type_, Prim):
            return _code(type_)
        if isinstance(type_, Ref):
            name = type_.name
            if name in self._named:
                return self._named[name]
            target = resolve(type_, environment)
            if isinstance(target, Prim):
                return _code(target)
            # The number is known before the content: the content may refer to it.
            number = len(self.nodes)
            self._named[name] = number
            self.nodes.append(Node(FUTURE))
            node: Node = yield self._node(target, environment)
            self.nodes[number] = node
            return number
        node = yield self._node(type_, environment)
        key = node.key()
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(node)
        return self._known[key]

    def _node(self, type_: Type, environment: Environment) -> Step[Node]:
        if isinstance(type_, (Opt, Vec)):
            child: int = yield self._add(type_.inner, environment)
            return Node(OPT if isinstance(type_, Opt) else VEC, (child,))
        if isinstance(type_, (Record, Variant)):
            children = []
            for field in type_.fields:
                children.append((yield self._add(field.type, environment)))
            ids = tuple(field.id for field in type_.fields)
            if any(left >= right for left, right in pairwise(ids)):
                raise CandidError("the fields of a type are not in increasing order of their ids")
            keys = tuple(field.id if field.name is None else field.name for field in type_.fields)
            is_record = isinstance(type_, Record)
            return Node(
                RECORD if is_record else VARIANT,
                tuple(children),
                ids,
                keys,
                positional=isinstance(type_, Record) and type_.is_tuple,
            )
        if isinstance(type_, Func):
            lists: list[tuple[int, ...]] = []
            for arguments in (type_.args, type_.results):
                numbers = []
                for argument in arguments:
                    numbers.append((yield self._add(argument.type, environment)))
                lists.append(tuple(numbers))
            return Node(FUNC, args=lists[0], results=lists[1], mode=type_.mode)
        if isinstance(type_, Service):
            methods = []
            for name, method in type_.methods:
                number: int = yield self._add(method, environment)
                if not isinstance(resolve(method, environment), Func):
                    raise CandidError(f'the type of the method "{name}" is not a function type')
                methods.append((name, number))
            methods.sort()
            return Node(
                SERVICE,
                tuple(number for _, number in methods),
                names=tuple(name for name, _ in methods),
            )
        raise CandidError(f"{type_!r} is not a Candid type")


def _code(type_: Prim) -> int:
    code = CODES.get(type_.name)
    if code is None:
        raise CandidError(f"{type_.name!r} is not a primitive Candid type")
    return code


def resolve(type_: Type, environment: Mapping[str, Type]) -> Type:
    """The type behind a name, or the type itself; raises :class:`CandidError` for unbound or cyclic names."""
    seen: set[str] = set()
    while isinstance(type_, Ref):
        if type_.name in seen:
            raise CandidError(f"the type `{type_.name}` is defined by nothing but itself")
        seen.add(type_.name)
        if type_.name not in environment:
            raise CandidError(f"the type `{type_.name}` is not defined")
        type_ = environment[type_.name]
    return type_


def check_definition(name: str, environment: Mapping[str, Type]) -> str | None:
    """What is wrong with the definition of a type, or None."""
    try:
        resolve(Ref(name), environment)
    except CandidError as error:
        return error.what
    return None

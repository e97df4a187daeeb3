"""The head of a Candid message: magic, type table and argument types.

Source: Candid specification, "Binary Format" and "Deserialisation of future types".  Sizes are compared
with what is left of the message before anything is allocated, and all work counts against a budget, so
that a few bytes cannot claim much memory or time.
"""

from __future__ import annotations

from typing import NoReturn

from .errors import CandidError
from .graph import FUNC, FUTURE, NAMES, OPT, RECORD, SERVICE, VARIANT, VEC, Graph, Node
from .leb128 import value_of_signed, value_of_unsigned
from .types import (
    PRIMITIVES,
    RESERVED,
    Argument,
    Environment,
    Field,
    Func,
    Opt,
    Record,
    Ref,
    Service,
    Type,
    Variant,
    Vec,
)

__all__ = ["BASE_BUDGET", "BYTE_BUDGET", "Head", "Reader", "message_types", "read_head"]

# A message of n bytes may cost BASE_BUDGET + n * BYTE_BUDGET units of work, about one a value.  Ordinary
# messages need less than two a byte; only values without bytes (null, reserved, empty records) can need
# more, and the base leaves room for a million of them.
BASE_BUDGET = 1_000_000
BYTE_BUDGET = 20

_MAGIC = b"DIDL"
_MODES = {1: "query", 2: "oneway", 3: "composite_query"}
_MAX_FIELD_ID = (1 << 32) - 1
_MAX_PRINCIPAL = 29
_STRUCTURAL = 10  # bytes that a number of 64 bits takes
_TOO_LONG = "a number of the message's structure does not fit 64 bits"


class Reader:
    """Bytes with a position and a budget of work."""

    __slots__ = ("budget", "data", "end", "pos")

    def __init__(self, data: bytes, budget: int) -> None:
        self.data = data
        self.pos = 0
        self.end = len(data)
        self.budget = budget

    def fail(self, what: str) -> NoReturn:
        raise CandidError(f"{what} (at byte {self.pos} of the message)")

    def charge(self, work: int) -> None:
        """Takes work off the budget; fails when it is used up."""
        self.budget -= work
        if self.budget < 0:
            raise CandidError(
                "decoding this message takes more work than its length justifies",
                cause="it claims very many values that take no bytes, as an attack would",
            )

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        stop = self.pos + count
        if stop > self.end:
            self.fail(
                f"the message ends early: {count} more bytes are announced, {self.end - self.pos} are left"
            )
        data = self.data[self.pos : stop]
        self.pos = stop
        return data

    def byte(self) -> int:
        pos = self.pos
        if pos >= self.end:
            self.fail("the message ends early")
        self.pos = pos + 1
        return self.data[pos]

    def _leb(self) -> bytes:
        data, start, end = self.data, self.pos, self.end
        pos = start
        while pos < end and data[pos] >= 0x80:
            pos += 1
        if pos >= end:
            self.fail("the message ends inside a number")
        self.pos = pos + 1
        return data[start : pos + 1]

    def skip_leb(self) -> None:
        """Moves behind a LEB128 number of either kind."""
        self._leb()

    def natural(self) -> int:
        """The next LEB128 number, a value of the type ``nat`` of any size."""
        pos = self.pos
        if pos < self.end and self.data[pos] < 0x80:
            self.pos = pos + 1
            return self.data[pos]
        return value_of_unsigned(self._leb())

    def integer(self) -> int:
        """The next SLEB128 number, a value of the type ``int`` of any size."""
        return value_of_signed(self._leb())

    def unsigned(self) -> int:
        """The next LEB128 number of the message's structure (a length, an index, a field id): 64 bits."""
        pos = self.pos
        if pos < self.end and self.data[pos] < 0x80:
            self.pos = pos + 1
            return self.data[pos]
        number = value_of_unsigned(self._structural())
        if number >= 1 << 64:
            self.fail(_TOO_LONG)
        return number

    def signed(self) -> int:
        """The next SLEB128 number of the message's structure (a type): 32 bits."""
        number = value_of_signed(self._structural())
        if not -(1 << 31) <= number < 1 << 31:
            self.fail("the number of a type does not fit 32 bits")
        return number

    def _structural(self) -> bytes:
        # The specification allows zeros without end behind a number; like the reader in canisters this one
        # goes along with as many as 64 bits have.
        encoded = self._leb()
        if len(encoded) > _STRUCTURAL:
            self.fail(_TOO_LONG)
        return encoded

    def count(self, what: str, least: int = 1) -> int:
        """A number of things of which each takes at least ``least`` bytes."""
        number = self.unsigned()
        if number * least > self.end - self.pos:
            self.fail(f"the message announces {number} {what}, but is too short for them")
        return number

    def text(self) -> str:
        """A text with its length."""
        data = self.take(self.count("bytes of text"))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self.fail("a text is not valid UTF-8")

    def bool(self) -> bool:
        value = self.byte()
        if value > 1:
            self.fail(f"{value} is not a bool")
        return value == 1

    def principal(self) -> bytes:
        """The bytes of a principal or service reference."""
        if self.byte() != 1:
            self.fail("a principal starts with the byte 1; opaque references are not supported")
        size = self.count("bytes of a principal")
        if size > _MAX_PRINCIPAL:
            self.fail(f"a principal of {size} bytes; {_MAX_PRINCIPAL} is the limit")
        return self.take(size)

    def func(self) -> tuple[bytes, str]:
        """A function reference: the bytes of its canister, and its method."""
        if self.byte() != 1:
            self.fail("a function reference starts with the byte 1; opaque references are not supported")
        return self.principal(), self.text()


class Head:
    """The types of a message.

    ``endless`` holds the records that contain themselves without an option or the like in between: no
    value of them can ever end.
    """

    def __init__(self, graph: Graph, arguments: list[int], endless: frozenset[int]) -> None:
        self.graph = graph
        self.arguments = arguments
        self.endless = endless


def read_head(reader: Reader) -> Head:
    """Reads and checks all that comes before the values."""
    if reader.data[:4] != _MAGIC:
        reader.fail("not a Candid message: it does not start with DIDL")
    reader.pos = 4
    graph = Graph()
    size = reader.count("types", least=2)
    for _ in range(size):
        reader.charge(1)
        graph.nodes.append(_entry(reader, size))
    _check_methods(reader, graph)
    arguments = _references(reader, size, "arguments")
    return Head(graph, arguments, _endless(graph))


def _reference(reader: Reader, size: int) -> int:
    number = reader.signed()
    if number >= size or (number < 0 and number not in NAMES):
        reader.fail(f"there is no type with the number {number}")
    return number


def _references(reader: Reader, size: int, what: str) -> list[int]:
    count = reader.count(what)
    reader.charge(count)
    return [_reference(reader, size) for _ in range(count)]


def _entry(reader: Reader, size: int) -> Node:
    kind = reader.signed()
    if kind in (OPT, VEC):
        return Node(kind, (_reference(reader, size),))
    if kind in (RECORD, VARIANT):
        return _fields(reader, size, kind)
    if kind == FUNC:
        return _function(reader, size)
    if kind == SERVICE:
        return _service(reader, size)
    if kind <= FUTURE:
        reader.take(reader.count("bytes of a type"))
        return Node(FUTURE)
    reader.fail(f"{kind} is not the number of a composite type")


def _fields(reader: Reader, size: int, kind: int) -> Node:
    count = reader.count("fields", least=2)
    reader.charge(count)
    ids: list[int] = []
    children: list[int] = []
    for _ in range(count):
        number = reader.unsigned()
        if number > _MAX_FIELD_ID:
            reader.fail(f"the field id {number} is larger than 32 bits")
        if ids and number <= ids[-1]:
            reader.fail("the fields of a type are not in strictly increasing order")
        ids.append(number)
        children.append(_reference(reader, size))
    keys = tuple(ids)
    return Node(kind, tuple(children), keys, keys)


def _function(reader: Reader, size: int) -> Node:
    args = tuple(_references(reader, size, "arguments of a function"))
    results = tuple(_references(reader, size, "results of a function"))
    modes = []
    for _ in range(reader.count("annotations of a function")):
        mode = reader.unsigned()
        if mode not in _MODES:
            reader.fail(f"{mode} is not an annotation of functions")
        modes.append(_MODES[mode])
    # Annotations form a set; more than one at a time means nothing today, but is well-formed.
    return Node(FUNC, args=args, results=results, mode=" ".join(sorted(set(modes))))


def _service(reader: Reader, size: int) -> Node:
    count = reader.count("methods", least=2)
    reader.charge(count)
    names: list[str] = []
    children: list[int] = []
    for _ in range(count):
        name = reader.text()
        if names and name <= names[-1]:
            reader.fail("the methods of a service are not in strictly increasing order")
        names.append(name)
        children.append(_reference(reader, size))
    return Node(SERVICE, tuple(children), names=tuple(names))


def _check_methods(reader: Reader, graph: Graph) -> None:
    for node in graph.nodes:
        if node.kind == SERVICE:
            for child in node.children:
                if child < 0 or graph.nodes[child].kind not in (FUNC, FUTURE):
                    reader.fail("the type of a method is not a function type")


def _endless(graph: Graph) -> frozenset[int]:
    """Records that lead back to records forever, found by taking away all that end."""
    waiting: dict[int, int] = {}
    users: dict[int, list[int]] = {}
    for number, node in enumerate(graph.nodes):
        if node.kind == RECORD:
            inner = [child for child in node.children if child >= 0 and graph.nodes[child].kind == RECORD]
            waiting[number] = len(inner)
            for child in inner:
                users.setdefault(child, []).append(number)
    ready = [number for number, count in waiting.items() if count == 0]
    while ready:
        number = ready.pop()
        del waiting[number]
        for user in users.get(number, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    return frozenset(waiting)


def message_types(data: bytes) -> tuple[list[Type], Environment]:
    """The types of a message's values, and the environment for the names in them.

    Names are ``table0``, ``table1`` and so on, in the order of the message's type table; types from the
    future appear as reserved.  The values themselves are not looked at.
    """
    head = read_head(Reader(bytes(data), BASE_BUDGET + BYTE_BUDGET * len(data)))
    environment = {f"table{number}": _type(node, head.graph) for number, node in enumerate(head.graph.nodes)}
    return [_shallow(number) for number in head.arguments], environment


def _shallow(number: int) -> Type:
    return PRIMITIVES[NAMES[number]] if number < 0 else Ref(f"table{number}")


def _type(node: Node, graph: Graph) -> Type:
    if node.kind == OPT:
        return Opt(_shallow(node.children[0]))
    if node.kind == VEC:
        return Vec(_shallow(node.children[0]))
    if node.kind in (RECORD, VARIANT):
        fields = tuple(Field(number, None, _shallow(child)) for number, child in zip(node.ids, node.children))
        return Record(fields) if node.kind == RECORD else Variant(fields)
    if node.kind == FUNC:
        args = tuple(Argument(_shallow(child)) for child in node.args)
        return Func(args, tuple(Argument(_shallow(child)) for child in node.results), node.mode)
    if node.kind == SERVICE:
        methods = zip(node.names, node.children)
        return Service(tuple((name, _shallow(n)) for name, n in methods if graph.nodes[n].kind == FUNC))
    return RESERVED

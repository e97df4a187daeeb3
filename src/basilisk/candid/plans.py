"""What to do with a value of one type in the message where another type is expected.

Source: Candid specification, "Coercion".  A plan is a *leaf* that reads its value at once, or it opens a
frame: a value under construction that asks for the plans of its parts one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NoReturn

from .errors import CandidError
from .graph import CODES, FUNC, FUTURE, NAMES, OPT, RECORD, SERVICE, VARIANT, VEC, Graph, Node
from .message import Head, Reader
from .numbers import FIXED_FORMATS
from .skipping import FIXED_SIZES, Skipper
from .subtyping import compare
from .values import make_principal, some

__all__ = ["Frame", "Mismatch", "Plan", "Plans"]

_NULL, _RESERVED, _EMPTY = CODES["null"], CODES["reserved"], CODES["empty"]
_NAT, _INT, _NAT8 = CODES["nat"], CODES["int"], CODES["nat8"]
_FORMATS = {"bool": "?", **FIXED_FORMATS}

Read = Callable[[], Any]


class Mismatch(CandidError):
    """A well-formed value that the expected type has no room for; an enclosing option reads as null."""


class Frame:
    """A value under construction.

    ``start`` is set for options: the position of the content, to which decoding returns when the content
    does not fit, and ``actual`` the content's type in the message.
    """

    __slots__ = ("actual", "start", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.start: int | None = None
        self.actual = 0

    def next(self) -> Plan | None:
        """The plan of the next part, or None when the value is complete."""
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Takes the part asked for."""
        raise NotImplementedError

    def place(self) -> str:
        """Where in the value decoding is, for the paths of errors."""
        return ""


class Plan:
    """``leaf`` plans have ``read``, all others ``open``."""

    __slots__ = ("leaf", "open", "read")

    def __init__(self, read: Read | None = None, open: Callable[[], Frame] | None = None) -> None:
        self.leaf = read is not None
        self.read: Read = read or _no_read
        self.open: Callable[[], Frame] = open or _no_open


def _no_read() -> NoReturn:
    raise AssertionError("not a leaf")


def _no_open() -> NoReturn:
    raise AssertionError("a leaf")


class _OptFrame(Frame):
    __slots__ = ("plan",)

    def __init__(self, plan: Plan, start: int, actual: int) -> None:
        super().__init__()
        self.plan: Plan | None = plan
        self.start = start
        self.actual = actual

    def next(self) -> Plan | None:
        plan, self.plan = self.plan, None
        return plan

    def put(self, value: Any) -> None:
        self.value = some(value)


class _VecFrame(Frame):
    __slots__ = ("left", "plan")

    def __init__(self, plan: Plan, count: int) -> None:
        super().__init__()
        self.plan = plan
        self.left = count
        self.value = []

    def next(self) -> Plan | None:
        if self.plan.leaf:
            read, items = self.plan.read, self.value
            for _ in range(self.left):
                items.append(read())
            return None
        if self.left == 0:
            return None
        self.left -= 1
        return self.plan

    def put(self, value: Any) -> None:
        self.value.append(value)

    def place(self) -> str:
        return f"[{len(self.value)}]"


class _BlobFrame(_VecFrame):
    """A vec that is expected as a blob, but does not lie in the message as one."""

    __slots__ = ()

    def next(self) -> Plan | None:
        plan = super().next()
        if plan is None:
            self.value = bytes(self.value)
        return plan


# Steps of a record, in the order of the ids: (plan or None for null, key or None for unwanted).
_Steps = list["tuple[Plan | None, str | int | None]"]


class _RecordFrame(Frame):
    __slots__ = ("index", "key", "positional", "steps")

    def __init__(self, steps: _Steps, positional: bool) -> None:
        super().__init__()
        self.steps = steps
        self.positional = positional
        self.index = 0
        self.key: str | int | None = None
        self.value = {}

    def next(self) -> Plan | None:
        steps, value = self.steps, self.value
        for index in range(self.index, len(steps)):
            plan, self.key = steps[index]
            if plan is None:
                value[self.key] = None
            elif plan.leaf:
                part = plan.read()
                if self.key is not None:
                    value[self.key] = part
            else:
                self.index = index + 1
                return plan
        self.index = len(steps)
        if self.positional:
            self.value = tuple(value.values())
        return None

    def put(self, value: Any) -> None:
        self.value[self.key] = value

    def place(self) -> str:
        return "" if self.key is None else f".{self.key}"


class _VariantFrame(Frame):
    __slots__ = ("key", "plan")

    def __init__(self, key: str | int, plan: Plan) -> None:
        super().__init__()
        self.key = key
        self.plan: Plan | None = plan

    def next(self) -> Plan | None:
        plan, self.plan = self.plan, None
        return plan

    def put(self, value: Any) -> None:
        self.value = {self.key: value}

    def place(self) -> str:
        return f".{self.key}"


class Plans:
    """All plans of one message."""

    def __init__(self, reader: Reader, head: Head, expected: Graph | None, skipper: Skipper) -> None:
        self.reader = reader
        self.skipper = skipper
        self.actual = head.graph
        self.expected = head.graph if expected is None else expected
        self.untyped = expected is None
        self._plans: dict[tuple[int, int], Plan] = {}
        self._related: set[tuple[bool, int, int]] = set()

    def get(self, actual: int, wanted: int) -> Plan:
        """The plan for a type of the message where a type is expected."""
        plan = self._plans.get((actual, wanted))
        if plan is None:
            self.reader.charge(1)
            plan = self._plans[actual, wanted] = self._make(actual, wanted)
        return plan

    def _make(self, actual: int, wanted: int) -> Plan:
        if actual == _EMPTY or wanted == _RESERVED:
            return self._skipping(actual)
        kind = self.actual.nodes[actual].kind if actual >= 0 else actual
        target = self.expected.nodes[wanted].kind if wanted >= 0 else wanted
        if target == OPT:
            return self._opt(actual, kind, wanted)
        if kind == FUTURE and self.untyped:
            return self._skipping(actual)
        if (kind, target) == (_NAT, _INT):
            return Plan(self.reader.natural)
        if target == CODES["principal"] and kind in (target, SERVICE):
            return Plan(lambda: make_principal(self.reader.principal()))
        if kind == target:
            if kind in NAMES:
                return Plan(self._primitive(kind))
            if kind == VEC:
                return self._vec(actual, wanted)
            if kind == RECORD:
                return self._record(actual, wanted)
            if kind == VARIANT:
                return self._variant(actual, wanted)
            if kind in (FUNC, SERVICE):
                return self._reference(actual, wanted)
        return self._failing(
            f"{self.actual.describe(actual)} cannot be read as {self.expected.describe(wanted)}"
        )

    def _failing(self, reason: str) -> Plan:
        def read() -> NoReturn:
            raise Mismatch(reason)

        return Plan(read)

    def _skipping(self, actual: int) -> Plan:
        return Plan(lambda: self.skipper.skip(actual))

    def _primitive(self, code: int) -> Read:
        reader = self.reader
        name = NAMES[code]
        if name == "null":
            return lambda: None
        simple: dict[str, Read] = {
            "bool": reader.bool,
            "nat": reader.natural,
            "int": reader.integer,
            "text": reader.text,
        }
        if name in simple:
            return simple[name]
        size = FIXED_SIZES[name]
        unpack = struct.Struct("<" + _FORMATS[name]).unpack_from

        def read() -> Any:
            position = reader.pos
            if position + size > reader.end:
                reader.take(size)
            reader.pos = position + size
            return unpack(reader.data, position)[0]

        return read

    def _opt(self, actual: int, kind: int, wanted: int) -> Plan:
        reader = self.reader
        inner = self.expected.nodes[wanted].children[0]
        if kind in (_NULL, _RESERVED):
            return Plan(lambda: None)
        if kind == FUTURE:
            return self._skipping(actual)
        if kind != OPT:
            self._check_wrapping(wanted)

            def wrap() -> Frame:
                reader.charge(1)
                return _OptFrame(self.get(actual, inner), reader.pos, actual)

            return Plan(open=wrap)
        content = self.actual.nodes[actual].children[0]
        if content == inner and content in NAMES and content not in (_NULL, _RESERVED, _EMPTY):
            # The common case needs no frame: nothing can fail to fit.
            read = self.get(content, inner).read
            return Plan(lambda: read() if reader.bool() else None)

        def open_() -> Frame:
            reader.charge(1)
            if reader.bool():
                return _OptFrame(self.get(content, inner), reader.pos, content)
            return _AbsentFrame()

        return Plan(open=open_)

    def _check_wrapping(self, wanted: int) -> None:
        """A plain value becomes a present option, at every level; that has to end."""
        seen: set[int] = set()
        while wanted >= 0 and self.expected.nodes[wanted].kind == OPT:
            if wanted in seen:
                raise CandidError(
                    "the expected type is an option of itself, no plain value can be read as that"
                )
            seen.add(wanted)
            wanted = self.expected.nodes[wanted].children[0]

    def _vec(self, actual: int, wanted: int) -> Plan:
        reader, skipper = self.reader, self.skipper
        child = self.actual.nodes[actual].children[0]
        inner = self.expected.nodes[wanted].children[0]
        if child == inner == _NAT8:
            return Plan(lambda: reader.take(reader.count("bytes")))
        name = NAMES.get(child, "")
        if child == inner and name in _FORMATS and name != "bool":
            size, letter = FIXED_SIZES[name], _FORMATS[name]

            def read() -> list[Any]:
                count = skipper.elements(child)
                return list(struct.unpack(f"<{count}{letter}", reader.take(count * size)))

            return Plan(read)
        frame = _BlobFrame if inner == _NAT8 else _VecFrame
        return Plan(open=lambda: frame(self.get(child, inner), skipper.elements(child)))

    def _record(self, actual: int, wanted: int) -> Plan:
        positional = self.expected.nodes[wanted].positional
        steps: _Steps = []

        def open_() -> Frame:
            self.skipper.check_ends(actual)
            if not steps:
                steps.extend(self._steps(actual, wanted))
            self.reader.charge(len(steps) + 1)
            return _RecordFrame(steps, positional)

        return Plan(open=open_)

    def _steps(self, actual: int, wanted: int) -> _Steps:
        node, target = self.actual.nodes[actual], self.expected.nodes[wanted]
        present = dict(zip(node.ids, node.children))
        expected = _fields(target)
        steps: _Steps = []
        for number in sorted({*present, *expected}):
            if number not in expected:
                steps.append((self._skipping(present[number]), None))
                continue
            key, child = expected[number]
            if number in present:
                steps.append((self.get(present[number], child), key))
            elif self.expected.nullable(child):
                steps.append((None, key))
            else:
                steps.append((self._failing(f"the field {key} is missing"), None))
        return steps

    def _variant(self, actual: int, wanted: int) -> Plan:
        node, target = self.actual.nodes[actual], self.expected.nodes[wanted]
        expected = _fields(target)

        def open_() -> Frame:
            self.reader.charge(1)
            index = self.skipper.alternative(len(node.children))
            number = node.ids[index]
            if number not in expected:
                raise Mismatch(f"the alternative {number} is not known")
            key, child = expected[number]
            return _VariantFrame(key, self.get(node.children[index], child))

        return Plan(open=open_)

    def _reference(self, actual: int, wanted: int) -> Plan:
        reader = self.reader
        if not self.untyped:
            difference = compare(self.actual, actual, self.expected, wanted, self._related, reader.charge)
            if difference is not None:
                return self._failing(f"a reference of another type: {difference}")
        if self.actual.nodes[actual].kind == SERVICE:
            return Plan(lambda: make_principal(reader.principal()))

        def read() -> Any:
            principal, method = reader.func()
            return make_principal(principal), method

        return Plan(read)


def _fields(node: Node) -> dict[int, tuple[str | int, int]]:
    """Key and type of each field by its id."""
    return {number: (key, child) for number, key, child in zip(node.ids, node.keys, node.children)}


class _AbsentFrame(Frame):
    """An option without content."""

    __slots__ = ()

    def next(self) -> Plan | None:
        return None

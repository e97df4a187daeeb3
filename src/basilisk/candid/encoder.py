"""Encodes Python values as Candid messages.

Source: Candid specification, "Serialisation".  Values are walked with a stack of one's own, so that depth
is bounded by memory alone; every error names the path of the value.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Union

from .errors import CandidError
from .graph import CODES, FUNC, NAMES, OPT, RECORD, SERVICE, VEC, Graph, Node
from .leb128 import encode_signed, encode_unsigned
from .numbers import FIXED_FORMATS, format_integer
from .types import Argument, Environment, Type
from .value_ranges import integer_range
from .values import Some, principal_bytes

__all__ = ["encode"]

_MODES = {"query": 1, "oneway": 2, "composite_query": 3}
_NAT8 = CODES["nat8"]
_BYTES = (bytes, bytearray, memoryview)

# How deep values and options may nest: far more than any message holds on purpose.  A value that
# contains itself ends here.
_MAX_DEPTH = 200_000

# The path before, the last step, the number of steps.
Path = Union["tuple[Path, str, int]", None]


def encode(
    types: Sequence[Type | Argument], values: Sequence[object], environment: Environment | None = None
) -> bytes:
    """The message that holds the values at their types.

    Records are dicts by field name (tuples for positional records), variants dicts with one entry, blobs
    bytes, functions pairs of principal and method name.  Raises :class:`CandidError` that names the value,
    such as ``args[0].items[3].count: 300 is out of range for nat8``.
    """
    if len(types) != len(values):
        raise CandidError(f"{len(values)} values for {len(types)} types")
    graph = Graph()
    numbers = graph.add(types, environment)
    writer = _Writer(graph)
    for index, (number, value) in enumerate(zip(numbers, values)):
        writer.write(number, value, (None, f"args[{index}]", 1))
    return b"".join((_head(graph, numbers), *writer.parts))


def _head(graph: Graph, arguments: Sequence[int]) -> bytes:
    """Magic, type table and argument types."""
    out = bytearray(b"DIDL")
    out += encode_unsigned(len(graph.nodes))
    for node in graph.nodes:
        out += encode_signed(node.kind)
        _entry(out, node)
    _numbers(out, arguments)
    return bytes(out)


def _entry(out: bytearray, node: Node) -> None:
    if node.kind in (OPT, VEC):
        out += encode_signed(node.children[0])
    elif node.kind == FUNC:
        _numbers(out, node.args)
        _numbers(out, node.results)
        out += bytes((1, _MODES[node.mode])) if node.mode else b"\0"
    elif node.kind == SERVICE:
        out += encode_unsigned(len(node.names))
        for name, child in zip(node.names, node.children):
            encoded = name.encode("utf-8")
            out += encode_unsigned(len(encoded)) + encoded + encode_signed(child)
    else:
        out += encode_unsigned(len(node.ids))
        for number, child in zip(node.ids, node.children):
            out += encode_unsigned(number) + encode_signed(child)


def _numbers(out: bytearray, numbers: Sequence[int]) -> None:
    out += encode_unsigned(len(numbers))
    for number in numbers:
        out += encode_signed(number)


def _fail(path: Path, what: str, *, remedy: str | None = None) -> NoReturn:
    segments: list[str] = []
    while path is not None:
        path, segment, _ = path
        segments.append(segment)
    if len(segments) > 21:  # a long path loses its middle
        segments[8:-12] = ["…"]
    raise CandidError(what, path="".join(reversed(segments)), remedy=remedy)


def _step(path: Path, segment: str) -> Path:
    """The path of a part."""
    depth = 1 if path is None else path[2] + 1
    if depth > _MAX_DEPTH:
        _fail(path, "the value is nested too deeply (or contains itself)")
    return path, segment, depth


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


class _Writer:
    """Collects the bytes of values."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parts: list[bytes] = []

    def write(self, number: int, value: object, path: Path) -> None:
        """Appends one value; what is still to be written waits on a stack, the next on top."""
        stack: list[tuple[int, Any, Path]] = [(number, value, path)]
        nodes = self.graph.nodes
        while stack:
            number, value, path = stack.pop()
            if number < 0:
                self.parts.append(_primitive(NAMES[number], value, path))
                continue
            node = nodes[number]
            if node.kind == OPT:
                self._opt(number, value, path, stack)
            elif node.kind == VEC:
                self._vec(node, value, path, stack)
            elif node.kind == RECORD:
                self._record(node, value, path, stack)
            elif node.kind == FUNC:
                self.parts.append(_func(value, path))
            elif node.kind == SERVICE:
                self.parts.append(_principal(value, path, "a service"))
            else:
                self._variant(node, value, path, stack)

    def _opt(self, number: int, value: Any, path: Path, stack: list[tuple[int, Any, Path]]) -> None:
        nodes = self.graph.nodes
        plain = wrapped = 0
        while number >= 0 and nodes[number].kind == OPT:
            if value is None:
                self.parts.append(b"\0")
                return
            self.parts.append(b"\1")
            number = nodes[number].children[0]
            if isinstance(value, Some):
                value = value.value
                wrapped += 1
            else:
                plain += 1
            if plain > len(nodes):
                _fail(path, "the type is an option of itself, no plain value can be written as that")
            if wrapped > _MAX_DEPTH:
                _fail(path, "too many options are nested (or one contains itself)")
        stack.append((number, value, path))

    def _vec(self, node: Node, value: Any, path: Path, stack: list[tuple[int, Any, Path]]) -> None:
        child = node.children[0]
        if isinstance(value, _BYTES):
            if child != _NAT8:
                _fail(path, f"bytes where a vec of {self.graph.describe(child)} is expected")
            data = bytes(value)
            self.parts += [encode_unsigned(len(data)), data]
            return
        if not isinstance(value, Sequence) or isinstance(value, str):
            _fail(path, f"expected {'bytes' if child == _NAT8 else 'a list'}, got {_kind(value)}")
        self.parts.append(encode_unsigned(len(value)))
        if child < 0:
            name = NAMES[child]
            for index, item in enumerate(value):
                self.parts.append(_primitive(name, item, _step(path, f"[{index}]")))
        else:
            for index in range(len(value) - 1, -1, -1):
                stack.append((child, value[index], _step(path, f"[{index}]")))

    def _record(self, node: Node, value: Any, path: Path, stack: list[tuple[int, Any, Path]]) -> None:
        if (node.positional or not node.ids) and isinstance(value, (tuple, list)):
            if len(value) != len(node.ids):
                _fail(path, f"expected a tuple of {len(node.ids)} items, got {len(value)}")
            value = dict(enumerate(value))
        if not isinstance(value, Mapping):
            form = "a tuple" if node.positional else "a dict"
            _fail(path, f"expected {form} for a record, got {_kind(value)}")
        parts: list[tuple[int, Any, Path]] = []
        used = 0
        for number, key, child in zip(node.ids, node.keys, node.children):
            if key in value or number in value:
                used += 1
                part = value[key] if key in value else value[number]
            elif self.graph.nullable(child):
                part = None
            else:
                _fail(path, f"the field {key!r} is missing")
            parts.append((child, part, _step(path, f".{key}")))
        if used != len(value):
            known = {*node.keys, *node.ids}
            extra = [key for key in value if key not in known]
            what = f"the record has no field {extra[0]!r}" if extra else "a field is given by name and by id"
            _fail(path, what, remedy=f"its fields are {', '.join(map(str, node.keys)) or 'none'}")
        stack.extend(reversed(parts))

    def _variant(self, node: Node, value: Any, path: Path, stack: list[tuple[int, Any, Path]]) -> None:
        if not isinstance(value, Mapping) or len(value) != 1:
            got = _kind(value) if not isinstance(value, Mapping) else f"{len(value)} entries"
            _fail(path, f"expected a dict with one entry for a variant, got {got}")
        ((tag, content),) = value.items()
        for index, (number, key, child) in enumerate(zip(node.ids, node.keys, node.children)):
            if tag == key or (tag == number and isinstance(tag, int)):
                self.parts.append(encode_unsigned(index))
                stack.append((child, content, _step(path, f".{key}")))
                return
        known = ", ".join(map(str, node.keys)) or "none"
        _fail(path, f"the variant has no alternative {tag!r}", remedy=f"its alternatives are {known}")


def _primitive(name: str, value: Any, path: Path) -> bytes:
    limits = integer_range(name)
    if limits is not None:
        return _integer(name, value, path)
    if name == "text":
        return _text(value, path)
    if name == "bool":
        if not isinstance(value, bool):
            _fail(path, f"expected a bool, got {_kind(value)}")
        return b"\1" if value else b"\0"
    if name in ("float32", "float64"):
        return _float(name, value, path)
    if name == "principal":
        return _principal(value, path, "a principal")
    if name == "empty":
        _fail(path, "there is no value of type empty")
    if name == "null" and value is not None:
        _fail(path, f"expected None, got {_kind(value)}")
    return b""


def _integer(name: str, value: Any, path: Path) -> bytes:
    if not isinstance(value, int) or isinstance(value, bool):
        _fail(path, f"expected an int for {name}, got {_kind(value)}")
    low, high = integer_range(name) or (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        shown = format_integer(value) if value.bit_length() < 256 else "the number"
        _fail(path, f"{shown} is out of range for {name}")
    if high is not None:
        return struct.pack("<" + FIXED_FORMATS[name], value)
    return encode_signed(value) if low is None else encode_unsigned(value)


def _float(name: str, value: Any, path: Path) -> bytes:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        _fail(path, f"expected a float for {name}, got {_kind(value)}")
    try:
        return struct.pack("<" + FIXED_FORMATS[name], value)
    except (OverflowError, struct.error):
        _fail(path, f"the number is too large for {name}")


def _text(value: Any, path: Path) -> bytes:
    if not isinstance(value, str):
        _fail(path, f"expected a str for text, got {_kind(value)}")
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError:
        _fail(path, "the text has characters that are no Unicode (lone surrogates)")
    return encode_unsigned(len(encoded)) + encoded


def _principal(value: Any, path: Path, what: str) -> bytes:
    try:
        raw = principal_bytes(value)
    except TypeError:
        _fail(path, f"expected a Principal for {what}, got {_kind(value)}")
    return b"\1" + encode_unsigned(len(raw)) + raw


def _func(value: Any, path: Path) -> bytes:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        _fail(path, f"expected a pair of a Principal and a method's name for a func, got {_kind(value)}")
    return b"\1" + _principal(value[0], _step(path, "[0]"), "a func") + _text(value[1], _step(path, "[1]"))

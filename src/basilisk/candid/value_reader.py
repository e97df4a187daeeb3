"""Turns the syntax tree of values into Python values: of expected types, or of types read off the text.

Expected types are checked strictly by default, as suits a person who typed the text: a field the type does
not have is an error, an optional value of the wrong type as well.  With ``lenient`` the rules of Candid
subtyping apply to records: extra fields are ignored.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .did_printer import format_arguments, format_type, quote_name
from .graph import resolve
from .inference import join
from .lexer import Source, Token, TokenStream
from .numbers import format_integer, parse_float, round_single
from .trampoline import Step, run
from .types import (
    BLOB,
    BOOL,
    EMPTY,
    FLOAT64,
    INT,
    NAT8,
    NULL,
    PRINCIPAL,
    RESERVED,
    TEXT,
    Argument,
    Environment,
    Field,
    Func,
    Opt,
    Prim,
    Record,
    Service,
    Type,
    Variant,
    Vec,
)
from .value_parser import FieldValue, Tree, parse_arguments
from .value_ranges import integer_range
from .values import principal_from_text, some

__all__ = ["parse_typed_values", "parse_values"]

_PLAIN = {"bool": BOOL, "int": INT, "float": FLOAT64, "text": TEXT, "null": NULL, "principal": PRINCIPAL}

_NAMES = {"bool": "a bool", "int": "a number", "float": "a float", "text": "a text", "blob": "a blob"}
_NAMES.update({"null": "null", "opt": "an opt", "vec": "a vec", "record": "a record", "variant": "a variant"})
_NAMES.update({"principal": "a principal", "service": "a service", "func": "a func"})


def parse_values(
    text: str,
    types: Sequence[Type | Argument] | None = None,
    environment: Environment | None = None,
    *,
    source: str = "<arguments>",
    lenient: bool = False,
) -> list[object]:
    """The Python values of a text such as ``("World", 5, record { a = 1 })``.

    With ``types`` every value is checked and converted to its type, missing trailing values of type opt,
    null or reserved become None.  Without, numbers are int or float and records dicts.  Raises
    :class:`CandidError` with line and column of what does not fit.
    """
    if types is None:
        return parse_typed_values(text, environment, source=source)[1]
    reader = _Reader(text, source, environment or {}, lenient)
    return reader.read([item if isinstance(item, Argument) else Argument(item) for item in types])


def parse_typed_values(
    text: str, environment: Environment | None = None, *, source: str = "<arguments>"
) -> tuple[list[Type], list[object]]:
    """Types and Python values of a text, the types read off its form and its annotations.

    A number without annotation is an int, one with a fraction or exponent a float64.
    """
    return _Reader(text, source, environment or {}, False).infer()


class _Reader:
    def __init__(self, text: str, source: str, environment: Mapping[str, Type], lenient: bool) -> None:
        self.source = Source(text, source)
        self.environment = dict(environment)
        self.lenient = lenient
        self.tokens = TokenStream(self.source)
        self.trees, types = parse_arguments(self.tokens)
        types.check_names(self.environment)

    def fail(self, what: str, offset: int, *, remedy: str | None = None) -> NoReturn:
        self.source.fail(what, offset, remedy=remedy)

    # With expected types

    def read(self, arguments: Sequence[Argument]) -> list[object]:
        expected = format_arguments(arguments)
        if len(self.trees) > len(arguments):
            self.fail(
                f"{_count(len(self.trees), 'value')} given, {len(arguments)} expected",
                self.trees[len(arguments)].offset,
                remedy=f"the types are {expected}",
            )
        values = [run(self.convert(tree, item.type)) for tree, item in zip(self.trees, arguments)]
        for index in range(len(values), len(arguments)):
            if not self._nullable(arguments[index].type):
                name = arguments[index].name
                self.fail(
                    f"value {index + 1} of {len(arguments)}{f' ({name})' if name else ''} is missing: "
                    f"{format_type(arguments[index].type)}",
                    len(self.source.text),
                    remedy=f"the types are {expected}",
                )
            values.append(None)
        return values

    def _nullable(self, type_: Type) -> bool:
        resolved = resolve(type_, self.environment)
        return isinstance(resolved, Opt) or resolved in (NULL, RESERVED)

    def convert(self, tree: Tree, declared: Type) -> Step[object]:
        """The Python value of the tree at a type."""
        type_ = resolve(declared, self.environment)
        if tree.kind == "typed":
            return (yield self._convert_typed(tree, declared))
        if type_ == RESERVED:
            yield self.infer_tree(tree)
            return None
        if isinstance(type_, Opt):
            return (yield self._convert_opt(tree, type_, declared))
        if isinstance(type_, Prim):
            return self._primitive(tree, type_)
        if isinstance(type_, Vec):
            return (yield self._convert_vec(tree, type_, declared))
        if isinstance(type_, Record) and tree.kind == "record":
            return (yield self._convert_record(tree, type_, declared))
        if isinstance(type_, Variant) and tree.kind == "variant":
            return (yield self._convert_variant(tree, type_, declared))
        if isinstance(type_, Service) and tree.kind == "service":
            return self.principal(tree.value)
        if isinstance(type_, Func) and tree.kind == "func":
            return self.principal(tree.value[0]), tree.value[1]
        self._mismatch(tree, declared)

    def _mismatch(self, tree: Tree, expected: Type) -> NoReturn:
        remedy = None
        if tree.kind == "text" and resolve(expected, self.environment) == PRINCIPAL:
            remedy = 'write principal "…"'
        elif tree.kind == "text" and resolve(expected, self.environment) == BLOB:
            remedy = 'write blob "…"'
        self.fail(
            f"expected {format_type(expected, width=1 << 30)}, found {_NAMES[tree.kind]}",
            tree.offset,
            remedy=remedy,
        )

    def _convert_typed(self, tree: Tree, expected: Type) -> Step[object]:
        from .decoder import decode
        from .encoder import encode
        from .subtyping import subtype

        inner, annotation = tree.value
        value: object = yield self.convert(inner, annotation)
        actual = resolve(annotation, self.environment)
        if isinstance(actual, Prim) and actual == resolve(expected, self.environment):
            return value
        verdict = subtype(annotation, expected, self.environment, self.environment)
        if not verdict or verdict.losses:
            self.fail(
                f"this value is annotated as {format_type(annotation, width=1 << 30)}, "
                f"expected is {format_type(expected, width=1 << 30)}",
                tree.offset,
            )
        # From here on it is a value of the annotated type, read where another type is expected: what
        # that means is for the binary format to say.
        message = encode([annotation], [value], self.environment)
        return decode(message, [expected], self.environment)[0]

    def _convert_opt(self, tree: Tree, type_: Opt, declared: Type) -> Step[object]:
        if tree.kind == "null":
            return None
        if tree.kind == "opt":
            return some((yield self.convert(tree.value, type_.inner)))
        seen = [type_]
        inner = resolve(type_.inner, self.environment)
        while isinstance(inner, Opt):
            if any(inner is one for one in seen):
                self._mismatch(tree, declared)
            seen.append(inner)
            inner = resolve(inner.inner, self.environment)
        return some((yield self.convert(tree, inner)))

    def _convert_vec(self, tree: Tree, type_: Vec, declared: Type) -> Step[object]:
        is_blob = resolve(type_.inner, self.environment) == NAT8
        if tree.kind == "blob" and is_blob:
            return tree.value
        if tree.kind != "vec":
            self._mismatch(tree, declared)
        items = []
        for item in tree.value:
            items.append((yield self.convert(item, type_.inner)))
        return bytes(items) if is_blob else items

    def _convert_record(self, tree: Tree, type_: Record, declared: Type) -> Step[object]:
        given: dict[int, FieldValue] = {field.id: field for field in tree.value}
        values: dict[str | int, object] = {}
        for field in type_.fields:
            key: str | int = field.id if field.name is None else field.name
            written = given.pop(field.id, None)
            if written is not None:
                values[key] = yield self.convert(written.tree, field.type)
            elif self._nullable(field.type):
                values[key] = None
            else:
                shown = format_type(field.type, width=1 << 30)
                self.fail(f"the field {_label(field)} : {shown} is missing", tree.offset)
        for extra in given.values():
            if not self.lenient:
                known = ", ".join(map(_label, type_.fields))
                self.fail(
                    f"the record has no field {extra.label}",
                    extra.offset,
                    remedy=f"its fields are {known}" if known else "it has no fields",
                )
            yield self.infer_tree(extra.tree)
        return tuple(values.values()) if type_.is_tuple else values

    def _convert_variant(self, tree: Tree, type_: Variant, declared: Type) -> Step[object]:
        written: FieldValue = tree.value
        for field in type_.fields:
            if field.id == written.id:
                value = yield self.convert(written.tree, field.type)
                return {field.id if field.name is None else field.name: value}
        known = ", ".join(map(_label, type_.fields))
        self.fail(
            f"the variant has no alternative {written.label}",
            written.offset,
            remedy=f"its alternatives are {known}" if known else "it has no alternatives",
        )

    def _primitive(self, tree: Tree, type_: Prim) -> object:
        kind, name = tree.kind, type_.name
        if kind == "int":
            limits = integer_range(name)
            if limits is not None:
                return self._integer(tree, name, limits)
        if kind in ("int", "float") and name in ("float32", "float64"):
            return self._float(tree, 32 if name == "float32" else 64)
        if (kind, name) in (("bool", "bool"), ("null", "null")):
            return tree.value
        if (kind, name) == ("text", "text"):
            return self.tokens.text_of(tree.value)
        if name == "principal" and kind in ("principal", "service"):
            return self.principal(tree.value)
        self._mismatch(tree, type_)

    def _integer(self, tree: Tree, name: str, limits: tuple[int | None, int | None]) -> int:
        value: int = tree.value
        low, high = limits
        if (low is not None and value < low) or (high is not None and value > high):
            allowed = f"from {format_integer(low or 0)}"
            if high is not None:
                allowed += f" to {format_integer(high)}"
            self.fail(f"the number is out of range for {name}", tree.offset, remedy=f"{name} goes {allowed}")
        return value

    def _float(self, tree: Tree, bits: int) -> float:
        try:
            value = parse_float(tree.value) if tree.kind == "float" else float(tree.value)
            if bits == 32:
                return round_single(value)
        except (OverflowError, struct.error):
            self.fail(f"the number is too large for float{bits}", tree.offset)
        return value

    def principal(self, token: Token) -> object:
        text = self.tokens.text_of(token)
        try:
            return principal_from_text(text)
        except ValueError as error:
            self.fail(str(error), token.offset)

    # Without

    def infer(self) -> tuple[list[Type], list[object]]:
        types, values = [], []
        for tree in self.trees:
            type_, value = run(self.infer_tree(tree))
            types.append(type_)
            values.append(value)
        return types, values

    def infer_tree(self, tree: Tree) -> Step[tuple[Type, object]]:
        kind = tree.kind
        if kind == "typed":
            inner, annotation = tree.value
            return annotation, (yield self.convert(inner, annotation))
        if kind == "opt":
            type_, value = yield self.infer_tree(tree.value)
            return Opt(type_), some(value)
        if kind == "vec":
            result: tuple[Type, object] = yield self._infer_vec(tree)
            return result
        if kind == "record":
            fields = []
            values: dict[str | int, object] = {}
            for written in tree.value:
                type_, value = yield self.infer_tree(written.tree)
                fields.append(Field(written.id, written.name, type_))
                values[written.id if written.name is None else written.name] = value
            record = Record(tuple(fields))
            return record, tuple(values.values()) if record.is_tuple else values
        if kind == "variant":
            written = tree.value
            type_, value = yield self.infer_tree(written.tree)
            key = written.id if written.name is None else written.name
            return Variant((Field(written.id, written.name, type_),)), {key: value}
        if kind in _PLAIN:
            return _PLAIN[kind], self._primitive(tree, _PLAIN[kind])
        if kind == "blob":
            return BLOB, tree.value
        if kind == "service":
            return Service(()), self.principal(tree.value)
        return Func((), ()), (self.principal(tree.value[0]), tree.value[1])

    def _infer_vec(self, tree: Tree) -> Step[tuple[Type, object]]:
        element: Type = EMPTY
        values = []
        for item in tree.value:
            type_, value = yield self.infer_tree(item)
            joined = join(element, type_)
            if joined is None:
                self.fail(
                    f"this element is {format_type(type_, width=1 << 30)}, the ones before are "
                    f"{format_type(element, width=1 << 30)}",
                    item.offset,
                    remedy="the elements of a vec have one type; annotate them",
                )
            element = joined
            values.append(value)
        return Vec(element), bytes(values) if element == NAT8 else values


def _label(field: Field) -> str:
    return str(field.id) if field.name is None else quote_name(field.name)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

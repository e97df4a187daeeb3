"""Reads the text form of Candid values into a syntax tree with positions.

Source: Candid specification, "Values" and its "Syntactic Shorthands".  What the values mean is decided
later, in :mod:`basilisk.candid.value_reader`, with or without expected types.
"""

from __future__ import annotations

from typing import Any

from .did_parser import TypeParser
from .lexer import Token, TokenStream
from .numbers import is_special_float, parse_integer
from .trampoline import Step, run
from .types import Type, field_id

__all__ = ["FieldValue", "Tree", "parse_arguments"]

_MAX_FIELD_ID = (1 << 32) - 1


class Tree:
    """A value as written.

    ``kind`` and ``value``: bool (bool), int (int), float (the text), text (token), blob (bytes), null,
    opt (Tree), vec (list of Tree), record (list of FieldValue), variant (FieldValue), principal and service
    (token), func (token, method name), typed (Tree, Type).
    """

    __slots__ = ("kind", "offset", "value")

    def __init__(self, kind: str, value: Any, offset: int) -> None:
        self.kind = kind
        self.value = value
        self.offset = offset


class FieldValue:
    """A field of a record or the alternative of a variant."""

    __slots__ = ("id", "name", "offset", "tree")

    def __init__(self, id: int, name: str | None, tree: Tree, offset: int) -> None:
        self.id = id
        self.name = name
        self.tree = tree
        self.offset = offset

    @property
    def label(self) -> str:
        return str(self.id) if self.name is None else self.name


def parse_arguments(tokens: TokenStream) -> tuple[list[Tree], TypeParser]:
    """Values in parentheses, to the end of the text; the parser knows the type names in annotations."""
    types = TypeParser(tokens)
    if not tokens.at("("):
        tokens.fail(
            f"expected `(` before the values, found {tokens.current}",
            remedy="put the values in parentheses, separated by commas",
        )
    tokens.next()
    values: list[Tree] = []
    while not tokens.accept(")"):
        values.append(run(_annotated(tokens, types)))
        if not tokens.accept(",") and not tokens.at(")"):
            tokens.fail(f"expected `,` or `)`, found {tokens.current}")
    if tokens.current.kind != "end":
        tokens.fail(f"unexpected {tokens.current} after the values")
    return values, types


def _annotated(tokens: TokenStream, types: TypeParser) -> Step[Tree]:
    value: Tree = yield _value(tokens, types)
    if tokens.accept(":"):
        type_: Type = yield types.type_()
        return Tree("typed", (value, type_), value.offset)
    return value


def _value(tokens: TokenStream, types: TypeParser) -> Step[Tree]:
    token = tokens.current
    kind, word, offset = token
    if kind == "number":
        return Tree("int", parse_integer(str(tokens.next().value)), offset)
    if kind == "float":
        return Tree("float", str(tokens.next().value), offset)
    if kind == "text":
        tokens.text_of(tokens.next())
        return Tree("text", token, offset)
    if tokens.accept("("):
        inner: Tree = yield _annotated(tokens, types)
        tokens.expect(")", "after the value")
        return inner
    if kind != "id":
        tokens.fail(f"expected a value, found {token}")
    tokens.next()
    if word in ("true", "false"):
        return Tree("bool", word == "true", offset)
    if word == "null":
        return Tree("null", None, offset)
    if word == "opt":
        inner = yield _value(tokens, types)
        return Tree("opt", inner, offset)
    if word == "vec":
        return Tree("vec", (yield _items(tokens, types)), offset)
    if word == "record":
        return Tree("record", (yield _record(tokens, types)), offset)
    if word == "variant":
        return Tree("variant", (yield _variant(tokens, types)), offset)
    if word == "blob":
        return Tree("blob", _text(tokens, "blob").value, offset)
    if word in ("principal", "service"):
        return Tree(str(word), _text(tokens, str(word)), offset)
    if word == "func":
        target = _text(tokens, "func")
        tokens.expect(".", "between the principal and the method")
        return Tree("func", (target, tokens.name("of a method")), offset)
    if is_special_float(str(word)):
        return Tree("float", word, offset)
    tokens.fail(f"expected a value, found {token}", token, remedy="texts stand in double quotes")


def _text(tokens: TokenStream, word: str) -> Token:
    if tokens.current.kind != "text":
        tokens.fail(f"expected a quoted text after `{word}`, found {tokens.current}")
    token = tokens.next()
    if word != "blob":
        tokens.text_of(token)
    return token


def _items(tokens: TokenStream, types: TypeParser) -> Step[list[Tree]]:
    tokens.expect("{", "after `vec`")
    items: list[Tree] = []
    while not tokens.accept("}"):
        items.append((yield _annotated(tokens, types)))
        _separator(tokens, "vec")
    return items


def _separator(tokens: TokenStream, kind: str) -> None:
    if not tokens.accept(";") and not tokens.at("}"):
        tokens.fail(f"expected `;` or `}}` in a {kind}, found {tokens.current}")


def _label(tokens: TokenStream, kind: str) -> tuple[int, str | None]:
    if tokens.current.kind == "number":
        return tokens.field_number(), None
    name = tokens.name(f"of a {kind} field")
    return field_id(name), name


def _record(tokens: TokenStream, types: TypeParser) -> Step[list[FieldValue]]:
    tokens.expect("{", "after `record`")
    fields: dict[int, FieldValue] = {}
    next_id = 0
    while not tokens.accept("}"):
        start = tokens.current
        name = None
        if tokens.following[:2] == ("punct", "="):
            number, name = _label(tokens, "record")
            tokens.expect("=", "after the field's name")
        else:
            number = next_id
        value: Tree = yield _annotated(tokens, types)
        if number in fields:
            tokens.fail(f"the field {name or number} occurs twice", start)
        if number > _MAX_FIELD_ID:
            tokens.fail("no field id is left after 4_294_967_295", start)
        fields[number] = FieldValue(number, name, value, start.offset)
        next_id = number + 1
        _separator(tokens, "record")
    return [fields[number] for number in sorted(fields)]


def _variant(tokens: TokenStream, types: TypeParser) -> Step[FieldValue]:
    tokens.expect("{", "after `variant`")
    start = tokens.current
    number, name = _label(tokens, "variant")
    value = Tree("null", None, start.offset)
    if tokens.accept("="):
        value = yield _annotated(tokens, types)
    tokens.accept(";")
    tokens.expect("}", "after the one alternative of a variant")
    return FieldValue(number, name, value, start.offset)

"""Prints Candid values the way dfx does.

Numbers carry their type and underscores between groups of three digits; what does not fit into 80 columns
goes one item to a line.  Source: Candid specification, "Values".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .did_printer import quote, quote_name
from .errors import CandidError
from .graph import resolve
from .inference import infer_type
from .layout import WIDTH, Block, Concat, Doc, render
from .numbers import format_float, format_integer
from .trampoline import Step, run
from .types import (
    NAT8,
    NULL,
    RESERVED,
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
from .values import Some, principal_text

__all__ = ["format_value", "format_values"]

_BARE = ("bool", "text", "principal")


def format_values(
    values: Sequence[object],
    types: Sequence[Type | Argument] | None = None,
    environment: Environment | None = None,
    *,
    width: int = WIDTH,
) -> str:
    """The values in parentheses, such as ``(42 : nat64)``.

    Without ``types`` they are inferred from the Python values (see ``infer_type``).  Raises
    :class:`CandidError` when a value does not have the form its type asks for.
    """
    known = [infer_type(value) for value in values] if types is None else [_plain(item) for item in types]
    if len(known) != len(values):
        raise CandidError(f"{len(values)} values for {len(known)} types")
    items = [run(_value(value, type_, environment or {})) for value, type_ in zip(values, known)]
    return render(Block("(", items, ",", ")", pad=False), width)


def format_value(
    value: object, type_: Type | None = None, environment: Environment | None = None, *, width: int = WIDTH
) -> str:
    """One value, without parentheses."""
    return render(run(_value(value, type_ or infer_type(value), environment or {})), width)


def _plain(item: Type | Argument) -> Type:
    return item.type if isinstance(item, Argument) else item


def _value(value: Any, declared: Type, environment: Environment) -> Step[Doc]:
    type_ = resolve(declared, environment)
    try:
        if isinstance(type_, Prim):
            return _primitive(value, type_)
        doc: Doc
        if isinstance(type_, Opt):
            doc = yield _opt(value, type_, environment)
            return doc
        if isinstance(type_, Vec):
            doc = yield _vec(value, type_, environment)
            return doc
        if isinstance(type_, Record):
            doc = yield _record(value, type_, environment)
            return doc
        if isinstance(type_, Variant):
            doc = yield _variant(value, type_, environment)
            return doc
        if isinstance(type_, Service):
            return f'service "{principal_text(value)}"'
        assert isinstance(type_, Func)
        return f'func "{principal_text(value[0])}".{quote_name(value[1])}'
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        kind = type_.name if isinstance(type_, Prim) else type(type_).__name__.lower()
        raise CandidError(f"a Python {type(value).__name__} cannot be printed as {kind}: {error}") from error


def _primitive(value: Any, type_: Prim) -> Doc:
    name = type_.name
    if name == "bool":
        return "true" if value else "false"
    if name == "text":
        return quote(value)
    if name in ("null", "reserved"):
        return f"null : {name}"
    if name == "principal":
        return f'principal "{principal_text(value)}"'
    if name.startswith("float"):
        return f"{format_float(float(value), int(name[5:]))} : {name}"
    if name == "empty":
        raise CandidError("there is no value of type empty")
    return f"{format_integer(int(value))} : {name}"


def _opt(value: object, type_: Opt, environment: Environment) -> Step[Doc]:
    if value is None:
        return "null"
    content: Doc = yield _value(value.value if isinstance(value, Some) else value, type_.inner, environment)
    inner = resolve(type_.inner, environment)
    if isinstance(inner, Prim) and inner.name not in _BARE:
        return Concat("opt (", content, ")")
    return Concat("opt ", content)


def _vec(value: Any, type_: Vec, environment: Environment) -> Step[Doc]:
    if resolve(type_.inner, environment) == NAT8 and len(value):
        return f'blob "{format_blob(bytes(value))}"'
    items = []
    for item in value:
        items.append((yield _value(item, type_.inner, environment)))
    return Block("vec {", items, ";", "}", pad=True)


def format_blob(value: bytes) -> str:
    """The bytes as the inside of a quoted text: as characters if all are printable, else all in hex."""
    if all(0x20 <= byte <= 0x7E or byte in b"\t\n\r" for byte in value):
        return "".join(
            chr(byte) if 0x20 <= byte <= 0x7E and byte not in b"\"'`\\" else f"\\{byte:02x}" for byte in value
        )
    return "".join(f"\\{byte:02x}" for byte in value)


def _key(field: Field) -> str | int:
    return field.id if field.name is None else field.name


def _label(field: Field) -> str:
    return f"{field.id:_}" if field.name is None else quote_name(field.name)


def _record(value: Any, type_: Record, environment: Environment) -> Step[Doc]:
    items: list[Doc] = []
    for index, field in enumerate(type_.fields):
        if isinstance(value, Mapping):
            part = value[_key(field)] if _key(field) in value else value.get(field.id)
        else:
            part = value[index]
        content: Doc = yield _value(part, field.type, environment)
        items.append(content if type_.is_tuple else Concat(f"{_label(field)} = ", content))
    return Block("record {", items, ";", "}", pad=True)


def _variant(value: Any, type_: Variant, environment: Environment) -> Step[Doc]:
    ((key, content),) = value.items()
    for field in type_.fields:
        if key in (field.id, field.name):
            if resolve(field.type, environment) in (NULL, RESERVED):
                return Block("variant {", [_label(field)], "", "}", pad=True)
            inner: Doc = yield _value(content, field.type, environment)
            return Block("variant {", [Concat(f"{_label(field)} = ", inner)], "", "}", pad=True)
    raise CandidError(f"the variant has no alternative {key!r}")

"""Prints Candid values the way dfx does.

Numbers carry their type and underscores between groups of three digits; what does not fit into 80 columns
goes one item to a line.  Source: Candid specification, "Values".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

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
    Opt,
    Prim,
    Record,
    Service,
    Type,
    Variant,
    Vec,
)
from .value_ranges import integer_range
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
    doc: Doc
    if isinstance(type_, Prim):
        return _primitive(value, type_)
    if isinstance(type_, Opt):
        doc = yield _opt(value, type_, environment)
    elif isinstance(type_, Vec):
        doc = yield _vec(value, type_, environment)
    elif isinstance(type_, Record):
        doc = yield _record(value, type_, environment)
    elif isinstance(type_, Variant):
        doc = yield _variant(value, type_, environment)
    elif isinstance(type_, Service):
        doc = f'service "{_principal(value)}"'
    else:
        if not isinstance(value, (tuple, list)) or len(value) != 2 or not isinstance(value[1], str):
            _refuse(value, "func")
        doc = f'func "{_principal(value[0])}".{quote_name(value[1])}'
    return doc


def _refuse(value: object, form: str) -> NoReturn:
    raise CandidError(f"a Python {type(value).__name__} cannot be printed as {form}")


def _principal(value: object) -> str:
    try:
        return principal_text(value)
    except TypeError:
        _refuse(value, "principal")


def _primitive(value: Any, type_: Prim) -> Doc:
    name = type_.name
    if name in ("null", "reserved"):
        return f"null : {name}"
    if name == "principal":
        return f'principal "{_principal(value)}"'
    if name == "bool" and isinstance(value, bool):
        return "true" if value else "false"
    if name == "text" and isinstance(value, str):
        return quote(value)
    if isinstance(value, int) and not isinstance(value, bool) and integer_range(name) is not None:
        return f"{format_integer(value)} : {name}"
    if isinstance(value, (int, float)) and name in ("float32", "float64"):
        return f"{format_float(float(value), int(name[5:]))} : {name}"
    _refuse(value, name)


def _opt(value: object, type_: Opt, environment: Environment) -> Step[Doc]:
    if value is None:
        return "null"
    content: Doc = yield _value(value.value if isinstance(value, Some) else value, type_.inner, environment)
    inner = resolve(type_.inner, environment)
    if isinstance(inner, Prim) and inner.name not in _BARE:
        return Concat("opt (", content, ")")
    return Concat("opt ", content)


def _vec(value: Any, type_: Vec, environment: Environment) -> Step[Doc]:
    inner = resolve(type_.inner, environment)
    if isinstance(value, (bytes, bytearray, memoryview)) and inner == NAT8 and len(value):
        return f'blob "{format_blob(bytes(value))}"'
    if isinstance(value, str) or not isinstance(value, Sequence):
        _refuse(value, "vec")
    items = []
    for item in value:
        items.append((yield _value(item, type_.inner, environment)))
    return Block("vec {", items, ";", "}", pad=True, fill=isinstance(inner, Prim))


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
    positional = type_.is_tuple or not type_.fields
    if isinstance(value, (tuple, list)) and positional and len(value) == len(type_.fields):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        _refuse(value, "record")
    items: list[Doc] = []
    for field in type_.fields:
        part = value[_key(field)] if _key(field) in value else value.get(field.id)
        content: Doc = yield _value(part, field.type, environment)
        items.append(content if type_.is_tuple else Concat(f"{_label(field)} = ", content))
    return Block("record {", items, ";", "}", pad=True)


def _variant(value: Any, type_: Variant, environment: Environment) -> Step[Doc]:
    if not isinstance(value, Mapping) or len(value) != 1:
        _refuse(value, "variant")
    ((key, content),) = value.items()
    for field in type_.fields:
        if key in (field.id, field.name):
            item: Doc = _label(field)
            if resolve(field.type, environment) not in (NULL, RESERVED):
                item = Concat(f"{item} = ", (yield _value(content, field.type, environment)))
            return Block("variant {", [item], "", "}", pad=True)
    raise CandidError(f"the variant has no alternative {key!r}")

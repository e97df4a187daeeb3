"""Types read off values: the common type of two types, and the type of a Python value."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import CandidError
from .trampoline import Step, run
from .types import (
    BLOB,
    BOOL,
    EMPTY,
    FLOAT64,
    INT,
    NAT,
    NULL,
    PRINCIPAL,
    TEXT,
    Field,
    Func,
    Opt,
    Prim,
    Record,
    Type,
    Variant,
    Vec,
    field_id,
)
from .values import Some

__all__ = ["infer_type", "join"]


def join(left: Type, right: Type) -> Type | None:
    """The smallest type of both kinds of values, or None.

    null and a type make an optional type, variants unite their alternatives, records must have the same
    fields.
    """
    return run(_join(left, right))


def _join(left: Type, right: Type) -> Step[Type | None]:
    if left is right or right == EMPTY:
        return left
    if left == EMPTY:
        return right
    if isinstance(left, Prim) and left == right:
        return left
    if isinstance(left, Opt) or isinstance(right, Opt) or NULL in (left, right):
        inner: Type | None = yield _join(_content(left), _content(right))
        return None if inner is None else Opt(inner)
    if isinstance(left, Vec) and isinstance(right, Vec):
        inner = yield _join(left.inner, right.inner)
        return None if inner is None else Vec(inner)
    if isinstance(left, Record) and isinstance(right, Record):
        if [f.id for f in left.fields] != [f.id for f in right.fields]:
            return None
        joined: Type | None = yield _join_fields(left.fields, right.fields, Record)
        return joined
    if isinstance(left, Variant) and isinstance(right, Variant):
        joined = yield _join_fields(left.fields, right.fields, Variant)
        return joined
    if left in (NAT, INT) and right in (NAT, INT):
        return INT
    return left if _same(left, right) else None


def _same(left: Type, right: Type) -> bool:
    """Whether the types are written alike; very deep ones, which Python cannot compare, are not."""
    try:
        return left == right
    except RecursionError:
        return False


def _content(type_: Type) -> Type:
    if isinstance(type_, Opt):
        return type_.inner
    return EMPTY if type_ == NULL else type_


def _join_fields(
    left: tuple[Field, ...], right: tuple[Field, ...], make: type[Record] | type[Variant]
) -> Step[Type | None]:
    fields = {field.id: field for field in left}
    for field in right:
        known = fields.get(field.id)
        joined: Type | None = field.type
        if known is not None:
            joined = yield _join(known.type, field.type)
        if joined is None:
            return None
        name = field.name if known is None or known.name is None else known.name
        fields[field.id] = Field(field.id, name, joined)
    return make(tuple(fields[number] for number in sorted(fields)))


def infer_type(value: object) -> Type:
    """The Candid type of a Python value for which no type is known.

    int → int, float → float64, str → text, bytes → blob, None → null, list → vec, dict → record, tuple →
    record, Principal → principal, a pair of Principal and str → func.  A variant cannot be told from a
    record.  Raises :class:`CandidError` for other values.
    """
    return run(_infer(value))


def _infer(value: object) -> Step[Type]:
    for python, candid in ((bool, BOOL), (int, INT), (float, FLOAT64), (str, TEXT)):
        if isinstance(value, python):
            return candid
    if value is None:
        return NULL
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BLOB
    if isinstance(value, Some):
        inner: Type = yield _infer(value.value)
        return Opt(inner)
    if _is_principal(value):
        return PRINCIPAL
    if isinstance(value, tuple) and len(value) == 2 and _is_principal(value[0]) and isinstance(value[1], str):
        return Func((), ())
    if isinstance(value, list):
        element: Type = EMPTY
        for item in value:
            joined = join(element, (yield _infer(item)))
            if joined is None:
                raise CandidError("the elements of a list have no common Candid type")
            element = joined
        return Vec(element)
    if isinstance(value, tuple):
        fields = []
        for index, item in enumerate(value):
            fields.append(Field(index, None, (yield _infer(item))))
        return Record(tuple(fields))
    if isinstance(value, Mapping):
        record: Type = yield _infer_mapping(value)
        return record
    raise CandidError(f"a value of the Python type {type(value).__name__} has no Candid type of its own")


def _is_principal(value: object) -> bool:
    return isinstance(getattr(value, "bytes", None), bytes)


def _infer_mapping(value: Mapping[object, object]) -> Step[Type]:
    fields: dict[int, Field] = {}
    for key, item in value.items():
        if isinstance(key, str):
            number, name = field_id(key), key
        elif isinstance(key, int) and 0 <= key < 1 << 32:
            number, name = key, None
        else:
            raise CandidError(f"{key!r} is not the name of a Candid field")
        if number in fields:
            raise CandidError(f"the field {key!r} occurs twice (by name and by id, or by equal hashes)")
        fields[number] = Field(number, name, (yield _infer(item)))
    return Record(tuple(fields[number] for number in sorted(fields)))

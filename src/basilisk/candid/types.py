"""Candid types as Python values.

Both sides share these classes: the host builds them from ``.did`` files, the canister from annotations.
They are plain immutable data, compared by structure; recursion goes through :class:`Ref`, a name that is
looked up in an environment (``dict[str, Type]``).

Source: Candid specification, "Types" and "Type definitions".
"""

from __future__ import annotations

from basilisk.frozen import dataclass

__all__ = [
    "BLOB",
    "BOOL",
    "EMPTY",
    "FLOAT32",
    "FLOAT64",
    "INT",
    "NAT",
    "NAT8",
    "NULL",
    "PRIMITIVES",
    "PRINCIPAL",
    "RESERVED",
    "TEXT",
    "Argument",
    "Environment",
    "Field",
    "Func",
    "Interface",
    "Opt",
    "Prim",
    "Record",
    "Ref",
    "Service",
    "Type",
    "Variant",
    "Vec",
    "field_id",
]


def field_id(name: str) -> int:
    """Hash of a field name: sum of ``utf8[i] * 223 ** (k - i)`` modulo 2**32 (Candid spec, "Records")."""
    value = 0
    for byte in name.encode("utf-8"):
        value = (value * 223 + byte) & 0xFFFFFFFF
    return value


@dataclass(frozen=True)
class Prim:
    """A primitive type, ``principal`` included; ``name`` is the Candid keyword."""

    name: str


@dataclass(frozen=True)
class Ref:
    """A reference to a named type in the environment."""

    name: str


@dataclass(frozen=True)
class Opt:
    """A value or null."""

    inner: Type


@dataclass(frozen=True)
class Vec:
    """Any number of values; ``vec nat8`` is :data:`BLOB`."""

    inner: Type


@dataclass(frozen=True)
class Field:
    """A record or variant field.  ``name`` is None for purely numeric fields (tuples)."""

    id: int
    name: str | None
    type: Type


@dataclass(frozen=True)
class Record:
    """Fields in increasing order of their id."""

    fields: tuple[Field, ...]

    @property
    def is_tuple(self) -> bool:
        """True when the fields are 0, 1, … n-1 without names, and there is at least one."""
        return bool(self.fields) and all(f.id == i and f.name is None for i, f in enumerate(self.fields))


@dataclass(frozen=True)
class Variant:
    """Alternatives in increasing order of their id."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Argument:
    """A function's argument or result; the name is documentation only."""

    type: Type
    name: str | None = None


@dataclass(frozen=True)
class Func:
    """A function type.  ``mode`` is ``""`` (update), ``query``, ``composite_query`` or ``oneway``."""

    args: tuple[Argument, ...]
    results: tuple[Argument, ...]
    mode: str = ""


@dataclass(frozen=True)
class Service:
    """A service type: methods sorted by name; a method's type is a :class:`Func` or a :class:`Ref` to one."""

    methods: tuple[tuple[str, Type], ...]


Type = Prim | Ref | Opt | Vec | Record | Variant | Func | Service
Environment = dict[str, Type]


@dataclass(frozen=True)
class Interface:
    """What a ``.did`` file says: named types, the canister's init arguments and its service."""

    environment: Environment
    init_args: tuple[Argument, ...]
    service: Service | None


PRIMITIVES: dict[str, Prim] = {
    name: Prim(name)
    for name in (
        "null",
        "bool",
        "nat",
        "int",
        "nat8",
        "nat16",
        "nat32",
        "nat64",
        "int8",
        "int16",
        "int32",
        "int64",
        "float32",
        "float64",
        "text",
        "reserved",
        "empty",
        "principal",
    )
}
NULL = PRIMITIVES["null"]
BOOL = PRIMITIVES["bool"]
NAT = PRIMITIVES["nat"]
INT = PRIMITIVES["int"]
NAT8 = PRIMITIVES["nat8"]
FLOAT32 = PRIMITIVES["float32"]
FLOAT64 = PRIMITIVES["float64"]
TEXT = PRIMITIVES["text"]
RESERVED = PRIMITIVES["reserved"]
EMPTY = PRIMITIVES["empty"]
PRINCIPAL = PRIMITIVES["principal"]
BLOB = Vec(NAT8)

"""Candid values as a test sees them: records and variants that also take attribute access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from basilisk.candid.graph import resolve
from basilisk.candid.trampoline import Step, run
from basilisk.candid.types import Environment, Opt, Prim, Record, Ref, Type, Variant, Vec
from basilisk.candid.values import Some
from basilisk.cases import Case, case_tag
from basilisk.principal import Principal

__all__ = ["MethodReference", "RecordValue", "VariantValue", "present", "send_form"]

_SCALARS = (type(None), bool, int, float, str, bytes, Principal)


class RecordValue(dict[Any, Any]):
    """A record of a reply: a dict whose fields can also be read as attributes.

    Equal to a plain dict of the same content.  Where a field has the name of a dict's method, such as
    ``items``, the attribute is the method and ``record["items"]`` the field.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(map(str, self)) or "none"
            raise AttributeError(f"the record has no field {name!r}; its fields: {known}") from None


class VariantValue(dict[Any, Any]):
    """A variant of a reply: a dict with one entry, whose content can also be read as an attribute.

    ``tag`` names the alternative and ``value`` is its content.  Reading an alternative that the value does
    not have raises AttributeError, which says what it is instead.
    """

    __slots__ = ()

    @property
    def tag(self) -> Any:
        """The name of the alternative (a number where it has no name)."""
        return next(iter(self))

    @property
    def value(self) -> Any:
        """The content of the alternative; None where its type is null."""
        return self[self.tag]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the variant is {dict(self)!r}, not {name!r}") from None


class MethodReference:
    """Something that can be sent where a ``func`` is expected."""

    @property
    def reference(self) -> tuple[Principal, str]:
        """Canister and method."""
        raise NotImplementedError


def present(value: object, type_: Type, environment: Environment) -> object:
    """A decoded value of ``type_`` with its dicts made :class:`RecordValue` and :class:`VariantValue`."""
    return run(_present(value, type_, environment)) if _composite(type_, environment) else value


def send_form(value: object) -> object:
    """An argument as the encoder takes it: dataclass instances become records, cases variants, methods func
    references."""
    return value if isinstance(value, _SCALARS) else run(_send_form(value))


def _composite(type_: Type, environment: Environment) -> bool:
    """Whether values of the type may hold records or variants."""
    seen: set[str] = set()
    while True:
        if isinstance(type_, Ref):
            if type_.name in seen:
                return False
            seen.add(type_.name)
            type_ = environment[type_.name]
        elif isinstance(type_, (Opt, Vec)):
            type_ = type_.inner
        else:
            return isinstance(type_, (Record, Variant))


def _present(value: Any, type_: Type, environment: Environment) -> Step[object]:
    type_ = resolve(type_, environment)
    if value is None or isinstance(type_, Prim):
        return value
    if isinstance(type_, Opt):
        if isinstance(value, Some):
            return Some((yield _present(value.value, type_.inner, environment)))
        return (yield _present(value, type_.inner, environment))
    if isinstance(type_, Vec) and isinstance(value, list):
        if not _composite(type_.inner, environment):
            return value
        items = []
        for item in value:
            items.append((yield _present(item, type_.inner, environment)))
        return items
    if isinstance(type_, Record) and isinstance(value, tuple):
        parts = []
        for part, field in zip(value, type_.fields):
            parts.append((yield _present(part, field.type, environment)))
        return tuple(parts)
    if isinstance(type_, (Record, Variant)) and isinstance(value, dict):
        by_key = {field.name if field.name is not None else field.id: field.type for field in type_.fields}
        pairs = []
        for key, part in value.items():
            pairs.append((key, (yield _present(part, by_key[key], environment))))
        return RecordValue(pairs) if isinstance(type_, Record) else VariantValue(pairs)
    return value


def _send_form(value: Any) -> Step[object]:
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, MethodReference):
        return value.reference
    if isinstance(value, Some):
        return Some((yield _send_form(value.value)))
    if isinstance(value, Case):
        return {case_tag(value): (yield _send_form(value.value))}
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        pairs = []
        for key, part in value.items():
            pairs.append((key, (yield _send_form(part))))
        return dict(pairs)
    if isinstance(value, (list, tuple)) and not all(isinstance(item, _SCALARS) for item in value):
        items = []
        for item in value:
            items.append((yield _send_form(item)))
        return type(value)(items) if type(value) in (list, tuple) else items
    return value

"""From the host's Candid types to the codec's plans, and from the host's values to the canister's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from basilisk.candid.graph import resolve
from basilisk.candid.types import (
    BLOB,
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
from basilisk.candid.values import Some

from .codec_driver import CASES, Principal, make_service
from .codec_driver import Service as ServiceObject
from .codec_driver import Some as DriversSome


class PlanBuilder:
    """Turns types into the nodes of one plan; with ``cases``, variants are instances of classes."""

    def __init__(self, environment: Environment, cases: bool = False) -> None:
        self.environment = environment
        self.cases = cases
        self.nodes: list[Any] = []
        self._known: dict[Type, int] = {}

    def add(self, declared: Type) -> int:
        """The index of a type's node."""
        type_ = resolve(declared, self.environment)
        if type_ in self._known:
            return self._known[type_]
        index = self._known[type_] = len(self.nodes)
        self.nodes.append(None)
        self.nodes[index] = self._node(type_)
        return index

    def _node(self, type_: Type) -> tuple[Any, ...]:
        if isinstance(type_, Prim):
            return ("principal", Principal) if type_.name == "principal" else (type_.name,)
        if isinstance(type_, Opt):
            return ("opt", self.add(type_.inner), DriversSome)
        if isinstance(type_, Vec):
            if resolve(type_.inner, self.environment) == BLOB.inner:
                return ("blob",)
            return ("vec", self.add(type_.inner))
        if isinstance(type_, Record):
            if type_.is_tuple:
                return ("tuple", tuple(self.add(field.type) for field in type_.fields))
            return ("record", "dict", None, self._fields(type_.fields))
        if isinstance(type_, Variant):
            if self.cases:
                return ("variant", "cases", CASES[: len(type_.fields)], self._fields(type_.fields))
            return ("variant", "dict", None, self._fields(type_.fields))
        if isinstance(type_, Func):
            arguments = tuple(self.add(one.type) for one in type_.args)
            results = tuple(self.add(one.type) for one in type_.results)
            return ("func", type_.mode, arguments, results, self.add(Prim("principal")))
        assert isinstance(type_, Service)
        return ("service", tuple((name, self.add(method)) for name, method in type_.methods), make_service)

    def _fields(self, fields: Sequence[Field]) -> tuple[tuple[int, str, int], ...]:
        return tuple((field.id, key(field), self.add(field.type)) for field in fields)


def plan_of(
    types: Sequence[Type], environment: Environment, cases: bool = False
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Nodes and roots for values of the types; with ``cases``, variants are instances of classes."""
    builder = PlanBuilder(environment, cases)
    roots = tuple(builder.add(type_) for type_ in types)
    return tuple(builder.nodes), roots


def key(field: Field) -> str:
    """The field's name in a canister; fields without one are called by their id."""
    return f"_{field.id}_" if field.name is None else field.name


def canister_value(value: Any, declared: Type, environment: Environment, cases: bool = False) -> Any:
    """The host's form of a value as a canister holds it: text keys, the driver's classes."""
    type_ = resolve(declared, environment)
    if isinstance(type_, Opt):
        if isinstance(value, Some):
            return DriversSome(canister_value(value.value, type_.inner, environment, cases))
        return None if value is None else canister_value(value, type_.inner, environment, cases)
    if isinstance(type_, Vec):
        if isinstance(value, bytes):
            return value
        if resolve(type_.inner, environment) == BLOB.inner:
            return bytes(value)
        return [canister_value(item, type_.inner, environment, cases) for item in value]
    if isinstance(type_, Record):
        if type_.is_tuple:
            pairs = zip(value, type_.fields)
            return tuple(canister_value(item, field.type, environment, cases) for item, field in pairs)
        return {
            key(field): canister_value(value[host_key(field)], field.type, environment, cases)
            for field in type_.fields
        }
    if isinstance(type_, Variant):
        ((tag, payload),) = value.items()
        field = next(field for field in type_.fields if host_key(field) == tag)
        if cases:
            payload = canister_value(payload, field.type, environment, cases)
            return CASES[type_.fields.index(field)](payload)
        return {key(field): canister_value(payload, field.type, environment, cases)}
    if isinstance(type_, Func):
        return Principal(value[0].bytes), value[1]
    if isinstance(type_, Service):
        return ServiceObject(Principal(value.bytes))
    if type_ == Prim("principal"):
        return Principal(value.bytes)
    return None if type_ == Prim("reserved") else value


def host_key(field: Field) -> str | int:
    """The field's key on the host."""
    return field.id if field.name is None else field.name

"""ic-py, a Python agent with a Candid codec of its own: its types and values, made from ours and back.

Only its codec is loaded.  The package wants an HTTP client and more, some of it without wheels; so it is
installed alone, from ``requirements/oracles.txt``, into a folder of the user's cache.

What it cannot do, each by :func:`reads` or :func:`writes` and no further:

* names of fields and methods that are empty or start with an underscore (``labelHash`` takes the rest for a
  number); such fields are given by their ids, such methods leave the service out
* names with punctuation: it finds types in its table by a text in which names are not quoted, so two types
  can be taken for one; such fields are given by their ids, such methods leave the service out
* writing ``reserved`` (``encodeValue`` lacks a parameter)
* writing a composite query (unknown to it)
* writing a service whose methods are ordered by name in another way than by hash (it orders by hash)
* writing a function of the canister with the empty principal (taken for no value)
"""

from __future__ import annotations

import functools
import importlib
import re
import subprocess
import sys
import types as modules
from collections.abc import Sequence
from typing import Any

from basilisk.candid.graph import resolve
from basilisk.candid.types import (
    Environment,
    Field,
    Func,
    Opt,
    Prim,
    Record,
    Ref,
    Service,
    Type,
    Variant,
    Vec,
    field_id,
)
from basilisk.candid.values import Some, some
from basilisk.principal import Principal

from .crates import REPOSITORY, cache_root, digest, locked, staged

__all__ = ["IcPy", "parts", "start"]

_REQUIREMENTS = REPOSITORY / "requirements" / "oracles.txt"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@functools.cache
def start() -> IcPy:
    """The codec; installed when the cache does not have it."""
    final = cache_root() / "oracles" / digest("ic-py", _REQUIREMENTS.read_bytes(), sys.version)
    with locked("oracle-ic-py"):
        if not final.is_dir():
            with staged(final) as folder:
                options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
                place = ["--target", str(folder), "-r", str(_REQUIREMENTS)]
                subprocess.run([sys.executable, "-m", "pip", "install", *options, *place], check=True)
    sys.path.append(str(final))
    # Without running the package's __init__, which imports all of it.
    package = modules.ModuleType("ic")
    package.__path__ = [str(final / "ic")]
    sys.modules["ic"] = package
    return IcPy(importlib.import_module("ic.candid"))


class IcPy:
    """ic-py's codec with our types and values."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def reads(self, declared: Sequence[Type], environment: Environment) -> bool:
        """Whether it knows types like these."""
        return all(
            _usable(name)
            for type_ in parts(declared, environment)
            if isinstance(type_, Service)
            for name, _ in type_.methods
        )

    def writes(self, declared: Sequence[Type], environment: Environment, values: Sequence[Any]) -> bool:
        """Whether it can write values of types like these."""
        for type_ in parts(declared, environment):
            if type_ == Prim("reserved") or (isinstance(type_, Func) and type_.mode == "composite_query"):
                return False
            if isinstance(type_, Service):
                names = [name for name, _ in type_.methods]
                if names != sorted(names, key=field_id):
                    return False
        return self.reads(declared, environment) and not any(map(_has_empty_function, values))

    def encode(self, declared: Sequence[Type], environment: Environment, values: Sequence[Any]) -> bytes:
        """The values as it writes them."""
        made = _Types(self._module.Types, environment)
        pairs = [
            {"type": made.type(type_), "value": made.value(value, type_)}
            for type_, value in zip(declared, values)
        ]
        return bytes(self._module.encode(pairs))

    def decode(self, message: bytes, declared: Sequence[Type], environment: Environment) -> list[Any]:
        """The values as it reads them, in our form."""
        made = _Types(self._module.Types, environment)
        found = self._module.decode(message, [made.type(type_) for type_ in declared])
        return [made.ours(one["value"], type_) for one, type_ in zip(found, declared)]


def _usable(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None


def _has_empty_function(value: Any) -> bool:
    if isinstance(value, Some):
        return _has_empty_function(value.value)
    if isinstance(value, dict):
        return any(map(_has_empty_function, value.values()))
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Principal):
        return value[0].bytes == b""
    return isinstance(value, (list, tuple)) and any(map(_has_empty_function, value))


def parts(declared: Sequence[Type], environment: Environment) -> list[Type]:
    """All types within types, names followed."""
    found: list[Type] = []
    names: set[str] = set()
    waiting = list(declared)
    while waiting:
        type_ = waiting.pop()
        if isinstance(type_, Ref):
            if type_.name not in names:
                names.add(type_.name)
                waiting.append(environment[type_.name])
            continue
        found.append(type_)
        if isinstance(type_, (Opt, Vec)):
            waiting.append(type_.inner)
        elif isinstance(type_, (Record, Variant)):
            waiting += [field.type for field in type_.fields]
        elif isinstance(type_, Func):
            waiting += [argument.type for argument in (*type_.args, *type_.results)]
        elif isinstance(type_, Service):
            waiting += [method for _, method in type_.methods]
    return found


def _key(field: Field) -> str:
    return field.name if field.name is not None and _usable(field.name) else f"_{field.id}"


def _host_key(field: Field) -> str | int:
    return field.id if field.name is None else field.name


class _Types:
    """From our types to ic-py's; each recursive name is one of its ``Rec``."""

    def __init__(self, module: Any, environment: Environment) -> None:
        self._module = module
        self._environment = environment
        self._recursive: dict[str, Any] = {}

    def type(self, type_: Type) -> Any:
        module = self._module
        if isinstance(type_, Ref):
            return self._named(type_.name)
        if isinstance(type_, Prim):
            return getattr(module, type_.name.capitalize())
        if isinstance(type_, (Opt, Vec)):
            make = module.Opt if isinstance(type_, Opt) else module.Vec
            return make(self.type(type_.inner))
        if isinstance(type_, Record) and type_.is_tuple:
            return module.Tuple(*(self.type(field.type) for field in type_.fields))
        if isinstance(type_, (Record, Variant)):
            make = module.Record if isinstance(type_, Record) else module.Variant
            return make({_key(field): self.type(field.type) for field in type_.fields})
        if isinstance(type_, Func):
            args = [self.type(argument.type) for argument in type_.args]
            results = [self.type(argument.type) for argument in type_.results]
            return module.Func(args, results, [type_.mode] if type_.mode else [])
        return module.Service({name: self.type(method) for name, method in type_.methods})

    def _named(self, name: str) -> Any:
        # Only what leads back to itself becomes a Rec: others it would merge with equal types elsewhere.
        if Ref(name) not in _references(self._environment[name], self._environment):
            return self.type(self._environment[name])
        if name not in self._recursive:
            self._recursive[name] = self._module.Rec()
            self._recursive[name].fill(self.type(self._environment[name]))
        return self._recursive[name]

    def value(self, value: Any, declared: Type) -> Any:
        type_ = resolve(declared, self._environment)
        if isinstance(type_, Opt):
            if value is None:
                return []
            return [self.value(value.value if isinstance(value, Some) else value, type_.inner)]
        if isinstance(type_, Vec):
            return [self.value(item, type_.inner) for item in value]
        if isinstance(type_, Record):
            if type_.is_tuple:
                return tuple(self.value(item, field.type) for item, field in zip(value, type_.fields))
            return {_key(field): self.value(value[_host_key(field)], field.type) for field in type_.fields}
        if isinstance(type_, Variant):
            (field,) = (field for field in type_.fields if _host_key(field) in value)
            return {_key(field): self.value(value[_host_key(field)], field.type)}
        if isinstance(type_, Func):
            return [value[0].bytes, value[1]]
        return value.bytes if isinstance(value, Principal) else value

    def ours(self, value: Any, declared: Type) -> Any:
        """A value of ic-py in our form."""
        type_ = resolve(declared, self._environment)
        if isinstance(type_, Opt):
            return some(self.ours(value[0], type_.inner)) if value else None
        if isinstance(type_, Vec):
            items = [self.ours(item, type_.inner) for item in value]
            return bytes(items) if resolve(type_.inner, self._environment) == Prim("nat8") else items
        if isinstance(type_, Record):
            if type_.is_tuple:
                return tuple(self.ours(item, field.type) for item, field in zip(value, type_.fields))
            return {_host_key(field): self.ours(value[_key(field)], field.type) for field in type_.fields}
        if isinstance(type_, Variant):
            (field,) = (field for field in type_.fields if _key(field) in value)
            return {_host_key(field): self.ours(value[_key(field)], field.type)}
        if isinstance(type_, Func):
            return Principal(value[0].bytes), value[1]
        if isinstance(type_, Service) or type_ == Prim("principal"):
            return Principal(value.bytes)
        return value


def _references(type_: Type, environment: Environment) -> set[Ref]:
    """All names that a type leads to."""
    found: set[Ref] = set()
    waiting = [type_]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Ref):
            if one not in found:
                found.add(one)
                waiting.append(environment[one.name])
        elif isinstance(one, (Opt, Vec)):
            waiting.append(one.inner)
        elif isinstance(one, (Record, Variant)):
            waiting += [field.type for field in one.fields]
        elif isinstance(one, Func):
            waiting += [argument.type for argument in (*one.args, *one.results)]
        elif isinstance(one, Service):
            waiting += [method for _, method in one.methods]
    return found

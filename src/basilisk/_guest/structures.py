"""The build's work on stable structures: their types become the bridge's descriptions of keys and values."""

from __future__ import annotations

from basilisk.faults import ProgramFault
from basilisk.plans import make_plan
from basilisk.principal import Principal
from basilisk.scopes import Scope
from basilisk.stable.declaration import LARGEST_MEMORY_ID, Declaration, declared, make_structure
from basilisk.stable.storage import storages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from basilisk.annotations import Resolver
    from basilisk.nodes import Node
    from basilisk.stable.declaration import Structure
    from basilisk.stable.storage import StableStorage

    #: From Python's form of a key to the bridge's, and back; None if they are the same.
    Converter = Callable[[Any], Any] | None

__all__ = ["define_structures"]

# Numbers of the kinds in the bridge.
_MAP, _SET, _VEC, _LOG, _CELL, _HEAP = range(1, 7)
_FIXED = ("nat8", "nat16", "nat32", "nat64", "int8", "int16", "int32", "int64", "float32", "float64", "bool")
_PLAIN = (*_FIXED, "text", "blob", "null")
_KEYS = (*_PLAIN, "nat", "int")


def define_structures(system: Any, resolver: Resolver) -> tuple[str, ...]:
    """Compiles and registers every structure that the program declared; raises ProgramFault.

    Returns the entry points that the canister needs for them, besides the user's.
    """
    owners: dict[int, Structure] = {}
    for structure in declared:
        _check_memories(structure, owners)
        try:
            _define(system, resolver, structure)
        except ProgramFault as fault:
            if fault.line is None and fault.function == repr(structure.declaration.typed):
                fault.file, fault.line = structure.declaration.file, structure.declaration.line
            raise
    if storages:
        _define_storage(system, resolver, storages[0])
    Declaration.closed = True
    if storages:
        return ("init", "post_upgrade", "pre_upgrade")
    return ("init", "post_upgrade") if declared else ()


def _define_storage(system: Any, resolver: Resolver, storage: StableStorage) -> None:
    place = storage.declaration
    names = [name for name, value in place.namespace.items() if value is storage]
    annotations = place.namespace.get("__annotations__", {})
    name = next((name for name in names if name in annotations), None)
    if name is None:
        raise storage.fault(
            "has no annotation, so nobody knows the types of its items",
            remedy=f"write {names[0] if names else 'storage'}: Storage = ic.stable_storage() at the top "
            "level of a module, where Storage is a TypedDict",
        )
    scope = Scope(place.module, place.namespace, name, None, None, place.line)
    node = resolver.node(annotations[name], scope).target()
    if node.kind != "record" or node.style != "dict":
        raise storage.fault(
            f"is annotated as {node.describe()}", remedy="annotate it with a TypedDict that names its items"
        )
    items = make_structure(place)
    _define(system, resolver, items)
    storage.use(items, {item.key: system.compile_plan(*make_plan((item.node,))) for item in node.fields})
    system.structure_storage(storage.restore, storage.save)


def _check_memories(structure: Structure, owners: dict[int, Structure]) -> None:
    declaration = structure.declaration
    first, second = declaration.memories
    is_log = structure.KIND == _LOG
    if is_log and second is None:
        raise declaration.fault(
            "needs a second memory",
            remedy=f"write {declaration.typed!r}({first}, data_memory_id={first + 1})",
        )
    if not is_log and second is not None:
        raise declaration.fault("takes one memory", remedy="remove data_memory_id")
    if structure.KIND != _MAP and declaration.previous is not None:
        raise declaration.fault(
            "has previous=, but only the values of a StableBTreeMap can be migrated",
            remedy="declare a structure of the new type with another memory id, and copy in @post_upgrade",
        )
    if structure.KIND != _CELL and declaration.default is not None:
        raise declaration.fault("has default=, which only a StableCell can have", remedy="remove default")
    for memory in (first, second) if is_log else (first,):
        if isinstance(memory, bool) or not isinstance(memory, int) or not 0 <= memory <= LARGEST_MEMORY_ID:
            raise declaration.fault(
                f"has the memory id {memory!r}",
                remedy=f"use a whole number from 0 to {LARGEST_MEMORY_ID}, each for one structure",
            )
        other = owners.setdefault(memory, structure)
        if other is not structure or (is_log and first == second):
            place = other.declaration
            raise declaration.fault(
                f"has the memory id {memory}, which {place.typed!r} in {place.file}:{place.line} has already",
                cause="two structures in one memory would overwrite each other",
                remedy="give each structure an id of its own",
            )


def _define(system: Any, resolver: Resolver, structure: Structure) -> None:
    declaration = structure.declaration
    scope = Scope(
        declaration.module, declaration.namespace, repr(declaration.typed), None, None, declaration.line
    )
    nodes = [resolver.node(annotation, scope) for annotation in declaration.typed.types]
    keyed = structure.KIND in (_MAP, _SET, _HEAP)
    key_node = nodes[0] if keyed else None
    value_node = None if structure.KIND in (_SET, _HEAP) else nodes[-1]
    key: Any = ("null",)
    if key_node is not None:
        key, structure._into, structure._from = _key(key_node, declaration)
    previous = previous_node = None
    if declaration.previous is not None:
        previous_node = resolver.node(declaration.previous, scope)
        previous = _value(system, previous_node)
    structure._number = system.structure_define(
        structure.KIND,
        (declaration.memories[0], declaration.memories[1] or 0),
        key,
        ("null",) if value_node is None else _value(system, value_node),
        previous,
        (
            "" if key_node is None else _text(key),
            "" if value_node is None else value_node.describe(),
            "" if previous_node is None else previous_node.describe(),
        ),
    )


def _value(system: Any, node: Node) -> tuple[Any, ...]:
    kind = node.target().kind
    if kind in _PLAIN:
        return (kind,)
    if kind == "principal":
        return (kind, Principal)
    return (system.compile_plan(*make_plan((node,))),)


def _text(key: tuple[Any, ...]) -> str:
    """A description of a key as text; it is compared after upgrades, so names do not matter."""
    kind, *rest = key
    if kind in ("opt", "vec"):
        return f"{kind} {_text(rest[0])}"
    if kind == "tuple":
        return f"({', '.join(_text(part) for part in rest[0])})"
    if kind == "variant":
        return f"variant {{{'; '.join(f'{id} = {_text(case)}' for id, case in rest[0])}}}"
    return str(kind)


def _key(
    node: Node, declaration: Declaration, depth: int = 0
) -> tuple[tuple[Any, ...], Converter, Converter]:
    """The bridge's description of a key, and the converters between Python's form and the bridge's."""
    node = node.target()
    kind = node.kind
    if kind in _KEYS:
        return (kind,), None, None
    if kind == "principal":
        return (kind, Principal), None, None
    if depth > 32:
        raise declaration.fault(
            f"has keys of the type {node.describe()}, which contains itself",
            remedy="use a type that has an end",
        )
    if kind in ("opt", "vec"):
        inner, into, back = _key(node.parts[0], declaration, depth + 1)
        if kind == "opt" and inner[0] in ("opt", "null"):
            raise declaration.fault("has keys that can be nothing in two ways", remedy="use another type")
        if kind == "opt":
            return (kind, inner), _optional(into), _optional(back)
        return (kind, inner), _each(into), _each(back)
    if kind == "tuple":
        return _tuple([_key(part, declaration, depth + 1) for part in node.parts], None, None)
    if kind == "record":
        return _record(node, declaration, depth)
    if kind == "variant":
        return _variant(node, declaration, depth)
    raise declaration.fault(
        f"has keys of the type {node.describe()}",
        cause=f"{kind} has no order",
        remedy="use numbers, text, blob, Principal, or tuples, records and variants of them",
    )


def _optional(convert: Converter) -> Converter:
    if convert is None:
        return None
    return lambda value: None if value is None else convert(value)


def _each(convert: Converter) -> Converter:
    if convert is None:
        return None
    return lambda values: [convert(value) for value in values]


def _tuple(
    found: list[tuple[tuple[Any, ...], Converter, Converter]], split: Converter, join: Converter
) -> tuple[tuple[Any, ...], Converter, Converter]:
    """Parts side by side; ``split`` and ``join`` are between the object and the tuple of its parts."""
    intos, backs = [into for _, into, _ in found], [back for _, _, back in found]
    description = ("tuple", tuple(part for part, _, _ in found))
    return description, _after(split, _pairwise(intos)), _after(_pairwise(backs), join)


def _pairwise(converts: list[Converter]) -> Converter:
    if all(convert is None for convert in converts):
        return None
    return lambda parts: tuple(
        part if convert is None else convert(part) for convert, part in zip(converts, parts)
    )


def _after(first: Converter, second: Converter) -> Converter:
    if first is None or second is None:
        return first or second
    return lambda value: second(first(value))


def _record(node: Node, declaration: Declaration, depth: int) -> tuple[tuple[Any, ...], Converter, Converter]:
    # Fields are compared in the order in which the classes declare them, as dataclasses compare.
    classes = reversed(getattr(node.cls, "__mro__", ()))
    declared_names = [name for cls in classes for name in vars(cls).get("__annotations__", ())]
    labels = sorted(
        node.fields,
        key=lambda label: (
            declared_names.index(label.key) if label.key in declared_names else len(declared_names)
        ),
    )
    names = [label.key for label in labels]
    found = [_key(label.node, declaration, depth + 1) for label in labels]
    if node.style == "dict":
        return _tuple(
            found,
            lambda value: tuple([value[name] for name in names]),
            lambda parts: dict(zip(names, parts)),
        )
    cls = node.cls
    return _tuple(
        found,
        lambda value: tuple([getattr(value, name) for name in names]),
        lambda parts: cls(**dict(zip(names, parts))),
    )


def _cases(node: Node, converters: list[tuple[Converter, Converter]]) -> tuple[Converter, Converter]:
    """The converters of a union of cases from those of the cases' values."""
    intos = {label.cls: (label.id, into) for label, (into, _) in zip(node.fields, converters)}
    backs = {label.id: (label.cls, back) for label, (_, back) in zip(node.fields, converters)}

    def split(value: Any) -> tuple[int, Any]:
        found = intos.get(type(value))
        if found is None:
            names = ", ".join(cls.__name__ for cls in intos)
            raise ValueError(f"{value!r} is none of the cases {names}")
        id, convert = found
        return id, value.value if convert is None else convert(value.value)

    def join(pair: Any) -> Any:
        cls, convert = backs[pair[0]]
        return cls(pair[1] if convert is None else convert(pair[1]))

    return split, join


def _variant(
    node: Node, declaration: Declaration, depth: int
) -> tuple[tuple[Any, ...], Converter, Converter]:
    cases = [(label.id, label.key, _key(label.node, declaration, depth + 1)) for label in node.fields]
    description = ("variant", tuple((id, case[0]) for id, _, case in cases))
    ids = {key: (id, case[1]) for id, key, case in cases}
    names = {id: (key, case[2]) for id, key, case in cases}
    if node.style == "enum":
        cls = node.cls
        return description, lambda member: (ids[member.name][0], None), lambda pair: cls[names[pair[0]][0]]
    if node.style == "cases":
        return description, *_cases(node, [case[1:] for _, _, case in cases])

    def split(value: Any) -> tuple[int, Any]:
        (key, inner), *more = value.items()
        if more or key not in ids:
            raise ValueError(f"{value!r} is no case of {node.describe()}")
        id, convert = ids[key]
        return id, inner if convert is None else convert(inner)

    def join(pair: Any) -> Any:
        key, convert = names[pair[0]]
        return {key: pair[1] if convert is None else convert(pair[1])}

    return description, split, join

"""Random Candid types, values of them, and supertypes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from basilisk.candid.graph import resolve
from basilisk.candid.types import (
    EMPTY,
    INT,
    NAT,
    PRIMITIVES,
    RESERVED,
    Argument,
    Environment,
    Field,
    Func,
    Interface,
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
from basilisk.candid.value_ranges import integer_range
from basilisk.candid.values import some
from basilisk.principal import Principal

WORDS = (
    "a",
    "b",
    "count",
    "head",
    "tail",
    "nat",
    "opt",
    "query",
    "Ok",
    "Err",
    "名前",
    'quo"te',
    "with space",
    "",
)
names = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
type_names = st.sampled_from(("A", "List", "Tree_1"))
primitives = st.sampled_from([type_ for type_ in PRIMITIVES.values() if type_ != EMPTY])
principals = st.binary(max_size=29).map(Principal)


@st.composite
def labels(draw: st.DrawFn) -> list[tuple[int, str | None]]:
    """Ids and names of fields, sorted, without two equal ids."""
    if draw(st.booleans()):
        return [(number, None) for number in range(draw(st.integers(0, 4)))]
    chosen: dict[int, str | None] = {}
    for name in draw(st.lists(names | st.none(), max_size=4)):
        number = field_id(name) if name is not None else draw(st.integers(0, 2**32 - 1))
        chosen[number] = name
    return sorted(chosen.items(), key=lambda item: item[0])


@st.composite
def _records(draw: st.DrawFn, inner: st.SearchStrategy[Type]) -> Type:
    return Record(tuple(Field(number, name, draw(inner)) for number, name in draw(labels())))


@st.composite
def _variants(draw: st.DrawFn, inner: st.SearchStrategy[Type]) -> Type:
    fields = draw(labels()) or [(field_id("a"), "a")]
    return Variant(tuple(Field(number, name, draw(inner)) for number, name in fields))


@st.composite
def _arguments(draw: st.DrawFn, inner: st.SearchStrategy[Type]) -> tuple[Argument, ...]:
    types = draw(st.lists(inner, max_size=3))
    given = draw(st.lists(names | st.none(), min_size=len(types), max_size=len(types)))
    return tuple(
        Argument(type_, None if given.count(name) > 1 else name) for type_, name in zip(types, given)
    )


@st.composite
def functions(draw: st.DrawFn, inner: st.SearchStrategy[Type]) -> Func:
    mode = draw(st.sampled_from(("", "query", "composite_query", "oneway")))
    return Func(draw(_arguments(inner)), () if mode == "oneway" else draw(_arguments(inner)), mode)


def services(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Service]:
    methods = st.dictionaries(names, functions(inner), max_size=2)
    return methods.map(lambda found: Service(tuple(sorted(found.items()))))


def types(references: bool = True, named: bool = False) -> st.SearchStrategy[Type]:
    """Types; with ``named`` they may refer to the names of :func:`environments`."""
    base: st.SearchStrategy[Type] = primitives
    if named:
        base = base | type_names.map(Ref)

    def extend(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
        forms = [inner.map(Opt), inner.map(Vec), _records(inner), _variants(inner)]
        if references:
            forms += [functions(inner), services(inner)]
        return st.one_of(forms)

    return st.recursive(base, extend, max_leaves=5)


@st.composite
def environments(draw: st.DrawFn, references: bool = True) -> Environment:
    """Definitions of all the names.  Every one is an option or a vec, so that values end."""
    content = draw(types(references, named=True))
    tail = Field(field_id("tail"), "tail", Ref("List"))
    head = Field(field_id("head"), "head", draw(primitives))
    return {
        "A": Opt(content) if draw(st.booleans()) else Vec(content),
        "List": Opt(Record(tuple(sorted((tail, head), key=lambda field: field.id)))),
        "Tree_1": Vec(Ref("Tree_1")),
    }


@st.composite
def interfaces(draw: st.DrawFn) -> Interface:
    environment = draw(environments())
    init_args = draw(_arguments(types(named=True)))
    methods = draw(st.dictionaries(names, functions(types(named=True)), max_size=3))
    return Interface(environment, init_args, Service(tuple(sorted(methods.items()))))


def _primitive_values(name: str) -> st.SearchStrategy[Any]:
    limits = integer_range(name)
    if limits is not None:
        low, high = limits
        small = st.integers(-(2**80) if low is None else low, 2**80 if high is None else high)
        return small | small.map(lambda value: value**5) if high is None else small
    return {
        "null": st.none(),
        "reserved": st.none(),
        "bool": st.booleans(),
        "float32": st.floats(width=32, allow_nan=False),
        "float64": st.floats(allow_nan=False),
        "text": st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
        "principal": principals,
    }[name]


@st.composite
def values(draw: st.DrawFn, declared: Type, environment: Environment | None = None, depth: int = 0) -> Any:
    """A Python value of the type."""
    known = environment or {}
    type_ = resolve(declared, known)
    if isinstance(type_, Prim):
        return draw(_primitive_values(type_.name))
    if isinstance(type_, Opt):
        if depth > 4 or draw(st.booleans()):
            return None
        return some(draw(values(type_.inner, known, depth + 1)))
    if isinstance(type_, Vec):
        count = 0 if depth > 4 else draw(st.integers(0, 3))
        items = [draw(values(type_.inner, known, depth + 1)) for _ in range(count)]
        return bytes(items) if resolve(type_.inner, known) == PRIMITIVES["nat8"] else items
    if isinstance(type_, Record):
        parts = {_key(field): draw(values(field.type, known, depth + 1)) for field in type_.fields}
        return tuple(parts.values()) if type_.is_tuple else parts
    if isinstance(type_, Variant):
        field = draw(st.sampled_from(type_.fields))
        return {_key(field): draw(values(field.type, known, depth + 1))}
    if isinstance(type_, Func):
        return draw(principals), draw(names)
    return draw(principals)


def _key(field: Field) -> str | int:
    return field.id if field.name is None else field.name


@st.composite
def typed_values(draw: st.DrawFn, references: bool = True) -> tuple[list[Type], list[Any], Environment]:
    """Types, a value of each, and the environment of their names."""
    environment = draw(environments(references))
    chosen = draw(st.lists(types(references, named=True), max_size=2))
    return chosen, [draw(values(type_, environment)) for type_ in chosen], environment


@st.composite
def mutated(draw: st.DrawFn, message: bytes) -> bytes:
    """A message with a few bytes changed, cut out or put in."""
    changed = bytearray(message)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(changed)))
        changed[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(changed)


@st.composite
def supertypes(draw: st.DrawFn, type_: Type) -> Type:
    """A type that all values of ``type_`` can be read at, made by the rules of the specification."""
    choice = draw(st.integers(0, 9))
    if choice == 0:
        return RESERVED
    if choice == 1:
        return Opt(draw(supertypes(type_)))
    if choice == 2:
        return Opt(draw(types(references=False)))
    if type_ == NAT:
        return draw(st.sampled_from((NAT, INT)))
    if isinstance(type_, (Opt, Vec)):
        return type(type_)(draw(supertypes(type_.inner)))
    if isinstance(type_, Record):
        fields = {
            field.id: Field(field.id, field.name, draw(supertypes(field.type)))
            for field in type_.fields
            if draw(st.booleans())
        }
        present = {field.id for field in type_.fields}
        for extra in draw(st.lists(names, max_size=2)):
            if field_id(extra) not in present:
                fields[field_id(extra)] = Field(
                    field_id(extra), extra, draw(st.sampled_from((Opt(INT), RESERVED)))
                )
        return Record(tuple(fields[number] for number in sorted(fields)))
    if isinstance(type_, Variant):
        fields = {
            field.id: Field(field.id, field.name, draw(supertypes(field.type))) for field in type_.fields
        }
        for extra in draw(st.lists(names, max_size=2)):
            fields.setdefault(field_id(extra), Field(field_id(extra), extra, NAT))
        return Variant(tuple(fields[number] for number in sorted(fields)))
    return type_

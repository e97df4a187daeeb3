"""Classes as Candid types: Record, Variant and Case, dataclasses, TypedDict, NamedTuple, Enum, Service."""

from __future__ import annotations

import sys

from basilisk.composites import Composite, Record, Variant
from basilisk.generics import Form
from basilisk.nodes import Label, Node, field_id
from basilisk.references import Service
from basilisk.scopes import Scope, annotations_of, module_namespace
from basilisk.services import declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from basilisk.annotations import Resolver
    from basilisk.faults import ProgramFault
    from basilisk.services import ServiceMethod

__all__ = [
    "cases",
    "checked_parameters",
    "fill",
    "is_case",
    "is_composite",
    "is_flag",
    "kind_of",
    "scope_of",
    "service_method",
    "type_parameters",
]

# Interface specification, "Field ids are 32-bit numbers" (Candid: "Records").
_ROOTS = (Record, Variant, Service)
# Forms of typing around a field's type that are for type checkers alone.
_WRAPPERS = ("Final", "ReadOnly", "Required")


def is_composite(cls: type) -> bool:
    """True for classes that have a record, variant or service type."""
    if cls in _ROOTS:
        return False
    return (
        is_case(cls)
        or isinstance(cls, Composite)
        or "__dataclass_fields__" in cls.__dict__
        or _is_typed_dict(cls)
        or _is_named_tuple(cls)
        or _is_enum(cls)
        or issubclass(cls, Service)
    )


def is_case(cls: Any) -> bool:
    """True for classes that derive from ``Case``."""
    module = sys.modules.get("basilisk.cases")
    return module is not None and isinstance(cls, module.CaseClass) and cls is not module.Case


def is_flag(cls: type) -> bool:
    """True for ``enum.Flag`` classes, whose values are sets of members."""
    enum = sys.modules.get("enum")
    return enum is not None and issubclass(cls, enum.Flag)


def kind_of(cls: type) -> str:
    """The kind of node of a composite class."""
    if isinstance(cls, Composite):
        return cls.__candid__
    if is_case(cls) or _is_enum(cls):
        return "variant"
    return "service" if issubclass(cls, Service) else "record"


def type_parameters(cls: type) -> tuple[Any, ...]:
    """The type variables of a generic class."""
    parameters = getattr(cls, "__parameters__", ())
    return parameters if isinstance(parameters, tuple) else ()


def checked_parameters(cls: type, arguments: Sequence[Node], scope: Scope) -> tuple[Any, ...]:
    """The type parameters of a class; raises :class:`ProgramFault` when the arguments are not as many."""
    parameters = type_parameters(cls)
    if len(parameters) != len(arguments):
        raise scope.fault(
            f"{cls.__name__} takes {len(parameters)} type arguments, not {len(arguments)}",
            remedy=f"write {cls.__name__}[{', '.join('nat64' for _ in parameters)}], "
            "with the types that are meant"
            if parameters
            else f"write {cls.__name__}",
        )
    return parameters


def scope_of(owner: Any, outer: Scope | None = None, *, parameter: str | None = None) -> Scope:
    """The scope of the annotations in a class (or the value of a type alias)."""
    module = getattr(owner, "__module__", None) or (outer.module if outer else "")
    namespace = module_namespace(module)
    if not namespace and outer is not None:
        namespace = outer.namespace
    return Scope(module, namespace, getattr(owner, "__qualname__", owner.__name__), parameter)


def fill(node: Node, resolver: Resolver, variables: dict[Any, Node]) -> None:
    """Gives a new class node its fields or methods."""
    cls = node.cls
    scope = scope_of(cls)
    scope.variables = variables
    if node.kind == "service":
        node.methods = _service_methods(cls, resolver, variables)
    elif is_case(cls):
        node.style = "cases"
        node.fields = cases([(cls, variables)], resolver, scope)
    elif _is_enum(cls):
        node.style = "enum"
        node.fields = _enum_fields(cls, resolver, scope)
    else:
        node.style = "dict" if isinstance(cls, Composite) or _is_typed_dict(cls) else "attrs"
        node.fields = _labelled(_chosen_fields(cls, resolver, scope), resolver, scope)


# Fields


def _collect(
    cls: Any, resolver: Resolver, scope: Scope, variables: dict[Any, Node]
) -> dict[str, tuple[Any, Scope]]:
    """The annotated names of a class and its bases, in order, with the scope of each."""
    found: dict[str, tuple[Any, Scope]] = {}
    for base in cls.__dict__.get("__orig_bases__", cls.__bases__):
        origin = getattr(base, "__origin__", base)
        if not isinstance(origin, type) or origin in _ROOTS or origin.__module__ in ("builtins", "typing"):
            continue
        inherited = dict(variables)
        arguments = getattr(base, "__args__", ())
        if origin is not base and isinstance(arguments, tuple):
            nodes = [resolver.node(argument, _with(scope, variables)) for argument in arguments]
            inherited = dict(zip(type_parameters(origin), nodes))
        found.update(_collect(origin, resolver, scope, inherited))
    own = scope_of(cls)
    own.variables = variables
    for name, annotation in annotations_of(cls).items():
        found[name] = (annotation, own)
    return found


def _with(scope: Scope, variables: dict[Any, Node]) -> Scope:
    return Scope(scope.module, scope.namespace, scope.function, scope.parameter, variables)


def _chosen_fields(cls: Any, resolver: Resolver, scope: Scope) -> dict[str, tuple[Any, Scope]]:
    fields = _collect(cls, resolver, scope, scope.variables)
    if isinstance(cls, Composite):
        return _composite_fields(cls, fields)
    if _is_typed_dict(cls):
        optional = sorted(getattr(cls, "__optional_keys__", ()))
        if optional:
            raise scope.at(optional[0]).fault(
                "a key that may be missing has no Candid type",
                cause="a record has all of its fields",
                remedy="make the type Opt[T] and leave total=False and NotRequired out",
            )
        # Older versions of Python forget the bases of a TypedDict, but hand down their annotations.
        return {
            name: fields.get(name, (annotation, scope)) for name, annotation in cls.__annotations__.items()
        }
    if _is_named_tuple(cls):
        for name in cls._fields:
            if name not in fields:
                raise scope.at(name).fault(
                    "the field has no type", remedy="use typing.NamedTuple with an annotation for each field"
                )
        return {name: fields[name] for name in cls._fields}
    return _dataclass_fields(cls, fields, scope)


def _composite_fields(cls: Any, fields: dict[str, tuple[Any, Scope]]) -> dict[str, tuple[Any, Scope]]:
    chosen = {}
    for name, (annotation, scope) in fields.items():
        if _is_class_variable(annotation):
            continue
        if name in cls.__dict__:
            raise scope.at(name).fault(
                f"a field of a {cls.__candid__} has no default",
                cause="values are plain dictionaries that hold every field",
                remedy="leave the value out, or use a dataclass",
            )
        chosen[name] = (annotation, scope)
    return chosen


def _dataclass_fields(
    cls: Any, fields: dict[str, tuple[Any, Scope]], scope: Scope
) -> dict[str, tuple[Any, Scope]]:
    chosen = {}
    for name, field in cls.__dataclass_fields__.items():
        sort = getattr(field._field_type, "name", "_FIELD")
        if sort == "_FIELD_CLASSVAR":
            continue
        if sort != "_FIELD" or not field.init:
            raise scope.at(name).fault(
                "the field cannot become part of a record",
                cause="an instance is built from its fields when arguments arrive: "
                "InitVar and init=False do not allow that",
                remedy="make it an ordinary field, a property or a ClassVar",
            )
        chosen[name] = fields.get(name, (field.type, scope))
    return chosen


def _labelled(fields: dict[str, tuple[Any, Scope]], resolver: Resolver, scope: Scope) -> tuple[Label, ...]:
    labels: dict[int, Label] = {}
    for key, (annotation, home) in fields.items():
        place = home.at(key)
        annotation, given = resolver.named(annotation, place, _WRAPPERS)
        name = key if given is None else given
        if isinstance(annotation, Form) and annotation.name in ("Async", "Manual"):
            raise place.fault(f"{annotation.name}[…] cannot be part of a type", remedy="leave it out here")
        number = name if isinstance(name, int) else field_id(name)
        node = resolver.node(annotation, place)
        if number in labels:
            other = labels[number]
            raise place.fault(
                f"the fields '{other.key}' and '{key}' have the same Candid field number {number}",
                cause="Candid knows fields by a 32-bit hash of their name",
                remedy='rename one of them, or use Annotated[T, Name("other name")]',
            )
        labels[number] = Label(number, name if isinstance(name, str) else None, key, node)
    return tuple(labels[number] for number in sorted(labels))


def _enum_fields(cls: Any, resolver: Resolver, scope: Scope) -> tuple[Label, ...]:
    labels: dict[int, Label] = {}
    null = resolver.node(None, scope)
    for member in cls:
        number = field_id(member.name)
        if number in labels:
            raise scope.fault(
                f"the members '{labels[number].key}' and '{member.name}' have the same Candid field number",
                remedy="rename one of them",
            )
        labels[number] = Label(number, member.name, member.name, null)
    return tuple(labels[number] for number in sorted(labels))


# Cases


def cases(
    chosen: Sequence[tuple[Any, dict[Any, Node]]], resolver: Resolver, scope: Scope
) -> tuple[Label, ...]:
    """The alternatives of a union of case classes, each with the meaning of its type variables.

    ``scope`` is where the union is, for what concerns several cases.
    """
    labels: dict[int, Label] = {}
    for cls, variables in chosen:
        tag = cls._tag_
        number = tag if isinstance(tag, int) else field_id(tag)
        if number in labels:
            raise _same_tag(labels[number], cls, number, scope)
        own = scope_of(cls)
        own.variables = variables
        payload = _payload(cls, own)
        node = resolver.node(payload.arguments[0], own.inside(payload.namespace))
        labels[number] = Label(number, None if isinstance(tag, int) else tag, cls.__name__, node, cls)
    return tuple(labels[number] for number in sorted(labels))


def _payload(cls: Any, scope: Scope) -> Form:
    """``Case[T]`` as the class has it; what a case cannot have is refused."""
    from basilisk.cases import Case

    name = cls.__name__
    payload: Form | None = cls._payload_
    if payload is None:
        raise scope.fault(
            "the case does not say what it holds",
            remedy=f"write class {name}(Case[nat64]), with the type that is meant, or Case[null] for none",
        )
    fields = [key for key, annotation in annotations_of(cls).items() if not _is_class_variable(annotation)]
    if fields:
        raise scope.at(fields[0]).fault(
            "a case has no fields",
            cause="it holds one value, whose type is in the brackets of Case[…]",
            remedy=f"make a record of the fields: class {name}(Case[{name}Fields]): ...",
        )
    if cls.__init__ is not Case.__init__ or cls.__new__ is not Case.__new__:
        raise scope.fault(
            "a case has no constructor of its own",
            cause="instances are made from their value when arguments arrive",
            remedy="leave __init__ and __new__ out, or use a function that makes the instance",
        )
    return payload


def _same_tag(first: Label, cls: Any, number: int, scope: Scope) -> ProgramFault:
    one, other = first.cls, cls
    names = f"'{one.__name__}' and '{other.__name__}'"
    if one.__name__ == other.__name__ and one is not other:
        names = f"'{one.__module__}.{one.__qualname__}' and '{other.__module__}.{other.__qualname__}'"
    if one is other:
        return scope.fault(
            f"the case '{one.__name__}' is there twice, with different type arguments",
            cause="Candid tells the cases of a variant apart by their names",
            remedy="make a class of its own for each of the two",
        )
    return scope.fault(
        f"the cases {names} have the same Candid field number {number}",
        cause="Candid tells the cases of a variant apart by a 32-bit hash of their names",
        remedy="rename one of them, or give it another name in Candid: "
        f'class {other.__name__}(Case[T], name="other")',
    )


# Services


def _service_methods(
    cls: Any, resolver: Resolver, variables: dict[Any, Node]
) -> tuple[tuple[str, Node], ...]:
    methods: dict[str, Node] = {}
    for base in reversed(cls.__mro__):
        for attribute in base.__dict__.values():
            declared = declaration(attribute)
            if declared is not None:
                methods[declared.name] = service_method(declared, resolver, variables)
    return tuple(sorted(methods.items()))


def service_method(declared: ServiceMethod[..., Any], resolver: Resolver, variables: dict[Any, Node]) -> Node:
    """The node of a method that a service class declares."""
    function = declared.function
    code = function.__code__
    names = code.co_varnames[1 : code.co_argcount]
    scope = Scope(
        function.__module__,
        function.__globals__,
        function.__qualname__,
        variables=variables,
        first_line=code.co_firstlineno,
    )
    annotations = annotations_of(function)
    node = Node("func")
    parts, labels = [], []
    for name in names:
        if name not in annotations:
            raise scope.at(name).fault("the parameter has no type", remedy=f"write {name}: nat64, say")
        part, label = resolver.argument(annotations[name], scope.at(name))
        parts.append(part)
        labels.append(name if label is None else label)
        resolver.check_labels(labels, scope.at(name))
    node.parts, node.labels = tuple(parts), tuple(labels)
    node.results = resolver.result(annotations.get("return"), scope.at("return")).nodes
    node.mode = declared.mode
    return node


# What a class is, without importing the modules that define such classes


def _is_typed_dict(cls: type) -> bool:
    return type(cls).__name__ == "_TypedDictMeta"


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)


def _is_enum(cls: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(cls, enum.EnumMeta) and not issubclass(cls, enum.Flag)


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.partition("[")[0].strip() in ("ClassVar", "typing.ClassVar")
    origin = getattr(annotation, "__origin__", annotation)
    return getattr(origin, "_name", None) == "ClassVar"

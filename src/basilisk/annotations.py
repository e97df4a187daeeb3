"""From Python annotations to types: the one place that says which annotation means which Candid type.

Every annotation that has no Candid type is a :class:`~basilisk.faults.ProgramFault` that names the function
or class, the parameter or field, and the way out.  Nothing is guessed.

A result of ``None``, ``void`` or without annotation means no result, ``()``; ``null`` means the one result
``(null)``.  Everywhere else ``None`` and ``null`` are the same.
"""

from __future__ import annotations

from basilisk import classes
from basilisk.composites import Composite
from basilisk.faults import ProgramFault
from basilisk.generics import Form, FormName, Name
from basilisk.nodes import Node
from basilisk.principal import Principal
from basilisk.references import Service
from basilisk.scalars import Scalar, void
from basilisk.scopes import Scope, evaluate, module_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    #: A case class and its type arguments.
    _Case = tuple[Any, tuple[Node, ...]]

__all__ = ["Resolver", "Result"]

_BUILTIN_KINDS: dict[Any, str] = {
    str: "text",
    int: "int",
    bool: "bool",
    float: "float64",
    bytes: "blob",
    None: "null",
    type(None): "null",
    Principal: "principal",
}

# Remedies for types that people try and that Candid does not have.
_REMEDIES = {
    "list": "say what it holds, such as Vec[nat64] or list[str]",
    "tuple": "say what it holds, such as tuple[str, nat64]",
    "dict": "say what it holds, such as dict[str, nat64], or use a Record class",
    "set": "use Vec[T] or list[T] and make the set yourself",
    "frozenset": "use Vec[T] or list[T] and make the set yourself",
    "bytearray": "use blob or bytes",
    "memoryview": "use blob or bytes",
    "object": "use the type that is meant, or reserved for a value nobody reads",
    "complex": "use tuple[float64, float64]",
    "Decimal": "use text, or an integer type with a fixed scale",
    "datetime": "use nat64 for nanoseconds since 1970, as ic.time() gives them",
    "date": "use text in ISO 8601, or nat64",
    "timedelta": "use nat64 for nanoseconds",
    "UUID": "use text or blob",
    "Record": "derive a class from it: class User(Record): name: str",
    "Variant": "derive a class from it: class Outcome(Variant, total=False): Ok: null",
    "Case": "derive a class from it for each case: class Close(Case[null]): ...",
    "Service": "derive a class from it that declares the methods",
}
_MODES = {"Query": "query", "Update": "", "CompositeQuery": "composite_query", "Oneway": "oneway"}

# A generic class that refers to itself with ever larger arguments would go on for ever.
_MOST_INSTANCES = 50


class Result:
    """The results of a method, and whether the method replies by itself (``Manual``)."""

    __slots__ = ("manual", "nodes")

    def __init__(self, nodes: tuple[Node, ...], manual: bool) -> None:
        self.nodes = nodes
        self.manual = manual


class Resolver:
    """Resolves the annotations of one program.

    Equal types share a node, and a class that refers to itself becomes a cycle in the graph.
    """

    def __init__(self) -> None:
        self._interned: dict[tuple[Any, ...], Node] = {}
        self._classes: dict[tuple[Any, ...], Node] = {}
        # Aliases by the identity of the object they name; the object is kept so that it stays alive.
        self._aliases: dict[int, tuple[object, Node]] = {}
        self._active: dict[tuple[int, ...], Node] = {}
        self._names: dict[int, dict[int, str]] = {}
        self._dicts: list[tuple[Node, Scope]] = []
        # Unions of cases, and the names that modules have for them.
        self._unions: dict[frozenset[_Case], Node] = {}
        self._filling: set[frozenset[_Case]] = set()
        self._union_names: dict[int, dict[frozenset[Any], str]] = {}

    # Entry points

    def argument(self, annotation: object, scope: Scope) -> tuple[Node, str | None]:
        """The node of an argument's annotation, and the name that ``Annotated[T, Name("x")]`` gives it."""
        annotation, name = self.named(annotation, scope)
        if isinstance(name, int):
            raise scope.fault(
                "an argument has no number",
                cause="Candid's arguments go by position; their names are for the reader",
                remedy='use a text, such as Name("amount"), or leave Name out',
            )
        return self.node(annotation, scope), name

    def check_labels(self, labels: Sequence[str | None], scope: Scope) -> None:
        """Raises :class:`ProgramFault` when two arguments have one name."""
        for index, label in enumerate(labels):
            if label is not None and label in labels[:index]:
                raise scope.fault(f"two arguments are called '{label}'", remedy="rename one of them")

    def check_dicts(self) -> None:
        """Raises :class:`ProgramFault` for a dict whose keys Python cannot hash.

        Called when the annotations of a function have been read: only then every class has its fields.
        """
        while self._dicts:
            node, scope = self._dicts.pop()
            if not node.parts[0].hashable():
                raise scope.fault(
                    f"{node.parts[0].describe()} cannot be the key of a dict",
                    cause="a value of this type is a list or a dict in Python, which cannot be hashed",
                    remedy="use list[tuple[K, V]], or a key such as str, Principal, a NamedTuple or an Enum",
                )

    def named(
        self, annotation: Any, scope: Scope, wrappers: tuple[str, ...] = ()
    ) -> tuple[object, str | int | None]:
        """An annotation without ``Name``, and the name or number that this gave; None for none.

        ``wrappers`` are forms of ``typing`` around it that say nothing about the type, such as ``Final``.
        """
        text = annotation if isinstance(annotation, str) else _forward_text(annotation)
        if text is not None:
            namespace = _forward_namespace(annotation)
            annotation = evaluate(text, scope if namespace is None else scope.inside(namespace))
            if isinstance(annotation, str):
                annotation = evaluate(annotation, scope)
        if _origin_name(annotation) in wrappers and not hasattr(annotation, "__metadata__"):
            return self.named(_arguments(annotation)[0], scope, wrappers)
        for item in getattr(annotation, "__metadata__", ()):
            if isinstance(item, Name):
                return annotation.__origin__, item.name
        return annotation, None

    def result(self, annotation: object, scope: Scope) -> Result:
        """The meaning of a method's result annotation; ``Async``, ``Manual`` and the like are taken off."""
        manual = False
        while True:
            if isinstance(annotation, str):
                annotation = evaluate(annotation, scope)
            elif _forward_text(annotation) is not None:
                annotation = _forward_text(annotation)
            elif isinstance(annotation, Form) and annotation.name in ("Async", "Manual"):
                manual = manual or annotation.name == "Manual"
                scope = scope.inside(annotation.namespace)
                annotation = annotation.arguments[0]
            elif _origin_name(annotation) in ("Generator", "Coroutine") and len(_arguments(annotation)) == 3:
                annotation = _arguments(annotation)[2]
            elif _origin_name(annotation) == "Awaitable" and _arguments(annotation):
                annotation = _arguments(annotation)[0]
            else:
                break
        if annotation is None or annotation is type(None) or annotation is void:
            return Result((), manual)
        if isinstance(annotation, Form) and annotation.name == "Results":
            scope = scope.inside(annotation.namespace)
            return Result(tuple(self.node(item, scope) for item in annotation.arguments), manual)
        return Result((self.node(annotation, scope),), manual)

    def node(self, annotation: Any, scope: Scope) -> Node:
        """The node of any annotation."""
        if isinstance(annotation, str):
            annotation = evaluate(annotation, scope)
            if isinstance(annotation, str):
                annotation = evaluate(annotation, scope)
        try:
            kind = _BUILTIN_KINDS.get(annotation)
        except TypeError:  # unhashable
            raise self._unsupported(annotation, scope) from None
        if kind is not None:
            return self._intern(kind)
        if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
            return self._class(annotation, scope)
        forward = _forward_text(annotation)
        if forward is not None:
            namespace = _forward_namespace(annotation)
            return self.node(forward, scope if namespace is None else scope.inside(namespace))
        if annotation in scope.variables:
            return scope.variables[annotation]
        if type(annotation).__name__ == "TypeVar":
            raise scope.fault(
                f"the type variable {annotation.__name__} has no meaning here",
                cause="a generic type was used without type arguments",
                remedy=f"give the argument in brackets, such as Result[nat64], in place of {annotation!r}",
            )
        return self._composite(annotation, scope)

    # Composite annotations: names, recursion

    def _composite(self, annotation: Any, scope: Scope) -> Node:
        if _is_union(annotation):
            cases = self._cases(_arguments(annotation), scope)
            if cases and None not in cases:
                return self._variant(cases, scope)
        key = id(annotation)
        if key in self._aliases:
            return self._aliases[key][1]
        # Inside a generic class the same annotation means different types.
        moment = (key, *map(id, scope.variables.values()))
        if moment in self._active:
            # Recursion through something without a name of its own: it gets one.
            alias = self._active[moment]
            if alias.name is None:
                alias.name = self._name_of(annotation, scope) or "Recursive"
                self._aliases[key] = (annotation, alias)
            return alias
        generic = bool(getattr(annotation, "__parameters__", ()))
        name = None if generic else self._alias_name(annotation, scope)
        alias = Node("alias", name=name, module=scope.module)
        if name is not None:
            self._aliases[key] = (annotation, alias)
        self._active[moment] = alias
        try:
            node = self._expand(annotation, scope)
        finally:
            del self._active[moment]
        if alias.name is None:
            return node
        seen = node
        while seen.kind == "alias" and seen.parts:
            seen = seen.parts[0]
        if seen is alias:
            raise scope.fault(f"the type {alias.name} is defined by itself", remedy="give it a definition")
        alias.parts = (node,)
        return alias

    def _alias_name(self, annotation: Any, scope: Scope) -> str | None:
        """The name under which the user's module holds this very object, if it can be told.

        ``typing`` hands out the same object for equal types, so identity means nothing there.
        """
        if type(annotation).__name__ == "TypeAliasType":
            return str(annotation.__name__)
        if hasattr(annotation, "__supertype__"):  # typing.NewType
            name = str(annotation.__name__)
            return name if module_namespace(annotation.__module__).get(name) is annotation else None
        if isinstance(annotation, Form):
            return self._name_of(annotation, scope.inside(annotation.namespace)) or self._name_of(
                annotation, scope
            )
        if type(annotation).__module__ == "types":
            return self._name_of(annotation, scope)
        return None

    def _name_of(self, annotation: object, scope: Scope) -> str | None:
        namespace = scope.namespace
        names = self._names.get(id(namespace))
        if names is None:
            names = {}
            for name, value in namespace.items():
                if not name.startswith("__"):
                    names.setdefault(id(value), name)
            self._names[id(namespace)] = names
        return names.get(id(annotation))

    def _expand(self, annotation: Any, scope: Scope) -> Node:
        if isinstance(annotation, Form):
            return self._form(annotation, scope.inside(annotation.namespace))
        if type(annotation).__name__ == "TypeAliasType":
            return self.node(
                annotation.__value__, classes.scope_of(annotation, scope, parameter=scope.parameter)
            )
        if type(annotation).__name__ == "UnionType":
            return self._union(annotation.__args__, scope)
        if hasattr(annotation, "__metadata__"):
            if any(isinstance(item, Name) for item in annotation.__metadata__):
                raise scope.fault(
                    "Name(…) has no meaning here",
                    cause="only fields and arguments have names",
                    remedy="put Annotated around the whole type of the field or argument: "
                    'Annotated[Opt[nat], Name("x")]',
                )
            return self.node(annotation.__origin__, scope)
        if hasattr(annotation, "__supertype__"):
            return self.node(annotation.__supertype__, scope)
        if hasattr(annotation, "__origin__"):
            return self._generic(annotation, scope)
        raise self._unsupported(annotation, scope)

    def _generic(self, annotation: Any, scope: Scope) -> Node:
        origin = annotation.__origin__
        arguments = _arguments(annotation)
        name = _origin_name(annotation)
        if name == "Union":
            return self._union(arguments, scope)
        if origin is list and len(arguments) == 1:
            return self._intern("vec", self.node(arguments[0], scope))
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                raise scope.fault(
                    "a tuple of any length has no Candid type",
                    cause="Candid's vec comes as a list",
                    remedy="use Vec[T] or list[T]",
                )
            if arguments == ((),):  # Tuple[()] up to Python 3.10
                arguments = ()
            return self._intern("tuple", *[self.node(item, scope) for item in arguments])
        if origin is dict and len(arguments) == 2:
            node = self._intern("map", *[self.node(item, scope) for item in arguments])
            self._dicts.append((node, scope))
            return node
        if type(origin).__name__ == "TypeAliasType":
            inner = classes.scope_of(origin, scope, parameter=scope.parameter)
            nodes = [self.node(item, scope) for item in arguments]
            inner.variables = dict(zip(origin.__type_params__, nodes))
            if _is_union(origin.__value__):
                cases = self._cases(_arguments(origin.__value__), inner)
                if cases and None not in cases:
                    return self._variant(cases, inner, _instance_name(origin, nodes))
            return self.node(origin.__value__, inner)
        if isinstance(origin, type) and classes.is_composite(origin):
            return self._class(origin, scope, tuple(self.node(item, scope) for item in arguments))
        raise self._unsupported(annotation, scope)

    def _form(self, form: Form, scope: Scope) -> Node:
        if form.name == "Opt":
            return self._intern("opt", self.node(form.arguments[0], scope))
        if form.name == "Alias":
            return self.node(form.arguments[0], scope)
        if form.name == "Union":
            return self._union(form.arguments, scope)
        if form.name == "Func":
            return self._func(form.arguments[0], scope)
        if form.name == "Case":
            raise scope.fault(
                "Case[…] is not a type by itself",
                remedy="derive a class from it, whose name is the case: class Deposit(Case[nat]): ...",
            )
        if form.name in _MODES:
            raise scope.fault(
                f"{form.name}[…] is not a type by itself", remedy=f"write Func({form.name}[[str], nat64])"
            )
        raise scope.fault(
            f"{form.name}[…] has a meaning only as the result of a method",
            remedy=f"leave {form.name} out here",
        )

    def _union(self, members: tuple[Any, ...], scope: Scope) -> Node:
        rest = [member for member in members if member is not None and member is not type(None)]
        if len(rest) == 1 and len(members) == 2:
            return self._intern("opt", self.node(rest[0], scope))
        cases = self._cases(members, scope)
        if cases:
            nothing = cases.pop(None, None)
            node = self._variant(cases, scope)
            return node if nothing is None else self._intern("opt", node)
        raise scope.fault(
            "a union has a Candid type only in the form T | None, or if all of it are cases",
            cause="Candid tells the cases of a choice apart by their names",
            remedy="make each a class: class Amount(Case[nat]): ..., and a union of these classes; or use a "
            "Variant class with one field per case",
        )

    # Unions of cases

    def _cases(self, members: tuple[Any, ...], scope: Scope) -> dict[Any, Scope] | None:
        """The members with unions and aliases among them opened: cases, and None for null, with their scopes.

        None if there is anything else among the members.
        """
        found: dict[Any, Scope] = {}
        pending = [(member, scope) for member in reversed(members)]
        while pending:
            member, place = pending.pop()
            text = member if isinstance(member, str) else _forward_text(member)
            if text is not None:
                namespace = _forward_namespace(member)
                place = place if namespace is None else place.inside(namespace)
                member = evaluate(text, place)
            origin: Any = getattr(member, "__origin__", None)
            if member is None or member is type(None):
                found[None] = place
            elif classes.is_case(member) or classes.is_case(origin):
                try:
                    found.setdefault(member, place)
                except TypeError:  # type arguments that are no types
                    raise self._unsupported(member, place) from None
            elif _is_union(member):
                pending.extend((inner, place) for inner in reversed(_arguments(member)))
            elif isinstance(member, Form) and member.name in ("Alias", "Union"):
                place = place.inside(member.namespace)
                pending.extend((inner, place) for inner in reversed(member.arguments))
            elif type(member).__name__ == "TypeAliasType":
                pending.append((member.__value__, classes.scope_of(member, place, parameter=place.parameter)))
            elif type(origin).__name__ == "TypeAliasType":
                nodes = [self.node(item, place) for item in _arguments(member)]
                place = classes.scope_of(origin, place, parameter=place.parameter)
                place.variables = dict(zip(origin.__type_params__, nodes))
                pending.append((origin.__value__, place))
            else:
                return None
        return found

    def _variant(self, members: dict[Any, Scope], scope: Scope, alias: str | None = None) -> Node:
        """The node of a union of cases; the same for each way of writing it.

        ``alias`` is the name for a union that no module has under a name.
        """
        cases: dict[_Case, None] = {}
        for member, place in members.items():
            cls = getattr(member, "__origin__", member)
            arguments = tuple(self.node(item, place) for item in _arguments(member))
            self._check_parameters(cls, arguments, place)
            cases[cls, arguments] = None
        if len(cases) == 1:
            return self._class(cls, scope, arguments)
        key = frozenset(cases)
        node = self._unions.get(key)
        if node is not None:
            if key in self._filling and node.name is None:
                # Recursion through a union without a name: it gets one.
                node.name = "_".join(cls.__name__ for cls, _ in cases)
            return node
        name, module = self._name_of_cases(members, scope)
        node = self._unions[key] = Node("variant", name=name or alias, module=module)
        node.style = "cases"
        self._filling.add(key)
        try:
            chosen = [(cls, dict(zip(classes.type_parameters(cls), arguments))) for cls, arguments in cases]
            node.fields = classes.cases(chosen, self, scope)
        finally:
            self._filling.remove(key)
        return node

    def _name_of_cases(self, members: dict[Any, Scope], scope: Scope) -> tuple[str | None, str]:
        """The name of an alias for just these cases, and its module: the scope's own or that of a case."""
        places = {scope.module: scope.namespace}
        for member in members:
            module = getattr(member, "__origin__", member).__module__
            places.setdefault(module, module_namespace(module))
        for module, namespace in places.items():
            name = self._unions_of(namespace, module).get(frozenset(members))
            if name is not None:
                return name, module
        return None, scope.module

    def _unions_of(self, namespace: dict[str, Any], module: str) -> dict[frozenset[Any], str]:
        """The names that a module has for unions of cases."""
        names = self._union_names.get(id(namespace))
        if names is None:
            names = self._union_names[id(namespace)] = {}
            for name, value in namespace.items():
                if not _is_union(value) or getattr(value, "__parameters__", None):
                    continue
                try:
                    members = self._cases(_arguments(value), Scope(module, namespace, name))
                except ProgramFault:
                    continue  # reported where the alias is used
                if members and None not in members:
                    names.setdefault(frozenset(members), name)
        return names

    def _func(self, signature: Any, scope: Scope) -> Node:
        if isinstance(signature, str):
            signature = evaluate(signature, scope)
        if not isinstance(signature, Form) or signature.name not in _MODES:
            raise scope.fault(
                "Func needs a signature",
                remedy="write Func(Query[[str], nat64]), Func(Update[[str], nat64]) or Func(Oneway[[str]])",
            )
        scope = scope.inside(signature.namespace)
        arguments = signature.arguments[0]
        if not isinstance(arguments, list):
            raise scope.fault(
                f"the arguments of {signature.name} must be a list",
                remedy=f"write {signature.name}[[str], nat64], or {signature.name}[[], nat64] for none",
            )
        named = [self.argument(item, scope) for item in arguments]
        parts, labels = tuple(node for node, _ in named), tuple(label for _, label in named)
        self.check_labels(labels, scope)
        results: tuple[Node, ...] = ()
        if len(signature.arguments) > 1:
            results = self.result(signature.arguments[1], scope).nodes
        mode = _MODES[signature.name]
        key = ("func", mode, labels, parts, results)
        node = self._interned.get(key)
        if node is None:
            node = self._interned[key] = Node("func", parts)
            node.mode, node.labels, node.results = mode, labels, results
        return node

    # Classes

    def _class(self, cls: type, scope: Scope, arguments: tuple[Node, ...] = ()) -> Node:
        if isinstance(cls, Scalar):
            return self._intern("null" if cls.candid == "void" else cls.candid)
        if not classes.is_composite(cls):
            raise self._unsupported(cls, scope)
        key = (cls, arguments)
        node = self._classes.get(key)
        if node is not None:
            return node
        if arguments and sum(known[0] is cls for known in self._classes) >= _MOST_INSTANCES:
            raise scope.fault(
                f"{cls.__name__} is used with more than {_MOST_INSTANCES} different type arguments",
                cause="a generic class that contains itself with other type arguments never ends",
                remedy="use the same type arguments in the recursion",
            )
        parameters = self._check_parameters(cls, arguments, scope)
        name = _instance_name(cls, arguments)
        node = Node(classes.kind_of(cls), name=name, module=cls.__module__)
        node.cls = cls
        self._classes[key] = node
        classes.fill(node, self, dict(zip(parameters, arguments)))
        return node

    def _check_parameters(self, cls: type, arguments: tuple[Node, ...], scope: Scope) -> tuple[Any, ...]:
        """The type parameters of a class; raises :class:`ProgramFault` when the arguments are not as many."""
        parameters = classes.type_parameters(cls)
        if len(parameters) != len(arguments):
            raise scope.fault(
                f"{cls.__name__} takes {len(parameters)} type arguments, not {len(arguments)}",
                remedy=f"write {cls.__name__}[{', '.join('nat64' for _ in parameters)}], "
                "with the types that are meant"
                if parameters
                else f"write {cls.__name__}",
            )
        return parameters

    def _intern(self, kind: str, *parts: Node) -> Node:
        key = (kind, parts)
        node = self._interned.get(key)
        if node is None:
            node = self._interned[key] = Node(kind, parts)
        return node

    def _unsupported(self, annotation: Any, scope: Scope) -> ProgramFault:
        name = getattr(annotation, "__name__", None) or getattr(annotation, "_name", None)
        if isinstance(annotation, FormName):
            return scope.fault(
                f"{annotation.name} needs a type in brackets", remedy=f"write {annotation.name}[nat64], say"
            )
        if (
            isinstance(annotation, Composite)
            or annotation is Service
            or type(annotation).__name__ == "CaseClass"
        ):
            return scope.fault(f"{name} by itself is not a type", remedy=_REMEDIES[str(name)])
        if name in ("NoReturn", "Never"):
            return scope.fault(f"{name} has no Candid type", remedy="use empty")
        if name == "Any":
            return scope.fault(
                "Any has no Candid type",
                remedy="use the type that is meant, or reserved for a value nobody reads",
            )
        if hasattr(annotation, "__origin__") or not isinstance(annotation, type):
            shown = repr(annotation)
            shown = shown if len(shown) <= 80 else shown[:77] + "..."
            if callable(annotation) and hasattr(annotation, "__code__"):
                shown = f"the function {annotation.__name__}"
            origin = _origin_name(annotation)
            return scope.fault(
                f"{shown} is not a Candid type",
                remedy=_REMEDIES.get(origin or "", "use one of the types of basilisk, or a Record class"),
            )
        if classes.is_flag(annotation):
            return scope.fault(
                f"{name} has no Candid type", remedy="use nat64, or a Record with one bool per flag"
            )
        remedy = _REMEDIES.get(str(name))
        if remedy is None:
            remedy = f"make {name} a dataclass or derive it from Record or Variant"
        return scope.fault(
            f"{name} has no Candid type"
            if name not in ("list", "tuple", "dict")
            else f"{name} alone is not a type",
            cause=None if name not in ("list", "tuple", "dict") else "Candid needs the types of the contents",
            remedy=remedy,
        )


def _instance_name(generic: Any, arguments: Sequence[Node]) -> str:
    """The name of a generic class or alias with these type arguments, such as ``Page_nat``."""
    return "_".join([generic.__name__, *(argument.describe().replace(" ", "_") for argument in arguments)])


def _is_union(annotation: Any) -> bool:
    """Whether it is ``A | B`` or ``Union[A, B]``."""
    return type(annotation).__name__ == "UnionType" or (
        _origin_name(annotation) == "Union" and bool(_arguments(annotation))
    )


def _arguments(annotation: Any) -> tuple[Any, ...]:
    arguments = getattr(annotation, "__args__", ())
    return arguments if isinstance(arguments, tuple) else ()


def _origin_name(annotation: Any) -> str | None:
    origin = getattr(annotation, "__origin__", None)
    if origin is None:
        return None
    return getattr(origin, "__name__", None) or getattr(origin, "_name", None)


def _forward_text(annotation: Any) -> str | None:
    """The text of a ``typing.ForwardRef``."""
    text = getattr(annotation, "__forward_arg__", None)
    return text if isinstance(text, str) else None


def _forward_namespace(annotation: Any) -> dict[str, Any] | None:
    module = getattr(annotation, "__forward_module__", None)
    if module is None:
        return None
    return module_namespace(module) if isinstance(module, str) else getattr(module, "__dict__", None)

"""Turns annotations into nodes."""

from __future__ import annotations

from basilisk import classes
from basilisk.annotations.reading import arguments_of, forward_namespace, forward_text, is_union, origin_name
from basilisk.annotations.refusals import unsupported
from basilisk.annotations.unions import Unions
from basilisk.generics import Form, Name
from basilisk.nodes import Node
from basilisk.principal import Principal
from basilisk.scalars import Scalar, void
from basilisk.scopes import Scope, evaluate, module_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

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
        self._unions = Unions(self)

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
        text = annotation if isinstance(annotation, str) else forward_text(annotation)
        if text is not None:
            namespace = forward_namespace(annotation)
            annotation = evaluate(text, scope if namespace is None else scope.inside(namespace))
            if isinstance(annotation, str):
                annotation = evaluate(annotation, scope)
        if origin_name(annotation) in wrappers and not hasattr(annotation, "__metadata__"):
            return self.named(arguments_of(annotation)[0], scope, wrappers)
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
            elif forward_text(annotation) is not None:
                annotation = forward_text(annotation)
            elif isinstance(annotation, Form) and annotation.name in ("Async", "Manual"):
                manual = manual or annotation.name == "Manual"
                scope = scope.inside(annotation.namespace)
                annotation = annotation.arguments[0]
            elif origin_name(annotation) in ("Generator", "Coroutine") and len(arguments_of(annotation)) == 3:
                annotation = arguments_of(annotation)[2]
            elif origin_name(annotation) == "Awaitable" and arguments_of(annotation):
                annotation = arguments_of(annotation)[0]
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
            raise unsupported(annotation, scope) from None
        if kind is not None:
            return self._intern(kind)
        if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
            return self.of_class(annotation, scope)
        forward = forward_text(annotation)
        if forward is not None:
            namespace = forward_namespace(annotation)
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
        if is_union(annotation):
            cases = self._unions.cases(arguments_of(annotation), scope)
            if cases and None not in cases:
                return self._unions.variant(cases, scope)
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
        raise unsupported(annotation, scope)

    def _generic(self, annotation: Any, scope: Scope) -> Node:
        origin = annotation.__origin__
        arguments = arguments_of(annotation)
        name = origin_name(annotation)
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
            if is_union(origin.__value__):
                cases = self._unions.cases(arguments_of(origin.__value__), inner)
                if cases and None not in cases:
                    return self._unions.variant(cases, inner, _instance_name(origin, nodes))
            return self.node(origin.__value__, inner)
        if isinstance(origin, type) and classes.is_composite(origin):
            return self.of_class(origin, scope, tuple(self.node(item, scope) for item in arguments))
        raise unsupported(annotation, scope)

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
        cases = self._unions.cases(members, scope)
        if cases:
            nothing = cases.pop(None, None)
            node = self._unions.variant(cases, scope)
            return node if nothing is None else self._intern("opt", node)
        raise scope.fault(
            "a union has a Candid type only in the form T | None, or if all of it are cases",
            cause="Candid tells the cases of a choice apart by their names",
            remedy="make each a class: class Amount(Case[nat]): ..., and a union of these classes; or use a "
            "Variant class with one field per case",
        )

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

    def of_class(self, cls: type, scope: Scope, arguments: tuple[Node, ...] = ()) -> Node:
        """The node of a class with these type arguments."""
        if isinstance(cls, Scalar):
            return self._intern("null" if cls.candid == "void" else cls.candid)
        if not classes.is_composite(cls):
            raise unsupported(cls, scope)
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
        parameters = classes.checked_parameters(cls, arguments, scope)
        name = _instance_name(cls, arguments)
        node = Node(classes.kind_of(cls), name=name, module=cls.__module__)
        node.cls = cls
        self._classes[key] = node
        classes.fill(node, self, dict(zip(parameters, arguments)))
        return node

    def _intern(self, kind: str, *parts: Node) -> Node:
        key = (kind, parts)
        node = self._interned.get(key)
        if node is None:
            node = self._interned[key] = Node(kind, parts)
        return node


def _instance_name(generic: Any, arguments: Sequence[Node]) -> str:
    """The name of a generic class or alias with these type arguments, such as ``Page_nat``."""
    return "_".join([generic.__name__, *(argument.describe().replace(" ", "_") for argument in arguments)])

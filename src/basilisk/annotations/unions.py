"""Unions of cases: ``Deposit | Withdraw`` as a variant, in all the ways in which it can be written."""

from __future__ import annotations

from basilisk import classes
from basilisk.annotations.reading import arguments_of, forward_namespace, forward_text, is_union
from basilisk.annotations.refusals import unsupported
from basilisk.faults import ProgramFault
from basilisk.generics import Form
from basilisk.nodes import Node
from basilisk.scopes import Scope, evaluate, module_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from basilisk.annotations.resolver import Resolver

    #: A case class and its type arguments.
    _Case = tuple[Any, tuple[Node, ...]]

__all__ = ["Unions"]


class Unions:
    """The unions of cases of one program.  Those of the same cases share a node."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._nodes: dict[frozenset[_Case], Node] = {}
        self._filling: set[frozenset[_Case]] = set()
        # The names that modules have for unions, by the identity of the module's names.
        self._names: dict[int, dict[frozenset[Any], str]] = {}

    def cases(self, members: tuple[Any, ...], scope: Scope) -> dict[Any, Scope] | None:
        """The members with unions and aliases among them opened: cases, and None for null, with their scopes.

        None if there is anything else among the members.
        """
        found: dict[Any, Scope] = {}
        pending = [(member, scope) for member in reversed(members)]
        while pending:
            member, place = pending.pop()
            text = member if isinstance(member, str) else forward_text(member)
            if text is not None:
                namespace = forward_namespace(member)
                place = place if namespace is None else place.inside(namespace)
                member = evaluate(text, place)
            origin: Any = getattr(member, "__origin__", None)
            if member is None or member is type(None):
                found[None] = place
            elif classes.is_case(member) or classes.is_case(origin):
                try:
                    found.setdefault(member, place)
                except TypeError:  # type arguments that are no types
                    raise unsupported(member, place) from None
            elif is_union(member):
                pending.extend((inner, place) for inner in reversed(arguments_of(member)))
            elif isinstance(member, Form) and member.name in ("Alias", "Union"):
                place = place.inside(member.namespace)
                pending.extend((inner, place) for inner in reversed(member.arguments))
            elif type(member).__name__ == "TypeAliasType":
                pending.append((member.__value__, classes.scope_of(member, place, parameter=place.parameter)))
            elif type(origin).__name__ == "TypeAliasType":
                nodes = [self._resolver.node(item, place) for item in arguments_of(member)]
                place = classes.scope_of(origin, place, parameter=place.parameter)
                place.variables = dict(zip(origin.__type_params__, nodes))
                pending.append((origin.__value__, place))
            else:
                return None
        return found

    def variant(self, members: dict[Any, Scope], scope: Scope, alias: str | None = None) -> Node:
        """The node of a union of cases; the same for each way of writing it.

        ``alias`` is the name for a union that no module has under a name.
        """
        cases: dict[_Case, None] = {}
        for member, place in members.items():
            cls = getattr(member, "__origin__", member)
            arguments = tuple(self._resolver.node(item, place) for item in arguments_of(member))
            classes.checked_parameters(cls, arguments, place)
            cases[cls, arguments] = None
        if len(cases) == 1:
            return self._resolver.of_class(cls, scope, arguments)
        key = frozenset(cases)
        node = self._nodes.get(key)
        if node is not None:
            if key in self._filling and node.name is None:
                # Recursion through a union without a name: it gets one.
                node.name = "_".join(cls.__name__ for cls, _ in cases)
            return node
        name, module = self._name_of(members, scope)
        node = self._nodes[key] = Node("variant", name=name or alias, module=module)
        node.style = "cases"
        self._filling.add(key)
        try:
            chosen = [(cls, dict(zip(classes.type_parameters(cls), arguments))) for cls, arguments in cases]
            node.fields = classes.cases(chosen, self._resolver, scope)
        finally:
            self._filling.remove(key)
        return node

    def _name_of(self, members: dict[Any, Scope], scope: Scope) -> tuple[str | None, str]:
        """The name of an alias for just these cases, and its module: the scope's own or that of a case."""
        places = {scope.module: scope.namespace}
        for member in members:
            module = getattr(member, "__origin__", member).__module__
            places.setdefault(module, module_namespace(module))
        for module, namespace in places.items():
            name = self._names_in(namespace, module).get(frozenset(members))
            if name is not None:
                return name, module
        return None, scope.module

    def _names_in(self, namespace: dict[str, Any], module: str) -> dict[frozenset[Any], str]:
        """The names that a module has for unions of cases."""
        names = self._names.get(id(namespace))
        if names is None:
            names = self._names[id(namespace)] = {}
            for name, value in namespace.items():
                if not is_union(value) or getattr(value, "__parameters__", None):
                    continue
                try:
                    members = self.cases(arguments_of(value), Scope(module, namespace, name))
                except ProgramFault:
                    continue  # reported where the alias is used
                if members and None not in members:
                    names.setdefault(frozenset(members), name)
        return names

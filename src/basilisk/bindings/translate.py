"""From an interface to the definitions of a module.

Every named type that is in use becomes a class (records, variants, services) or an alias (everything else);
a record, variant or service without a name gets one from its place, such as ``HttpRequestArgsMethod`` for the
field ``method`` of ``http_request_args``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from basilisk.bindings.comments import Comments
from basilisk.bindings.model import Alias, Class, Definition, Expr, Field, Method, leaf
from basilisk.bindings.names import Names, class_name, python_name, quoted
from basilisk.candid import types
from basilisk.candid.did_printer import used_names
from basilisk.candid.graph import resolve
from basilisk.candid.types import Argument, Func, Interface, Opt, Prim, Record, Ref, Type, Variant, Vec

__all__ = ["IMPORTABLE", "Translation"]

_PRIMITIVES = {"text": "str"}
_MODES = {"": "Update", "query": "Query", "composite_query": "CompositeQuery", "oneway": "Oneway"}
_DECORATORS = {
    "": "service_update",
    "query": "service_query",
    "composite_query": "service_composite_query",
    "oneway": "service_oneway",
}
#: What a module may import from basilisk.
IMPORTABLE = frozenset(
    """Func Name Opt Principal Record Results Service Tuple Variant Vec blob empty float32 float64 int16 int32
    int64 int8 nat nat16 nat32 nat64 nat8 null reserved""".split()
) | {*_MODES.values(), *_DECORATORS.values(), "Alias"}
_OTHERS = frozenset({"Annotated", "Any", "TYPE_CHECKING", "TypeAlias", "bool", "int", "str"})
#: Attributes that every service class has.
_SERVICE_ATTRIBUTES = frozenset({"canister_id", "_from_bytes"})


class Translation:
    """The definitions of one interface.

    ``service`` is the name of the class for the canister itself, None if the interface has no service;
    ``arguments`` the annotation of its init arguments, None if there are none.
    """

    def __init__(self, interface: Interface, comments: Comments, source: str, name: str | None) -> None:
        self.environment = interface.environment
        self.comments = comments
        self.source = posixpath.basename(source)
        self.definitions: dict[str, Definition] = {}
        self.service: str | None = None
        self.arguments: Expr | None = None
        self._names = Names(IMPORTABLE | _OTHERS)
        self._methods: list[tuple[Class, types.Service, str | None]] = []
        used = set(used_names(interface))
        actor = comments.service_type
        if interface.service is not None and actor is None:
            wanted = name or class_name(comments.service_name or self.source.removesuffix(".did"))
            self.service = self._names.take(wanted)
        self._of = {
            known: self._names.take(name if known == actor and name else class_name(known))
            for known in self.environment
            if known in used or known == actor
        }
        for known, given in self._of.items():
            self._define(given, self.environment[known], known, comments.of(known))
        if interface.service is not None:
            self._main_service(interface.service, actor)
        if interface.init_args:
            types_ = [argument.type for argument in interface.init_args]
            self.arguments = Expr("Tuple", tuple(self._arguments(types_, f"{self.service or 'Service'}Init")))
        self._fill_services()

    def _main_service(self, service: types.Service, actor: str | None) -> None:
        if actor is not None:
            self.service = self._of[actor]
            while isinstance(found := self.definitions[self.service], Alias):
                self.service = found.type.head
            if not found.comment:
                found.comment = self.comments.of(None)
        else:
            assert self.service is not None
            self._define(self.service, service, None, self.comments.of(None))

    # Definitions

    def _define(self, name: str, type_: Type, owner: str | None, comment: str = "") -> None:
        """Defines ``name`` as a type; ``owner`` is where comments on its parts are found."""
        if isinstance(type_, (Record, Variant)) and not _is_tuple(type_):
            made = Class(name, "Record" if isinstance(type_, Record) else "Variant", comment)
            self.definitions[name] = made
            made.fields = list(self._fields(name, type_, owner))
        elif isinstance(type_, types.Service):
            self.definitions[name] = made = Class(name, "Service", comment)
            self._methods.append((made, type_, owner))
        else:
            self.definitions[name] = Alias(name, leaf("Any"), comment)  # keeps the place
            expression = self._expression(type_, name)
            self.definitions[name] = Alias(
                name, expression, comment, owner is not None and self._endless(owner)
            )

    def _endless(self, name: str) -> bool:
        """Whether a type is an option of an option … of itself."""
        seen = {name}
        type_ = self.environment[name]
        while isinstance(type_, (Opt, Ref)):
            if isinstance(type_, Opt):
                type_ = type_.inner
            elif type_.name in seen:
                return True
            else:
                seen.add(type_.name)
                type_ = self.environment[type_.name]
        return False

    def _fields(self, name: str, type_: Record | Variant, owner: str | None) -> Iterator[Field]:
        names = Names()
        order = self.comments.order(part.name or "" for part in type_.fields)
        for part in sorted(type_.fields, key=lambda part: (order.get(part.name or "", 0), part.id)):
            given = names.take(f"_{part.id}" if part.name is None else python_name(part.name))
            expression = self._expression(part.type, name + class_name(part.name or str(part.id)))
            if given != part.name:
                expression = _named(expression, part.id if part.name is None else part.name)
            yield Field(given, expression, self.comments.of(owner, part.name) if part.name and owner else "")

    def _fill_services(self) -> None:
        """Gives the services their methods, when all names of the module are known that can be."""
        while self._methods:
            made, service, owner = self._methods.pop(0)
            order = self.comments.order(name for name, _ in service.methods)
            for name, declared in sorted(service.methods, key=lambda item: (order.get(item[0], 0), item[0])):
                func = resolve(declared, self.environment)
                assert isinstance(func, Func)
                place = class_name(name)
                taken, parameters = Names({"self"}), []
                for number, argument in enumerate(func.args):
                    unnamed = "arg" if len(func.args) == 1 else f"arg{number}"
                    parameter = taken.take(unnamed if argument.name is None else python_name(argument.name))
                    spot = place + (class_name(argument.name) if argument.name else unnamed.capitalize())
                    expression = self._expression(argument.type, spot)
                    if argument.name is not None and parameter != argument.name:
                        expression = _named(expression, argument.name)
                    parameters.append((parameter, expression))
                made.methods.append(
                    Method(
                        name,
                        _DECORATORS[func.mode],
                        None,
                        parameters,
                        self._result(func.results, place),
                        self.comments.of(owner, name),
                    )
                )
        self._name_methods()

    def _name_methods(self) -> None:
        """Methods may have no name that means something else in the body of their class."""
        for made in self.definitions.values():
            names = Names({*IMPORTABLE, *_OTHERS, *_SERVICE_ATTRIBUTES, *self.definitions})
            for method in made.methods if isinstance(made, Class) else ():
                given = names.take(python_name(method.name))
                if given != method.name:
                    method.name, method.candid = given, method.name

    # Annotations

    def _expression(self, type_: Type, place: str) -> Expr:
        """The annotation for a type; ``place`` names what has no name of its own."""
        if isinstance(type_, Ref):
            return Expr(self._of[type_.name], defined=True)
        if isinstance(type_, Prim):
            known = "Principal" if type_.name == "principal" else type_.name
            return leaf(_PRIMITIVES.get(known, known))
        if type_ == types.BLOB:
            return leaf("blob")
        if isinstance(type_, (Opt, Vec)):
            return Expr("Opt" if isinstance(type_, Opt) else "Vec", (self._expression(type_.inner, place),))
        if isinstance(type_, Func):
            return Expr("Func", (self._signature(type_, place),))
        if isinstance(type_, Record) and _is_tuple(type_):
            return Expr("Tuple", tuple(self._arguments([part.type for part in type_.fields], place)))
        name = self._names.take(place)
        self._define(name, type_, None)
        return Expr(name, defined=True)

    def _arguments(self, parts: Sequence[Type], place: str) -> Iterator[Expr]:
        for number, part in enumerate(parts):
            yield self._expression(part, f"{place}{number}" if len(parts) > 1 else place)

    def _signature(self, func: Func, place: str) -> Expr:
        arguments = []
        for number, argument in enumerate(func.args):
            expression = self._expression(argument.type, f"{place}Arg{number if len(func.args) > 1 else ''}")
            arguments.append(expression if argument.name is None else _named(expression, argument.name))
        listed = Expr("", tuple(arguments))
        if func.mode == "oneway":
            return Expr("Oneway", (listed,))
        return Expr(_MODES[func.mode], (listed, self._result(func.results, place)))

    def _result(self, results: tuple[Argument, ...], place: str) -> Expr:
        if not results:
            return leaf("None")
        found = tuple(self._arguments([result.type for result in results], f"{place}Result"))
        return found[0] if len(found) == 1 else Expr("Results", found)


def _is_tuple(type_: Type) -> bool:
    return isinstance(type_, Record) and type_.is_tuple


def _named(expression: Expr, name: str | int) -> Expr:
    return Expr("Annotated", (expression, leaf(f"Name({_literal(name)})")))


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else quoted(value)

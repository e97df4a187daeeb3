"""From a registered function to the types of its arguments and result."""

from __future__ import annotations

from basilisk.faults import ProgramFault
from basilisk.scopes import Scope, annotations_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from basilisk.annotations import Resolver
    from basilisk.nodes import Node

__all__ = ["Signature", "read_signature", "scope_of_function"]

# CPython, Include/cpython/code.h: CO_VARARGS, CO_VARKEYWORDS.
_VARARGS, _VARKEYWORDS = 0x04, 0x08


class Signature:
    """Argument nodes with their names, result nodes, and whether the function replies by itself.

    ``names`` are the arguments' names in the interface: those of the parameters, unless
    ``Annotated[T, Name("x")]`` gives another.  ``warnings`` are sentences about what is allowed but probably
    not meant.
    """

    __slots__ = ("arguments", "manual", "names", "results", "warnings")

    def __init__(self) -> None:
        self.arguments: tuple[Node, ...] = ()
        self.names: tuple[str, ...] = ()
        self.results: tuple[Node, ...] = ()
        self.manual = False
        self.warnings: list[str] = []


def scope_of_function(function: Any) -> Scope:
    """The scope of a function's annotations."""
    return Scope(
        function.__module__,
        function.__globals__,
        function.__qualname__,
        first_line=function.__code__.co_firstlineno,
    )


def read_signature(function: Callable[..., Any], resolver: Resolver) -> Signature:
    """The signature of a function; raises :class:`ProgramFault` at the first annotation without a type."""
    # A decorator that keeps the function's name with functools.wraps leaves the original behind.
    inner: Any = function
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    code = inner.__code__
    scope = scope_of_function(inner)
    _check_parameters(code, scope)
    names = code.co_varnames[: code.co_argcount]
    annotations = annotations_of(inner)
    signature = Signature()
    nodes: list[Node] = []
    labels: list[str] = []
    for name in names:
        place = scope.at(name)
        if name not in annotations:
            raise place.fault(
                "the parameter has no type",
                cause="the Candid interface needs a type for each argument",
                remedy=f"write {name}: nat64, with the type that is meant",
            )
        node, label = resolver.argument(annotations[name], place)
        nodes.append(node)
        labels.append(name if label is None else label)
        resolver.check_labels(labels, place)
    signature.arguments, signature.names = tuple(nodes), tuple(labels)
    result = resolver.result(annotations.get("return"), scope.at("return"))
    signature.results, signature.manual = result.nodes, result.manual
    resolver.check_dicts()
    defaults = inner.__defaults__ or ()
    for name, node, value in list(zip(names, nodes, (...,) * (len(names) - len(defaults)) + defaults)):
        if value is not ... and not (value is None and node.target().kind in ("opt", "null", "reserved")):
            signature.warnings.append(
                f"the default of '{name}' of '{scope.function}' is never used: Candid has no defaults. "
                f"Make the type Opt[...], which arrives as None when the caller leaves it out"
            )
    return signature


def _check_parameters(code: Any, scope: Scope) -> None:
    names = code.co_varnames
    position = code.co_argcount + code.co_kwonlyargcount
    if code.co_kwonlyargcount:
        raise scope.at(names[code.co_argcount]).fault(
            "a method has no keyword-only parameters",
            cause="Candid arguments go by position",
            remedy="remove the '*' before it",
        )
    if code.co_flags & _VARARGS:
        raise scope.at(names[position]).fault(
            "a method takes a fixed number of arguments", remedy="use a parameter of type Vec[T]"
        )
    if code.co_flags & _VARKEYWORDS:
        raise scope.at(names[position]).fault(
            "a method takes a fixed number of arguments", remedy="use a parameter of a Record class"
        )


def refuse(
    function: Any, message: str, *, cause: str | None = None, remedy: str | None = None
) -> ProgramFault:
    """A fault of the function as a whole."""
    return ProgramFault(
        "decorator",
        f"'{function.__qualname__}' {message}",
        cause=cause,
        remedy=remedy,
        module=function.__module__,
        function=function.__qualname__,
        first_line=function.__code__.co_firstlineno,
    )

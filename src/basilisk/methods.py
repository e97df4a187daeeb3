"""Decorators that make functions methods of the canister, and the registry they fill.

A decorator hands the function back unchanged; it can still be called from Python and tested without a
canister.  Types are read from the annotations later, when the whole program has been imported, so a method
may use classes that are defined below it.
"""

from __future__ import annotations

from basilisk.faults import ProgramFault

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def overload(function):
        """Marks signatures that only type checkers read."""
        return function


if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    _F = TypeVar("_F", bound=Callable[..., Any])

__all__ = [
    "DECORATORS",
    "Entry",
    "Method",
    "Registry",
    "heartbeat",
    "init",
    "inspect_message",
    "on_low_wasm_memory",
    "post_upgrade",
    "pre_upgrade",
    "query",
    "registry",
    "update",
]

# Interface specification, "Execution environment": method names have at most 20,000 bytes.
_LONGEST_NAME = 20_000
# CPython, Include/cpython/code.h: CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR.
_GENERATOR, _COROUTINE, _ITERABLE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200

_FUNCTION: Any = type(lambda: None)


class Method:
    """A registered query or update method."""

    __slots__ = ("function", "guard", "hidden", "mode", "name")

    def __init__(
        self,
        function: Callable[..., Any],
        mode: str,
        name: str,
        guard: Callable[[], Any] | None,
        hidden: bool,
    ) -> None:
        self.function = function
        self.mode = mode
        self.name = name
        self.guard = guard
        self.hidden = hidden


class Entry:
    """A registered entry point of the system, such as ``init`` or ``heartbeat``."""

    __slots__ = ("function", "guard", "kind")

    def __init__(self, kind: str, function: Callable[..., Any], guard: Callable[[], Any] | None) -> None:
        self.kind = kind
        self.function = function
        self.guard = guard


class Registry:
    """The methods and entry points of one program, in the order of their decorators.

    A closed registry refuses further functions: the interface of a running canister is fixed.
    """

    __slots__ = ("closed", "entries", "methods")

    def __init__(self) -> None:
        self.methods: list[Method] = []
        self.entries: list[Entry] = []
        self.closed = False

    def clear(self) -> None:
        """Forgets everything that has been registered."""
        self.methods.clear()
        self.entries.clear()
        self.closed = False


registry = Registry()

# Names of the decorators of this module.
DECORATORS = (
    "query",
    "update",
    "init",
    "pre_upgrade",
    "post_upgrade",
    "heartbeat",
    "inspect_message",
    "on_low_wasm_memory",
)


@overload
def query(function: _F, /) -> _F: ...
@overload
def query(
    *,
    name: str | None = None,
    guard: Callable[[], Any] | None = None,
    hidden: bool = False,
    composite: bool | None = None,
) -> Callable[[_F], _F]: ...
def query(
    function: Any = None,
    /,
    *,
    name: Any = None,
    guard: Any = None,
    hidden: bool = False,
    composite: bool | None = None,
) -> Any:
    """Makes a function a query method: fast, read-only, its changes are forgotten.

    ``name`` is the method's name outside if it differs from the function's.  ``guard`` is called without
    arguments before the function; only an answer of ``{"Ok": None}`` or ``True`` lets the call through.
    ``hidden`` leaves the method out of the ``.did`` file.  ``composite=True`` makes it a composite query,
    which may call queries of other canisters; ``async def`` and generator functions are composite unless
    ``composite=False``.
    """
    return _method("query", function, name, guard, hidden, composite)


@overload
def update(function: _F, /) -> _F: ...
@overload
def update(
    *, name: str | None = None, guard: Callable[[], Any] | None = None, hidden: bool = False
) -> Callable[[_F], _F]: ...
def update(function: Any = None, /, *, name: Any = None, guard: Any = None, hidden: bool = False) -> Any:
    """Makes a function an update method, whose changes last.  The options are those of :func:`query`."""
    return _method("update", function, name, guard, hidden, None)


@overload
def init(function: _F, /) -> _F: ...
@overload
def init() -> Callable[[_F], _F]: ...
def init(function: Any = None, /) -> Any:
    """The function that runs once, when the canister is installed; its parameters are the init arguments."""
    return _entry("init", function, None)


@overload
def post_upgrade(function: _F, /) -> _F: ...
@overload
def post_upgrade() -> Callable[[_F], _F]: ...
def post_upgrade(function: Any = None, /) -> Any:
    """The function that runs after an upgrade; it may have parameters, like :func:`init`."""
    return _entry("post_upgrade", function, None)


@overload
def pre_upgrade(function: _F, /) -> _F: ...
@overload
def pre_upgrade() -> Callable[[_F], _F]: ...
def pre_upgrade(function: Any = None, /) -> Any:
    """The function that runs before an upgrade, still in the old program."""
    return _entry("pre_upgrade", function, None)


@overload
def heartbeat(function: _F, /) -> _F: ...
@overload
def heartbeat(*, guard: Callable[[], Any] | None = None) -> Callable[[_F], _F]: ...
def heartbeat(function: Any = None, /, *, guard: Any = None) -> Any:
    """The function that runs about once in every round of the subnet.  It costs cycles all the time."""
    return _entry("heartbeat", function, guard)


@overload
def inspect_message(function: _F, /) -> _F: ...
@overload
def inspect_message(*, guard: Callable[[], Any] | None = None) -> Callable[[_F], _F]: ...
def inspect_message(function: Any = None, /, *, guard: Any = None) -> Any:
    """The function that decides whether an update call from outside is accepted (``ic.accept_message``)."""
    return _entry("inspect_message", function, guard)


@overload
def on_low_wasm_memory(function: _F, /) -> _F: ...
@overload
def on_low_wasm_memory() -> Callable[[_F], _F]: ...
def on_low_wasm_memory(function: Any = None, /) -> Any:
    """The function that runs when the free memory falls below the limit in the canister's settings."""
    return _entry("on_low_wasm_memory", function, None)


def _method(kind: str, function: Any, name: Any, guard: Any, hidden: bool, composite: bool | None) -> Any:
    _check_options(f"@{kind}", name, guard)

    def register(given: Any) -> Any:
        _check_function(f"@{kind}", given)
        mode = kind
        waits = given.__code__.co_flags & (_GENERATOR | _COROUTINE | _ITERABLE)
        if composite or (kind == "query" and composite is None and waits):
            mode = "composite_query"
        registry.methods.append(Method(given, mode, name or given.__name__, guard, hidden))
        return given

    return register if function is None else register(function)


def _entry(kind: str, function: Any, guard: Any) -> Any:
    _check_options(f"@{kind}", None, guard)

    def register(given: Any) -> Any:
        _check_function(f"@{kind}", given)
        registry.entries.append(Entry(kind, given, guard))
        return given

    return register if function is None else register(function)


def _check_options(decorator: str, name: Any, guard: Any) -> None:
    if name is not None and (not isinstance(name, str) or not name):
        raise ProgramFault(
            "decorator",
            f"{decorator}: name= must be a text that is not empty, not {name!r}",
            remedy='write name="..."',
        )
    if name is not None and len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        raise ProgramFault(
            "decorator", f"{decorator}: the name has more than {_LONGEST_NAME} bytes", remedy="shorten it"
        )
    if guard is not None and not callable(guard):
        raise ProgramFault(
            "decorator",
            f"{decorator}: guard= must be a function, not {type(guard).__name__}",
            cause="a guard that cannot run would leave the method open to everybody",
            remedy="give a function without parameters that returns {'Ok': None} or {'Err': reason}",
        )
    code = getattr(guard, "__code__", None)
    if code is not None and code.co_flags & (_GENERATOR | _COROUTINE | _ASYNC_GENERATOR):
        raise ProgramFault(
            "decorator",
            f"{decorator}: guard= must be an ordinary function, and '{guard.__qualname__}' is a coroutine or "
            "generator",
            cause="a guard decides before anything else happens and cannot wait; it would always say no",
            remedy="write it with def and without yield; what needs to wait belongs into the method",
        )


def _check_function(decorator: str, given: Any) -> None:
    if not isinstance(given, _FUNCTION):
        raise ProgramFault(
            "decorator",
            f"{decorator} needs a function, not {type(given).__name__}",
            cause="the decorator got a value, or stands above a decorator that replaces the function",
            remedy=f"write {decorator} right above def; options go by keyword: {decorator}(name=...)",
        )
    name = given.__qualname__
    place: dict[str, Any] = {
        "module": given.__module__,
        "function": name,
        "first_line": given.__code__.co_firstlineno,
    }
    if registry.closed:
        raise ProgramFault(
            "decorator",
            f"'{name}' cannot become a method now",
            cause="the interface of a canister is fixed when it is built",
            remedy=f"use {decorator} at the top level of a module that is imported at build time",
            **place,
        )
    if given.__name__ == "<lambda>":
        raise ProgramFault(
            "decorator", f"{decorator} needs a function with a name, not a lambda", remedy="use def", **place
        )
    if "<locals>" in name or "." in name:
        inside = "another function" if "<locals>" in name else "a class"
        raise ProgramFault(
            "nested",
            f"'{name}' cannot be a method: it is defined inside {inside}",
            cause="methods belong to the canister as a whole",
            remedy="move it to the top level of its module",
            **place,
        )
    if given.__code__.co_flags & _ASYNC_GENERATOR:
        raise ProgramFault(
            "decorator",
            f"'{name}' cannot be a method: it is an asynchronous generator",
            cause="a method gives one answer",
            remedy="use 'return' in place of 'yield' in an 'async def'",
            **place,
        )

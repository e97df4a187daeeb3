"""Services: classes that declare the methods of another canister.

An instance refers to one canister; its methods make :class:`~basilisk.calls.Call` objects::

    class Ledger(Service):
        @service_query
        def balance_of(self, owner: Principal) -> nat: ...

    ledger = Ledger(Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai"))
    balance = await ledger.balance_of(ic.caller())
"""

from __future__ import annotations

from basilisk.calls import Call
from basilisk.principal import Principal
from basilisk.system import in_canister
from basilisk.system import system as _system

TYPE_CHECKING = False
if not TYPE_CHECKING:

    class _Of:
        def __class_getitem__(cls, item):
            return cls

    _P = _R = None

    def overload(function):
        """Marks signatures that only type checkers read."""
        return function


if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

    _P = ParamSpec("_P")
    _R = TypeVar("_R")

    class _Of(Generic[_P, _R]):
        """Carries parameters and result for type checkers."""


__all__ = [
    "Canister",
    "Service",
    "ServiceMethod",
    "declaration",
    "method",
    "service_composite_query",
    "service_oneway",
    "service_query",
    "service_update",
]


class Service:
    """Base class of service types; an instance refers to one canister.

    ``canister_id`` is its principal.
    """

    canister_id: Principal

    def __init__(self, canister_id: Principal) -> None:
        if not isinstance(canister_id, Principal):
            raise TypeError(
                f"{type(self).__name__}(…) takes a Principal, not {type(canister_id).__name__}; "
                "for text use Principal.from_str"
            )
        self.canister_id = canister_id

    @classmethod
    def _from_bytes(cls, data: bytes) -> Service:
        return cls(Principal(data))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.canister_id == self.canister_id

    def __hash__(self) -> int:
        return hash(self.canister_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.canister_id!r})"


Canister = Service


class ServiceMethod(_Of[_P, _R]):
    """What a service class declares about a method; :func:`declaration` finds it.

    ``mode`` is the Candid annotation: ``""`` for an update, ``query``, ``composite_query`` or ``oneway``.
    """

    def __init__(self, function: Callable[..., Any], mode: str, name: str | None = None) -> None:
        self.function = function
        self.mode = mode
        self.name: str = function.__name__ if name is None else name
        # The plans of arguments and results, compiled when the program is built.
        self.plans: tuple[int, int] | None = None

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> ServiceMethod[_P, _R]: ...
        @overload
        def __get__(self, instance: Service, owner: type) -> Callable[_P, Call[_R]]: ...
        def __get__(self, instance: Service | None, owner: type) -> Any: ...

    def in_order(self, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments by position.  Raises TypeError where a function would."""
        code = self.function.__code__
        names = code.co_varnames[1 : code.co_argcount]
        values: dict[str, Any] = dict(zip(names, given))
        for name, value in named.items():
            if name not in names or name in values:
                raise TypeError(f"{self.name}() got an unexpected or repeated argument {name!r}")
            values[name] = value
        missing = [name for name in names if name not in values]
        if missing or len(given) > len(names):
            raise TypeError(f"{self.name}() takes {len(names)} arguments: {', '.join(names) or 'none'}")
        return tuple(values[name] for name in names)

    def prepare(self) -> tuple[int, int]:
        """Compiles the plans of a class that was made while the canister runs."""
        if not in_canister() or _system.phase() != "canister":
            _system.arg_data_raw()  # raises: there is no canister here
        from basilisk.annotations import Resolver
        from basilisk.classes import service_method
        from basilisk.plans import make_plan

        node = service_method(self, Resolver(), {})
        plans = [_system.compile_plan(*make_plan(nodes)) for nodes in (node.parts, node.results)]
        self.plans = (plans[0], plans[1])
        return self.plans


def declaration(attribute: object) -> ServiceMethod[..., Any] | None:
    """What the attribute of a service class declares, or None for attributes that are no methods of it."""
    return getattr(attribute, "__service_method__", None)


def _declare(function: Any, mode: str, name: str | None) -> Any:
    if function is None:
        return lambda given: _declare(given, mode, name)
    declared: ServiceMethod[..., Any] = ServiceMethod(function, mode, name)
    name = declared.name

    # A plain function, because that is what the interpreter calls fastest.
    def call(self: Service, /, *arguments: Any, **named: Any) -> Any:
        if named:
            arguments = declared.in_order(arguments, named)
        return _system.service_call(self.canister_id, name, arguments, declared.plans or declared.prepare())

    call.__name__ = function.__name__
    call.__qualname__ = function.__qualname__
    call.__doc__ = function.__doc__
    call.__service_method__ = declared  # type: ignore[attr-defined]
    return call


@overload
def service_query(function: Callable[Concatenate[Any, _P], _R], /) -> ServiceMethod[_P, _R]: ...
@overload
def service_query(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[Any, _P], _R]], ServiceMethod[_P, _R]]: ...
def service_query(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a query method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "query", name)


@overload
def service_update(function: Callable[Concatenate[Any, _P], _R], /) -> ServiceMethod[_P, _R]: ...
@overload
def service_update(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[Any, _P], _R]], ServiceMethod[_P, _R]]: ...
def service_update(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares an update method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "", name)


@overload
def service_composite_query(function: Callable[Concatenate[Any, _P], _R], /) -> ServiceMethod[_P, _R]: ...
@overload
def service_composite_query(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[Any, _P], _R]], ServiceMethod[_P, _R]]: ...
def service_composite_query(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a composite query method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "composite_query", name)


@overload
def service_oneway(function: Callable[Concatenate[Any, _P], None], /) -> ServiceMethod[_P, None]: ...
@overload
def service_oneway(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[Any, _P], None]], ServiceMethod[_P, None]]: ...
def service_oneway(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a method of a service that never answers: call it with ``.notify()``."""
    return _declare(function, "oneway", name)


method = service_update

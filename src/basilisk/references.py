"""Function and service references: ``Func``, ``Query``, ``Update``, ``Oneway``, ``Service``.

A function reference is a pair ``(Principal, str)``; its type is written ``Func(Query[[str, nat], bool])``.
A service reference is an instance of a class derived from :class:`Service` that declares the methods::

    class Ledger(Service):
        @service_query
        def balance_of(self, owner: Principal) -> nat: ...

Calling a service's methods is not available yet; the types are.
"""

from __future__ import annotations

import sys

from basilisk.faults import not_available_yet
from basilisk.generics import Form, FormName
from basilisk.principal import Principal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Generic, NoReturn, ParamSpec, TypeAlias, TypeVar

    _P = ParamSpec("_P")
    _R = TypeVar("_R")
    _S = TypeVar("_S")

    class Query(Generic[_P, _R]):
        """A query function: ``Query[[A, B], R]``."""

    class Update(Generic[_P, _R]):
        """An update function: ``Update[[A, B], R]``."""

    class CompositeQuery(Generic[_P, _R]):
        """A composite query function: ``CompositeQuery[[A, B], R]``."""

    class Oneway(Generic[_P]):
        """A function without an answer: ``Oneway[[A, B]]``."""


__all__ = [
    "Canister",
    "CompositeQuery",
    "Func",
    "FuncName",
    "Oneway",
    "Query",
    "Service",
    "ServiceMethod",
    "Update",
    "method",
    "service_composite_query",
    "service_query",
    "service_update",
]


class FuncName(FormName):
    """``Func(Query[[A], R])``, or with brackets, as type checkers like it: ``Func[Query[[A], R]]``."""

    __slots__ = ()

    def __call__(self, signature: Any) -> Any:  # type: ignore[override]
        return Form(self.name, (signature,), sys._getframe(1).f_globals)


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


class ServiceMethod:
    """A method declared in a service class.

    ``mode`` is the Candid annotation: ``""`` for an update, ``query`` or ``composite_query``.
    """

    def __init__(self, function: Callable[..., Any], mode: str, name: str | None = None) -> None:
        self.function = function
        self.mode = mode
        self.name = name or function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        return self

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        not_available_yet(f"calling another canister ({self.name})")


def _declare(function: Any, mode: str, name: str | None) -> Any:
    if function is None:
        return lambda given: ServiceMethod(given, mode, name)
    return ServiceMethod(function, mode, name)


def service_query(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a query method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "query", name)


def service_update(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares an update method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "", name)


def service_composite_query(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a composite query method of a service; ``name`` is its name in Candid if it differs."""
    return _declare(function, "composite_query", name)


method = service_update

if TYPE_CHECKING:

    class _Reference(tuple[Principal, str], Generic[_S]):
        """Carries the signature for type checkers; values are plain pairs."""

    Func: TypeAlias = tuple[Principal, str] | _Reference[_S]
else:
    Func = FuncName("Func")
    Query = FormName("Query", 2)
    Update = FormName("Update", 2)
    CompositeQuery = FormName("CompositeQuery", 2)
    Oneway = FormName("Oneway")

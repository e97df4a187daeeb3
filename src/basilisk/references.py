"""Function and service references: ``Func``, ``Query``, ``Update``, ``Oneway``, ``Service``.

A function reference is a pair ``(Principal, str)``; its type is written ``Func(Query[[str, nat], bool])``.
A service reference is an instance of a class derived from :class:`~basilisk.services.Service`.
"""

from __future__ import annotations

import sys

from basilisk.generics import Form, FormName
from basilisk.principal import Principal
from basilisk.services import (
    Canister,
    Service,
    method,
    service_composite_query,
    service_oneway,
    service_query,
    service_update,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

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
    "Update",
    "method",
    "service_composite_query",
    "service_oneway",
    "service_query",
    "service_update",
]


class FuncName(FormName):
    """``Func(Query[[A], R])``, or with brackets, as type checkers like it: ``Func[Query[[A], R]]``."""

    __slots__ = ()

    def __call__(self, signature: Any) -> Any:  # type: ignore[override]
        return Form(self.name, (signature,), sys._getframe(1).f_globals)


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

"""Methods that take the name of a decorator: ``@update def update(...)`` and then ``@update`` once more.

The second ``@update`` would call the first method with a function as its argument, and the function below it
would be missing in the canister without a word.
"""

from __future__ import annotations

from basilisk._guest.sources import definitions, parse, source_of_namespace
from basilisk.faults import ProgramFault
from basilisk.methods import DECORATORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["check_shadows"]


def check_shadows(functions: Iterable[Any]) -> None:
    """Raises :class:`ProgramFault` for the first decorator that one of the methods has taken the place of."""
    for function in functions:
        name = function.__name__
        if name in DECORATORS and function.__globals__.get(name) is function:
            tree = parse(source_of_namespace(function.__globals__) or "")
            for later in definitions(tree):
                if later.lineno > function.__code__.co_firstlineno:
                    _check_decorators(function, name, later)


def _check_decorators(function: Any, name: str, later: Any) -> None:
    for decorator in later.decorator_list:
        used = getattr(decorator, "func", decorator)
        if getattr(used, "id", None) == name and later.name != name:
            raise ProgramFault(
                "decorator",
                f"@{name} above '{later.name}' is not the decorator: it is the method '{name}' of "
                f"line {function.__code__.co_firstlineno}",
                cause=f"'def {name}' gave the name a new meaning, so '{later.name}' would be no method",
                remedy=f"rename the function, and keep the method's name with @{name}(name='{name}')",
                module=function.__module__,
                function=later.name,
                first_line=decorator.lineno,
            )

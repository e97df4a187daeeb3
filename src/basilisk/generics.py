"""Names with type arguments: ``Opt[T]``, ``Vec[T]``, ``Tuple[A, B]``, ``Async[T]``, ``Manual[T]`` …

At run time ``Opt[nat]`` is a :class:`Form`: the name, the arguments as they were written and the module's
names at that place, so that text such as ``Opt["User"]`` can be looked up later.  ``Vec`` and ``Tuple`` are
Python's own ``list`` and ``tuple``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from builtins import tuple as Results
    from builtins import tuple as Tuple
    from collections.abc import Generator
    from typing import Annotated, Any, NoReturn, TypeAlias, TypeVar
    from typing import Optional as Opt
    from typing import Optional as opt

    _T = TypeVar("_T")

__all__ = [
    "Alias",
    "Async",
    "Form",
    "FormName",
    "Manual",
    "Name",
    "Opt",
    "Results",
    "Tuple",
    "Vec",
    "manual",
    "opt",
]


class Name:
    """Renames a field in the interface: ``Annotated[Principal, Name("from")]``.

    ``name`` is the Candid field name, or a number for a field that has no name.  Useful for names that are
    Python keywords.
    """

    __slots__ = ("name",)

    def __init__(self, name: str | int) -> None:
        if isinstance(name, bool) or not isinstance(name, (str, int)):
            raise TypeError(f"the name of a field is a str or an int, not {type(name).__name__}")
        if isinstance(name, int) and not 0 <= name < 2**32:
            raise ValueError(f"the number of a field is less than 2**32 and not negative, unlike {name}")
        self.name = name

    def __repr__(self) -> str:
        return f"Name({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


class Form:
    """A name with its type arguments.  ``namespace`` resolves arguments that are text."""

    __slots__ = ("arguments", "name", "namespace")

    def __init__(self, name: str, arguments: tuple[Any, ...], namespace: dict[str, Any]) -> None:
        self.name = name
        self.arguments = arguments
        self.namespace = namespace

    @property
    def __parameters__(self) -> tuple[Any, ...]:
        found: list[Any] = []
        for argument in self.arguments:
            inner = (argument,) if _is_type_variable(argument) else getattr(argument, "__parameters__", ())
            found.extend(variable for variable in inner if variable not in found)
        return tuple(found)

    def __getitem__(self, values: Any) -> Form:
        values = values if isinstance(values, tuple) else (values,)
        variables = self.__parameters__
        if len(values) != len(variables):
            raise TypeError(f"{self!r} takes {len(variables)} type arguments, not {len(values)}")
        chosen = dict(zip(variables, values))
        arguments = []
        for argument in self.arguments:
            inner = () if _is_type_variable(argument) else getattr(argument, "__parameters__", ())
            if inner:
                arguments.append(argument[tuple(chosen[variable] for variable in inner)])
            else:
                arguments.append(chosen[argument] if _is_type_variable(argument) else argument)
        return Form(self.name, tuple(arguments), self.namespace)

    def __or__(self, other: object) -> Form:
        return Form("Union", (self, other), self.namespace)

    def __ror__(self, other: object) -> Form:
        return Form("Union", (other, self), self.namespace)

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        # Some versions of typing accept only callable objects as type arguments.
        raise TypeError(f"{self!r} is an annotation, it makes no values")

    def __repr__(self) -> str:
        return f"{self.name}[{', '.join(_show(argument) for argument in self.arguments)}]"


class FormName:
    """A name that takes ``count`` type arguments in brackets; 0 stands for any number."""

    __slots__ = ("count", "name")

    def __init__(self, name: str, count: int = 1) -> None:
        self.name = name
        self.count = count

    def __getitem__(self, arguments: Any) -> Form:
        if self.count == 1 or not isinstance(arguments, tuple):
            arguments = (arguments,)
        if self.count and len(arguments) != self.count:
            raise TypeError(f"{self.name}[…] takes {self.count} type arguments, not {len(arguments)}")
        return Form(self.name, arguments, sys._getframe(1).f_globals)

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError(f"{self.name} is a name for annotations, it makes no values")

    def __repr__(self) -> str:
        return self.name


def _is_type_variable(value: object) -> bool:
    return type(value).__name__ == "TypeVar"


def _show(argument: object) -> str:
    if isinstance(argument, list):
        return f"[{', '.join(_show(item) for item in argument)}]"
    # Up to Python 3.10, list[int] counts as an instance of type.
    if isinstance(argument, type) and not hasattr(argument, "__origin__"):
        return argument.__name__
    return repr(argument)


if TYPE_CHECKING:
    Vec: TypeAlias = list[_T]
    Alias: TypeAlias = Annotated[_T, "alias"]
    Manual: TypeAlias = _T | None
    manual: TypeAlias = _T | None
    Async: TypeAlias = Generator[Any, Any, _T]
else:
    Vec = list
    Tuple = tuple
    Opt = opt = FormName("Opt")
    Alias = FormName("Alias")
    Manual = manual = FormName("Manual")
    Results = FormName("Results", 0)
    Async = FormName("Async")

"""Where an annotation was written, what names mean there, and how text becomes a type.

Annotations may be text: forward references such as ``"User"``, or all of them under
``from __future__ import annotations``.  Text is evaluated in the module that holds it.
"""

from __future__ import annotations

import sys

from basilisk import composites, generics, principal, references, results, scalars
from basilisk.faults import ProgramFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from basilisk.nodes import Node

__all__ = ["TYPE_NAMES", "Scope", "annotations_of", "evaluate", "import_hint", "module_namespace"]

_PYTHON_TYPES: tuple[type, ...] = (bool, bytes, dict, float, int, list, str, tuple)

# Names of types that a program may shadow with a function or variable of the same name and still use in
# annotations that are text: `def nat(nat: "nat") -> "nat"`.
TYPE_NAMES: dict[str, Any] = {kind.__name__: kind for kind in _PYTHON_TYPES}
for _module in (scalars, generics, composites, references, principal, results):
    for _name in _module.__all__:
        if _name not in ("match", "method"):
            TYPE_NAMES[_name] = getattr(_module, _name)
del _module, _name


class Scope:
    """The place of an annotation.

    ``function`` is the qualified name of the function or class, ``first_line`` the line where it begins,
    ``parameter`` the parameter or field (``return`` for a result); ``variables`` gives type variables their
    meaning there.
    """

    __slots__ = ("first_line", "function", "module", "namespace", "parameter", "variables")

    def __init__(
        self,
        module: str,
        namespace: dict[str, Any],
        function: str,
        parameter: str | None = None,
        variables: dict[Any, Node] | None = None,
        first_line: int | None = None,
    ) -> None:
        self.module = module
        self.namespace = namespace
        self.function = function
        self.parameter = parameter
        self.variables = {} if variables is None else variables
        self.first_line = first_line

    def at(self, parameter: str) -> Scope:
        """The same scope at another parameter or field."""
        return Scope(self.module, self.namespace, self.function, parameter, self.variables, self.first_line)

    def inside(self, namespace: dict[str, Any]) -> Scope:
        """The same place, with the names of another module."""
        if namespace is self.namespace:
            return self
        return Scope(self.module, namespace, self.function, self.parameter, self.variables, self.first_line)

    def fault(self, message: str, *, cause: str | None = None, remedy: str | None = None) -> ProgramFault:
        """The error that points here."""
        if self.parameter is None:
            place = f"'{self.function}'"
        elif self.parameter == "return":
            place = f"the result of '{self.function}'"
        else:
            place = f"'{self.parameter}' of '{self.function}'"
        return ProgramFault(
            "annotation",
            f"{place}: {message}",
            cause=cause,
            remedy=remedy,
            module=self.module,
            function=self.function,
            first_line=self.first_line,
            parameter=self.parameter,
        )


def module_namespace(name: str) -> dict[str, Any]:
    """The global names of a module that has been imported; empty if there is none of that name."""
    module = sys.modules.get(name)
    return {} if module is None else module.__dict__


def annotations_of(owner: Any) -> dict[str, Any]:
    """The annotations of a function or of a class itself (not of its bases), unevaluated where possible."""
    if sys.version_info >= (3, 14):  # pragma: no cover - the canister runs 3.13
        import annotationlib

        return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
    if isinstance(owner, type):
        found = owner.__dict__.get("__annotations__", {})  # noqa: RUF063 - inspect is heavy
    else:
        found = getattr(owner, "__annotations__", {})
    return found if isinstance(found, dict) else {}


def evaluate(text: str, scope: Scope) -> Any:
    """What the text of an annotation means in its module; raises :class:`ProgramFault`."""
    namespace = scope.namespace
    names = {
        name: kind for name, kind in TYPE_NAMES.items() if name in namespace and _is_no_type(namespace[name])
    }
    for variable in scope.variables:
        names[variable.__name__] = variable
    try:
        return eval(text, namespace, names)  # the user's own annotation
    except NameError as error:
        name = error.name or text
        raise scope.fault(
            f"the name '{name}' in the annotation {text!r} is not defined",
            cause="a name in an annotation is looked up in the module that holds the annotation",
            remedy=import_hint(name),
        ) from None
    except SyntaxError:
        raise scope.fault(
            f"the annotation {text!r} is not a Python expression",
            remedy="write the name of a type, such as nat64, str or Opt[User]",
        ) from None
    except ProgramFault:
        raise
    except Exception as error:
        raise scope.fault(
            f"the annotation {text!r} cannot be evaluated: {type(error).__name__}: {error}",
            remedy="write the name of a type, such as nat64, str or Opt[User]",
        ) from None


def import_hint(name: str) -> str:
    """What to do about a name that is not defined."""
    if name in TYPE_NAMES or name in module_namespace("basilisk").get("__all__", ()):
        return f"import it: from basilisk import {name}"
    if name in (
        "Any",
        "Optional",
        "Union",
        "List",
        "Dict",
        "Annotated",
        "TypeAlias",
        "TypedDict",
        "NamedTuple",
    ):
        return f"import it: from typing import {name}"
    return "define it at the top level of the module, import it, or correct the spelling"


def _is_no_type(value: object) -> bool:
    """True for functions, modules and plain values, which are never meant as types."""
    return isinstance(
        value, (type(_is_no_type), type(len), type(sys), str, bytes, int, float, list, dict, set)
    )

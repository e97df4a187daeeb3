"""What is said about annotations without a Candid type."""

from __future__ import annotations

from basilisk import classes
from basilisk.annotations.reading import origin_name
from basilisk.composites import Composite
from basilisk.generics import FormName
from basilisk.references import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from basilisk.faults import ProgramFault
    from basilisk.scopes import Scope

__all__ = ["unsupported"]

# Remedies for types that people try and that Candid does not have.
_REMEDIES = {
    "list": "say what it holds, such as Vec[nat64] or list[str]",
    "tuple": "say what it holds, such as tuple[str, nat64]",
    "dict": "say what it holds, such as dict[str, nat64], or use a Record class",
    "set": "use Vec[T] or list[T] and make the set yourself",
    "frozenset": "use Vec[T] or list[T] and make the set yourself",
    "bytearray": "use blob or bytes",
    "memoryview": "use blob or bytes",
    "object": "use the type that is meant, or reserved for a value nobody reads",
    "complex": "use tuple[float64, float64]",
    "Decimal": "use text, or an integer type with a fixed scale",
    "datetime": "use nat64 for nanoseconds since 1970, as ic.time() gives them",
    "date": "use text in ISO 8601, or nat64",
    "timedelta": "use nat64 for nanoseconds",
    "UUID": "use text or blob",
    "Record": "derive a class from it: class User(Record): name: str",
    "Variant": "derive a class from it: class Outcome(Variant, total=False): Ok: null",
    "Case": "derive a class from it for each case: class Close(Case[null]): ...",
    "Service": "derive a class from it that declares the methods",
}


def unsupported(annotation: Any, scope: Scope) -> ProgramFault:
    """The error for an annotation that has no Candid type, with what to write instead."""
    name = getattr(annotation, "__name__", None) or getattr(annotation, "_name", None)
    if isinstance(annotation, FormName):
        return scope.fault(
            f"{annotation.name} needs a type in brackets", remedy=f"write {annotation.name}[nat64], say"
        )
    if isinstance(annotation, Composite) or annotation is Service or type(annotation).__name__ == "CaseClass":
        return scope.fault(f"{name} by itself is not a type", remedy=_REMEDIES[str(name)])
    if name in ("NoReturn", "Never"):
        return scope.fault(f"{name} has no Candid type", remedy="use empty")
    if name == "Any":
        return scope.fault(
            "Any has no Candid type",
            remedy="use the type that is meant, or reserved for a value nobody reads",
        )
    if hasattr(annotation, "__origin__") or not isinstance(annotation, type):
        shown = repr(annotation)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        if callable(annotation) and hasattr(annotation, "__code__"):
            shown = f"the function {annotation.__name__}"
        origin = origin_name(annotation)
        return scope.fault(
            f"{shown} is not a Candid type",
            remedy=_REMEDIES.get(origin or "", "use one of the types of basilisk, or a Record class"),
        )
    if classes.is_flag(annotation):
        return scope.fault(
            f"{name} has no Candid type", remedy="use nat64, or a Record with one bool per flag"
        )
    remedy = _REMEDIES.get(str(name))
    if remedy is None:
        remedy = f"make {name} a dataclass or derive it from Record or Variant"
    return scope.fault(
        f"{name} has no Candid type"
        if name not in ("list", "tuple", "dict")
        else f"{name} alone is not a type",
        cause=None if name not in ("list", "tuple", "dict") else "Candid needs the types of the contents",
        remedy=remedy,
    )

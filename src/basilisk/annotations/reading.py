"""What the objects of ``typing`` consist of, read without importing ``typing``."""

from __future__ import annotations

from basilisk.scopes import module_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["arguments_of", "forward_namespace", "forward_text", "is_union", "origin_name"]


def is_union(annotation: Any) -> bool:
    """Whether it is ``A | B`` or ``Union[A, B]``."""
    return type(annotation).__name__ == "UnionType" or (
        origin_name(annotation) == "Union" and bool(arguments_of(annotation))
    )


def arguments_of(annotation: Any) -> tuple[Any, ...]:
    """The type arguments; none for anything without."""
    arguments = getattr(annotation, "__args__", ())
    return arguments if isinstance(arguments, tuple) else ()


def origin_name(annotation: Any) -> str | None:
    """The name of what stands before the brackets, such as ``Union``."""
    origin = getattr(annotation, "__origin__", None)
    if origin is None:
        return None
    return getattr(origin, "__name__", None) or getattr(origin, "_name", None)


def forward_text(annotation: Any) -> str | None:
    """The text of a ``typing.ForwardRef``."""
    text = getattr(annotation, "__forward_arg__", None)
    return text if isinstance(text, str) else None


def forward_namespace(annotation: Any) -> dict[str, Any] | None:
    """The names in which a ``typing.ForwardRef`` is looked up, if it says so itself."""
    module = getattr(annotation, "__forward_module__", None)
    if module is None:
        return None
    return module_namespace(module) if isinstance(module, str) else getattr(module, "__dict__", None)

"""Lines that are not too long, broken as ruff and black break them."""

from __future__ import annotations

from basilisk.bindings.model import Expr

__all__ = ["annotated", "class_line", "signature"]

_STEP = "    "


def annotated(indent: str, before: str, expression: Expr, width: int) -> list[str]:
    """The lines of ``before`` followed by an annotation."""
    line = f"{indent}{before}{expression.flat()}"
    if len(line) <= width or not expression.items:
        return [line]
    return [
        f"{indent}{before}{expression.head}[",
        *_inside(indent + _STEP, expression.items, width),
        f"{indent}]",
    ]


def signature(
    indent: str, name: str, parameters: list[tuple[str, Expr]], result: str, end: str, width: int
) -> list[str]:
    """The lines of ``def name(self, …) -> result:`` with ``end`` behind the colon."""
    flat = ", ".join(["self", *(f"{name}: {kind.flat()}" for name, kind in parameters)])
    line = f"{indent}def {name}({flat}) -> {result}:{end}"
    if len(line) <= width:
        return [line]
    inner = indent + _STEP
    head, tail = f"{indent}def {name}(", f"{indent}) -> {result}:{end}"
    if parameters and len(inner + flat) <= width:
        return [head, inner + flat, tail]
    lines = [f"{inner}self,"]
    for parameter, kind in parameters:
        *most, last = annotated(inner, f"{parameter}: ", kind, width - 1)
        lines += [*most, last + ","]
    return [head, *lines, tail]


def _inside(indent: str, items: tuple[Expr, ...], width: int) -> list[str]:
    """Type arguments on lines of their own: on one if they fit, else each on its own."""
    line = indent + ", ".join(item.flat() for item in items)
    if len(line) <= width:
        return [line]
    if len(items) == 1:
        return annotated(indent, "", items[0], width)
    lines = []
    for item in items:
        *most, last = annotated(indent, "", item, width - 1)
        lines += [*most, last + ","]
    return lines


def class_line(name: str, base: str, options: str, width: int) -> list[str]:
    """The lines of ``class name(base, options):``."""
    inner = f"{base}, {options}" if options else base
    line = f"class {name}({inner}):"
    if len(line) <= width:
        return [line]
    return [f"class {name}(", f"{_STEP}{inner}" + ("" if options else ","), "):"]

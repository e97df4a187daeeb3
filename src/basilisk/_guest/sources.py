"""Source text of modules, and places in it.

The text comes from a module's loader, so it is there in the canister as well, where no file exists.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["definitions", "locate", "parse", "source_of_namespace"]

# ast.PyCF_ONLY_AST; the module ast itself is not needed for trees, only for tools on them.
_ONLY_AST = 0x400


def source_of_namespace(namespace: dict[str, Any]) -> str | None:
    """The source of the module with these globals, if its loader has it."""
    loader = namespace.get("__loader__")
    name = namespace.get("__name__")
    get_source = getattr(loader, "get_source", None)
    if get_source is None or not isinstance(name, str):
        return None
    try:
        source = get_source(name)
    except Exception:
        # A loader that fails must not hide the error whose report needs the source.
        return None
    return source if isinstance(source, str) else None


def parse(source: str) -> Any:
    """The syntax tree of a source; None if it cannot be parsed."""
    try:
        return compile(source, "<source>", "exec", _ONLY_AST, True)
    except (SyntaxError, ValueError, RecursionError):
        return None


def locate(
    source: str, qualname: str, parameter: str | None, first_line: int | None = None
) -> tuple[int, int] | None:
    """Line and column (from 1) of a function or class, or of one of its annotations.

    ``parameter`` is a parameter, a field or ``return``; where there is no annotation, the place is that of
    the name it should stand at.  ``first_line`` tells functions of one name apart.
    """
    tree = parse(source)
    if tree is None:
        return None
    found: list[Any] = [tree]
    for part in qualname.split("."):
        if part != "<locals>":
            found = [node for parent in found for node in definitions(parent) if node.name == part]
    if not found:
        return None
    definition = found[-1]
    for node in found:
        if first_line is not None and first_line in (node.lineno, *(d.lineno for d in node.decorator_list)):
            definition = node
    lines = source.splitlines()
    node = _part(definition, parameter) if parameter is not None else None
    if node is None:
        return _name_place(definition, lines)
    return node.lineno, _column(lines, node.lineno, node.col_offset)


def definitions(parent: Any) -> Iterator[Any]:
    """Functions and classes directly inside a body, also behind ``if``, ``try`` and ``with``."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        for node in getattr(parent, field, None) or ():
            if type(node).__name__ in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
                yield node
            else:
                yield from definitions(node)


def _part(definition: Any, parameter: str) -> Any:
    if type(definition).__name__ == "ClassDef":
        for statement in definition.body:
            target = getattr(statement, "target", None)
            if getattr(target, "id", None) == parameter and hasattr(statement, "annotation"):
                return statement.annotation
        for statement in definition.body:  # methods of a service
            if getattr(statement, "name", None) == parameter:
                return statement
        return None
    if parameter == "return":
        return definition.returns
    arguments = definition.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    for argument in every:
        if argument is not None and argument.arg == parameter:
            return argument.annotation or argument
    return None


def _name_place(definition: Any, lines: list[str]) -> tuple[int, int]:
    """The place of the name behind ``def``, ``async def`` or ``class``."""
    line = definition.lineno
    column = _column(lines, line, definition.col_offset)
    if line <= len(lines):
        position = lines[line - 1].find(f" {definition.name}", column)
        if position >= 0:
            column = position + 2
    return line, column


def _column(lines: list[str], line: int, offset: int) -> int:
    """The column in characters, from 1, of an offset in UTF-8 bytes."""
    if line > len(lines):
        return offset + 1
    return len(lines[line - 1].encode("utf-8")[:offset].decode("utf-8", "replace")) + 1

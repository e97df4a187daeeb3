"""Docstrings without their indentation, as ``inspect.cleandoc`` gives them, without that module's weight."""

from __future__ import annotations

__all__ = ["clean_docstring"]


def clean_docstring(text: object) -> str:
    """The docstring's lines without common indentation and without blank lines at the ends; "" for none."""
    if not isinstance(text, str):
        return ""
    first, *rest = text.expandtabs().split("\n")
    margins = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    margin = min(margins, default=0)
    lines = [first.strip(), *(line[margin:].rstrip() for line in rest)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)

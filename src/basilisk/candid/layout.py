"""Breaks long texts into lines the way dfx does.

A document is a text, a :class:`Concat` of documents, or a :class:`Block`: items between brackets that
stand on one line if they fit, else one to a line (or as many as fit, where ``fill`` is set) with a
separator after each, the last included.  Widths are known when a document is made, and nothing here
recurses: depth is bounded by memory alone.
"""

from __future__ import annotations

__all__ = ["WIDTH", "Block", "Concat", "Doc", "render"]

WIDTH = 80
_INDENT = 2
_NEVER = 1 << 60


class Concat:
    """Documents one after the other."""

    __slots__ = ("head", "items", "width")

    def __init__(self, *items: Doc) -> None:
        self.items = items
        self.width = sum(map(_width, items))
        self.head = 0
        for item in items:
            self.head += _head(item)
            if _head(item) != _width(item):
                break


class Block:
    """``opening`` items ``closing``.

    ``pad`` puts a space inside the brackets, ``wide`` always breaks, ``fill`` puts many items on a line.
    """

    __slots__ = ("closing", "fill", "head", "items", "opening", "pad", "separator", "width")

    def __init__(
        self,
        opening: str,
        items: list[Doc],
        separator: str,
        closing: str,
        *,
        pad: bool,
        wide: bool = False,
        fill: bool = False,
    ) -> None:
        self.opening = opening
        self.items = items
        self.separator = separator
        self.closing = closing
        self.pad = " " if pad and items else ""
        self.fill = fill
        self.width = len(opening) + len(closing) + 2 * len(self.pad)
        self.head = len(opening) if items else self.width
        if items:
            self.width += sum(map(_width, items)) + (len(items) - 1) * (len(separator) + 1)
            if wide:
                self.width = _NEVER


Doc = str | Concat | Block


def _width(doc: Doc) -> int:
    """Characters the document takes on one line."""
    return len(doc) if isinstance(doc, str) else doc.width


def _head(doc: Doc) -> int:
    """Characters of a document up to the first place where its line can end."""
    return len(doc) if isinstance(doc, str) else doc.head


def _flat(doc: Doc) -> str:
    parts: list[str] = []
    stack: list[Doc] = [doc]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            parts.append(top)
        elif isinstance(top, Concat):
            stack.extend(reversed(top.items))
        else:
            stack.append(top.pad + top.closing)
            for index in range(len(top.items) - 1, -1, -1):
                stack.append(top.items[index])
                if index:
                    stack.append(top.separator + " ")
            parts.append(top.opening + top.pad)
    return "".join(parts)


def render(doc: Doc, width: int = WIDTH) -> str:
    """The document with lines of at most ``width`` characters, as far as its texts allow."""
    parts: list[str] = []
    column = 0
    # Each entry: a document, its indentation, and how many characters must follow it on the same line.
    stack: list[tuple[Doc, int, int]] = [(doc, 0, 0)]
    while stack:
        top, indent, trailing = stack.pop()
        if isinstance(top, str):
            parts.append(top)
            newline = top.rfind("\n")
            column = column + len(top) if newline < 0 else len(top) - newline - 1
        elif isinstance(top, Concat):
            for item in reversed(top.items):
                stack.append((item, indent, trailing))
                trailing = _head(item) + (trailing if _head(item) == _width(item) else 0)
        elif not top.items or column + top.width + trailing <= width:
            text = _flat(top)
            parts.append(text)
            column += len(text)
        else:
            inner = indent + _INDENT
            stack.append((f"\n{' ' * indent}{top.closing}", indent, 0))
            for item, space in zip(reversed(top.items), reversed(_spaces(top, inner, width))):
                stack.append((top.separator, inner, 0))
                stack.append((item, inner, len(top.separator)))
                stack.append((space, inner, 0))
            parts.append(top.opening)
            column += len(top.opening)
    return "".join(parts)


def _spaces(block: Block, indent: int, width: int) -> list[str]:
    """What stands before each item of a block that is broken into lines."""
    newline = "\n" + " " * indent
    if not block.fill:
        return [newline] * len(block.items)
    spaces: list[str] = []
    column = width
    for item in block.items:
        size = _width(item) + len(block.separator)
        if column + 1 + size > width:
            spaces.append(newline)
            column = indent + size
        else:
            spaces.append(" ")
            column += 1 + size
    return spaces

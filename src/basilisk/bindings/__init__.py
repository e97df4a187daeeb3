"""Typed Python for the interface of a canister: what ``basilisk bindings`` writes.

:func:`make_bindings` turns the text of a ``.did`` file into the text of a module: a ``Service`` class with
the canister's methods, and a class or alias for each type that they use.  The order of the stages:
``comments`` reads what the parser skips, ``translate`` makes definitions of the types, ``writer`` puts them
in order and into text, ``layout`` breaks long lines.
"""

from __future__ import annotations

from basilisk.bindings.comments import read_comments
from basilisk.bindings.translate import Translation
from basilisk.bindings.writer import write_module
from basilisk.candid.did_parser import Loader, parse_did

__all__ = ["LINE_LENGTH", "make_bindings"]

#: Columns of a line by default: that of ruff and black.
LINE_LENGTH = 88


def make_bindings(
    text: str,
    *,
    source: str = "<did>",
    name: str | None = None,
    loader: Loader | None = None,
    line_length: int = LINE_LENGTH,
) -> str:
    """The text of a Python module for the interface ``text``; the same text gives the same module.

    ``source`` is the file's name for messages and, without a better one, for the service; ``name`` is the
    name of the service class; ``loader`` supplies imported files (see :func:`basilisk.candid.parse_did`).
    Raises :class:`~basilisk.candid.CandidError` for what is not an interface.
    """
    interface = parse_did(text, source=source, loader=loader)
    comments = read_comments(text)
    return write_module(Translation(interface, comments, source, name), line_length)

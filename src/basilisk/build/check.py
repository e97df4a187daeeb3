"""The check stage: read a source file, refuse what cannot be Python, learn its facts.

Diagnostics only; what a program's methods and types are is decided by running it (see docs/architecture.md).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from basilisk.build.facts import Facts
from basilisk.errors import Location, ProgramError
from basilisk.runtime.cache import cache_folder, read_cached, store_cached

__all__ = ["check", "hints", "read_source", "try_facts"]

_SCHEMA = 2
"""Raise when :class:`Facts` or the visitor change, so that stored facts are made anew."""

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8_NAMES = frozenset({"utf-8", "utf8", "utf_8", "u8", "utf-8-sig", "ascii", "us-ascii"})


def read_source(path: Path, shown: str) -> bytes:
    """Bytes of a source file, checked to be UTF-8.  ``shown`` is the name used in messages.

    Raises :class:`ProgramError` with the place of the first wrong byte.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProgramError(
            f"the file cannot be read: {error.strerror or error}",
            where=Location(shown),
            remedy="check that the file exists and that you may read it",
        ) from error
    problem = encoding_problem(data)
    if problem is not None:
        what, line, column = problem
        raise ProgramError(
            what,
            where=Location(shown, line, column),
            cause="the file was saved in another encoding, or it is not a text file",
            remedy="save it as UTF-8",
        )
    return data


def encoding_problem(data: bytes) -> tuple[str, int, int] | None:
    """What is wrong with a source's encoding, with line and column; None for proper UTF-8."""
    for number, head in enumerate(data.splitlines()[:2], 1):
        match = _COOKIE.match(head)
        if match is not None and (name := match.group(1).decode("ascii").lower()) not in _UTF8_NAMES:
            return f"the source declares the encoding {name}; a canister's sources are UTF-8", number, 1
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        line = before.count(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        return f"byte 0x{data[error.start]:02x} is not UTF-8", line, column
    position = data.find(b"\0")
    if position >= 0:
        start = data.rfind(b"\n", 0, position) + 1
        return "the source holds a null byte", data.count(b"\n", 0, position) + 1, position - start + 1
    return None


def check(data: bytes, shown: str) -> Facts:
    """Facts of a module of the user.  Raises :class:`ProgramError` for a syntax error."""
    facts = _stored(data, positions=True)
    if facts is not None:
        return facts
    from basilisk.build.visitor import ParserSyntaxError, facts_of

    text = data.decode("utf-8-sig")
    try:
        facts = facts_of(text)
    except (ParserSyntaxError, RecursionError) as error:
        raised = _syntax_error(text, shown, error)
        if raised is not None:
            raise raised from error
        return Facts()  # libcst does not know the syntax but Python does: go on without positions
    _store(data, facts, positions=True)
    return facts


def try_facts(data: bytes) -> Facts:
    """Facts of a module of an installed package, without positions; nothing known when it is not Python."""
    facts = _stored(data, positions=False)
    if facts is None:
        from basilisk.build.visitor import ParserSyntaxError, facts_of

        try:
            facts = facts_of(data.decode("utf-8-sig"), positions=False)
        except (ParserSyntaxError, RecursionError, UnicodeDecodeError):
            facts = Facts()
        _store(data, facts, positions=False)
    return facts


def hints(facts: Facts, shown: str, methods: frozenset[str]) -> list[str]:
    """Warnings on decorators at places where they make no method; ``methods`` are those of the interface."""
    found = []
    for function in facts.functions:
        short = function.name.rpartition(".")[2]
        if function.decorator is None or not function.nested or short in methods:
            continue
        line, column = function.place
        inside = "class" if function.nested == "class" else "function"
        found.append(
            f"{Location(shown, line, column)}: @{function.decorator} on {short} has no effect: it is defined "
            f"inside a {inside}. Move it to the top level of the module."
        )
    return found


def undecorated(facts: Facts) -> list[str]:
    """Top-level functions that look like methods of a canister but carry no decorator."""
    return [
        item.name
        for item in facts.functions
        if not item.nested and item.decorator is None and item.annotated and not item.name.startswith("_")
    ]


def _syntax_error(text: str, shown: str, parse_error: Exception) -> ProgramError | None:
    """The error to show for a source libcst cannot parse; None when this Python can."""
    try:
        compile(text, shown, "exec", dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 1, max(error.offset or 1, 1)
        what = error.msg or "invalid syntax"
    except (ValueError, RecursionError, MemoryError) as error:
        line, column, what = getattr(parse_error, "raw_line", 1), 1, str(error)
    else:
        return None
    lines = text.splitlines()
    details = None
    if 0 < line <= len(lines):
        shown_line = lines[line - 1].expandtabs(1)
        details = f"    {shown_line}\n    {' ' * (column - 1)}^"
    return ProgramError(
        f"syntax error: {what}",
        where=Location(shown, line, column),
        remedy="correct the line; programs are Python 3.13",
        details=details,
    )


def _entry(data: bytes, positions: bool) -> Path:
    key = hashlib.sha256(b"%d,%d," % (_SCHEMA, positions) + data).hexdigest()
    return cache_folder() / "facts" / key[:2] / f"{key[2:]}.json"


def _stored(data: bytes, *, positions: bool) -> Facts | None:
    stored = read_cached(_entry(data, positions))
    if stored is None:
        return None
    try:
        return Facts.from_json(stored)
    except (ValueError, KeyError, TypeError):  # damaged: make it again
        return None


def _store(data: bytes, facts: Facts, *, positions: bool) -> None:
    store_cached(_entry(data, positions), facts.to_json())

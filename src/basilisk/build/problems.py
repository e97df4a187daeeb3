"""From an error the guest found to the message the user sees, with a place in the user's source."""

from __future__ import annotations

import re
from typing import Any

from basilisk.build.check import undecorated
from basilisk.build.facts import FunctionFact
from basilisk.build.modules import Collection, Module
from basilisk.errors import Location, ProgramError

__all__ = ["explain"]

_WITH_TRACEBACK = ("exception", "import", "internal")
"""Kinds of errors whose place alone does not tell how the program came there."""

_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)', re.MULTILINE)


def explain(error: dict[str, Any], collection: Collection) -> ProgramError:
    """The error of ``basilisk._guest.program:build`` as a :class:`ProgramError`.

    ``error`` has the keys ``kind``, ``message``, ``file``, ``line``, ``column``, ``function``, ``parameter``,
    ``cause``, ``remedy`` and ``traceback``; all but the message may be missing.  Missing positions are taken
    from what the check stage found in the sources.
    """
    kind = _text(error, "kind") or "internal"
    message = _text(error, "message") or "the program could not be imported"
    traceback = _text(error, "traceback")
    module, line, column = _place(error, collection, traceback)
    cause, remedy = _text(error, "cause"), _text(error, "remedy")
    if kind == "import":
        missing = _refused_module(error, collection, message)
        if missing is not None:
            return _import_error(missing, collection)
    if kind == "no_method":
        names = undecorated(collection.modules[collection.entry].facts)
        if names:
            cause = cause or f"no function has a decorator; {_listed(names)} could be meant as methods"
        remedy = remedy or "put @query or @update above a function"
    if kind == "internal" and traceback is not None:
        cause = cause or "this is a fault of Basilisk, not of the program"
        remedy = remedy or "report it with the text below"
    return ProgramError(
        message,
        where=collection.location(module, line, column),
        cause=cause,
        remedy=remedy,
        details=traceback.rstrip() if traceback and (kind in _WITH_TRACEBACK or not module.user) else None,
    )


def _text(error: dict[str, Any], key: str) -> str | None:
    value = error.get(key)
    return value if isinstance(value, str) and value else None


def _number(error: dict[str, Any], key: str) -> int | None:
    value = error.get(key)
    return value if isinstance(value, int) and value > 0 else None


def _place(
    error: dict[str, Any], collection: Collection, traceback: str | None
) -> tuple[Module, int | None, int | None]:
    """Module, line and column that the error is about, as exactly as it can be said."""
    entry = collection.modules[collection.entry]
    file = _text(error, "file")
    line, column = _number(error, "line"), _number(error, "column")
    module = collection.by_file(file) if file is not None else None
    if module is None and traceback is not None:
        module, line = _last_user_frame(collection, traceback, entry)
        column = None
    module = module or entry
    function, parameter = _text(error, "function"), _text(error, "parameter")
    if function is not None and (line is None or column is None):
        fact = _function(module, function, line)
        if fact is not None:
            place = _part(fact, parameter)
            if line is None or parameter is not None or place[0] == line:
                line, column = place
    return module, line, column


def _function(module: Module, name: str, line: int | None) -> FunctionFact | None:
    """The definition that the guest speaks of; of several, the one at or right below ``line``."""
    if line is not None:
        short = name.rpartition(".")[2]
        near = [
            item
            for item in module.facts.functions
            if item.name.rpartition(".")[2] == short and line <= item.place[0]
        ]
        if near:
            return min(near, key=lambda item: item.place[0])
    return module.facts.function(name)


def _part(fact: FunctionFact, parameter: str | None) -> tuple[int, int]:
    if parameter == "return":
        return fact.result or fact.place
    if parameter is not None:
        return fact.parameters.get(parameter, fact.place)
    return fact.place


def _last_user_frame(
    collection: Collection, traceback: str, entry: Module
) -> tuple[Module | None, int | None]:
    """The innermost line of the user's own modules in a traceback."""
    for file, line in reversed(_FRAME.findall(traceback)):
        module = collection.by_file(file)
        if module is not None and module.user:
            return module, int(line)
    return entry, None


def _refused_module(error: dict[str, Any], collection: Collection, message: str) -> Module | None:
    """The module whose refusal raised the ImportError in ``message``."""
    text = f"{message}\n{_text(error, 'traceback') or ''}"
    refused = [item for item in collection.modules.values() if item.refused and item.refused in text]
    return max(refused, key=lambda item: len(item.name)) if refused else None


def _import_error(missing: Module, collection: Collection) -> ProgramError:
    """A refused module was imported: point at the import statement of the user's that led there."""
    chain = list(collection.chain(missing.name))
    where: Location | None = None
    steps = []
    for module, (line, column) in chain:
        if module.user and where is None:
            where = collection.location(module, line, column)
        steps.append(f"{module.name}" + (f" (line {line})" if line else ""))
    package = missing.name.partition(".")[0]
    path = " imports ".join([*steps, missing.name])
    return ProgramError(
        f"{package} cannot be imported in a canister",
        where=where or collection.location(collection.modules[collection.entry]),
        cause=missing.refused,
        remedy="use a package that is pure Python, or catch ImportError if the program can do without it",
        details=f"  {path}" if len(steps) > 1 else None,
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown

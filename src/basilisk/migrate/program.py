"""The migration of a program's sources, as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import libcst as cst

from basilisk.errors import Location, ProgramError
from basilisk.migrate.coroutines import rewrite_coroutines
from basilisk.migrate.names import rewrite_names
from basilisk.migrate.results import rewrite_results
from basilisk.migrate.source import Remark, Source

__all__ = ["migrate_sources", "migrate_text"]


def migrate_text(text: str, shown: str = "main.py") -> tuple[str, list[Remark]]:
    """One file's new text, and remarks about what was left."""
    changed, remarks = migrate_sources({shown: text})
    return changed[shown], remarks


def migrate_sources(texts: Mapping[str, str]) -> tuple[dict[str, str], list[Remark]]:
    """New texts of the files of one program, by name as in messages, and remarks in the order of lines.

    Files that do not mention Kybra stay as they are, but they are read, because what they do with functions
    of the others decides what may change.  Raises :class:`ProgramError` for a text that is no Python.
    """
    sources = {_module_name(shown): Source(shown, _module_name(shown), text) for shown, text in texts.items()}
    if len(sources) < len(texts):
        raise ProgramError("two files have the same module name", remedy="migrate them one at a time")
    if not any(_mentions_kybra(source) for source in sources.values()):
        return dict(texts), []
    rewrite_results(sources)
    rewrite_coroutines(sources)
    for source in sources.values():
        rewrite_names(source)
    changed: dict[str, str] = {}
    remarks: list[Remark] = []
    for source in sources.values():
        ours = _uses_us(source)
        changed[source.shown] = _checked(source, source.rewritten()) if ours else source.text
        remarks.extend(sorted(source.remarks, key=lambda remark: remark.line) if ours else ())
    return changed, list(dict.fromkeys(remarks))


def _module_name(shown: str) -> str:
    return ".".join(PurePath(shown).with_suffix("").parts)


def _mentions_kybra(source: Source) -> bool:
    return "kybra" in source.text


def _uses_us(source: Source) -> bool:
    """Whether it may be changed: a file that knows neither package may wait for helpers of others."""
    return bool(source.edits) or "kybra" in source.text or "basilisk" in source.text


def _checked(source: Source, text: str) -> str:
    """The new text, read once more: what is not Python must never be written."""
    try:
        cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise ProgramError(
            "the migrated program would not be Python; nothing was changed",
            where=Location(source.shown, error.raw_line),
            cause="this is a fault of Basilisk, not of the program",
            remedy="report it with the file, and leave the file out until then",
        ) from error
    return text

"""Edits fit exactly or fail, and never move a line."""

from __future__ import annotations

import pytest

from stdlib_bundler import edits


@pytest.mark.parametrize("edit", edits.EDITS, ids=lambda edit: edit.file)
def test_an_edit_keeps_the_number_of_lines(edit: edits.Edit) -> None:
    """Tracebacks name the lines of CPython's source."""
    assert edit.old.count("\n") == edit.new.count("\n")
    assert edit.old != edit.new


def _source_of(file: str) -> bytes:
    return "\n".join(edit.old for edit in edits.EDITS if edit.file == file).encode()


@pytest.mark.parametrize("file", sorted({edit.file for edit in edits.EDITS}))
def test_edits_apply_once(file: str) -> None:
    """A text that is missing or there twice stops the build."""
    source = _source_of(file)
    changed = edits.apply(file, source)
    assert changed != source
    with pytest.raises(edits.EditFault, match="0 times"):
        edits.apply(file, b"import os\n")
    with pytest.raises(edits.EditFault, match="2 times"):
        edits.apply(file, source + b"\n" + source)


def test_other_files_are_left_alone() -> None:
    """Only the files named in the table change."""
    assert edits.apply("json/__init__.py", b"import socket\n") == b"import socket\n"


def test_the_lazy_name_imports_at_use() -> None:
    """What stands in for a refused module at import time raises the refusal when it is used."""
    line = next(edit.new for edit in edits.EDITS if edit.file == "logging/handlers.py")
    scope: dict[str, object] = {}
    exec(line.replace('"socket"', '"no_such_module"'), scope)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        scope["socket"].gethostname  # type: ignore[attr-defined]  # noqa: B018

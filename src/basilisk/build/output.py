"""Writing the results: all of them or none, and no folder left behind by a failure."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

from basilisk.errors import EnvironmentFault
from basilisk.runtime.cache import write_all

__all__ = ["write_outputs"]


def write_outputs(files: dict[Path, bytes]) -> None:
    """Write ``files`` as :func:`write_all` does, making missing folders.

    Raises :class:`EnvironmentFault` that says what to do when the disk is full or a folder is not writable.
    """
    made: list[Path] = []
    try:
        for folder in sorted({path.parent for path in files}):
            made += _make_folder(folder)
        write_all(files)
    except OSError as error:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise _fault(error) from error


def _make_folder(folder: Path) -> list[Path]:
    """Create a folder and its parents; return those that were not there, outermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    missing.reverse()
    for item in missing:
        item.mkdir(exist_ok=True)
    return missing


def _fault(error: OSError) -> EnvironmentFault:
    name = error.filename if error.filename is not None else "the output folder"
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "make room on the disk, or choose another folder with --output"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = "make the folder writable, or choose another one with --output"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        remedy = "a file stands where a folder is needed: remove it, or choose another folder with --output"
    else:
        remedy = "choose another folder with --output"
    return EnvironmentFault(f"{name} cannot be written: {reason}", remedy=f"{remedy}; nothing was written")

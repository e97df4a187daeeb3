"""The data files that ``include`` in ``pyproject.toml`` names: packed with the program, below ``/app``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from basilisk.build.project import Project
from basilisk.errors import UsageError

__all__ = ["included_files", "is_pattern"]

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(\.\*)?\Z")
_WILDCARD = re.compile(r"[*?\[]")
_LEFT_OUT = frozenset({"__pycache__", ".basilisk", ".git"})


def is_pattern(project: Project, item: str) -> bool:
    """Whether an item of ``include`` means files.

    It does if it is no module's name, or if the project has a file of that name or a folder without Python.
    """
    if _MODULE.match(item) is None:
        return True
    place = project.root / item
    return place.is_file() or (place.is_dir() and next(place.rglob("*.py"), None) is None)


def included_files(project: Project, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """Content of all files that the patterns match, by path below ``/app``, sorted.

    Patterns are relative to the project's folder; a folder stands for all files in it.  A file in the
    program's folder keeps its path from there, another one its path from the project's folder.
    Raises :class:`UsageError` for a pattern without files, and for two files of one path.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        matches = sorted(_matches(project, pattern))
        if not matches:
            raise UsageError(
                f"include in pyproject.toml names {pattern!r}, but there is no such file",
                cause=f"patterns are relative to {project.root}",
                remedy="correct the pattern; modules are named as in import statements",
            )
        for file in matches:
            path = _packed_path(project, file)
            if found.setdefault(path, file) != file:
                raise UsageError(
                    f"two files would be /app/{path} in the canister: {found[path]} and {file}",
                    remedy="rename one of them, or include only one",
                )
    return {path: _read(found[path]) for path in sorted(found)}


def _matches(project: Project, pattern: str) -> Iterator[Path]:
    parts = PurePosixPath(pattern).parts
    if not parts or PurePosixPath(pattern).is_absolute() or ".." in parts or "\\" in pattern:
        raise UsageError(
            f"include in pyproject.toml has the pattern {pattern!r}",
            cause="patterns are relative to the project's folder and stay below it, with / between names",
            remedy="copy the files into the project, and name them from there",
        )
    if not _WILDCARD.search(pattern):
        places = [project.root.joinpath(*parts)]
    else:
        try:
            places = list(project.root.glob(pattern))
        except (ValueError, NotImplementedError) as error:
            raise UsageError(
                f"include in pyproject.toml has the pattern {pattern!r}",
                cause=str(error),
                remedy="correct it",
            ) from error
    for place in places:
        if place.is_dir():
            for folder, names, files in os.walk(place):
                names[:] = sorted(name for name in names if name not in _LEFT_OUT)
                for name in names:
                    if os.path.islink(os.path.join(folder, name)):
                        raise UsageError(
                            f"{_shown(Path(folder, name))} is a symbolic link to a folder",
                            cause="folders are packed with what is in them, links to files as those files",
                            remedy="include the folder that it stands for, or remove the link",
                        )
                yield from (Path(folder, file) for file in sorted(files))
        elif place.is_file() and not _LEFT_OUT.intersection(place.relative_to(project.root).parts):
            yield place


def _packed_path(project: Project, file: Path) -> str:
    inner = file.is_relative_to(project.source_root)
    path = file.relative_to(project.source_root if inner else project.root).as_posix()
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the name of {path!a} is not UTF-8, so it cannot be packed", remedy="rename the file"
        ) from error
    return path


def _shown(file: Path) -> str:
    """A path as text that can be printed; bytes that are not UTF-8 as escapes."""
    return str(file).encode("utf-8", "backslashreplace").decode()


def _read(file: Path) -> bytes:
    try:
        if file.exists() and not file.is_file():
            raise UsageError(
                f"{_shown(file)} cannot be packed: it is no regular file", remedy="leave it out of include"
            )
        return file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{_shown(file)} cannot be packed: {error.strerror or error}",
            remedy="make it readable, or leave it out",
        ) from error

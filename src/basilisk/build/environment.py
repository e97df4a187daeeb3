"""Where the active environment keeps its packages, and what a module name stands for there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from basilisk.errors import UsageError

__all__ = ["Candidate", "environment_folders", "forget_listings", "lookup"]

_NATIVE_SUFFIXES = (".so", ".pyd", ".dylib")


@dataclass(frozen=True)
class Candidate:
    """A file or folder that a module name stands for.

    ``file`` is the source, or the native extension when ``native``, or None for a namespace package.
    ``folder`` is where the submodules of a package are.
    """

    file: Path | None
    folder: Path | None = None
    native: bool = False


def environment_folders(project: Path | None = None, python: Path | None = None) -> tuple[Path, ...]:
    """Folders with installed packages.

    Those of ``python``, an interpreter or the folder of a virtual environment, when it is given.  Else those
    of the active environment, which ``VIRTUAL_ENV`` names or the Python that runs this is part of; after them
    the ``.venv`` of the folder ``project``, where uv and others put a project's environment.
    """
    if python is not None:
        return _named_environment(python)
    folders = _active_environment()
    beside = _virtual_environment(project / ".venv") if project is not None else ()
    return tuple(dict.fromkeys((*folders, *beside)))


def _named_environment(python: Path) -> tuple[Path, ...]:
    """The folders of an interpreter or of a virtual environment.  Raises :class:`UsageError`."""
    found = _virtual_environment(python) if python.is_dir() else _ask(python)
    if not found:
        raise UsageError(
            f"--python names {python}, which is no Python environment",
            cause="it is neither an interpreter that can be run nor a folder with site-packages",
            remedy="name an interpreter such as .venv/bin/python, or the folder of a virtual environment",
        )
    return found


def _ask(interpreter: Path) -> tuple[Path, ...]:
    code = (
        "import json, sys, sysconfig; own = {sysconfig.get_path(key) for key in ('stdlib', 'platstdlib')}; "
        "print(json.dumps([p for p in sys.path if p not in own]))"
    )
    try:
        command = [str(interpreter), "-I", "-c", code]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        paths = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()
    return tuple(Path(p) for p in paths if os.path.isdir(p) and not p.endswith("lib-dynload"))


def _active_environment() -> tuple[Path, ...]:
    active = os.environ.get("VIRTUAL_ENV")
    if active and Path(active).is_dir() and not _same(Path(active), Path(sys.prefix)):
        return _virtual_environment(Path(active))
    standard = {_real(path) for key in ("stdlib", "platstdlib") if (path := sysconfig.get_path(key))}
    program = _real(str(Path(sys.argv[0]).parent)) if sys.argv and sys.argv[0] else ""
    own = _real(str(Path(__file__).parents[2]))
    here = _real(os.getcwd())
    folders = []
    for entry in sys.path:
        real = _real(entry) if entry else here
        if real in standard or real.endswith("lib-dynload") or real in (program, here):
            continue
        if real == own and not any(part.endswith("-packages") for part in Path(real).parts):
            continue  # the source checkout of basilisk itself is not a place for packages
        if os.path.isdir(real):
            folders.append(Path(real))
    return tuple(dict.fromkeys(folders))


def _virtual_environment(root: Path) -> tuple[Path, ...]:
    """The site-packages of a virtual environment and the folders its ``.pth`` files name."""
    found = sorted(root.glob("lib/python3*/site-packages")) + sorted(root.glob("Lib/site-packages"))
    folders = []
    for folder in found:
        folders.append(folder)
        for link in sorted(folder.glob("*.pth")):
            try:
                lines = link.read_text("utf-8", "replace").splitlines()
            except OSError:
                continue
            for line in lines:
                text = line.strip()
                if text and not text.startswith(("#", "import ", "import\t")):
                    target = folder / text
                    if target.is_dir():
                        folders.append(target.resolve())
    return tuple(dict.fromkeys(folders))


def lookup(folder: Path, name: str) -> Candidate | None:
    """What the last part of a module's name stands for in ``folder``.

    A package comes before a module, and a folder without ``__init__.py`` last.  Of a native extension and a
    source file of one name Python would take the extension, which cannot run in a canister: packages that are
    compiled from Python bring both, and the source does the same.
    """
    entries = _listing(str(folder))
    if name in entries:
        package = folder / name
        inside = _listing(str(package))
        if "__init__.py" in inside:
            return Candidate(package / "__init__.py", package)
        native = _native(inside, "__init__")
        if native is not None:
            return Candidate(package / native, package, native=True)
    if f"{name}.py" in entries:
        return Candidate(folder / f"{name}.py")
    native = _native(entries, name)
    if native is not None:
        return Candidate(folder / native, native=True)
    if name in entries and (folder / name).is_dir() and name.isidentifier():
        return Candidate(None, folder / name)
    return None


def _native(entries: frozenset[str], name: str) -> str | None:
    """File name of a native extension module called ``name``, such as ``name.cpython-312-x86_64.so``."""
    prefix = f"{name}."
    found = sorted(item for item in entries if item.startswith(prefix) and item.endswith(_NATIVE_SUFFIXES))
    return found[0] if found else None


@lru_cache(maxsize=4096)
def _listing(folder: str) -> frozenset[str]:
    """Names in a folder; comparing with them is exact also on file systems that ignore case."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def forget_listings() -> None:
    """Look at the disk again from now on; folders are read once for each collection."""
    _listing.cache_clear()


def _real(path: str) -> str:
    return os.path.realpath(path)


def _same(first: Path, second: Path) -> bool:
    return _real(str(first)) == _real(str(second))

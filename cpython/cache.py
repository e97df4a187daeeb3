"""The cache folder: content-addressed, locked, and never half-finished.

An entry is a folder ``<kind>/<hash of its inputs>``.  It is made under another name beside its place and
renamed when it is whole, so whatever has the right name is complete.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["cache_root", "digest", "locked", "remove_tree", "staged", "tree_digest", "tree_files"]

_IGNORED = {"__pycache__", "target", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def cache_root() -> Path:
    """``$XDG_CACHE_HOME/basilisk`` or ``~/.cache/basilisk``, the same as the installed package uses."""
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return Path(base) / "basilisk"
    try:
        return Path.home() / ".cache" / "basilisk"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"basilisk-cache-{os.getuid()}"


def digest(*parts: bytes | str) -> str:
    """SHA-256 over the parts, each with its length before it so that no two lists collide; 32 hex digits."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()[:32]


def tree_files(root: Path) -> list[Path]:
    """All files under ``root`` (or the file itself) in a stable order, build leftovers aside."""
    if root.is_file():
        return [root]
    found: list[Path] = []
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _IGNORED)
        found += [Path(folder, name) for name in files if not name.endswith((".pyc", "~", ".swp"))]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def tree_digest(base: Path, roots: Iterable[str]) -> str:
    """Hash of names and contents of the files under ``base/root`` for each root; times do not count."""
    parts: list[bytes | str] = []
    for root in roots:
        for path in tree_files(base / root):
            parts += [path.relative_to(base).as_posix(), path.read_bytes()]
    return digest(*parts)


@contextlib.contextmanager
def locked(name: str, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the cache's lock ``name``; a second process waits and says so.

    The kernel drops the lock when the process ends, so a killed build leaves nothing to clean up.
    """
    folder = cache_root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"another process holds {folder / name}; waiting for it"
            (say or (lambda text: print(text, file=sys.stderr, flush=True)))(message)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def staged(final: Path) -> Iterator[Path]:
    """Give a fresh folder that becomes ``final`` when the block ends well and vanishes otherwise.

    The caller holds the lock for this entry, so any older leftover is a dead one and is removed first.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.parent / f".{final.name}.partial"
    if partial.exists():
        remove_tree(partial)
    partial.mkdir()
    try:
        yield partial
        os.rename(partial, final)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_tree(partial)
        raise


def remove_tree(path: Path) -> None:
    """Remove a folder even when folders inside it are not writable.  Never crosses a mount point."""
    if os.path.islink(path) or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    device = path.lstat().st_dev
    for folder, names, _files in os.walk(path):
        for name in names:
            inner = Path(folder, name)
            status = inner.lstat()
            if stat.S_ISDIR(status.st_mode):
                if status.st_dev != device:
                    raise OSError(f"{inner} is a mount point; unmount it first")
                if status.st_mode & 0o700 != 0o700:
                    inner.chmod(status.st_mode | 0o700)
    shutil.rmtree(path)

"""The user's cache folder, and files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_folder", "prune", "read_cached", "store_cached", "write_all"]


def cache_folder() -> Path:
    """Folder for everything that can be made again: ``$XDG_CACHE_HOME/basilisk`` or ``~/.cache/basilisk``."""
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return Path(base) / "basilisk"
    try:
        return Path.home() / ".cache" / "basilisk"
    except RuntimeError:  # no HOME and no entry in the user database, as in bare containers
        return Path(tempfile.gettempdir()) / f"basilisk-cache-{os.getuid()}"


def read_cached(path: Path) -> bytes | None:
    """Bytes of a cache entry, or None when it is missing or cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def store_cached(path: Path, data: bytes) -> bool:
    """Write a cache entry.  False when that is impossible: a cache that cannot be used only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_all({path: data}, durable=False)
    except OSError:
        return False
    return True


def prune(folder: Path, keep: int) -> None:
    """Delete all but the ``keep`` files of ``folder`` that were written last."""
    try:
        files = sorted(
            (path for path in folder.iterdir() if path.is_file()), key=lambda path: -path.stat().st_mtime_ns
        )
    except OSError:
        return
    for path in files[keep:]:
        with contextlib.suppress(OSError):
            path.unlink()


def write_all(files: Mapping[Path, bytes], *, durable: bool = True) -> None:
    """Write several files so that either all of them are new and whole, or none has changed.

    Every file goes to a temporary name in its own folder first; only when all of them are on the disk are
    they renamed.  Without ``durable`` a power failure may leave them empty.  Raises :class:`OSError` with
    ``filename`` set to the file that could not be written.
    """
    temporary: list[tuple[Path, Path]] = []
    try:
        for target, data in files.items():
            try:
                handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
            except OSError as error:
                raise _about(error, target) from error
            temporary.append((Path(name), target))
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    if durable:
                        os.fsync(stream.fileno())
                os.chmod(name, 0o666 & ~_umask())
            except OSError as error:
                raise _about(error, target) from error
        for source, target in temporary:
            try:
                os.replace(source, target)
            except OSError as error:
                raise _about(error, target) from error
    finally:
        for source, _ in temporary:
            with contextlib.suppress(OSError):
                source.unlink(missing_ok=True)


def _about(error: OSError, target: Path) -> OSError:
    """The same error, naming the file the user knows rather than the temporary one."""
    return OSError(error.errno, error.strerror or str(error), str(target))


def _umask() -> int:
    """The process's file mode mask (there is no way to read it without setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

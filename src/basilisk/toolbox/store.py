"""Compressed pieces in the user's cache.

An entry is named by a hash of everything that its content follows from, and starts with a hash of its
content: an entry that was damaged on the disk is a miss, never a wrong result.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from basilisk.runtime.cache import cache_folder

__all__ = ["PieceStore"]

_CHECK = 16
#: When entries take more room than this, the oldest are removed until they take half of it.
_MOST_BYTES = 256 << 20


class PieceStore:
    """A folder of entries.  Whatever goes wrong with a file is a miss."""

    def __init__(self, folder: Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self.folder = folder if folder is not None else cache_folder() / "deflate"
        self._most_bytes = most_bytes

    def get(self, key: str) -> bytes | None:
        """The entry under ``key``, if there is one that is whole."""
        try:
            data = (self.folder / key).read_bytes()
        except OSError:
            return None
        content = data[_CHECK:]
        return content if data[:_CHECK] == _check(key, content) else None

    def put(self, key: str, content: bytes) -> None:
        """Write an entry; readers see all of it or nothing."""
        name = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(_check(key, content) + content)
            os.replace(name, self.folder / key)
        except OSError:
            if name is not None:
                with contextlib.suppress(OSError):
                    os.unlink(name)

    def prune(self) -> None:
        """Remove the oldest entries when there are too many."""
        entries = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as found:
            for entry in found:
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    entries.append((status.st_mtime_ns, status.st_size, entry.path))
        total = sum(size for _, size, _ in entries)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(entries):
            if total <= self._most_bytes // 2:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                total -= size


def _check(key: str, content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECK, key=key.encode()).digest()

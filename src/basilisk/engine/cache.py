"""Machine code on disk: compiled modules survive the process that compiled them.

An entry is one file, ``<key>-<check>.cwasm``.  The key is a digest of the module and of the engine's
configuration; the check is a digest of the file's own content, because wasmtime trusts what it maps.  A file
whose content does not match its name is deleted and built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import wasmtime

__all__ = ["CompileCache", "user_cache_folder"]


def user_cache_folder() -> Path:
    """The folder for files that can be rebuilt (``$XDG_CACHE_HOME/basilisk`` or ``~/.cache/basilisk``)."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path.home() / ".cache"
    return root / "basilisk"


def _check(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class CompileCache:
    """A folder of serialised modules.  All failures to read or write it are treated as a miss."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else user_cache_folder() / "compiled"

    def load(self, engine: wasmtime.Engine, key: str) -> wasmtime.Module | None:
        """The module stored under ``key``, or None when there is none that is whole."""
        for path in self._entries(key):
            try:
                data = path.read_bytes()
                if path.stem != f"{key}-{_check(data)}":
                    raise ValueError("the content does not match its name")
                return wasmtime.Module.deserialize(engine, data)
            except (OSError, ValueError, wasmtime.WasmtimeError):
                with contextlib.suppress(OSError):
                    path.unlink()
        return None

    def store(self, key: str, module: wasmtime.Module) -> None:
        """Write ``module`` under ``key``; readers see either the whole entry or none."""
        data = bytes(module.serialize())
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, self.folder / f"{key}-{_check(data)}.cwasm")
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)

    def _entries(self, key: str) -> list[Path]:
        try:
            return sorted(self.folder.glob(f"{key}-*.cwasm"))
        except OSError:
            return []

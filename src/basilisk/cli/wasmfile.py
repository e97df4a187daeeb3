"""Reading a wasm file, compressed or not, as the Internet Computer takes it."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from basilisk.errors import UsageError
from basilisk.runtime.sections import SectionError, custom_sections

__all__ = ["WasmFile", "read_wasm"]


@dataclass(frozen=True)
class WasmFile:
    """``stored`` is the file's content, ``module`` the plain module in it."""

    stored: bytes = field(repr=False)
    module: bytes = field(repr=False)

    @property
    def compressed(self) -> bool:
        return self.stored is not self.module


def read_wasm(path: Path) -> WasmFile:
    """Read ``path``.  Raises :class:`UsageError` when it is not a module, plain or gzip-compressed."""
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    module = stored
    if stored.startswith(b"\x1f\x8b"):
        try:
            module = gzip.decompress(stored)
        except (OSError, EOFError, zlib.error) as error:
            raise UsageError(f"{path} is not whole gzip data: {error}") from error
    try:
        custom_sections(module)
    except SectionError as error:
        raise UsageError(
            f"{path} is not a WebAssembly module: {error}",
            remedy="name a .wasm or .wasm.gz file, such as .basilisk/NAME/NAME.wasm",
        ) from error
    return WasmFile(stored, module)

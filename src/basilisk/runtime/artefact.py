"""Opening the runtime artefact: decompress, check that it is whole, find its parts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from basilisk.errors import ArtefactError
from basilisk.runtime.sections import SectionError, custom_sections
from basilisk.runtime.stdlib import StdlibIndex

__all__ = ["FORMAT_VERSION", "Runtime", "open_artefact"]

FORMAT_VERSION = 1
"""Version of the artefact's layout that this release reads (``format`` in its manifest)."""

_MAX_RAW_SIZE = 256 * 1024 * 1024
"""An artefact that claims to unpack to more than this is damaged; a real one has about 15 MB."""

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_WASM_MAGIC = b"\0asm\x01\0\0\0"


@dataclass(frozen=True)
class Runtime:
    """An opened runtime artefact.

    ``module`` is the whole WebAssembly module, ``digest`` the SHA-256 of the file it came from, ``origin``
    says how it was found (``environment``, ``wheel``, ``cache``, ``download`` or ``build``).
    """

    path: Path
    origin: str
    digest: str
    module: bytes = field(repr=False)
    stdlib_blob: bytes = field(repr=False)
    toolbox: bytes = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    imports: bytes = field(default=b"", repr=False)
    """Which modules of the standard library import which, for ``--stdlib=used``; empty in older runtimes."""
    removable: bytes = field(default=b"", repr=False)
    """Which code and data built-in modules alone need, for ``--stdlib=used``; empty in older runtimes."""

    @property
    def python_version(self) -> str:
        """Version of the embedded CPython, such as ``3.13.5``."""
        version = self.manifest.get("python") or self.manifest.get("cpython")
        if isinstance(version, dict):
            version = version.get("version")
        return str(version) if version else "3.13"

    @cached_property
    def stdlib(self) -> StdlibIndex:
        """What of the standard library the runtime holds and what it refuses."""
        return StdlibIndex.parse(self.stdlib_blob)


def open_artefact(path: Path, origin: str) -> Runtime:
    """Read and check the artefact at ``path``.

    A file of the same name plus ``.sha256`` (hexadecimal digest first) is honoured when present.
    Raises :class:`ArtefactError` when the file cannot be read or is not a whole artefact.
    """
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"the runtime artefact {path} cannot be read: {error.strerror or error}",
            remedy=_remedy(origin, path),
        ) from error
    digest = hashlib.sha256(stored).hexdigest()
    _check_digest(path, origin, digest)
    module = _decompress(stored, path, origin)
    try:
        sections = custom_sections(module)
    except SectionError as error:
        raise _damaged(path, origin, str(error)) from error
    parts = {}
    for name in ("stdlib", "toolbox", "manifest"):
        content = sections.get(f"basilisk:{name}")
        if content is None:
            raise _damaged(path, origin, f"it has no section basilisk:{name}")
        parts[name] = content
    manifest = _manifest(parts["manifest"], path, origin)
    imports, removable = (sections.get(f"basilisk:{name}", b"") for name in ("imports", "removable"))
    return Runtime(
        path, origin, digest, module, parts["stdlib"], parts["toolbox"], manifest, imports, removable
    )


def _decompress(stored: bytes, path: Path, origin: str) -> bytes:
    if stored.startswith(_WASM_MAGIC):  # an artefact that was unpacked by hand is as good
        return stored
    if not stored.startswith(_ZSTD_MAGIC):
        kind = "it is empty" if not stored else "it is neither zstd data nor a WebAssembly module"
        raise _damaged(path, origin, kind)
    import zstandard

    try:
        size = zstandard.frame_content_size(stored)
        if size > _MAX_RAW_SIZE:
            raise _damaged(path, origin, f"it claims to unpack to {size:,} bytes")
        module = zstandard.ZstdDecompressor().decompress(stored, max_output_size=_MAX_RAW_SIZE)
    except zstandard.ZstdError as error:
        raise _damaged(path, origin, str(error)) from error
    if size >= 0 and len(module) != size:
        raise _damaged(path, origin, f"it unpacks to {len(module):,} bytes instead of {size:,}")
    return module


def _check_digest(path: Path, origin: str, digest: str) -> None:
    try:
        words = path.with_name(path.name + ".sha256").read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return
    if words and words[0].lower() != digest:
        raise _damaged(path, origin, f"its SHA-256 is {digest}, expected {words[0].lower()}")


def _manifest(data: bytes, path: Path, origin: str) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise _damaged(path, origin, f"its manifest cannot be read: {error}") from error
    version = manifest.get("format", manifest.get("format_version", FORMAT_VERSION))
    if version != FORMAT_VERSION:
        raise ArtefactError(
            f"the runtime artefact {path} has format {version}; this release reads format {FORMAT_VERSION}",
            cause="the artefact belongs to another release of basilisk",
            remedy=_remedy(origin, path),
        )
    return manifest


def _damaged(path: Path, origin: str, why: str) -> ArtefactError:
    return ArtefactError(
        f"the runtime artefact {path} is damaged: {why}",
        cause="the file was cut short or changed after it was made",
        remedy=_remedy(origin, path),
    )


def _remedy(origin: str, path: Path) -> str:
    if origin == "environment":
        return "point BASILISK_RUNTIME at a whole runtime.wasm.zst, or unset it"
    if origin == "wheel":
        return "reinstall basilisk: pip install --force-reinstall basilisk"
    return f"delete {path} and run the command again; in a source checkout, make it anew with `make runtime`"

"""What a test deploys: a program that is built, a module with its interface, or both as they are."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Interface
from basilisk.errors import UsageError
from basilisk.testing.store import fetch

__all__ = ["UNNAMED", "Program", "Source", "build_program", "open_program"]

#: Programs that this process has built; the key is the digest of everything a build depends on.
_built: OrderedDict[str, Program] = OrderedDict()
_KEPT = 8

#: Name of a program that has none.
UNNAMED = "canister"


@dataclass(frozen=True)
class Program:
    """A module as it is installed, plain or gzipped, and the Candid text of its interface."""

    name: str
    wasm: bytes = field(repr=False)
    did: str = field(repr=False)
    warnings: tuple[str, ...] = ()

    @cached_property
    def interface(self) -> Interface:
        """The interface.  Raises CandidError when the text is not one."""
        return parse_did(self.did, source=f"{self.name}.did")

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the module as it is installed."""
        return hashlib.sha256(self.wasm).digest()


#: What can be deployed: a folder, a ``.py`` file or a declared canister's name; a ``.wasm`` or ``.wasm.gz``
#: file with its ``.did`` beside it or inside; the bytes of a module that carries its interface; a pair of
#: module and interface text; a :class:`Program`.
Source = str | os.PathLike[str] | bytes | tuple[bytes, str] | Program


def open_program(
    source: Source, did: str | os.PathLike[str] | None = None, folders: Sequence[Path] = ()
) -> Program:
    """The program that ``source`` means; see :data:`Source`.

    ``did`` is the interface of a module that neither carries it nor has it beside it: a path, or the text
    itself.  A relative path is looked up below the current folder, then below each of ``folders``.
    """
    if isinstance(source, Program):
        return source
    if isinstance(source, tuple):
        wasm, text = source
        return Program(UNNAMED, bytes(wasm), text)
    if isinstance(source, (bytes, bytearray)):
        wasm = bytes(source)
        return Program(UNNAMED, wasm, _interface_text(did, folders) or _carried(wasm, "the module"))
    path = _located(os.fspath(source), folders)
    if path.name.endswith((".wasm", ".wasm.gz")):
        return _of_files(path, did, folders)
    if did is not None:
        raise UsageError(
            f"{path} is a program, whose interface comes from its build", remedy="leave out the argument did"
        )
    return build_program(path)


def build_program(target: str | os.PathLike[str]) -> Program:
    """Build a folder, a file or a declared canister, or take the result from the cache of an earlier build.

    Builds of the same sources are done once, also by processes that run at the same time.
    Raises ``BasiliskError`` when the program does not build.
    """
    from basilisk.build.collect import collect
    from basilisk.build.project import resolve
    from basilisk.build.stamp import input_digest
    from basilisk.runtime import load

    project = resolve(os.fspath(target))
    runtime = load()
    collection = collect(project, runtime.stdlib)
    digest = input_digest(project.name, runtime, collection)
    known = _built.get(digest)
    if known is None:

        def make() -> tuple[dict[str, object], bytes]:
            from basilisk.build.pipeline import make
            from basilisk.build.timings import Timings

            contents, facts = make(collection, runtime, Timings())
            about: dict[str, object] = {
                "did": contents[".did"].decode("utf-8"),
                "warnings": list(facts["warnings"]),
            }
            return about, contents[".wasm.gz"]

        about, wasm = fetch(digest, make)
        listed = about["warnings"]
        warnings = tuple(map(str, listed)) if isinstance(listed, list) else ()
        known = _built[digest] = Program(project.name, wasm, str(about["did"]), warnings)
        while len(_built) > _KEPT:
            _built.popitem(last=False)
    _built.move_to_end(digest)
    return known


def _located(path: str, folders: Sequence[Path]) -> Path:
    """The path as it is, or below the first folder that has it."""
    if not os.path.isabs(path) and not os.path.exists(path):
        for folder in folders:
            if (folder / path).exists():
                return folder / path
    return Path(path)


def _of_files(path: Path, did: str | os.PathLike[str] | None, folders: Sequence[Path]) -> Program:
    try:
        wasm = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    stem = path.name.removesuffix(".gz").removesuffix(".wasm")
    text = _interface_text(did, folders)
    if text is None:
        beside = path.with_name(f"{stem}.did")
        text = _read_did(beside) if beside.is_file() else _carried(wasm, str(path))
    return Program(stem, wasm, text)


def _interface_text(did: str | os.PathLike[str] | None, folders: Sequence[Path]) -> str | None:
    if did is None or (isinstance(did, str) and (":" in did or "\n" in did)):
        return did  # a service has a colon, a path to an interface hardly ever
    return _read_did(_located(os.fspath(did), folders))


def _read_did(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the interface {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}"
        ) from error


def _carried(wasm: bytes, shown: str) -> str:
    """The interface in a module's own metadata."""
    from basilisk.runtime.sections import SectionError, custom_sections

    try:
        plain = gzip.decompress(wasm) if wasm[:2] == b"\x1f\x8b" else wasm
        sections = custom_sections(plain)
    except (SectionError, OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{shown} is not a WebAssembly module: {error}") from error
    for visibility in ("public", "private"):
        found = sections.get(f"icp:{visibility} candid:service")
        if found is not None:
            return bytes(found).decode("utf-8", "replace")
    raise UsageError(
        f"{shown} carries no interface",
        cause="it has no custom section candid:service",
        remedy="pass the interface: deploy(path, did=...), or deploy((wasm, did_text))",
    )

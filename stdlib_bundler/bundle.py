"""Groups compiled modules into blocks and makes the blob."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stdlib_bundler import collect, format, policy
from stdlib_bundler.compiler import compile_source

__all__ = ["BLOCK_SIZE", "EARLY_MODULES", "Settings", "build"]

#: Raw size at which a block is closed, in bytes.  Loading one module decodes one block.
BLOCK_SIZE = 64 * 1024

#: Needed before the decoder can run: stored uncompressed and registered as frozen by the runtime.
EARLY_MODULES = ("encodings", "encodings.aliases", "encodings.utf_8")


@dataclass(frozen=True)
class Settings:
    """How to compress.  The defaults are the outcome of the measurements in docs/architecture.md."""

    block_size: int = BLOCK_SIZE
    method: int = format.METHOD_LZMA
    lc: int = 3
    lp: int = 0
    pb: int = 0


def _group(name: str) -> tuple[int, str]:
    """Sort key that brings related modules together: codecs, then packages, then single modules."""
    return (0 if name.startswith("encodings.") else 1, name)


def _blocks(modules: Sequence[format.Module], settings: Settings) -> Iterable[format.RawBlock]:
    current: list[format.Module] = []
    size = 0
    for module in modules:
        if current and size + len(module.data) > settings.block_size:
            yield format.RawBlock(tuple(current), settings.method, settings.lc, settings.lp, settings.pb)
            current, size = [], 0
        current.append(module)
        size += len(module.data)
    if current:
        yield format.RawBlock(tuple(current), settings.method, settings.lc, settings.lp, settings.pb)


def build(
    lib: Path,
    extra: Sequence[collect.Source] = (),
    built_in: frozenset[str] = policy.BUILT_IN,
    settings: Settings | None = None,
) -> format.Blob:
    """The blob of the library in folder ``lib``.

    ``extra`` are modules of the runtime's own that must be importable first of all; they become frozen like
    ``EARLY_MODULES``.  ``built_in`` are the C modules of the runtime.
    """
    settings = settings or Settings()
    early: list[format.Module] = []
    later: list[format.Module] = []
    for source in [*collect.modules(lib, built_in), *collect.own_modules()]:
        frozen = source.name in EARLY_MODULES
        module = format.Module(source.name, compile_source(source), source.package, frozen)
        (early if frozen else later).append(module)
    for source in extra:
        early.append(format.Module(source.name, compile_source(source), source.package, True))
    later.sort(key=lambda module: _group(module.name))
    first = format.RawBlock(tuple(early))
    return format.Blob((first, *_blocks(later, settings)), policy.refusal_texts(built_in))

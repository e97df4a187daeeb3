"""Groups compiled modules into blocks and makes the blob."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stdlib_bundler import collect, format, policy
from stdlib_bundler.compiler import compile_source

__all__ = ["EARLY_MODULES", "OFTEN", "OFTEN_IMPORTED", "SELDOM", "Shelf", "build"]

#: Names of modules that programs import often, one a line, in the order in which imports pull them in.
OFTEN_IMPORTED = Path(__file__).with_name("often_imported.txt")

#: Needed before the decoder can run: stored uncompressed and registered as frozen by the runtime.
EARLY_MODULES = ("encodings", "encodings.aliases", "encodings.utf_8")


@dataclass(frozen=True)
class Shelf:
    """How a part of the library is packed; ``block_size`` is the raw size in bytes that closes a block."""

    block_size: int
    method: int


# Loading a module decodes its whole block.  Measured inside a canister: 55 instructions a byte for zlib, 130
# to 220 for LZMA, which is a sixth smaller.  docs/architecture.md has the table that led to these sizes.
OFTEN = Shelf(24 * 1024, format.METHOD_ZLIB)
SELDOM = Shelf(64 * 1024, format.METHOD_LZMA)


def _seldom_order(name: str) -> tuple[int, str]:
    """Sort key that brings related modules together: codecs, then packages, then single modules."""
    return (0 if name.startswith("encodings.") else 1, name)


def _blocks(modules: Iterable[format.Module], shelf: Shelf) -> Iterator[format.RawBlock]:
    current: list[format.Module] = []
    size = 0
    for module in modules:
        if current and size + len(module.data) > shelf.block_size:
            yield format.RawBlock(tuple(current), shelf.method)
            current, size = [], 0
        current.append(module)
        size += len(module.data)
    if current:
        yield format.RawBlock(tuple(current), shelf.method)


def build(
    lib: Path,
    extra: Sequence[collect.Source] = (),
    built_in: frozenset[str] = policy.BUILT_IN,
    often: Shelf = OFTEN,
    seldom: Shelf = SELDOM,
    zones: Sequence[collect.Source] = (),
) -> format.Blob:
    """The blob of the library in folder ``lib``.

    ``extra`` are modules of the runtime's own that must be importable first of all; they become frozen like
    ``EARLY_MODULES``.  ``built_in`` are the C modules of the runtime, ``zones`` the modules of ``tzdata``.
    """
    early: list[format.Module] = []
    later: dict[str, format.Module] = {}
    for source in [*collect.modules(lib, built_in), *collect.own_modules(), *zones]:
        frozen = source.name in EARLY_MODULES
        module = format.Module(source.name, compile_source(source), source.package, frozen)
        if frozen:
            early.append(module)
        else:
            later[source.name] = module
    for source in extra:
        early.append(format.Module(source.name, compile_source(source), source.package, True))
    names = OFTEN_IMPORTED.read_text(encoding="utf-8").split()
    first = [later.pop(name) for name in names if name in later]
    rest = [later[name] for name in sorted(later, key=_seldom_order)]
    blocks = (format.RawBlock(tuple(early)), *_blocks(first, often), *_blocks(rest, seldom))
    return format.Blob(blocks, policy.refusal_texts(built_in))

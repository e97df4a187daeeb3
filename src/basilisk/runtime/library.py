"""Makes a smaller standard library out of a runtime's: some of its modules, stored as they are.

The layout is defined by ``stdlib_bundler/format.py``; the tests read with that what is written here.  Nothing
is compressed again: the bytes must not depend on the host's zlib, and the canister is compressed as a whole.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from basilisk.errors import ArtefactError

__all__ = ["Library"]

_MAGIC = b"BSKSTD01"
_HEADER = struct.Struct("<8sIIII")
_MODULE = struct.Struct("<IHBBIII")
_BLOCK = struct.Struct("<IIIBBH")
_REFUSAL = struct.Struct("<IHHII")
_FROZEN = 2
_STORED, _ZLIB, _LZMA = 0, 1, 2
_SMALLEST_DICTIONARY = 4096


@dataclass(frozen=True)
class _Row:
    flags: int
    block: int
    offset: int
    size: int


class Library:
    """The modules of a blob.  Raises :class:`ArtefactError` when the blob is damaged."""

    def __init__(self, blob: bytes) -> None:
        try:
            self._read(blob)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise _damaged(error) from error
        self._blob = blob
        self._raw: dict[int, bytes] = {}

    def _read(self, blob: bytes) -> None:
        magic, n_modules, n_blocks, n_refused, strings_len = _HEADER.unpack_from(blob)
        if magic != _MAGIC:
            raise struct.error("wrong magic number")
        modules_at = _HEADER.size
        blocks_at = modules_at + n_modules * _MODULE.size
        refused_at = blocks_at + n_blocks * _BLOCK.size
        strings_at = refused_at + n_refused * _REFUSAL.size
        strings = blob[strings_at : strings_at + strings_len]
        self._rows: dict[str, _Row] = {}
        for at in range(modules_at, blocks_at, _MODULE.size):
            name_at, name_len, flags, _, block, offset, size = _MODULE.unpack_from(blob, at)
            name = strings[name_at : name_at + name_len].decode("utf-8")
            self._rows[name] = _Row(flags, block, offset, size)
        self._blocks = [_BLOCK.unpack_from(blob, at) for at in range(blocks_at, refused_at, _BLOCK.size)]
        self._refusals: dict[str, str] = {}
        for at in range(refused_at, strings_at, _REFUSAL.size):
            name_at, name_len, _, text_at, text_len = _REFUSAL.unpack_from(blob, at)
            name = strings[name_at : name_at + name_len].decode("utf-8")
            self._refusals[name] = strings[text_at : text_at + text_len].decode("utf-8")

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of code by module."""
        return {name: row.size for name, row in sorted(self._rows.items())}

    @property
    def frozen(self) -> frozenset[str]:
        """Modules that the interpreter's start needs; they are part of every selection."""
        return frozenset(name for name, row in self._rows.items() if row.flags & _FROZEN)

    @property
    def refused(self) -> frozenset[str]:
        """Modules whose import raises an ImportError with a text."""
        return frozenset(self._refusals)

    def code(self, name: str) -> bytes:
        """The marshalled code of a module."""
        row = self._rows[name]
        return self._block(row.block)[row.offset : row.offset + row.size]

    def select(self, names: Collection[str], refusals: Mapping[str, str]) -> bytes:
        """A blob with the modules ``names`` and the frozen ones; ``refusals`` are added to its own."""
        kept = sorted(self._rows.keys() & (set(names) | self.frozen), key=str.encode)
        strings = bytearray()
        places: dict[str, tuple[int, int]] = {}

        def place(text: str) -> tuple[int, int]:
            if text not in places:
                data = text.encode("utf-8")
                places[text] = (len(strings), len(data))
                strings.extend(data)
            return places[text]

        contents = [bytearray(), bytearray()]
        modules = bytearray()
        for name in kept:
            flags = self._rows[name].flags
            block = 0 if flags & _FROZEN else 1
            code = self.code(name)
            modules += _MODULE.pack(*place(name), flags, 0, block, len(contents[block]), len(code))
            contents[block] += code
        refused = bytearray()
        texts = {**self._refusals, **refusals}
        for name in sorted(texts, key=str.encode):
            name_at, name_len = place(name)
            refused += _REFUSAL.pack(name_at, name_len, 0, *place(texts[name]))
        at = _HEADER.size + len(modules) + 2 * _BLOCK.size + len(refused) + len(strings)
        blocks = bytearray()
        for content in contents:
            blocks += _BLOCK.pack(at, len(content), len(content), _STORED, 0, 0)
            at += len(content)
        head = _HEADER.pack(_MAGIC, len(kept), len(contents), len(texts), len(strings))
        return b"".join([head, modules, blocks, refused, strings, *contents])

    def _block(self, number: int) -> bytes:
        if number not in self._raw:
            at, stored_len, raw_len, method, props, _ = self._blocks[number]
            try:
                raw = _decode(self._blob[at : at + stored_len], method, raw_len, props)
            except (zlib.error, lzma.LZMAError, ValueError) as error:
                raise _damaged(error) from error
            self._raw[number] = raw
        return self._raw[number]


def _decode(stored: bytes, method: int, raw_len: int, props: int) -> bytes:
    if method == _STORED:
        raw = stored
    elif method == _ZLIB:
        raw = zlib.decompress(stored)
    elif method == _LZMA:
        rest, lc = divmod(props, 9)
        pb, lp = divmod(rest, 5)
        size = max(_SMALLEST_DICTIONARY, raw_len)
        chain = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}]
        raw = lzma.decompress(stored, format=lzma.FORMAT_RAW, filters=chain)
    else:
        raise ValueError(f"unknown method {method}")
    if len(raw) != raw_len:
        raise ValueError(f"a block of {raw_len} bytes has {len(raw)}")
    return raw


def _damaged(error: Exception) -> ArtefactError:
    return ArtefactError(
        f"the standard library in the runtime artefact is damaged: {error}",
        remedy="make or install the runtime again; `basilisk doctor` says where it was found",
    )

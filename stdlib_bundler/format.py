"""Layout of the standard library blob: the one definition, with a writer and a reader.

All integers are little-endian.  Offsets into ``strings`` count from the start of the string area, a block's
``file_off`` counts from the start of the blob.

    header    8s magic "BSKSTD01", u32 n_modules, u32 n_blocks, u32 n_refused, u32 strings_len
    modules   n_modules x { u32 name_off, u16 name_len, u8 flags, u8 pad, u32 block, u32 offset, u32 size }
    blocks    n_blocks  x { u32 file_off, u32 stored_len, u32 raw_len, u8 method, u8 props, u16 pad }
    refusals  n_refused x { u32 name_off, u16 name_len, u16 pad, u32 text_off, u32 text_len }
    strings   strings_len bytes of UTF-8, no terminators
    data      the blocks

Modules and refusals are sorted by the bytes of their names, so that a reader can search by halving without
building a dictionary.  A module is the marshalled code object ``raw(block)[offset:offset + size]``.  Flag 1
marks a package, flag 2 a module that the runtime registers as frozen; those lie in block 0, which is stored
as it is, because they are needed before a decoder runs.

Methods: 0 stored; 1 zlib stream (RFC 1950); 2 raw LZMA1 with end marker, whose ``props`` byte is the usual
``(pb * 5 + lp) * 9 + lc`` and whose dictionary is ``max(4096, raw_len)`` bytes.  ``props`` is 0 otherwise.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass

__all__ = [
    "MAGIC",
    "METHOD_LZMA",
    "METHOD_STORED",
    "METHOD_ZLIB",
    "Blob",
    "FormatError",
    "Module",
    "RawBlock",
    "decode_block",
    "encode_block",
    "read",
    "write",
]

MAGIC = b"BSKSTD01"

METHOD_STORED = 0
METHOD_ZLIB = 1
METHOD_LZMA = 2

FLAG_PACKAGE = 1
FLAG_FROZEN = 2

_HEADER = struct.Struct("<8sIIII")
_MODULE = struct.Struct("<IHBBIII")
_BLOCK = struct.Struct("<IIIBBH")
_REFUSAL = struct.Struct("<IHHII")

_ZLIB_LEVEL = 9
_LZMA_SMALLEST_DICTIONARY = 4096  # liblzma: LZMA_DICT_SIZE_MIN
_LARGEST_LC_LP = 4  # liblzma: lc + lp may be 4 at most
_LARGEST_PB = 4


class FormatError(ValueError):
    """The bytes are no blob of this format, or the content cannot be written as one."""


@dataclass(frozen=True)
class Module:
    """A module of the blob.  ``data`` is its marshalled code object."""

    name: str
    data: bytes
    package: bool = False
    frozen: bool = False


@dataclass(frozen=True)
class RawBlock:
    """Modules that are compressed together.  The parameters are used by ``METHOD_LZMA`` alone."""

    modules: tuple[Module, ...]
    method: int = METHOD_STORED
    lc: int = 3
    lp: int = 0
    pb: int = 0


@dataclass(frozen=True)
class Blob:
    """What a blob holds: blocks of modules, and the names that are refused with the text to show."""

    blocks: tuple[RawBlock, ...]
    refusals: dict[str, str]

    def modules(self) -> dict[str, Module]:
        """All modules by name."""
        return {module.name: module for block in self.blocks for module in block.modules}


def _lzma_filters(raw_len: int, lc: int, lp: int, pb: int, *, encode: bool) -> list[dict[str, int]]:
    if not (0 <= lc and 0 <= lp and lc + lp <= _LARGEST_LC_LP and 0 <= pb <= _LARGEST_PB):
        raise FormatError(f"impossible LZMA parameters lc={lc} lp={lp} pb={pb}")
    chain: dict[str, int] = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(_LZMA_SMALLEST_DICTIONARY, raw_len),
        "lc": lc,
        "lp": lp,
        "pb": pb,
    }
    if encode:
        chain["preset"] = 9 | lzma.PRESET_EXTREME
    return [chain]


def encode_block(raw: bytes, method: int, lc: int = 3, lp: int = 0, pb: int = 0) -> bytes:
    """Compress one block.  Same input, same bytes, for one version of zlib and liblzma."""
    if method == METHOD_STORED:
        return raw
    if method == METHOD_ZLIB:
        return zlib.compress(raw, _ZLIB_LEVEL)
    if method == METHOD_LZMA:
        filters = _lzma_filters(len(raw), lc, lp, pb, encode=True)
        return lzma.compress(raw, format=lzma.FORMAT_RAW, filters=filters)
    raise FormatError(f"unknown compression method {method}")


def decode_block(stored: bytes, method: int, raw_len: int, props: int) -> bytes:
    """Decompress one block and check its length."""
    try:
        if method == METHOD_STORED:
            raw = stored
        elif method == METHOD_ZLIB:
            raw = zlib.decompress(stored)
        elif method == METHOD_LZMA:
            rest, lc = divmod(props, 9)
            pb, lp = divmod(rest, 5)
            filters = _lzma_filters(raw_len, lc, lp, pb, encode=False)
            raw = lzma.decompress(stored, format=lzma.FORMAT_RAW, filters=filters)
        else:
            raise FormatError(f"unknown compression method {method}")
    except (zlib.error, lzma.LZMAError) as error:
        raise FormatError(f"a block is damaged: {error}") from error
    if len(raw) != raw_len:
        raise FormatError(f"a block holds {len(raw)} bytes, its table entry says {raw_len}")
    return raw


class _Strings:
    """The string area: every text once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._known: dict[bytes, int] = {}

    def add(self, text: str) -> tuple[int, int]:
        raw = text.encode()
        if raw not in self._known:
            self._known[raw] = len(self.data)
            self.data += raw
        return self._known[raw], len(raw)


def write(blob: Blob) -> bytes:
    """The bytes of ``blob``.

    Raises ``FormatError`` when a name occurs twice, is both module and refusal, is empty or too long, or when
    a frozen module lies outside a stored block 0.
    """
    strings = _Strings()
    module_rows: list[tuple[bytes, bytes]] = []
    stored_blocks: list[tuple[bytes, int, int, int]] = []
    for number, block in enumerate(blob.blocks):
        offset = 0
        for module in block.modules:
            if module.frozen and (number != 0 or block.method != METHOD_STORED):
                raise FormatError(f"{module.name} is frozen and must lie in a stored block 0")
            name_off, name_len = _name(strings, module.name)
            flags = (FLAG_PACKAGE if module.package else 0) | (FLAG_FROZEN if module.frozen else 0)
            row = _MODULE.pack(name_off, name_len, flags, 0, number, offset, len(module.data))
            module_rows.append((module.name.encode(), row))
            offset += len(module.data)
        raw = b"".join(module.data for module in block.modules)
        stored = encode_block(raw, block.method, block.lc, block.lp, block.pb)
        props = (block.pb * 5 + block.lp) * 9 + block.lc if block.method == METHOD_LZMA else 0
        stored_blocks.append((stored, len(raw), block.method, props))
    refusal_rows: list[tuple[bytes, bytes]] = []
    for name, text in blob.refusals.items():
        name_off, name_len = _name(strings, name)
        text_off, text_len = strings.add(text)
        refusal_rows.append((name.encode(), _REFUSAL.pack(name_off, name_len, 0, text_off, text_len)))

    names = [name for name, _ in module_rows + refusal_rows]
    if len(set(names)) != len(names):
        twice = sorted({name.decode() for name in names if names.count(name) > 1})
        raise FormatError(f"named more than once: {', '.join(twice)}")

    head = bytearray(
        _HEADER.pack(MAGIC, len(module_rows), len(stored_blocks), len(refusal_rows), len(strings.data))
    )
    for _, row in sorted(module_rows):
        head += row
    table = len(module_rows) * _MODULE.size + len(stored_blocks) * _BLOCK.size
    file_off = _HEADER.size + table + len(refusal_rows) * _REFUSAL.size + len(strings.data)
    for stored, raw_len, method, props in stored_blocks:
        head += _BLOCK.pack(file_off, len(stored), raw_len, method, props, 0)
        file_off += len(stored)
    for _, row in sorted(refusal_rows):
        head += row
    head += strings.data
    return bytes(head) + b"".join(stored for stored, _, _, _ in stored_blocks)


def _name(strings: _Strings, name: str) -> tuple[int, int]:
    if not name or len(name.encode()) > 0xFFFF:
        raise FormatError(f"not a module name: {name!r}")
    return strings.add(name)


def read(data: bytes) -> Blob:
    """The content of a blob.  Raises ``FormatError`` on anything that ``write`` would not have made."""
    if len(data) < _HEADER.size:
        raise FormatError("the blob is shorter than its header")
    magic, n_modules, n_blocks, n_refused, strings_len = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise FormatError("the blob does not begin with its magic number")
    at = _HEADER.size
    sizes = (n_modules * _MODULE.size, n_blocks * _BLOCK.size, n_refused * _REFUSAL.size, strings_len)
    if at + sum(sizes) > len(data):
        raise FormatError("the tables reach past the end of the blob")
    parts = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    modules, blocks, refusals, strings = parts

    def text(offset: int, length: int) -> str:
        if offset + length > len(strings):
            raise FormatError("a string lies outside the string area")
        try:
            return strings[offset : offset + length].decode()
        except UnicodeDecodeError as error:
            raise FormatError("a string is not UTF-8") from error

    rows: list[list[tuple[int, Module, int]]] = [[] for _ in range(n_blocks)]
    for name_off, name_len, flags, _, block, offset, size in _MODULE.iter_unpack(modules):
        if block >= n_blocks:
            raise FormatError("a module lies in a block that does not exist")
        module = Module(text(name_off, name_len), b"", bool(flags & FLAG_PACKAGE), bool(flags & FLAG_FROZEN))
        rows[block].append((offset, module, size))
    result = []
    for row, (file_off, stored_len, raw_len, method, props, _) in zip(
        rows, _BLOCK.iter_unpack(blocks), strict=True
    ):
        if file_off + stored_len > len(data):
            raise FormatError("a block reaches past the end of the blob")
        raw = decode_block(data[file_off : file_off + stored_len], method, raw_len, props)
        content = []
        for offset, module, size in sorted(row, key=lambda entry: (entry[0], entry[2], entry[1].name)):
            if offset + size > raw_len:
                raise FormatError(f"{module.name} reaches past the end of its block")
            piece = raw[offset : offset + size]
            content.append(Module(module.name, piece, module.package, module.frozen))
        rest, lc = divmod(props, 9)
        pb, lp = divmod(rest, 5)
        if method == METHOD_LZMA:
            result.append(RawBlock(tuple(content), method, lc, lp, pb))
        else:
            result.append(RawBlock(tuple(content), method))
    refused = {
        text(name_off, name_len): text(text_off, text_len)
        for name_off, name_len, _, text_off, text_len in _REFUSAL.iter_unpack(refusals)
    }
    return Blob(tuple(result), refused)

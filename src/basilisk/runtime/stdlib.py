"""The index of the standard library blob: which modules the runtime holds and which it refuses.

The layout is defined by ``stdlib_bundler/format.py``; this reads the tables only, never the code.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from basilisk.errors import ArtefactError

__all__ = ["BUILTIN_MODULES", "StdlibIndex"]

_HEADER = struct.Struct("<8sIIII")
_MODULE = struct.Struct("<IHBBIII")
_BLOCK = struct.Struct("<IIIB3x")
_REFUSAL = struct.Struct("<IHHII")
_MAGIC = b"BSKSTD01"
_PACKAGE = 1

_LINKED = (
    "_abc _ast _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp "
    "_codecs_kr _codecs_tw _collections _contextvars _csv _datetime _decimal _elementtree "
    "_frozen_importlib _frozen_importlib_external _functools _heapq _imp _io _json _locale _lsprof "
    "_lzma _md5 _multibytecodec _opcode _operator _pickle _queue _random _sha1 _sha2 _sha3 _signal "
    "_sqlite3 _sre _stat _statistics _string _struct _suggestions _symtable _sysconfig _thread "
    "_tokenize _tracemalloc _typing _warnings _weakref _zoneinfo array atexit binascii builtins cmath "
    "errno gc itertools marshal math posix pyexpat sys time unicodedata zlib"
)
_FROZEN = (
    "_collections_abc _sitebuiltins abc codecs genericpath importlib._bootstrap "
    "importlib._bootstrap_external importlib.machinery importlib.util io ntpath os posixpath runpy "
    "site stat zipimport"
)
BUILTIN_MODULES = frozenset(f"{_LINKED} {_FROZEN}".split())
"""Modules that live in the interpreter itself and so are not in the blob."""


@dataclass(frozen=True)
class StdlibIndex:
    """Names in the runtime's standard library.

    ``modules`` says of each whether it is a package, ``refused`` why it cannot be imported.
    """

    modules: dict[str, bool] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, blob: bytes) -> StdlibIndex:
        """Read the tables of a blob.  Raises :class:`ArtefactError` when they do not make sense."""
        try:
            return cls._parse(blob)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise ArtefactError(
                f"the standard library in the runtime artefact is damaged: {error}",
                remedy="make or install the runtime again; `basilisk doctor` says where it was found",
            ) from error

    @classmethod
    def _parse(cls, blob: bytes) -> StdlibIndex:
        magic, n_modules, n_blocks, n_refused, strings_len = _HEADER.unpack_from(blob)
        if magic != _MAGIC:
            raise struct.error("wrong magic number")
        modules_at = _HEADER.size
        refused_at = modules_at + n_modules * _MODULE.size + n_blocks * _BLOCK.size
        strings_at = refused_at + n_refused * _REFUSAL.size
        if strings_at + strings_len > len(blob):
            raise struct.error("tables are longer than the blob")
        strings = blob[strings_at : strings_at + strings_len]

        def text(offset: int, length: int) -> str:
            if offset + length > len(strings):
                raise struct.error("a name lies outside of the strings")
            return strings[offset : offset + length].decode("utf-8")

        modules = {}
        for number in range(n_modules):
            name_at, name_len, flags, *_ = _MODULE.unpack_from(blob, modules_at + number * _MODULE.size)
            modules[text(name_at, name_len)] = bool(flags & _PACKAGE)
        refused = {}
        for number in range(n_refused):
            name_at, name_len, _, text_at, text_len = _REFUSAL.unpack_from(
                blob, refused_at + number * _REFUSAL.size
            )
            refused[text(name_at, name_len)] = text(text_at, text_len)
        return cls(modules, refused)

    def has(self, name: str) -> bool:
        """True when ``import name`` works in a canister without any file of the user."""
        return (name in self.modules or name in BUILTIN_MODULES) and self.refusal(name) is None

    def refusal(self, name: str) -> str | None:
        """Why ``name`` cannot be imported in a canister: its own reason or that of a parent package."""
        while name:
            if name in self.refused:
                return self.refused[name]
            name = name.rpartition(".")[0]
        return None

    def owns(self, name: str) -> bool:
        """True when ``name`` belongs to the standard library, refused or not."""
        top = name.partition(".")[0]
        return top in self.modules or top in BUILTIN_MODULES or self.refusal(name) is not None

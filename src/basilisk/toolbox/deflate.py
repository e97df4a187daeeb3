"""gzip with the same bytes on every machine, which compresses only what has changed.

The module is cut into pieces (``pieces``), each is compressed by the toolbox and kept in the user's cache;
joined, they are one raw deflate stream.  Compressing everything anew gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from basilisk.errors import ArtefactError
from basilisk.toolbox.machine import Instance, Machine
from basilisk.toolbox.pieces import Piece, pieces
from basilisk.toolbox.store import PieceStore

__all__ = ["LEVEL", "Compressor"]

LEVEL = 9
#: gzip's head (RFC 1952): deflate, no flags, no time, best compression, unknown system.
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
#: An empty last block, which ends the deflate stream (RFC 1951: final, fixed codes, end of block).
_TAIL = b"\x03\x00"
#: More threads gain nothing: a module has a few large pieces at most that are new.
_MOST_THREADS = 4


class Compressor:
    """Compresses modules with one toolbox and one cache."""

    def __init__(self, machine: Machine, store: PieceStore | None = None) -> None:
        self._machine = machine
        self._store = store if store is not None else PieceStore()
        self._idle: list[Instance] = []
        self._lock = threading.Lock()

    def gzip(self, data: bytes) -> bytes:
        """``data`` as one gzip stream."""
        plan = pieces(data)
        keys = [self._key(data, piece) for piece in plan]
        found = [self._store.get(key) for key in keys]
        missing = [number for number, piece in enumerate(found) if piece is None]
        workers = min(_MOST_THREADS, os.cpu_count() or 1)
        if len(missing) > 1 and workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                made = list(pool.map(lambda number: self._compress(data, plan[number]), missing))
        else:
            made = [self._compress(data, plan[number]) for number in missing]
        for number, piece in zip(missing, made, strict=True):
            found[number] = piece
            self._store.put(keys[number], piece)
        if any(keys[number][0] == "0" for number in missing):  # looking through the folder costs time
            self._store.prune()
        check = zlib.crc32(data).to_bytes(4, "little")
        size = (len(data) & 0xFFFF_FFFF).to_bytes(4, "little")
        return b"".join([_HEAD, *(piece for piece in found if piece is not None), _TAIL, check, size])

    def _key(self, data: bytes, piece: Piece) -> str:
        """A hash of the piece, the bytes it may refer to, the level and the compressor."""
        head = f"{self._machine.digest} {LEVEL} {piece.start - piece.history} "
        digest = hashlib.blake2b(head.encode(), digest_size=24)
        digest.update(memoryview(data)[piece.history : piece.end])
        return digest.hexdigest()

    def _compress(self, data: bytes, piece: Piece) -> bytes:
        history, content = data[piece.history : piece.start], data[piece.start : piece.end]
        with self._instance() as instance:
            result = instance.compress(history, content, LEVEL)
        if zlib.decompressobj(-15, zdict=history).decompress(result) != content:
            raise ArtefactError(
                "the toolbox compressed a module wrongly",
                cause="a defect of the toolbox, or of this machine's memory",
                remedy="try again; if it happens again, report it with the module",
            )
        return result

    @contextmanager
    def _instance(self) -> Iterator[Instance]:
        """An instance for the use of one thread."""
        with self._lock:
            instance = self._idle.pop() if self._idle else None
        if instance is None:
            instance = self._machine.start()
        yield instance
        with self._lock:
            self._idle.append(instance)

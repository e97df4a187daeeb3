"""Randomness of the replica: a stream of bytes that depends on a seed alone."""

from __future__ import annotations

import hashlib

__all__ = ["Randomness"]


class Randomness:
    """SHA-256 in counter mode.  The same seed gives the same bytes on any machine."""

    def __init__(self, seed: int | bytes = 0) -> None:
        raw = seed if isinstance(seed, bytes) else str(seed).encode()
        self._key = hashlib.sha256(b"basilisk replica randomness\0" + raw).digest()
        self._counter = 0

    def draw(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        out = b""
        while len(out) < length:
            out += hashlib.sha256(self._key + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
        return out[:length]

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """Bytes for one purpose, independent of how much of the stream was used."""
        return hashlib.shake_256(self._key + purpose.encode()).digest(length)

"""Stable memory: pages that exist once written, and layers of changes that can be thrown away."""

from __future__ import annotations

from typing import Protocol

from basilisk.engine.heap import OS_PAGE
from basilisk.engine.memory import WASM_PAGE

__all__ = ["StableLayer", "StableMemory"]

_ZERO = bytes(OS_PAGE)


class _Below(Protocol):
    pages: int

    def written(self) -> set[int]: ...

    def page(self, number: int) -> bytes | bytearray: ...

    def absorb(self, pages: int, changed: dict[int, bytearray]) -> None: ...


class StableMemory:
    """Committed stable memory of a canister.  ``pages`` counts WebAssembly pages of 64 KiB."""

    def __init__(self) -> None:
        self.pages = 0
        self._content: dict[int, bytearray] = {}

    def __deepcopy__(self, _memo: dict[int, object]) -> StableMemory:
        """A copy; pages are shared because a write replaces them."""
        twin = StableMemory()
        twin.pages, twin._content = self.pages, dict(self._content)
        return twin

    def written(self) -> set[int]:
        """Numbers of the OS pages that were ever written; all others hold zeros."""
        return set(self._content)

    def page(self, number: int) -> bytes | bytearray:
        """OS page ``number`` (4 KiB).  Not to be changed by the caller."""
        return self._content.get(number, _ZERO)

    def absorb(self, pages: int, changed: dict[int, bytearray]) -> None:
        """Take over the changes of a layer."""
        self.pages = pages
        self._content.update(changed)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes within the memory.  Raises IndexError outside it."""
        return StableLayer(self).read(offset, length)


class StableLayer:
    """Changes on top of a memory or of another layer, until ``commit``."""

    def __init__(self, below: _Below) -> None:
        self._below = below
        self.pages = below.pages
        self._changed: dict[int, bytearray] = {}
        self._accessed: set[int] = set()

    @property
    def accessed_pages(self) -> int:
        """OS pages read or written in this layer."""
        return len(self._accessed)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.pages * WASM_PAGE

    @property
    def dirty_pages(self) -> int:
        """OS pages written in this layer."""
        return len(self._changed)

    def clean_pages(self, offset: int, length: int) -> int:
        """How many OS pages between ``offset`` and ``offset + length`` were not written in this layer."""
        last = (offset + length - 1) // OS_PAGE
        return sum(number not in self._changed for number in range(offset // OS_PAGE, last + 1))

    def written(self) -> set[int]:
        """Numbers of the OS pages that were ever written, here or below."""
        return self._below.written() | set(self._changed)

    def page(self, number: int) -> bytes | bytearray:
        """OS page ``number`` as this layer sees it."""
        changed = self._changed.get(number)
        return changed if changed is not None else self._below.page(number)

    def grow(self, pages: int, limit: int) -> int:
        """Grow by ``pages``; the previous number of pages, or -1 beyond ``limit`` pages."""
        previous = self.pages
        if previous + pages > limit:
            return -1
        self.pages += pages
        return previous

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes.  Raises IndexError outside the memory."""
        if offset + length > self.size:
            raise IndexError(offset)
        self._touch(offset, length)
        parts = []
        while length:
            number, start = divmod(offset, OS_PAGE)
            piece = self.page(number)[start : start + min(length, OS_PAGE - start)]
            parts.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(parts)

    def write(self, offset: int, data: bytes) -> None:
        """Write ``data``.  Raises IndexError outside the memory."""
        if offset + len(data) > self.size:
            raise IndexError(offset)
        self._touch(offset, len(data))
        position = 0
        while position < len(data):
            number, start = divmod(offset + position, OS_PAGE)
            piece = data[position : position + OS_PAGE - start]
            page = self._changed.get(number)
            if page is None:
                page = self._changed[number] = bytearray(self._below.page(number))
            page[start : start + len(piece)] = piece
            position += len(piece)

    def _touch(self, offset: int, length: int) -> None:
        if length:
            self._accessed.update(range(offset // OS_PAGE, (offset + length - 1) // OS_PAGE + 1))

    def absorb(self, pages: int, changed: dict[int, bytearray]) -> None:
        """Take over the changes of the layer above."""
        self.pages = pages
        self._changed.update(changed)

    def commit(self) -> None:
        """Hand the changes down; the layer must not be used afterwards."""
        self._below.absorb(self.pages, self._changed)
        self._changed = {}

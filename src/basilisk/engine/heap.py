"""The committed content of a linear memory, and the way back to it.

A canister keeps one live instance.  While a message runs, its memory is written in place; afterwards the
changes are either committed (they become the new committed content) or rolled back.  Two implementations:

``MappedHeap`` (Linux) keeps the committed content in a file in memory and maps it privately over the live
memory.  The kernel copies a page when it is first written, ``/proc/self/pagemap`` tells which pages those
are, and ``MADV_DONTNEED`` throws them away.  The cost of either way is proportional to the number of pages
written, not to the size of the memory.

``CopiedHeap`` (anywhere) keeps a second copy and compares.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
from typing import Protocol

__all__ = ["OS_PAGE", "CopiedHeap", "Heap", "HeapFile", "MappedHeap", "new_heap"]

#: The unit of dirty-page accounting on the Internet Computer and of the kernel's copies (4 KiB).
OS_PAGE = 4096

#: Address space set aside for each memory in the heap file; more than the 6 GiB of a 64-bit memory.
_SLOT = 32 << 30

#: Bytes that are copied at once.
_COPY = 1 << 20

#: OS pages that are looked at or copied at once: no call of the system takes 2 GiB or more.
_PIECE = (64 << 20) // OS_PAGE

_PROT_READ_WRITE = 3
_MAP_PRIVATE_FIXED = 0x02 | 0x10 | 0x4000  # MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE
_MADV_DONTNEED = 4
_PUNCH_HOLE = 0x02 | 0x01  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE

# The top byte of a pagemap entry: bit 63 present, 62 swapped, 61 page of a file.  A page of the private
# mapping that was written is there but no longer a page of the file.
_IS_DIRTY = bytes(1 if (top & 0xC0) and not top & 0x20 else 0 for top in range(256))
_RUN = re.compile(rb"\x01+")


class Heap(Protocol):
    """Committed content of one linear memory.  Addresses are native, sizes in bytes (whole OS pages)."""

    @property
    def size(self) -> int:
        """Bytes of committed memory."""
        ...

    def attach(self, address: int, size: int) -> None:
        """Make the live memory at ``address`` equal to the committed content."""
        ...

    def dirty_pages(self, address: int, size: int) -> int:
        """Number of OS pages whose content is another one than the committed one.

        Like the network, which compares the pages that were written with what they held before: a page
        that was written without being changed is not counted.
        """
        ...

    def changes(self, address: int, size: int) -> list[tuple[int, bytes]]:
        """Copies of what was written since the last commit or rollback: (offset, bytes)."""
        ...

    def commit(self, address: int, size: int) -> None:
        """Take over what the live memory holds; it may have grown or moved."""
        ...

    def rollback(self, address: int, size: int) -> bool:
        """Restore the live memory; False when its size changed and a new instance is needed."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Committed bytes."""
        ...

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Change committed bytes of a heap that is not attached; grows it when needed."""
        ...

    def resize(self, size: int) -> None:
        """Set the size of a heap that is not attached; new bytes are zero."""
        ...

    def copy(self) -> Heap:
        """Another heap, not attached, with the same committed content."""
        ...

    def close(self) -> None:
        """Free the content.  The live memory must be gone or replaced."""
        ...


class HeapFile:
    """One anonymous file that holds the committed content of many memories, each in a slot of its own."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._mmap = libc.mmap
        self._mmap.restype = ctypes.c_void_p
        self._mmap.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_long,
        ]
        self._madvise = libc.madvise
        self._madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self._fallocate = libc.fallocate
        self._fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
        self.file = os.memfd_create("basilisk-heaps")
        self._pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._slots = 0
        self._free: list[int] = []

    def allocate(self) -> int:
        """Offset of a fresh slot, which reads as zeros."""
        with self._lock:
            if self._free:
                return self._free.pop()
            offset = self._slots * _SLOT
            self._slots += 1
            os.ftruncate(self.file, self._slots * _SLOT)
            return offset

    def free(self, offset: int) -> None:
        """Give a slot and its memory back."""
        if os.getpid() != self._pid:
            return  # a forked process must not destroy what its parent still uses
        if self._fallocate(self.file, _PUNCH_HOLE, offset, _SLOT) == 0:
            with self._lock:
                self._free.append(offset)

    def map(self, address: int, size: int, offset: int) -> None:
        """Map the slot privately over live memory.  Raises OSError."""
        if size == 0:
            return
        got = self._mmap(address, size, _PROT_READ_WRITE, _MAP_PRIVATE_FIXED, self.file, offset)
        if got != address:
            raise OSError(ctypes.get_errno(), "cannot map the committed memory of a canister")

    def discard(self, address: int, size: int) -> None:
        """Throw away private pages, so that the file shows again.  Raises OSError."""
        if size and self._madvise(address, size, _MADV_DONTNEED) != 0:
            raise OSError(ctypes.get_errno(), "cannot restore the memory of a canister")

    def written(self, address: int, size: int) -> bytes:
        """One byte for each OS page: 1 if the page was written privately."""
        if os.getpid() != self._pid:
            self._pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
            self._pid = os.getpid()
        wanted, at = size // OS_PAGE * 8, address // OS_PAGE * 8
        entries = os.pread(self._pagemap, wanted, at)
        while len(entries) < wanted:
            more = os.pread(self._pagemap, wanted - len(entries), at + len(entries))
            if not more:
                raise OSError("the kernel's page map is cut short")
            entries += more
        return entries[7::8].translate(_IS_DIRTY)

    def extents(self, offset: int, size: int) -> list[tuple[int, int]]:
        """Pieces of a slot that hold anything, (offset within the slot, length), each at most 1 MiB."""
        found = []
        at, end = offset, offset + size
        with self._lock:
            while at < end:
                try:
                    start = os.lseek(self.file, at, os.SEEK_DATA)
                except OSError:
                    break  # nothing but a hole until the end of the file
                stop = min(end, os.lseek(self.file, start, os.SEEK_HOLE))
                for piece in range(start, stop, _COPY):
                    found.append((piece - offset, min(_COPY, stop - piece)))
                at = max(stop, start + 1)
        return found

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset`` of the file, which may be more than the system gives at once."""
        pieces = []
        while length:
            piece = os.pread(self.file, length, offset)
            if not piece:
                raise OSError("the file of committed memory is cut short")
            pieces.append(piece)
            offset, length = offset + len(piece), length - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Write the whole of ``data`` at ``offset`` of the file.  Raises OSError."""
        view = memoryview(data).cast("B")
        while view:
            done = os.pwrite(self.file, view, offset)
            view = view[done:]
            offset += done


class MappedHeap:
    """A heap in a slot of a HeapFile."""

    def __init__(self, file: HeapFile) -> None:
        self._file = file
        self._slot: int | None = file.allocate()
        self._size = 0
        self._address = 0

    @property
    def size(self) -> int:
        return self._size

    @property
    def _offset(self) -> int:
        if self._slot is None:
            raise ValueError("the heap is closed")
        return self._slot

    def attach(self, address: int, size: int) -> None:
        if size != self._size:
            raise ValueError("the live memory has another size than the committed one")
        self._file.map(address, size, self._offset)
        self._address = address

    def dirty_pages(self, address: int, size: int) -> int:
        total = 0
        for start, end in self._written(address, size):
            live = ctypes.string_at(address + start, end - start)
            total += _different_pages(live, os.pread(self._file.file, end - start, self._offset + start))
        return total

    def changes(self, address: int, size: int) -> list[tuple[int, bytes]]:
        return [
            (start, ctypes.string_at(address + start, end - start))
            for start, end in self._written(address, size)
        ]

    def _written(self, address: int, size: int) -> list[tuple[int, int]]:
        pages = self._file.written(address, size)
        # In pieces: a message may write gigabytes, of which no copy as a whole is wanted.
        return [
            (start * OS_PAGE, min(start + _PIECE, run.end()) * OS_PAGE)
            for run in _RUN.finditer(pages)
            for start in range(run.start(), run.end(), _PIECE)
        ]

    def commit(self, address: int, size: int) -> None:
        # A memory that grew has pages of its own behind the mapped ones; one that moved has nothing else.
        # Both look like written pages, so the same scan finds everything that must be saved.
        first = last = None
        for start, end in self._written(address, size):
            live = (ctypes.c_ubyte * (end - start)).from_address(address + start)
            self._file.write(self._offset + start, memoryview(live))
            first = start if first is None else first
            last = end
        grown, self._size = size != self._size, size
        if grown or address != self._address:
            self.attach(address, size)
        elif first is not None and last is not None:
            self._file.discard(address + first, last - first)

    def rollback(self, address: int, size: int) -> bool:
        if size != self._size or address != self._address:
            return False
        self._file.discard(address, size)
        return True

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self._size - offset))
        return self._file.read(self._offset + offset, length)

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self._file.write(self._offset + offset, data)
        self._size = max(self._size, -(-(offset + len(data)) // OS_PAGE) * OS_PAGE)

    def resize(self, size: int) -> None:
        if size < self._size:
            raise ValueError("a heap does not shrink")
        self._size = size

    def copy(self) -> Heap:
        twin = MappedHeap(self._file)
        for offset, length in self._file.extents(self._offset, self._size):
            twin.write(offset, os.pread(self._file.file, length, self._offset + offset))
        twin._size = self._size
        return twin

    def close(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            self._file.free(slot)

    def __del__(self) -> None:
        # Half of the modules may be gone when the interpreter ends, so nothing but a plain try is safe.
        try:
            self.close()
        except Exception:
            pass


def _different_pages(one: bytes, other: bytes) -> int:
    """OS pages in which two runs of the same length differ."""
    if one == other:
        return 0
    starts = range(0, len(one), OS_PAGE)
    return sum(one[start : start + OS_PAGE] != other[start : start + OS_PAGE] for start in starts)


class CopiedHeap:
    """A heap as a list of immutable chunks; commits and rollbacks compare every chunk."""

    CHUNK = 64 * 1024

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    @property
    def size(self) -> int:
        return len(self._chunks) * self.CHUNK

    def attach(self, address: int, size: int) -> None:
        if size != self.size:
            raise ValueError("the live memory has another size than the committed one")
        for number, chunk in enumerate(self._chunks):
            ctypes.memmove(address + number * self.CHUNK, chunk, self.CHUNK)

    def dirty_pages(self, address: int, size: int) -> int:
        total = 0
        for number in range(size // self.CHUNK):
            live = ctypes.string_at(address + number * self.CHUNK, self.CHUNK)
            old = self._chunks[number] if number < len(self._chunks) else bytes(self.CHUNK)
            total += _different_pages(live, old)
        return total

    def changes(self, address: int, size: int) -> list[tuple[int, bytes]]:
        found = []
        for number in range(size // self.CHUNK):
            at = number * self.CHUNK
            live = ctypes.string_at(address + at, self.CHUNK)
            if number >= len(self._chunks) or live != self._chunks[number]:
                found.append((at, live))
        return found

    def commit(self, address: int, size: int) -> None:
        for number in range(size // self.CHUNK):
            live = ctypes.string_at(address + number * self.CHUNK, self.CHUNK)
            if number == len(self._chunks):
                self._chunks.append(live)
            elif live != self._chunks[number]:
                self._chunks[number] = live

    def rollback(self, address: int, size: int) -> bool:
        if size != self.size:
            return False
        for number, chunk in enumerate(self._chunks):
            at = address + number * self.CHUNK
            if ctypes.string_at(at, self.CHUNK) != chunk:
                ctypes.memmove(at, chunk, self.CHUNK)
        return True

    def read(self, offset: int, length: int) -> bytes:
        first = offset // self.CHUNK
        last = -(-(offset + length) // self.CHUNK)
        joined = b"".join(self._chunks[first:last])
        start = offset - first * self.CHUNK
        return joined[start : start + length]

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        end = offset + len(data)
        self.resize(max(self.size, -(-end // self.CHUNK) * self.CHUNK))
        view = memoryview(data).cast("B")
        while view:
            number, start = divmod(offset, self.CHUNK)
            piece = view[: self.CHUNK - start]
            old = self._chunks[number]
            self._chunks[number] = old[:start] + bytes(piece) + old[start + len(piece) :]
            view = view[len(piece) :]
            offset += len(piece)

    def resize(self, size: int) -> None:
        if size < self.size or size % self.CHUNK:
            raise ValueError("a heap does not shrink and consists of whole chunks")
        missing = (size - self.size) // self.CHUNK
        if missing:
            self._chunks.extend([bytes(self.CHUNK)] * missing)

    def copy(self) -> Heap:
        twin = CopiedHeap()
        twin._chunks = list(self._chunks)
        return twin

    def close(self) -> None:
        self._chunks = []


_shared_lock = threading.Lock()
_shared: HeapFile | None = None
_mapping_works: bool | None = None


def new_heap(kind: str | None = None) -> Heap:
    """An empty heap of the best kind this machine supports, or of ``kind`` ("mapped" or "copied")."""
    if kind == "copied" or (kind is None and not _can_map()):
        return CopiedHeap()
    return MappedHeap(_shared_file())


def _shared_file() -> HeapFile:
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = HeapFile()
        return _shared


def _can_map() -> bool:
    """Try the mapped heap on one page: some kernels and sandboxes lack the page map."""
    global _mapping_works
    if _mapping_works is None:
        _mapping_works = sys.platform == "linux" and _trial()
    return _mapping_works


def _trial() -> bool:
    import mmap

    if mmap.PAGESIZE != OS_PAGE:
        return False
    try:
        heap = MappedHeap(_shared_file())
        area = mmap.mmap(-1, 2 * OS_PAGE)
        address = ctypes.addressof(ctypes.c_ubyte.from_buffer(area))
        heap.write(0, b"old" + bytes(2 * OS_PAGE - 3))
        heap.attach(address, 2 * OS_PAGE)
        clean = heap.dirty_pages(address, 2 * OS_PAGE)
        ctypes.memmove(address, b"new", 3)
        dirty = heap.dirty_pages(address, 2 * OS_PAGE)
        restored = heap.rollback(address, 2 * OS_PAGE)
        same = ctypes.string_at(address, 3) == b"old"
        heap.close()
        return (clean, dirty, restored, same) == (0, 1, True, True)
    except (OSError, AttributeError, ValueError):
        return False

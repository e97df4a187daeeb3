"""Walks a canister's heap from outside: every chunk of the C allocator, every pool and block of Python's.

The artefact has no symbols, so the structures are found by what they are. Chunks of dlmalloc, wasi-libc's
allocator, lie one behind the other from the end of the static data to the end of memory, and each says where
the next begins and whether the one before is in use; a chain of thousands that ends exactly at the end of
memory is no accident. Python's arenas are chunks of a certain size, and a table of arenas lies in a chunk as
well (Objects/obmalloc.c).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["Damage", "Heap", "walk"]

#: Bytes of linear stack, which lies before everything else (tools/recipes/link.sh).
STACK = 8 << 20
#: What dlmalloc keeps behind the last chunk: the record of its segment and a fencepost.
TOP_FOOT = 56
IN_USE, BEFORE_IN_USE, FLAGS = 2, 1, 7

#: Bytes that a canister can address.
ALL = 1 << 32
WASM_PAGE = 1 << 16

ARENA = 1 << 18
POOL = 1 << 12
OVERHEAD = 32
CLASSES = 64
UNKNOWN_CLASS = 0xFFFF
RECORD = struct.Struct("<7I")


class Damage(Exception):
    """The heap contradicts itself."""


@dataclass(frozen=True)
class Heap:
    """What was found."""

    start: int
    chunks: int
    in_use: int
    arenas: int
    pools: int
    blocks: int


def walk(memory: bytes | memoryview, start: int | None = None) -> Heap:
    """Look at everything.  ``start`` saves the search for the first chunk.  Raises :class:`Damage`."""
    if start is None:
        start = _first_chunk(memory)
    chunks = _chunks(memory, start)
    arenas = _arenas(memory, chunks)
    pools = blocks = 0
    for address, pool_address, free in arenas:
        found = [_pool(memory, pool) for pool in range(-(-address // POOL) * POOL, pool_address, POOL)]
        empty = sum(count == 0 for count in found)
        total = (address + ARENA) // POOL - -(-address // POOL)
        if free != empty + total - len(found):
            raise Damage(f"the arena at {address:#x} counts {free} free pools and has {empty}")
        pools += len(found)
        blocks += sum(found)
    used = sum(head & IN_USE != 0 for _, head in chunks)
    return Heap(start, len(chunks), used, len(arenas), pools, blocks)


def _word(memory: bytes | memoryview, address: int) -> int:
    return int.from_bytes(memory[address : address + 4], "little")


def _first_chunk(memory: bytes | memoryview) -> int:
    """The address from which a chain of at least a thousand chunks leads to the end of memory."""
    for address in range(STACK + 8, len(memory), 16):
        head = _word(memory, address + 4)
        size = head & ~FLAGS
        # What looks like a large chunk is static data that happens to lead to the true first one.
        if not 16 <= size < 1 << 16 or size % 16 or not head & BEFORE_IN_USE:
            continue
        try:
            if len(_chunks(memory, address)) > 1000:
                return address
        except Damage:
            continue
    raise Damage("no chain of chunks leads to the end of memory")


def _chunks(memory: bytes | memoryview, start: int) -> list[tuple[int, int]]:
    """(address, head) of each chunk; the last is the free rest."""
    found = []
    address, end = start, len(memory)
    before_in_use = True
    while True:
        if address + 8 > end:
            raise Damage(f"the chunk before {address:#x} leads out of memory")
        head = _word(memory, address + 4)
        size = head & ~FLAGS
        if bool(head & BEFORE_IN_USE) is not before_in_use:
            raise Damage(f"the chunk at {address:#x} is wrong about the one before it")
        rest = end - (address + size + TOP_FOOT)
        # The allocator cannot use a piece that ends where its addresses end: such pages stay behind it.
        unused = end == ALL and rest > 0 and rest % WASM_PAGE == 0
        if not head & IN_USE and (rest == 0 or (unused and _word(memory, address + size + 4) == TOP_FOOT)):
            if _word(memory, address + size + 4) != TOP_FOOT:
                raise Damage("there is no fencepost behind the last chunk")
            found.append((address, head))
            return found
        if size < 16 or size % 16:
            raise Damage(f"the chunk at {address:#x} has the size {size}")
        if not head & IN_USE:
            if not before_in_use:
                raise Damage(f"two free chunks meet at {address:#x}")
            if address + size + 4 > end or _word(memory, address + size) != size:
                raise Damage(f"the free chunk at {address:#x} has another size at its end")
        found.append((address, head))
        before_in_use = head & IN_USE != 0
        address += size


def _arenas(memory: bytes | memoryview, chunks: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(address, where its unused part begins, number of free pools) of each of Python's arenas."""
    candidates = {
        address + 8 for address, head in chunks if head & IN_USE and ARENA < (head & ~FLAGS) <= ARENA + 32
    }
    for address, head in chunks:
        size = (head & ~FLAGS) - 4
        if not head & IN_USE or size < 16 * RECORD.size or size > 1 << 17:
            continue
        # In the runtime that watches itself eight bytes of the guard come first.
        for first in (address + 8, address + 16):
            table = memory[first : first + (size - 8) // RECORD.size * RECORD.size]
            used = [entry for entry in RECORD.iter_unpack(table) if entry[0] in candidates]
            if used and len(used) == len({entry[0] for entry in used}):
                if all(entry[0] <= entry[1] <= entry[0] + ARENA + POOL for entry in used):
                    return [(entry[0], entry[1], entry[2]) for entry in used]
    raise Damage("the table of arenas is not there")


def _pool(memory: bytes | memoryview, pool: int) -> int:
    """Number of blocks in use; looks at the free ones."""
    count, free, _next, _previous, _arena, size_class, offset, limit = struct.unpack_from("<8I", memory, pool)
    if count == 0:
        return 0
    if size_class >= CLASSES:
        raise Damage(f"the pool at {pool:#x} is of class {size_class}")
    size = (size_class + 1) * 8
    if limit != POOL - size or offset > limit + size or (offset - OVERHEAD) % size:
        raise Damage(f"the pool at {pool:#x} ends at {offset}, {limit}")
    carved = (offset - OVERHEAD) // size
    seen = set()
    block = free
    while block:
        inside = block - pool
        if not OVERHEAD <= inside < offset or (inside - OVERHEAD) % size:
            raise Damage(f"a free block of the pool at {pool:#x} lies at {block:#x}")
        if block in seen:
            raise Damage(f"the free blocks of the pool at {pool:#x} go round in circles")
        seen.add(block)
        block = _word(memory, block)
    if count + len(seen) != carved:
        raise Damage(f"the pool at {pool:#x} has {carved} blocks: {count} in use and {len(seen)} free")
    return count

"""The walk through the heap finds what it looks for, and damage as well."""

from __future__ import annotations

import pytest

from .attacked import Attacked
from .heapwalk import IN_USE, POOL, Damage, _arenas, _chunks, walk


def test_the_heap_of_a_canister_is_whole(attacked: Attacked) -> None:
    """Thousands of blocks, all accounted for."""
    heap = attacked.heap()
    assert heap.chunks > 1000
    assert heap.pools > 300
    assert heap.blocks > 10_000


def test_it_counts_what_a_message_allocates(attacked: Attacked) -> None:
    """The walk sees the real heap and not a copy of some former one."""
    before = attacked.heap()
    attacked.send(
        "caught", "import builtins\nbuiltins.kept = [object() for _ in range(5000)] + [bytearray(5000)]"
    )
    after = attacked.heap()
    assert after.blocks >= before.blocks + 5000
    assert after.in_use > before.in_use
    attacked.send("caught", "import builtins\ndel builtins.kept")


def test_damage_is_found(attacked: Attacked) -> None:
    """A word changed in a chunk's head, in a free block, in a pool's counter, in the table of arenas."""
    memory = attacked.memory
    start = walk(memory).start
    chunks = _chunks(memory, start)
    free = next(address for address, head in chunks[:-1] if not head & IN_USE)
    arena, pool_address, _ = _arenas(memory, chunks)[0]
    pools = range(-(-arena // POOL) * POOL, pool_address, POOL)
    pool = next(pool for pool in pools if memory[pool] and memory[pool + 4 : pool + 8] != bytes(4))
    block = int.from_bytes(memory[pool + 4 : pool + 8], "little")
    for address in (
        chunks[500][0] + 4,
        chunks[900][0] + 5,
        free + 4,
        pool,
        pool + 4,
        pool + 20,
        pool + 24,
        block,
    ):
        damaged = bytearray(memory)
        damaged[address] ^= 0x24
        with pytest.raises(Damage):
            walk(bytes(damaged), start)

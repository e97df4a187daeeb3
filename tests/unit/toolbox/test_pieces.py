"""Where modules are cut, and the cache of compressed pieces."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.toolbox.limits import MAINNET
from basilisk.toolbox.pieces import HISTORY, pieces
from basilisk.toolbox.store import PieceStore
from basilisk.wasm.link import link
from basilisk.wasm.snapshot import BLOCK
from tests.unit.wasm.strategies import memories, modules, wat


def covered(data: bytes) -> None:
    """The pieces of ``data`` follow each other from its start to its end, with history before each."""
    position = 0
    for piece in pieces(data):
        assert piece.start == position
        assert piece.end > piece.start
        assert max(0, piece.start - HISTORY) <= piece.history <= piece.start
        position = piece.end
    assert position == len(data)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=50), modules().map(lambda module: module.wasm)))
def test_pieces_cover_anything(data: bytes) -> None:
    """Any bytes are cut without loss."""
    covered(data)


@settings(deadline=None, max_examples=30)
@given(memories(8, 16), st.data())
def test_pieces_of_other_blocks_survive_a_change(memory: bytes, data: st.DataObject) -> None:
    """Changing one byte of memory changes the pieces of its block, of the next, and of the section's head."""
    runtime = wat("(module (memory 1))")
    place = data.draw(st.integers(0, len(memory) - 1))
    changed = bytearray(memory)
    changed[place] ^= 0x5A
    before, after = link(runtime, memory, {}, {}), link(runtime, bytes(changed), {}, {})
    covered(before)
    covered(after)
    if len(before) < 2 * HISTORY or len(after) < 2 * HISTORY:
        return

    def contents(wasm: bytes) -> set[tuple[bytes, bytes]]:
        return {(wasm[p.history : p.start], wasm[p.start : p.end]) for p in pieces(wasm)}

    assert len(contents(after) - contents(before)) <= 5


def test_a_block_of_memory_is_a_piece() -> None:
    """Inside of the data section, cuts are where another block of memory begins."""
    memory = b"".join(bytes((n + 1,)) * BLOCK for n in range(3)) + bytes(BLOCK)
    wasm = link(wat("(module (memory 1))"), memory, {}, {})
    found = pieces(wasm)
    blocks = [piece for piece in found if piece.end - piece.start > BLOCK // 2]
    assert len(blocks) == 3
    assert blocks[0].history == blocks[0].start
    assert blocks[1].start - blocks[1].history == HISTORY


@given(st.binary(max_size=200), st.integers(0, 1 << 20))
def test_damaged_entries_are_misses(tmp_path_factory: object, content: bytes, where: int) -> None:
    """An entry with any bit changed is not returned."""
    folder = tmp_path_factory.mktemp("store")  # type: ignore[attr-defined]
    store = PieceStore(folder)
    store.put("a", content)
    assert store.get("a") == content
    damaged = bytearray((folder / "a").read_bytes())
    damaged[where // 8 % len(damaged)] ^= 1 << where % 8
    (folder / "a").write_bytes(bytes(damaged))
    assert store.get("a") is None


def test_an_entry_under_another_name_is_a_miss(tmp_path: Path) -> None:
    """The name is part of what is checked."""
    store = PieceStore(tmp_path)
    store.put("a", b"content")
    (tmp_path / "a").rename(tmp_path / "b")
    assert store.get("b") is None
    assert store.get("a") is None


def test_the_oldest_entries_make_room(tmp_path: Path) -> None:
    """When entries take too much room, the oldest go until half of it is left."""
    store = PieceStore(tmp_path, most_bytes=1000)
    for number in range(10):
        store.put(f"{number}", bytes(100))
        os.utime(tmp_path / f"{number}", (number, number))
    store.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["6", "7", "8", "9"]
    store.prune()
    assert len(list(tmp_path.iterdir())) == 4


def test_the_figures() -> None:
    """The limits are those of the Internet Computer, written down a second time here."""
    assert MAINNET.module_size == 104_857_600
    assert MAINNET.code_size == 12_582_912
    assert MAINNET.code_size_warning == 11_534_336
    assert (MAINNET.functions, MAINNET.globals) == (50_000, 1_000)
    assert (MAINNET.function_ops, MAINNET.function_complexity) == (1_000_000, 1_000_000)
    assert (MAINNET.methods, MAINNET.method_names) == (1_000, 20_000)
    assert (MAINNET.icp_sections, MAINNET.icp_size) == (16, 1_048_576)
    assert (MAINNET.function_name, MAINNET.table_elements) == (1_048_576, 1_000_000)

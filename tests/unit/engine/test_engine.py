"""Compile cache, thread, host functions and instances."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest
import wasmtime

from basilisk.engine import (
    Engine,
    HostRefusal,
    Instance,
    TrapKind,
    WasmTrap,
    refuse_all_but,
)
from basilisk.wasm.shell import Split, split

MODULE = """
(module
    (import "ic0" "debug_print" (func $print (param i32 i32)))
    (import "ic0" "time" (func $time (result i64)))
    (memory 2) (data (i32.const 10) "hello")
    (global $small (mut i32) (i32.const -1)) (global $large (mut i64) (i64.const -2))
    (global $float (mut f32) (f32.const 1.5))
    (table funcref (elem $store $none))
    (func $store (param i32) (i32.store (i32.const 0) (local.get 0)))
    (func $none)
    (func (export "print") (call $print (i32.const 10) (i32.const 5)))
    (func (export "time") (i64.store (i32.const 0) (call $time)))
    (func (export "set") (global.set $small (i32.const 5)))
    (func (export "loop") (loop (br 0)))
    (func (export "fail") unreachable)
    (func $deeper (export "deeper") (call $deeper))
    (func (export "nan") (f32.store (i32.const 0) (f32.div (f32.const 0) (f32.const -0)))))
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(cache=False)


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(bytes(wasmtime.wat2wasm(MODULE)))


def make(engine: Engine, parts: Split, **functions: object) -> Instance:
    return Instance(engine, engine.compile(parts.shell), refuse_all_but(functions), parts.image)  # type: ignore[arg-type]


# ---- cache -------------------------------------------------------------------------------------------


def test_machine_code_is_kept_on_disk(tmp_path: Path, parts: Split) -> None:
    first = Engine(tmp_path).compile(parts.shell)
    second = Engine(tmp_path).compile(parts.shell)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.key == second.key
    assert len(list(tmp_path.glob("*.cwasm"))) == 1


def test_a_module_is_compiled_once_per_engine(engine: Engine, parts: Split) -> None:
    assert engine.compile(parts.shell) is engine.compile(parts.shell)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_entry_is_built_again(tmp_path: Path, parts: Split, damage: str) -> None:
    """wasmtime trusts the bytes it is given, so a damaged file must never reach it."""
    Engine(tmp_path).compile(parts.shell)
    (path,) = tmp_path.glob("*.cwasm")
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    elif damage == "flip":
        data[len(data) // 2] ^= 1
    else:
        data.clear()
    path.write_bytes(data)
    engine = Engine(tmp_path)
    assert not engine.compile(parts.shell).from_cache
    assert Engine(tmp_path).compile(parts.shell).from_cache


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, parts: Split) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert not Engine(blocked).compile(parts.shell).from_cache


def test_an_invalid_module_is_refused(engine: Engine) -> None:
    with pytest.raises(wasmtime.WasmtimeError):
        engine.compile(b"\0asm\x01\0\0\0\x01\x05\x01\x99\0\0\0")


# ---- running -----------------------------------------------------------------------------------------


def test_host_functions_see_unsigned_arguments_and_return_words(engine: Engine, parts: Split) -> None:
    printed: list[tuple[int, int]] = []
    instance = make(engine, parts, debug_print=lambda *a: printed.append(a), time=lambda: 2**64 - 7)
    instance.call(parts.image.exports["print"])
    instance.call(parts.image.exports["time"])
    assert printed == [(10, 5)]
    assert instance.memory.read(0, 8) == (2**64 - 7).to_bytes(8, "little")


def test_an_exception_of_a_host_function_arrives_unchanged(engine: Engine, parts: Split) -> None:
    class Own(Exception):
        pass

    def fail(*_: int) -> None:
        raise Own("mine")

    instance = make(engine, parts, debug_print=fail)
    with pytest.raises(Own, match="mine"):
        instance.call(parts.image.exports["print"])
    instance.call(parts.image.exports["set"])


def test_what_is_not_provided_is_refused_by_name(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    with pytest.raises(HostRefusal, match=r"ic0\.time was called while the canister was being built"):
        instance.call(parts.image.exports["time"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("loop", TrapKind.OUT_OF_INSTRUCTIONS),
        ("fail", TrapKind.UNREACHABLE),
        ("deeper", TrapKind.STACK_OVERFLOW),
    ],
)
def test_traps_have_a_kind(engine: Engine, parts: Split, name: str, kind: TrapKind) -> None:
    instance = make(engine, parts)
    instance.instructions_left = 10_000_000
    with pytest.raises(WasmTrap) as caught:
        instance.call(parts.image.exports[name])
    assert caught.value.kind is kind


def test_the_counter_counts_down(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    instance.instructions_left = 1000
    instance.call(parts.image.exports["set"])  # entry 1, i32.const 1, global.set 2
    assert instance.instructions_left == 1000 - 4


def test_nan_bits_are_canonical(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    instance.call(parts.image.exports["nan"])
    assert instance.memory.read(0, 4) == b"\0\0\xc0\x7f"


def test_table_calls(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    instance.call_table(0, 0xFFFF_FFFF)
    assert instance.memory.read(0, 4) == b"\xff\xff\xff\xff"
    with pytest.raises(TypeError):
        instance.call_table(1, 0)
    with pytest.raises(IndexError):
        instance.call_table(2, 0)


def test_globals_are_bits(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    assert instance.globals() == {0: 2**32 - 1, 1: 2**64 - 2, 2: 0x3FC0_0000}
    instance.set_globals({1: 3})
    assert instance.globals()[1] == 3


def test_memory_is_bounded(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    memory = instance.memory
    assert memory.pages == 2
    assert memory.read(10, 5) == b"hello"
    for offset, length in ((131_072, 1), (-1, 1), (131_071, 2)):
        with pytest.raises(IndexError):
            memory.read(offset, length)
    with pytest.raises(IndexError):
        memory.write(131_071, b"ab")
    with pytest.raises(MemoryError):
        memory.grow(70_000)


def test_a_closed_instance_says_so(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts)
    instance.close()
    instance.close()
    assert instance.memory.size == 0
    with pytest.raises(ValueError, match="closed"):
        instance.call(parts.image.exports["set"])


def test_a_segment_outside_the_memory_is_a_trap(engine: Engine) -> None:
    bad = split(bytes(wasmtime.wat2wasm('(module (memory 1) (data (i32.const 65535) "ab"))')))
    with pytest.raises(WasmTrap, match="a data segment lies outside the memory"):
        Instance(engine, engine.compile(bad.shell), refuse_all_but({}), bad.image)


def test_host_functions_may_run_wasm(engine: Engine, parts: Split) -> None:
    """A call made on the wasm thread runs there, instead of waiting for itself."""
    inner = make(engine, parts, debug_print=lambda *_: None)
    outer = make(engine, parts, debug_print=lambda *_: inner.call(parts.image.exports["print"]))
    outer.call(parts.image.exports["print"])


def test_threads_take_turns(engine: Engine, parts: Split) -> None:
    instance = make(engine, parts, time=lambda: 1)

    def work() -> None:
        for _ in range(50):
            instance.call(parts.image.exports["time"])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert instance.memory.read(0, 1) == b"\x01"


def test_closed_instances_leave_no_mappings(engine: Engine, parts: Split) -> None:
    """The committed heap is mapped over the live one; closing an instance must take both away."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no memory maps on this system")

    def count() -> int:
        return sum("basilisk-heaps" in line for line in maps.read_text().splitlines())

    gc.collect()
    before = count()
    for _ in range(20):
        instance = make(engine, parts)
        instance.memory.write(0, b"x")
        instance.commit()
        instance.close()
    assert count() == before


def test_heaps_give_their_slots_back(engine: Engine, parts: Split) -> None:
    from basilisk.engine.heap import MappedHeap

    first = make(engine, parts)
    heap = first.heap
    if not isinstance(heap, MappedHeap):
        pytest.skip("mapped heaps do not work on this system")
    slot = heap._slot
    first.close()
    heap.close()
    again = make(engine, parts)
    assert isinstance(again.heap, MappedHeap)
    assert again.heap._slot == slot
    assert again.memory.read(0, 15) == bytes(10) + b"hello"


def test_large_changes_are_looked_at_in_pieces(
    engine: Engine, parts: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gigabytes exceed what one call of the system takes; pieces of a page show the same with little."""
    from basilisk.engine import heap as module

    seen = []
    for piece in (module._PIECE, 1):
        monkeypatch.setattr(module, "_PIECE", piece)
        instance = make(engine, parts)
        instance.memory.write(4000, b"x" * 20_000)
        pages = instance.dirty_pages()
        written = b"".join(content for _, content in instance.heap.changes(*_place(instance)))
        instance.commit()
        seen.append((pages, written.count(b"x"), instance.heap.read(3999, 20_002), instance.dirty_pages()))
        instance.close()
    assert seen[0] == seen[1] == (6, 20_000, b"\0" + b"x" * 20_000 + b"\0", 0)


def _place(instance: Instance) -> tuple[int, int]:
    return instance.memory.address, instance.memory.size

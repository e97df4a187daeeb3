"""A trap undoes everything a message did; one test for each kind of state."""

from __future__ import annotations

import pytest
import wasmtime

from basilisk.engine import WASM_PAGE, Engine
from basilisk.engine.heap import CopiedHeap, MappedHeap, new_heap
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.wat import Install, imports, module, number, reply_bytes, reply_i32, reply_i64

STATEFUL = module(
    f"""
    (global $small (mut i32) (i32.const 1))
    (global $large (mut i64) (i64.const 2))
    (global $float (mut f64) (f64.const 2.5))
    (data (i32.const 100) "certified")
    (table funcref (elem $ignore))
    (func $ignore (param i32))
    (func $change
        (global.set $small (i32.const 11)) (global.set $large (i64.const 22))
        (global.set $float (f64.const 3.5))
        (i32.store (i32.const 4096) (i32.const 33)) (i32.store (i32.const 65532) (i32.const 34))
        (drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 10) (i64.const 100) (i64.const 9))
        (call $certified_data_set (i32.const 100) (i32.const 9))
        (drop (call $global_timer_set (i64.const 99)))
        (call $cycles_burn128 (i64.const 0) (i64.const 1000) (i32.const 200))
        (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0))
        (call $call_cycles_add128 (i64.const 0) (i64.const 5000))
        (drop (call $call_perform)))
    (func (export "canister_update keep") (call $change) (call $msg_reply))
    (func (export "canister_update lose") (call $change) (call $msg_reply) unreachable)
    (func (export "canister_query look") (call $change_in_query) (call $msg_reply))
    (func $change_in_query
        (global.set $small (i32.const 11)) (i32.store (i32.const 4096) (i32.const 33))
        (drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 10) (i64.const 100) (i64.const 9)))
    (func (export "canister_query globals")
        (i32.store (i32.const 0) (global.get $small)) (i64.store (i32.const 4) (global.get $large))
        (f64.store (i32.const 12) (global.get $float)) {reply_bytes(0, 20)})
    (func (export "canister_query heap") {reply_i32("(i32.load (i32.const 4096))")})
    (func (export "canister_query heap_end") {reply_i32("(i32.load (i32.const 65532))")})
    """
)

CLEAN = b"\x01\0\0\0" + b"\x02" + bytes(7) + b"\0\0\0\0\0\0\x04\x40"
CHANGED = b"\x0b\0\0\0" + b"\x16" + bytes(7) + b"\0\0\0\0\0\0\x0c\x40"


def state(replica: Replica, canister: Principal) -> dict[str, object]:
    """Everything that STATEFUL changes."""
    status = replica.status(canister)
    return {
        "globals": replica.query(canister, "globals"),
        "heap": number(replica.query(canister, "heap")),
        "heap end": number(replica.query(canister, "heap_end")),
        "stable": (status.stable_bytes, replica.stable_memory(canister)[10:19]),
        "certified": status.certified_data,
        "timer": status.timer,
        "cycles": status.cycles,
        "version": status.version,
        "callbacks": len(replica._find(canister).callbacks),
    }


def test_an_update_that_returns_keeps_everything(replica: Replica, install: Install) -> None:
    canister = install(STATEFUL, cycles=1_000_000)
    replica.update(canister, "keep")
    assert state(replica, canister) == {
        "globals": CHANGED,
        "heap": 33,
        "heap end": 34,
        "stable": (WASM_PAGE, b"certified"),
        "certified": b"certified",
        "timer": 99,
        "cycles": 1_000_000 - 1000 - 5000,
        "version": 2,
        "callbacks": 1,
    }


@pytest.mark.parametrize("part", ["globals", "heap", "heap end", "stable"])
def test_an_update_that_traps_loses(replica: Replica, install: Install, part: str) -> None:
    canister = install(STATEFUL)
    before = state(replica, canister)
    with pytest.raises(CallRejected):
        replica.update(canister, "lose")
    assert state(replica, canister)[part] == before[part]


@pytest.mark.parametrize("part", ["certified", "timer", "cycles", "version", "callbacks"])
def test_an_update_that_traps_loses_system_state(replica: Replica, install: Install, part: str) -> None:
    canister = install(STATEFUL)
    before = state(replica, canister)
    with pytest.raises(CallRejected):
        replica.update(canister, "lose")
    assert state(replica, canister)[part] == before[part]


def test_a_trap_returns_to_the_last_commit_not_to_the_first_state(replica: Replica, install: Install) -> None:
    canister = install(STATEFUL)
    replica.update(canister, "keep")
    replica.tick(2)  # the call to the management canister is answered
    before = state(replica, canister)
    for _ in range(3):
        with pytest.raises(CallRejected):
            replica.update(canister, "lose")
    assert state(replica, canister) == before


@pytest.mark.parametrize("call", ["query", "update"])
def test_a_query_loses_everything(replica: Replica, install: Install, call: str) -> None:
    canister = install(STATEFUL)
    before = state(replica, canister)
    getattr(replica, call)(canister, "look")
    after = state(replica, canister)
    after["version"] = before["version"]  # a replicated query counts as an execution
    assert after == before


def test_no_message_is_sent_when_the_sender_traps(replica: Replica, install: Install) -> None:
    target = install(
        module(f"""(global $n (mut i32) (i32.const 0))
            (func (export "canister_update hit") (global.set $n (i32.add (global.get $n) (i32.const 1))))
            (func (export "canister_query hits") {reply_i32("(global.get $n)")})""")
    )
    escaped = "".join(f"\\{byte:02x}" for byte in target.bytes)
    caller = install(
        module(f"""(data (i32.const 0) "{escaped}hit") (table funcref (elem $ignore))
            (func $ignore (param i32))
            (func $send (call $call_new (i32.const 0) (i32.const {len(target.bytes)})
                (i32.const {len(target.bytes)}) (i32.const 3)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (drop (call $call_perform)))
            (func (export "canister_update send") (call $send) (call $msg_reply))
            (func (export "canister_update send_and_trap") (call $send) unreachable)""")
    )
    with pytest.raises(CallRejected):
        replica.update(caller, "send_and_trap")
    replica.tick()
    assert number(replica.query(target, "hits")) == 0
    replica.update(caller, "send")
    replica.tick()
    assert number(replica.query(target, "hits")) == 1


GROWING = module(
    f"""
    (func $grow (drop (memory.grow (i32.const 3)))
        (i32.store (i32.const 200000) (i32.const 5)) (i32.store (i32.const 8) (i32.const 6)))
    (func (export "canister_update grow") (call $grow) (call $msg_reply))
    (func (export "canister_update grow_and_trap") (call $grow) unreachable)
    (func (export "canister_query grow_in_vain") (call $grow) {reply_i32("(memory.size)")})
    (func (export "canister_query size") {reply_i32("(memory.size)")})
    (func (export "canister_query far") {reply_i32("(i32.load (i32.const 200000))")})
    (func (export "canister_query near") {reply_i32("(i32.load (i32.const 8))")})
    """
)


def test_growth_of_the_memory_is_undone_as_well(replica: Replica, install: Install) -> None:
    canister = install(GROWING)
    with pytest.raises(CallRejected):
        replica.update(canister, "grow_and_trap")
    assert number(replica.query(canister, "size")) == 1
    assert number(replica.query(canister, "near")) == 0
    assert number(replica.query(canister, "grow_in_vain")) == 4
    assert number(replica.query(canister, "size")) == 1
    replica.update(canister, "grow")
    assert number(replica.query(canister, "size")) == 4
    assert number(replica.query(canister, "far")) == 5
    with pytest.raises(CallRejected):
        replica.update(canister, "grow_and_trap")
    assert number(replica.query(canister, "size")) == 4
    assert number(replica.query(canister, "near")) == 6
    replica.update(canister, "grow")
    assert number(replica.query(canister, "size")) == 7


def test_an_unfinished_call_gives_its_cycles_back(replica: Replica, install: Install) -> None:
    canister = install(
        module("""
        (func (export "canister_update u")
            (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0))
            (call $call_cycles_add (i64.const 777)) (call $msg_reply))"""),
        cycles=1000,
    )
    replica.update(canister, "u")
    assert replica.status(canister).cycles == 1000


def test_printed_lines_survive_a_trap(replica: Replica, install: Install) -> None:
    canister = install(
        module("""(data (i32.const 0) "hello")
        (func (export "canister_update u") (call $debug_print (i32.const 0) (i32.const 5)) unreachable)""")
    )
    with pytest.raises(CallRejected):
        replica.update(canister, "u")
    assert [line.text for line in replica.logs(canister)] == ["hello", "[TRAP]: unreachable"]


@pytest.mark.parametrize("kind", ["mapped", "copied"])
def test_both_kinds_of_heap_restore_what_was_written(engine: Engine, kind: str) -> None:
    """The state after a rollback is the committed one, whatever was written in between."""
    from basilisk.engine import Instance, refuse_all_but
    from basilisk.wasm.shell import split

    parts = split(
        bytes(
            wasmtime.wat2wasm(f"""(module {imports(["debug_print"])} (memory 20) (data (i32.const 5) "abc")
            (global $g (mut i32) (i32.const 7))
            (func (export "touch") (local $at i32)
                (loop (i32.store (local.get $at) (i32.const -1))
                    (local.set $at (i32.add (local.get $at) (i32.const 12288)))
                    (br_if 0 (i32.lt_u (local.get $at) (i32.const 1300000))))
                (global.set $g (i32.const 8))))""")
        )
    )
    heap = new_heap(kind)
    assert isinstance(heap, MappedHeap if kind == "mapped" else CopiedHeap)
    instance = Instance(engine, engine.compile(parts.shell), refuse_all_but({}), parts.image, heap_kind=kind)
    before = instance.memory.read(0, instance.memory.size)
    assert instance.dirty_pages() == 0
    instance.call(parts.image.exports["touch"])
    assert instance.dirty_pages() == 106
    after = instance.memory.read(0, instance.memory.size)
    checkpoint = instance.checkpoint()
    assert instance.rollback()
    assert instance.memory.read(0, instance.memory.size) == before
    assert instance.globals() == {0: 7}
    instance.apply(checkpoint)
    assert (instance.memory.read(0, instance.memory.size), instance.globals()) == (after, {0: 8})
    instance.commit()
    assert instance.dirty_pages() == 0
    assert instance.heap.read(0, instance.heap.size) == after
    instance.memory.write(0, b"zzz")
    assert instance.rollback()
    assert (instance.memory.read(0, instance.memory.size), instance.globals()) == (after, {0: 8})


def test_a_timer_reads_its_previous_value(replica: Replica, install: Install) -> None:
    canister = install(
        module(f"""(func (export "canister_update set") (drop (call $global_timer_set (i64.const 5)))
            {reply_i64("(call $global_timer_set (i64.const 9))")})""")
    )
    assert number(replica.update(canister, "set")) == 5
    assert number(replica.update(canister, "set")) == 5
    assert replica.status(canister).timer == 9


def test_a_dropped_data_segment_is_back_in_the_next_message(replica: Replica, install: Install) -> None:
    canister = install(
        module(f"""(data $text "passive") (global $n (mut i32) (i32.const 0))
        (func (export "canister_update u")
            (memory.init $text (i32.const 10) (i32.const 0) (i32.const 7)) (data.drop $text)
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (i32.store8 (i32.const 17) (i32.add (i32.const 48) (global.get $n))) {reply_bytes(10, 8)})""")
    )
    assert [replica.update(canister, "u") for _ in range(3)] == [b"passive1", b"passive2", b"passive3"]

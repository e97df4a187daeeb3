"""Properties over random histories: nothing committed is lost, nothing undone remains, cycles add up."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk.engine import WASM_PAGE, Engine
from basilisk.engine import heap as heaps
from basilisk.errors import CallRejected
from basilisk.replica import Fees, Replica
from tests.unit.replica.test_messages import CALLEE, CALLER, to
from tests.unit.replica.wat import module, number, reply_i32

# Argument: address (4 bytes), value (4 bytes), pages to grow by (4 bytes).  The global counts the writes.
WRITER = module(
    f"""
    (global $writes (mut i32) (i32.const 0))
    (func $write
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 12))
        (drop (memory.grow (i32.load (i32.const 8))))
        (i32.store (i32.load (i32.const 0)) (i32.load (i32.const 4)))
        (drop (call $stable64_grow (i64.extend_i32_u (i32.load (i32.const 8)))))
        (call $stable64_write (i64.extend_i32_u (i32.load (i32.const 0))) (i64.const 4) (i64.const 4))
        (global.set $writes (i32.add (global.get $writes) (i32.const 1)))
        (i64.store (i32.const 0) (i64.const 0)) (i32.store (i32.const 8) (i32.const 0)))
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 2))))
    (func (export "canister_update keep") (call $write) (call $msg_reply))
    (func (export "canister_update trap") (call $write) unreachable)
    (func (export "canister_query look") (call $write) (call $msg_reply))
    (func (export "canister_query writes") {reply_i32("(global.get $writes)")})
    """,
    memory="(memory 2)",
)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "keep", "trap", "look", "upgrade", "suspend"]),
        st.integers(3, 2 * WASM_PAGE // 4 - 1).map(lambda word: word * 4),
        st.integers(0, 2**32 - 1),
        st.sampled_from([0, 0, 0, 1, 3]),
    ),
    max_size=25,
)


@pytest.mark.parametrize("mapped", [True, False])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(steps=STEPS)
def test_memory_is_what_the_committed_messages_made_it(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    mapped: bool,
    steps: list[tuple[str, int, int, int]],
) -> None:
    """Heap, stable memory and globals equal a model that knows only the messages that succeeded.

    Holds for both kinds of heaps: copy-on-write mappings and copies.
    """
    if not mapped:
        monkeypatch.setattr(heaps, "_mapping_works", False)
    replica = Replica(engine=engine, validate=False)
    canister = replica.create_canister()
    replica.install_code(canister, WRITER)
    heap, stable, writes, pages = {}, {}, 0, 2
    for kind, address, value, grow in steps:
        argument = b"".join(word.to_bytes(4, "little") for word in (address, value, grow))
        code = replica._find(canister).code
        assert code is not None
        if kind == "keep":
            replica.update(canister, "keep", argument)
            heap[address], stable[address] = value, value
            writes, pages = writes + 1, pages + grow
        elif kind == "trap":
            with pytest.raises(CallRejected):
                replica.update(canister, "trap", argument)
        elif kind == "look":
            replica.query(canister, "look", argument)
        elif kind == "suspend":
            code.suspend()
        else:
            replica.install_code(canister, WRITER, mode="upgrade")
            heap, writes, pages = {}, 0, 2
        code = replica._find(canister).code
        assert code is not None
        memory = code.instance.memory
        assert memory.pages == pages
        expected = bytearray(memory.size)
        for at, word in heap.items():
            expected[at : at + 4] = word.to_bytes(4, "little")
        assert memory.read(0, memory.size) == expected
        assert number(replica.query(canister, "writes")) == writes
    for at, word in stable.items():
        assert number(replica.stable_memory(canister, at, 4)) == word


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from(["call_and_pay", "call", "pay_too_much"]),
            st.sampled_from(["accept", "echo", "refuse", "trap", "silent", "takelose", "missing", "queried"]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_cycles_are_conserved(engine: Engine, calls: list[tuple[str, str, bool]]) -> None:
    """Whatever calls, traps and rejects do: once all is answered, the cycles of all canisters add up."""
    replica = Replica(engine=engine, validate=False, fees=Fees.free())
    canisters = [replica.create_canister(cycles=1_000_000) for _ in range(3)]
    replica.install_code(canisters[0], CALLER)
    replica.install_code(canisters[1], CALLER)
    replica.install_code(canisters[2], CALLEE)
    pending = []
    for kind, method, wait in calls:
        for caller in canisters[:2]:
            call = replica.submit(caller, kind, to(canisters[2], method))
            if wait:
                try:
                    replica.await_call(call)
                except CallRejected:
                    pass
            else:
                pending.append(call)
    replica.tick(4)
    assert sum(replica.status(canister).cycles for canister in canisters) == 3_000_000
    assert all(replica.call_status(call).result is not None for call in pending)
    assert not any(replica._find(canister).contexts for canister in canisters)

"""What is charged besides instructions: system calls, written pages, compilation; limits; the counters."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.engine import OS_PAGE, Engine
from basilisk.engine.heap import Heap, new_heap
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.charges import MAINNET
from basilisk.replica.contexts import FUNCTIONS
from tests.unit.replica.wat import module, number

ENTRY, CONST, CALL, STORE, DROP = 1, 1, 5, 1, 1
PAGE = 1_000


@pytest.fixture(scope="session")
def shared() -> Iterator[Engine]:
    engine = Engine(cache=False)
    yield engine
    engine.thread.close()


@pytest.fixture
def replica(shared: Engine) -> Replica:
    return Replica(engine=shared, validate=False)


def installed(replica: Replica, wasm: bytes) -> Principal:
    canister = replica.create_canister()
    replica.install_code(canister, wasm, b"")
    return canister


def last_cost(replica: Replica) -> int:
    """Instructions of the last execution, whether it trapped or not."""
    return int(replica._scheduler.executor.history[-1].instructions)


def update_cost(replica: Replica, body: str, arg: bytes = b"", **options: str) -> int:
    """Instructions of an update with this body; that it does not reply costs nothing."""
    wasm = module(
        f'(table funcref (elem $f)) (func $f) (func (export "canister_update go") {body})', **options
    )
    canister = installed(replica, wasm)
    try:
        replica.update(canister, "go", arg)
    except CallRejected as rejected:
        assert rejected.error_code in ("IC0506", "IC0503", "IC0502", "IC0406"), rejected
    return last_cost(replica)


# name of a system call → its arguments as 32-bit constants unless "64" is written, what it costs
CALLS = {
    "time": ([], 500),
    "canister_version": ([], 500),
    "msg_caller_size": ([], 500),
    "msg_arg_data_size": ([], 500),
    "in_replicated_execution": ([], 500),
    "is_controller": ([0, 4], 1_000 + 4),
    "performance_counter": ([0], 200),
    "stable64_size": ([], 0),
    "stable64_grow": ([0], 100),
    "stable_grow": ([1], 100),
    "global_timer_set": ([0], 500),
    "data_certificate_present": ([], 500),
    "env_var_count": ([], 500),
    "env_var_name_exists": ([0, 4], 500),
    "msg_reply_data_append": ([0, 10], 500 + 50 * 10),
    "msg_reply": ([], 500),
    "certified_data_set": ([0, 32], 500 + 32),
    "call_new": ([0, 10, 0, 6, 0, 0, 0, 0], 1_500 + 10 + 6),
    "debug_print": ([0, 10], 100 + 2 * 10 + 50 * 10),
    "canister_cycle_balance": ([], 500),
    "cycles_burn128": ([0, 0, 64], 500 + PAGE * 0),
    "cost_sign_with_ecdsa": ([0, 3, 9, 64], 500 + 3),
}


@pytest.mark.parametrize("name", CALLS)
def test_system_call(replica: Replica, name: str) -> None:
    arguments, price = CALLS[name]
    signature = FUNCTIONS[name]
    params, results = signature.types("i32")
    constants = " ".join(f"({type_}.const {value})" for type_, value in zip(params, arguments))
    call = f"(call ${name} {constants})"
    body = f"(drop {call})" if results else call
    expected = ENTRY + CONST * len(params) + CALL + DROP * len(results) + price
    assert update_cost(replica, body) == expected


def test_copies_pay_for_their_bytes(replica: Replica) -> None:
    """500 and one for each byte; the page that the bytes change is charged when the message ends."""
    body = "(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 12))"
    assert update_cost(replica, body, b"hello, world") == ENTRY + 3 * CONST + CALL + 500 + 12 + PAGE


def test_every_system_call_has_a_price() -> None:
    assert set(MAINNET.calls) == set(FUNCTIONS)
    for name, charge in MAINNET.calls.items():
        assert all(position < len(FUNCTIONS[name].params) for position in charge.sizes), name


def test_stable_memory(replica: Replica) -> None:
    """Writing pays for each page when it is first written, at once; reading for bytes alone."""
    grow = "(drop (call $stable64_grow (i64.const 1)))"
    write = "(call $stable64_write (i64.const {}) (i64.const 0) (i64.const {}))"
    read = "(call $stable64_read (i64.const 512) (i64.const 0) (i64.const 9))"
    first = ENTRY + (CONST + CALL + DROP + 100)
    call = 3 * CONST + CALL + 20
    assert update_cost(replica, grow) == first
    assert update_cost(replica, grow + write.format(0, 10)) == first + call + 10 + PAGE
    twice = write.format(0, 10) + write.format(100, 10)
    assert update_cost(replica, grow + twice) == first + 2 * (call + 10) + PAGE
    assert update_cost(replica, grow + write.format(4_090, 10)) == first + call + 10 + 2 * PAGE
    assert update_cost(replica, grow + write.format(0, 0)) == first + call
    # What is read are zeros, so no page of the heap is another one afterwards.
    assert update_cost(replica, grow + read) == first + call + 9


def test_a_trap_pays_for_its_text(replica: Replica) -> None:
    body = "(call $trap (i32.const 0) (i32.const 10))"
    assert update_cost(replica, body) == ENTRY + 2 * CONST + CALL + 500 + 10 + 2 * 10 + 50 * 10


def test_the_log_has_an_end(replica: Replica) -> None:
    """Bytes that no longer fit are not transmitted; more than the log holds is not even allocated."""
    line = "(call $debug_print (i32.const 0) (i32.const {}))"
    call = 2 * CONST + CALL + 100
    room = MAINNET.log_bytes
    assert update_cost(replica, line.format(room + 5)) == ENTRY + call + 52 * room
    both = line.format(room - 10) + line.format(30)
    assert update_cost(replica, both) == ENTRY + 2 * call + 52 * (room - 10) + 2 * 30 + 50 * 10


def test_figures_can_be_changed(replica: Replica) -> None:
    calls = {**MAINNET.calls, "time": replace(MAINNET.calls["time"], fixed=7)}
    replica.limits = replace(replica.limits, charges=replace(MAINNET, calls=calls, heap_page=10))
    store = "(i64.store (i32.const 0) (call $time))"
    assert update_cost(replica, store) == ENTRY + CONST + CALL + STORE + 7 + 10


# ---- pages of the heap ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pages"),
    [
        ("(i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 8) (i32.const 1))", 1),
        ("(i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 4096) (i32.const 1))", 2),
        ("(i32.store (i32.const 4094) (i32.const -1))", 2),  # across the edge
        ("(i32.store (i32.const 0) (i32.const 0))", 0),  # written, but as it was
    ],
)
def test_changed_pages(replica: Replica, body: str, pages: int) -> None:
    stores = body.count("store")
    assert update_cost(replica, body) == ENTRY + stores * (2 * CONST + STORE) + pages * PAGE


def test_pages_of_memory_that_grew(replica: Replica) -> None:
    body = "(drop (memory.grow (i32.const 1))) (i32.store (i32.const 65536) (i32.const 1))"
    assert update_cost(replica, body) == ENTRY + (CONST + 300 + DROP) + (2 * CONST + STORE) + PAGE


def test_wide_memories_pay_four_times(replica: Replica) -> None:
    body = "(i32.store (i64.const 0) (i32.const 1))"
    cost = update_cost(replica, body, memory="(memory i64 1)", address="i64")
    assert cost == ENTRY + 2 * CONST + 2 + 4 * PAGE


def test_a_trap_does_not_spare_the_pages(replica: Replica) -> None:
    body = "(i32.store (i32.const 0) (i32.const 1)) unreachable"
    assert update_cost(replica, body) == ENTRY + 2 * CONST + STORE + 1 + PAGE


def test_pages_may_use_up_the_limit_but_not_exceed_it(replica: Replica) -> None:
    replica.limits = replace(replica.limits, update_instructions=500)
    assert update_cost(replica, "(i32.store (i32.const 0) (i32.const 1))") == 500


def test_queries_do_not_pay_for_pages(replica: Replica) -> None:
    wasm = module(
        '(func (export "canister_query go") (i32.store (i32.const 0) (i32.const 1)) (call $msg_reply))'
    )
    canister = installed(replica, wasm)
    replica.query(canister, "go")
    assert replica.last.instructions == ENTRY + 2 * CONST + STORE + CALL + 500
    replica.update(canister, "go")  # the same as a replicated query
    assert replica.last.instructions == ENTRY + 2 * CONST + STORE + CALL + 500


def test_callbacks_of_composite_queries_pay_for_what_they_change_themselves(replica: Replica) -> None:
    """The query changes a page, its callback another one; each page is paid for once."""
    text = """(table funcref (elem $done))
        (func $done (param i32) {} (call $msg_reply))
        (func (export "canister_composite_query go") {}
            (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
            (drop (call $call_perform)))"""

    def cost(*bodies: str) -> int:
        canister = installed(replica, module(text.format(*bodies)))
        replica.query(canister, "go")
        return replica.last.instructions

    store = "(i32.store (i32.const {}) (i32.const {}))"
    stores = 2 * (2 * CONST + STORE)
    nothing = cost("", "")
    assert cost(store.format(4096, 1), store.format(0, 1)) == nothing + stores + 2 * PAGE
    assert cost(store.format(0, 1), store.format(0, 1)) == nothing + stores + PAGE
    assert cost(store.format(0, 0), store.format(0, 1)) == nothing + stores + 2 * PAGE


_PAGES = 16


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, _PAGES - 1), st.integers(0, 2)), max_size=8),
    st.lists(st.tuples(st.integers(0, _PAGES - 1), st.integers(0, 2)), max_size=8),
)
def test_heaps_of_both_kinds_count_the_same(
    committed: list[tuple[int, int]], changes: list[tuple[int, int]]
) -> None:
    """The mapped heap and the copied one agree with a comparison of what was there before and after."""
    size = _PAGES * OS_PAGE
    counts = []
    for kind in ("mapped", "copied"):
        area = mmap.mmap(-1, size)
        view = ctypes.c_ubyte.from_buffer(area)
        address = ctypes.addressof(view)
        heap: Heap = new_heap(kind)
        heap.resize(size)
        heap.attach(address, size)
        for steps in (committed, changes):
            for page, value in steps:
                ctypes.memset(address + page * OS_PAGE + 7, value, 1)
            if steps is committed:
                heap.commit(address, size)
        counts.append(heap.dirty_pages(address, size))
        heap.close()
        del view
    before, after = dict(committed), {**dict(committed), **dict(changes)}
    expected = sum(before.get(page, 0) != after.get(page, 0) for page in range(_PAGES))
    assert counts == [expected, expected]


# ---- limits and counters --------------------------------------------------------------------------------


def test_out_of_instructions_in_a_system_call(replica: Replica) -> None:
    """The call is not made: nothing is printed, and all of the limit is paid for."""
    say = "(call $debug_print (i32.const 0) (i32.const 2))"
    text = f'(data (i32.const 0) "no") (func (export "canister_update go") {say})'
    canister = installed(replica, module(text))
    replica.limits = replace(replica.limits, update_instructions=8 + 100)
    with pytest.raises(CallRejected) as caught:
        replica.update(canister, "go")
    assert caught.value.error_code == "IC0522"
    assert last_cost(replica) == 8 + 100
    assert [line for line in replica.logs(canister) if line.content == b"no"] == []


def test_the_call_is_paid_for_before_its_context_is_checked(replica: Replica) -> None:
    canister = installed(replica, module('(func (export "canister_update go") (call $accept_message))'))
    with pytest.raises(CallRejected, match="cannot be executed in update mode"):
        replica.update(canister, "go")
    assert last_cost(replica) == ENTRY + CALL + 500


def test_inspect_message_has_its_own_limit(replica: Replica) -> None:
    canister = installed(
        replica,
        module("""(func (export "canister_inspect_message") (local i32) (loop
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
            (call $accept_message)) (func (export "canister_update go") (call $msg_reply))"""),
    )
    replica.update(canister, "go")
    replica.limits = replace(replica.limits, inspect_instructions=1_000)
    with pytest.raises(CallRejected) as caught:
        replica.update(canister, "go")
    assert caught.value.error_code == "IC0522"


def test_performance_counters(replica: Replica) -> None:
    """Counter 0 is of this execution; counter 1 begins with the call: here, before an await."""
    canister = installed(
        replica,
        module("""(table funcref (elem $done))
            (func $count (param i32) (param i32)
                (i64.store (local.get 0) (call $performance_counter (local.get 1))))
            (func $done (param i32)
                (call $count (i32.const 0) (i32.const 0)) (call $count (i32.const 8) (i32.const 1))
                (call $msg_reply_data_append (i32.const 0) (i32.const 16)) (call $msg_reply))
            (func (export "canister_update go")
                (call $call_new (i32.const 100) (i32.const 0) (i32.const 100) (i32.const 3)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                (drop (call $call_perform)))"""),
    )
    answer = replica.update(canister, "go")
    here, whole = number(answer[:8]), number(answer[8:])
    # $done: entry, its one segment, $count with entry and segment, the system call
    segment = 2 * (2 * CONST + CALL) + (2 * CONST + CALL) + CALL
    inner = ENTRY + 2 + CALL + STORE + 200
    assert here == ENTRY + segment + inner
    before = ENTRY + 8 * CONST + CALL + CALL + DROP + (1_500 + 3) + 5_000
    assert whole == before + here + inner
    with pytest.raises(CallRejected, match="performance counter type 2"):
        replica.update(
            installed(
                replica,
                module(
                    '(func (export "canister_update go") (drop (call $performance_counter (i32.const 2))))'
                ),
            ),
            "go",
        )


def test_compilation_is_charged_to_the_installation(replica: Replica) -> None:
    """6,000 for each operator of the metered module and two more for each global."""
    wasm = module('(global i32 (i32.const 1)) (func (export "canister_init") nop)')
    installed(replica, wasm)
    operators = 2 + 10 + 2
    assert replica.last.compilation == 6_000 * operators
    assert replica.last.instructions == ENTRY + 1
    replica.limits = replace(replica.limits, install_instructions=6_000 * operators)
    with pytest.raises(CallRejected) as caught:
        installed(replica, wasm)
    assert caught.value.error_code == "IC0522"


# ---- one runtime, many canisters ------------------------------------------------------------------------


def test_canisters_that_differ_in_data_share_their_code(replica: Replica) -> None:
    """Data, globals and the names of methods are no part of what is metered and compiled."""
    text = """(global (mut i32) (i32.const {0})) (data (i32.const 0) "{0}")
        (func (export "canister_query m{0}") (global.set 0 (i32.const 1)))"""
    ids = [installed(replica, module(text.format(value))) for value in (1, 2)]
    compiled = {id(replica._canisters[item.bytes].code.module.compiled) for item in ids}  # type: ignore[union-attr]
    assert len(compiled) == 1

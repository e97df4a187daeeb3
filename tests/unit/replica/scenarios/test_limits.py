"""Limits of an execution: instructions, heap, stable memory, sizes of messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from basilisk.errors import CallRejected
from basilisk.replica import Replica
from tests.unit.replica.scenarios.canisters import REPLY, Builder, add, deploy, state_of
from tests.unit.replica.wat import number, reply_i32

ENDLESS = "(loop (br 0))"


def test_out_of_instructions_at_the_head_of_a_loop(paid: Replica) -> None:
    """Everything is undone, all instructions of the limit are paid for."""
    builder = Builder()
    builder.function("canister_update go", add(1) + ENDLESS)
    canister = deploy(paid, builder.build())
    paid.limits = replace(paid.limits, update_instructions=100_000)
    before = paid.status(canister).cycles
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "go", b"")
    assert caught.value.error_code == "IC0522"
    assert (
        "Canister exceeded the limit of 100000 instructions for single message execution."
        in caught.value.message
    )
    assert state_of(paid, canister) == 0
    ingress = paid.fees.ingress_message("go", 0)
    assert before - paid.status(canister).cycles == ingress + 5_000_000 + 100_000


@pytest.mark.parametrize("missing", [0, 1, 500, 501])
def test_out_of_instructions_in_a_system_call(paid: Replica, missing: int) -> None:
    """Entry 1, two constants 2, two calls 10; 500 and 50 a byte for the data, 500 for the reply.

    With up to 500 missing the reply fails, with more the data before it.
    """
    builder = Builder()
    builder.function(
        "canister_query go", "(call $msg_reply_data_append (i32.const 0) (i32.const 1000)) (call $msg_reply)"
    )
    canister = deploy(paid, builder.build())
    needed = 13 + 500 + 50 * 1000 + 500
    paid.limits = replace(paid.limits, query_instructions=needed - missing)
    if not missing:
        assert len(paid.query(canister, "go")) == 1000
        assert paid.last.instructions == needed
        return
    with pytest.raises(CallRejected, match=f"the limit of {needed - missing} instructions") as caught:
        paid.query(canister, "go")
    assert caught.value.error_code == "IC0522"


def test_what_is_left_of_a_function_is_not_checked(paid: Replica) -> None:
    """Only entries, heads of loops and system calls look at the counter.

    Entry 1, call 5, constant 1, if 2, reply 500: 509; the branch 1, and 3 that nobody looks at.
    """
    builder = Builder()
    builder.function("canister_query go", "(call $msg_reply) (if (i32.const 1) (then nop)) nop nop nop")
    canister = deploy(paid, builder.build())
    assert paid.query(canister, "go") == b""
    assert paid.last.instructions == 513
    paid.limits = replace(paid.limits, query_instructions=510)
    assert paid.query(canister, "go") == b""
    assert paid.last.instructions == 510
    paid.limits = replace(paid.limits, query_instructions=508)
    with pytest.raises(CallRejected, match="the limit of 508 instructions"):
        paid.query(canister, "go")


@pytest.mark.parametrize("kind", ["canister_query", "canister_heartbeat", "canister_init"])
def test_the_limit_depends_on_the_kind_of_message(paid: Replica, kind: str) -> None:
    builder = Builder()
    builder.function(f"{kind} go" if kind == "canister_query" else kind, ENDLESS)
    paid.limits = replace(
        paid.limits,
        update_instructions=10_000,
        query_instructions=20_000,
        install_instructions=30_000,
        charges=replace(paid.limits.charges, compiled_operator=0),
    )
    expected = {"canister_query": 20_000, "canister_heartbeat": 10_000, "canister_init": 30_000}[kind]
    canister = paid.create_canister()
    text = f"the limit of {expected} instructions"
    if kind == "canister_init":
        with pytest.raises(CallRejected, match=text):
            paid.install_code(canister, builder.build(), b"")
        return
    paid.install_code(canister, builder.build(), b"")
    if kind == "canister_query":
        with pytest.raises(CallRejected, match=text):
            paid.query(canister, "go")
    else:
        paid.tick()
        assert text in (paid._scheduler.executor.history[-1].error or "")


def test_the_steps_of_an_installation_share_one_limit(paid: Replica) -> None:
    """Each step alone stays far below it; the last one runs into it all the same."""
    loop = """(local $n i32) (local.set $n (i32.const 2000))
        (loop (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if 0 (local.get $n)))"""
    builder = Builder()
    builder.function("canister_init", loop)
    module = builder.build(f"(func $begin {loop}) (start $begin)")
    canister = paid.create_canister()
    paid.install_code(canister, module, b"")
    used = paid.last.instructions + paid.last.compilation
    paid.limits = replace(paid.limits, install_instructions=used - 5_000)
    with pytest.raises(CallRejected, match="instructions for single message execution"):
        paid.install_code(canister, module, b"", mode="reinstall")
    paid.limits = replace(paid.limits, install_instructions=used + 10)
    paid.install_code(canister, module, b"", mode="reinstall")


# ---- memory ------------------------------------------------------------------------------------------


def growing(maximum: str = "") -> bytes:
    builder = Builder(memory=f"(memory 1 {maximum})")
    builder.function("canister_update grow", f"{add(1)} {reply_i32('(memory.grow (i32.const 2))')}")
    builder.function("canister_query size", reply_i32("(memory.size)"))
    return builder.build()


def test_memory_grow_beyond_the_maximum_of_the_module_fails_softly(paid: Replica) -> None:
    canister = deploy(paid, growing("2"))
    assert number(paid.update(canister, "grow")) == 0xFFFF_FFFF
    assert number(paid.query(canister, "size")) == 1
    assert state_of(paid, canister) == 1


def test_memory_grow_beyond_the_setting_traps(paid: Replica) -> None:
    canister = deploy(paid, growing())
    paid.update_settings(canister, wasm_memory_limit=4 * 65_536)
    assert number(paid.update(canister, "grow")) == 1
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "grow")
    assert caught.value.error_code == "IC0539"
    assert (
        "Canister exceeded its current Wasm memory limit of 262144 bytes. "
        "The peak Wasm memory usage was 327680 bytes." in caught.value.message
    )
    assert number(paid.query(canister, "size")) == 3
    assert state_of(paid, canister) == 1


def test_a_refused_growth_ends_the_message_at_once(paid: Replica) -> None:
    """What stands behind it is not executed: the line is not printed."""
    builder = Builder()
    text = builder.data(b"behind")
    show = f"(call $debug_print (i32.const {text[0]}) (i32.const {text[1]}))"
    builder.function("canister_update go", f"{show} (drop (memory.grow (i32.const 9))) {show} {REPLY}")
    canister = deploy(paid, builder.build(), wasm_memory_limit=2 * 65_536)
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "go")
    assert caught.value.error_code == "IC0539"
    assert [record.text for record in paid.logs(canister)].count("behind") == 1


def test_an_update_is_refused_when_the_heap_is_over_the_setting_already(paid: Replica) -> None:
    canister = deploy(paid, growing())
    paid.update(canister, "grow")
    paid.update_settings(canister, wasm_memory_limit=65_536)
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "grow")
    assert caught.value.error_code == "IC0539"
    assert "The peak Wasm memory usage was 196608 bytes." in caught.value.message
    assert number(paid.query(canister, "size")) == 3, "queries go on"


def test_a_canister_shares_the_memory_of_the_subnet(paid: Replica) -> None:
    canister = deploy(paid, growing())
    paid.limits = replace(paid.limits, subnet_memory_bytes=paid.status(canister).memory_bytes + 65_536)
    with pytest.raises(CallRejected, match=r"Canister cannot grow its memory usage\.") as caught:
        paid.update(canister, "grow")
    assert caught.value.error_code == "IC0507"
    assert number(paid.query(canister, "size")) == 1


def stable(body: str, kind: str = "canister_update") -> bytes:
    builder = Builder()
    builder.function("canister_update grow", f"(drop (call $stable64_grow (i64.const 10))) {REPLY}")
    builder.function(f"{kind} go", f"{body} {REPLY}")
    return builder.build()


@pytest.mark.parametrize(
    ("kind", "verb"), [("update", "modified"), ("update", "accessed"), ("query", "accessed")]
)
def test_a_message_may_touch_so_much_stable_memory(paid: Replica, kind: str, verb: str) -> None:
    paid.limits = replace(paid.limits, stable_access_bytes=3 * 4096, stable_access_query_bytes=2 * 4096)
    allowed = 3 if kind == "update" else 2
    for pages in (allowed, allowed + 1):
        size = pages * 4096
        call = (
            f"(call $stable64_write (i64.const 0) (i64.const 0) (i64.const {size}))"
            if verb == "modified"
            else f"(call $stable64_read (i64.const 0) (i64.const 0) (i64.const {size}))"
        )
        canister = deploy(paid, stable(call, f"canister_{kind}"))
        paid.update(canister, "grow")
        run = paid.update if kind == "update" else paid.query
        if pages == allowed:
            assert run(canister, "go") == b""
            continue
        with pytest.raises(CallRejected) as caught:
            run(canister, "go")
        assert caught.value.error_code == "IC0524"
        assert (
            f"Exceeded the limit for the number of {verb} pages in the stable memory" in caught.value.message
        )
        assert "limit 12 KB for regular messages" in caught.value.message


# ---- sizes -------------------------------------------------------------------------------------------


def test_the_size_of_a_call(paid: Replica) -> None:
    paid.limits = replace(paid.limits, call_bytes=100)
    builder = Builder(memory="(memory 1)")
    done = builder.callback("")
    begin = builder.call(b"\x01\x02", "m", done, done, perform=False)
    for name, size in (("fits", 99), ("too_long", 100)):
        builder.function(
            f"canister_update {name}",
            f"{begin} (call $call_data_append (i32.const 0) (i32.const {size})) {REPLY}",
        )
    canister = deploy(paid, builder.build())
    assert paid.update(canister, "fits") == b""
    with pytest.raises(
        CallRejected, match="has a payload size of 101, which exceeds the allowed limit of 100"
    ) as caught:
        paid.update(canister, "too_long")
    assert caught.value.error_code == "IC0504"


def test_the_size_of_a_method_name(paid: Replica) -> None:
    builder = Builder(memory="(memory 1)")
    who = builder.data(b"\x01\x02")
    begin = (
        f"(call $call_new (i32.const {who[0]}) (i32.const 2) (i32.const 0) (i32.const %d) "
        + "(i32.const 0) " * 4
        + ")"
    )
    builder.function("canister_update fits", begin % 20_000 + REPLY)
    builder.function("canister_update too_long", begin % 20_001 + REPLY)
    canister = deploy(paid, builder.build())
    assert paid.update(canister, "fits") == b""
    with pytest.raises(CallRejected, match="Size of method_name 20001 exceeds the allowed limit of 20000"):
        paid.update(canister, "too_long")

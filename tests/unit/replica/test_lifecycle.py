"""Ingress inspection, timers, heartbeats, clocks, stopping, uninstalling."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import Clock, Fees, Limits, Replica
from tests.unit.replica.test_messages import CALLEE, CALLER, to
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i64

# ---- inspect_message ---------------------------------------------------------------------------------

PICKY = module(
    """
    (func (export "canister_inspect_message")
        (i32.store (i32.const 500) (i32.const 1))
        (call $msg_method_name_copy (i32.const 0) (i32.const 0) (call $msg_method_name_size))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 97)) (then (call $accept_message)))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 98)) (then (call $trap (i32.const 0)
        (i32.const 3))))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 99)) (then (call $accept_message)
        (call $accept_message))))
    (func (export "canister_update accepted") (call $msg_reply_data_append (i32.const 500) (i32.const 1))
        (call $msg_reply))
    (func (export "canister_update bad") (call $msg_reply))
    (func (export "canister_update c twice") (call $msg_reply))
    (func (export "canister_update other") (call $msg_reply))
    (func (export "canister_query other query") (call $msg_reply))
    """
)


def test_an_inspected_call_that_is_accepted(replica: Replica, install: Install) -> None:
    """It runs, and what the inspection wrote is discarded."""
    assert replica.update(install(PICKY), "accepted") == b"\0"


def test_an_inspected_call_that_is_not_accepted(replica: Replica, install: Install) -> None:
    canister = install(PICKY)
    with pytest.raises(CallRejected) as caught:
        replica.submit(canister, "other")
    assert (caught.value.code, caught.value.error_code) == (4, "IC0406")
    assert caught.value.message == f"Error from Canister {canister}: Canister rejected the message"


def test_a_trap_during_inspection(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match=r"Canister called `ic0\.trap` with message: 'bad'") as caught:
        replica.update(install(PICKY), "bad")
    assert caught.value.error_code == "IC0503"


def test_accepting_twice_traps(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match=r"ic0\.accept_message: the function was already called") as caught:
        replica.update(install(PICKY), "c twice")
    assert caught.value.error_code == "IC0504"


def test_queries_are_not_inspected(replica: Replica, install: Install) -> None:
    assert replica.query(install(PICKY), "other query") == b""


def test_inspection_has_a_limit_of_its_own(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(inspect_instructions=1000))
    canister = replica.create_canister()
    replica.install_code(canister, module('(func (export "canister_inspect_message") (loop (br 0)))'))
    with pytest.raises(CallRejected, match="limit of 1000 instructions"):
        replica.submit(canister, "x")


# ---- tasks -------------------------------------------------------------------------------------------

TICKING = module(
    f"""
    (func $bump (param i32)
        (i32.store (local.get 0) (i32.add (i32.const 1) (i32.load (local.get 0)))))
    (func (export "canister_heartbeat") (call $bump (i32.const 100)))
    (func (export "canister_global_timer") (call $bump (i32.const 104))
        (i64.store (i32.const 108) (call $global_timer_set (i64.const 0)))
        (i32.store (i32.const 116) (call $msg_caller_size)))
    (func (export "canister_update arm")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 8))
        {reply_i64("(call $global_timer_set (i64.load (i32.const 0)))")})
    (func (export "canister_query counts") {reply_bytes(100, 20)})
    (func (export "canister_query time") {reply_i64("(call $time)")})
    """
)


def counts(replica: Replica, canister: Principal) -> tuple[int, int]:
    raw = replica.query(canister, "counts")
    return number(raw[:4]), number(raw[4:8])


def test_a_heartbeat_runs_in_every_round(replica: Replica, install: Install) -> None:
    canister = install(TICKING)
    replica.tick(5)
    assert counts(replica, canister) == (5, 0)


def test_a_timer_fires_once_when_its_time_has_come(replica: Replica, install: Install) -> None:
    canister = install(TICKING)
    when = replica.clock.now() + 5 * 10**9
    replica.update(canister, "arm", when.to_bytes(8, "little"))
    replica.tick(3)
    assert counts(replica, canister)[1] == 0
    replica.advance(5)
    assert counts(replica, canister)[1] == 1
    replica.advance(100)
    raw = replica.query(canister, "counts")
    assert number(raw[4:8]) == 1
    assert number(raw[8:16]) == 0, "the timer is off while it runs"
    assert number(raw[16:]) == 0, "the caller is the management canister"


def test_a_task_that_traps_is_logged_and_undone(replica: Replica, install: Install) -> None:
    canister = install(
        module(
            f"""(func (export "canister_heartbeat") (i32.store (i32.const 0) (i32.const 5)) unreachable)
            (func (export "canister_query q") {reply_bytes(0, 4)})"""
        )
    )
    replica.tick()
    assert number(replica.query(canister, "q")) == 0
    assert [line.text for line in replica.logs(canister)] == ["[TRAP]: unreachable"]


@pytest.mark.parametrize(("mode", "least"), [("standing", 1), ("ticking", 10**9), ("real", 1)])
def test_clocks(engine: Engine, mode: str, least: int) -> None:
    replica = Replica(engine=engine, validate=False, clock=Clock(mode=mode))  # type: ignore[arg-type]
    canister = replica.create_canister()
    replica.install_code(canister, TICKING)
    before = number(replica.query(canister, "time"))
    replica.tick()
    after = number(replica.query(canister, "time"))
    assert after - before >= least
    if mode == "standing":
        assert after - before == 1
    replica.clock.set(after + 77)
    now = number(replica.query(canister, "time"))
    assert now >= after + 77 if mode == "real" else now == after + 77
    with pytest.raises(UsageError, match="time does not run backwards"):
        replica.clock.set(after)


# ---- stopping, uninstalling --------------------------------------------------------------------------


def test_a_stopped_canister_takes_no_calls(replica: Replica, install: Install) -> None:
    canister = install(CALLEE)
    replica.stop_canister(canister)
    assert replica.status(canister).status == "stopped"
    for call in (replica.update, replica.query):
        with pytest.raises(CallRejected, match=f"Canister {canister} is stopped") as caught:
            call(canister, "n")
        assert caught.value.error_code == "IC0508"
    caller = install(CALLER)
    answer = replica.update(caller, "call", to(canister, "echo"))
    assert (answer[0], answer[1:].decode()) == (5, f"IC0508: Canister {canister} is stopped")
    replica.start_canister(canister)
    assert number(replica.query(canister, "n")) == 0


def test_stopping_waits_for_outstanding_calls(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1), fees=Fees.free())
    caller, callee = replica.create_canister(), replica.create_canister()
    replica.install_code(caller, CALLER)
    replica.install_code(callee, CALLEE)
    call = replica.submit(caller, "call", to(callee, "echo", b"still"))
    replica.tick()
    replica.stop_canister(caller)
    assert replica.status(caller).status == "stopped"
    assert replica.await_call(call) == b"still"


def test_only_a_stopped_canister_is_deleted(replica: Replica, install: Install) -> None:
    canister = install(CALLEE)
    with pytest.raises(CallRejected, match="must be stopped before it is deleted") as caught:
        replica.delete_canister(canister)
    assert caught.value.error_code == "IC0510"
    replica.stop_canister(canister)
    replica.delete_canister(canister)
    with pytest.raises(CallRejected, match="not found"):
        replica.query(canister, "n")


def test_uninstalling_rejects_the_calls_under_way(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1), fees=Fees.free())
    caller, callee = replica.create_canister(), replica.create_canister()
    replica.install_code(caller, CALLER)
    replica.install_code(callee, CALLEE)
    call = replica.submit(caller, "call_and_pay", to(callee, "accept"))
    replica.tick()
    replica.uninstall_code(caller)
    with pytest.raises(CallRejected, match=r"Canister has been uninstalled\.") as caught:
        replica.await_call(call)
    assert caught.value.code == 4
    before = replica.status(caller).cycles
    replica.tick(5)
    assert replica.status(caller).cycles == before + 700, "the refund arrives although nobody handles it"
    assert not replica._find(caller).contexts


def test_the_hook_for_low_memory(replica: Replica, install: Install) -> None:
    """It runs once when the heap comes close to its limit, before other messages."""
    canister = install(
        module(
            f"""(func (export "canister_on_low_wasm_memory")
                (i32.store (i32.const 8) (i32.add (i32.const 1) (i32.load (i32.const 8)))))
            (func (export "canister_update grow") (drop (memory.grow (i32.const 1))) (call $msg_reply))
            (func (export "canister_query runs") {reply_bytes(8, 4)})"""
        ),
        wasm_memory_limit=4 * 65_536,
    )
    replica.update_settings(canister, wasm_memory_threshold=2 * 65_536)
    for expected in (0, 1, 1):
        replica.update(canister, "grow")
        replica.tick()
        assert number(replica.query(canister, "runs")) == expected

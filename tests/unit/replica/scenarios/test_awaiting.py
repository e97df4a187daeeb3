"""Across an await: what stays, what is undone, who is answered, and what may happen meanwhile."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Limits, Replica
from tests.unit.replica.scenarios.canisters import (
    ANSWER_REJECT,
    CALLEE,
    REPLY,
    Builder,
    add,
    deploy,
    state_of,
)


@pytest.fixture
def slow(paid: Replica) -> Replica:
    """A replica that executes one message in a round, so that a test can look between them."""
    paid.limits = Limits(round_messages=1)
    return paid


def caller(callee: Principal, method: str = "answer", *, reply: str, reject: str = "", **call: int) -> bytes:
    """A canister whose method ``go`` adds 1, calls, and goes on with ``reply`` or ``reject``."""
    builder = Builder()
    numbers = builder.callback(reply), builder.callback(reject or ANSWER_REJECT)
    cleanup = builder.callback("(call $add (local.get 0))") if call.pop("clean", 0) else None
    builder.function(
        "canister_update go", add(1) + builder.call(callee, method, *numbers, cleanup=cleanup, **call)
    )
    return builder.build()


def test_a_trap_after_an_await_keeps_what_came_before_and_runs_the_cleanup(paid: Replica) -> None:
    """The commit at the await stays (1), the callback is undone (10), the cleanup stays (1000)."""
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, caller(callee, reply=add(10) + "unreachable", clean=1, environment=1000))
    with pytest.raises(CallRejected, match="Canister trapped: unreachable") as caught:
        paid.update(canister, "go")
    assert (caught.value.code, caught.value.error_code) == (5, "IC0502")
    assert (state_of(paid, canister), state_of(paid, callee)) == (1001, 1)


def test_a_trap_in_the_cleanup_undoes_the_cleanup_too(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    trap = builder.callback(add(10) + "unreachable")
    cleanup = builder.callback(add(1000) + "(call $trap (i32.const 0) (i32.const 0))")
    builder.function(
        "canister_update go", add(1) + builder.call(callee, "answer", trap, trap, cleanup=cleanup)
    )
    canister = deploy(paid, builder.build())
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "go")
    assert caught.value.error_code == "IC0502", "the code is that of the callback"
    assert "Canister trapped: unreachable\n\ncall_on_cleanup also failed:\n\n" in caught.value.message
    assert state_of(paid, canister) == 1


def test_the_cleanup_of_a_rejected_call_sees_the_reject_code(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    trap, cleanup = builder.callback("unreachable"), builder.callback("(call $add (call $msg_reject_code))")
    builder.function("canister_update go", builder.call(callee, "refuse", trap, trap, cleanup=cleanup))
    canister = deploy(paid, builder.build())
    with pytest.raises(CallRejected):
        paid.update(canister, "go")
    assert state_of(paid, canister) == 4


def test_a_callback_may_reply_for_the_call(paid: Replica) -> None:
    canister = deploy(paid, caller(deploy(paid, CALLEE), reply=add(10) + REPLY))
    assert paid.update(canister, "go") == b""
    assert state_of(paid, canister) == 11


def test_nobody_replies_after_the_last_callback(paid: Replica) -> None:
    """Starvation: what was done stays, the caller is told."""
    canister = deploy(paid, caller(deploy(paid, CALLEE), reply=add(10)))
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, "go")
    assert (caught.value.code, caught.value.error_code) == (5, "IC0506")
    assert caught.value.message == f"Canister {canister} did not reply to the call"
    assert state_of(paid, canister) == 11


def test_nobody_replies_to_a_canister(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, caller(callee, "silent", reply=REPLY))
    answer = paid.update(canister, "go")
    assert answer[0] == 5
    assert state_of(paid, callee) == 1, "its state stays"


def test_a_reply_in_two_executions_of_one_call_traps_in_the_second(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    again = builder.callback(add(10) + REPLY)
    builder.function("canister_update go", add(1) + builder.call(callee, "answer", again, again) + REPLY)
    canister = deploy(paid, builder.build())
    assert paid.update(canister, "go") == b""
    paid.tick(2)
    assert state_of(paid, canister) == 1, "the second reply undoes its callback"
    history = paid._scheduler.executor.history
    assert "ic0.msg_reply: the call is already replied" in (history[-1].error or "")


@pytest.mark.parametrize(
    ("method", "code", "text"),
    [
        ("trap", 5, "Canister trapped: unreachable"),
        ("refuse", 4, "not today"),
        ("missing", 5, "Canister has no update method 'missing'"),
    ],
)
def test_rejects_reach_the_reject_callback(paid: Replica, method: str, code: int, text: str) -> None:
    canister = deploy(paid, caller(deploy(paid, CALLEE), method, reply=REPLY))
    answer = paid.update(canister, "go")
    assert answer[0] == code
    assert text in answer[1:].decode()


def test_each_message_of_a_call_has_instructions_of_its_own(paid: Replica) -> None:
    """Two executions that each use most of the limit are fine; one that uses both amounts is not."""
    loop = """(local $n i32) (local.set $n (i32.const 5000))
        (loop (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if 0 (local.get $n)))"""
    paid.limits = Limits(update_instructions=80_000)
    callee = deploy(paid, CALLEE)
    builder = Builder()
    later = builder.callback(loop + REPLY)
    builder.function("canister_update go", loop + builder.call(callee, "answer", later, later))
    builder.function("canister_update twice", loop + loop.replace("(local $n i32)", "") + REPLY)
    canister = deploy(paid, builder.build())
    assert paid.update(canister, "go") == b""
    executed = paid.last.instructions
    paid.limits = Limits(update_instructions=executed - 1000)
    assert paid.update(canister, "go") == b"", "the sum exceeds the limit, no single message does"


# ---- what happens to the canister while it waits -----------------------------------------------------


def waiting(replica: Replica, **call: int) -> tuple[Principal, Principal, int]:
    """A canister whose call is sent but not executed: (canister, callee, number of the ingress)."""
    callee = deploy(replica, CALLEE)
    canister = deploy(replica, caller(callee, reply=add(10) + REPLY, **call))
    number = replica.submit(canister, "go")
    replica.tick()
    assert len(replica._find(canister).callbacks) == 1
    return canister, callee, number


def test_a_callback_runs_while_the_canister_stops(slow: Replica) -> None:
    canister, _, number = waiting(slow)
    slow.stop_canister(canister)
    assert slow.status(canister).status == "stopped"
    assert slow.await_call(number) == b""
    slow.start_canister(canister)
    assert state_of(slow, canister) == 11


def test_a_stopping_canister_takes_no_calls(slow: Replica) -> None:
    canister, _, _ = waiting(slow)
    slow._scheduler.lifecycle.stop(slow._find(canister), slow.clock.now(), lambda _: None)
    assert slow.status(canister).status == "stopping"
    for call in (slow.update, slow.query):
        with pytest.raises(CallRejected, match=f"Canister {canister} is stopping") as caught:
            call(canister, "go")
        assert caught.value.error_code == "IC0509"


def test_starting_a_stopping_canister_cancels_the_stop(slow: Replica) -> None:
    canister, _, _ = waiting(slow)
    outcome: list[object] = []
    slow._scheduler.lifecycle.stop(slow._find(canister), slow.clock.now(), outcome.append)
    slow.start_canister(canister)
    assert str(outcome[0]) == f"Canister {canister}'s stop request was cancelled."
    assert slow.status(canister).status == "running"


def test_stopping_gives_up_after_five_minutes(slow: Replica) -> None:
    """It goes on stopping, only the caller is told."""
    canister, callee, _ = waiting(slow)
    outcome: list[object] = []
    slow._scheduler.lifecycle.stop(slow._find(canister), slow.clock.now(), outcome.append)
    slow._find(callee)._inputs.clear()  # the message is never executed
    slow.advance(299)
    assert not outcome
    slow.advance(2)
    assert str(outcome[0]) == "Stop canister request timed out"
    assert slow.status(canister).status == "stopping"


def test_a_callback_runs_in_the_upgraded_code(slow: Replica) -> None:
    """The table of the new module decides what the old number means; the state is the new one."""
    canister, callee, number = waiting(slow)
    slow.install_code(canister, caller(callee, reply=add(500) + REPLY), b"", mode="upgrade")
    assert slow.await_call(number) == b""
    assert state_of(slow, canister) == 500


def test_a_callback_of_a_module_that_lacks_the_function(slow: Replica) -> None:
    canister, _, number = waiting(slow)
    slow.install_code(canister, Builder().build(), b"", mode="upgrade")
    with pytest.raises(CallRejected, match="invoke a non-existent Wasm function 0 from table 0") as caught:
        slow.await_call(number)
    assert caught.value.error_code == "IC0513"


def test_a_callback_may_hit_reinstalled_code(slow: Replica) -> None:
    """Reinstalling does not delete call contexts."""
    canister, callee, number = waiting(slow)
    slow.install_code(canister, caller(callee, reply=add(500) + REPLY), b"", mode="reinstall")
    assert slow.await_call(number) == b""
    assert state_of(slow, canister) == 500


def test_a_callback_never_runs_after_uninstalling_and_installing_again(slow: Replica) -> None:
    canister, callee, number = waiting(slow, cycles=1000)
    before = slow.status(canister).cycles
    slow.uninstall_code(canister)
    slow.install_code(canister, caller(callee, reply=add(500) + REPLY), b"")
    with pytest.raises(CallRejected, match=r"Canister has been uninstalled\.") as caught:
        slow.await_call(number)
    assert (caught.value.code, caught.value.error_code) == (4, "IC0406")
    slow.tick(4)
    assert state_of(slow, canister) == 0
    assert slow.status(canister).cycles > before, "refund and unused prepayment arrive all the same"
    assert not slow._find(canister).callbacks
    assert slow.unaccounted_cycles() == 0


def test_the_callee_is_uninstalled_before_the_call_arrives(slow: Replica) -> None:
    _, callee, number = waiting(slow)
    slow.uninstall_code(callee)
    answer = slow.await_call(number)
    assert answer[0] == 5
    assert b"the canister contains no Wasm module" in answer


def test_the_callee_is_deleted_before_the_call_arrives(slow: Replica) -> None:
    callee = deploy(slow, CALLEE)
    canister = deploy(slow, caller(callee, reply=REPLY))
    slow.stop_canister(callee)
    slow.delete_canister(callee)
    answer = slow.update(canister, "go")
    assert (answer[0], answer[1:].decode()) == (3, f"IC0301: Canister {callee} not found")

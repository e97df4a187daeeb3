"""Sending calls: order, full queues, calls that cannot be performed, deadlines."""

from __future__ import annotations

from dataclasses import replace

from basilisk.principal import Principal
from basilisk.replica import Fees, Limits, Replica, UseCase
from tests.unit.replica.scenarios.canisters import (
    ANSWER_REJECT,
    CALLEE,
    REPLY,
    Builder,
    add,
    deploy,
    state_of,
)
from tests.unit.replica.wat import number, reply_i32


def burst(callee: Principal, count: int, **call: int) -> bytes:
    """``go`` makes ``count`` calls and replies with the number of those that ``call_perform`` refused."""
    builder = Builder()
    done = builder.callback(add(1))
    failed = builder.callback(add(1000))
    one = builder.call(callee, "answer", done, failed, perform=False, **call)
    builder.function(
        "canister_update go",
        f"""(local $n i32) (local $failed i32)
        (loop {one}
            (if (call $call_perform) (then (local.set $failed (i32.add (local.get $failed) (i32.const 1)))))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const {count}))))
        {reply_i32("(local.get $failed)")}""",
    )
    return builder.build()


def test_the_queue_to_one_canister_holds_500_calls(paid: Replica) -> None:
    """The refused calls have no callbacks; the others are all answered."""
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, burst(callee, 503))
    assert number(paid.update(canister, "go")) == 3
    paid.tick(3)
    assert (state_of(paid, canister), state_of(paid, callee)) == (500, 500)
    assert paid.unaccounted_cycles() == 0


def test_calls_to_different_canisters_have_queues_of_their_own(paid: Replica) -> None:
    paid.limits = replace(paid.limits, queue_messages=2)
    builder = Builder()
    one, two = deploy(paid, CALLEE), deploy(paid, CALLEE)
    done = builder.callback(add(1))
    builder.function(
        "canister_update go", "".join(builder.call(who, "answer", done, done) for who in (one, two) * 2)
    )
    canister = deploy(paid, builder.build())
    paid.submit(canister, "go")
    paid.tick(3)
    assert (state_of(paid, canister), state_of(paid, one), state_of(paid, two)) == (4, 2, 2)


def test_a_call_needs_cycles_for_the_largest_response(paid: Replica) -> None:
    """One cycle less than ``cost_call`` says above the freezing limit, and it is refused."""
    price = paid.fees.outgoing_call(len("answer"), paid.limits.update_instructions)
    execution = paid.fees.execution(paid.limits.update_instructions)
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, burst(callee, 1))
    slot = paid.accounting.freezing_limit(paid._find(canister), slots=1)
    ingress = paid.fees.ingress_message("go", 0)
    paid._find(canister).cycles = slot + ingress + execution + price - 1
    assert number(paid.update(canister, "go", b"")) == 1
    paid._find(canister).cycles = slot + ingress + execution + price
    assert number(paid.update(canister, "go", b"")) == 0


def test_cost_call_is_what_call_perform_takes(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    done = builder.callback("")
    measured = builder.call(callee, "answer", done, done, argument=b"payload")
    size = len("payload")
    builder.function(
        "canister_update go",
        f"""(call $canister_cycle_balance128 (i32.const 300)) {measured}
        (call $canister_cycle_balance128 (i32.const 316))
        (call $cost_call (i64.const {len("answer")}) (i64.const {size}) (i32.const 332))
        (call $msg_reply_data_append (i32.const 300) (i32.const 48)) (call $msg_reply)""",
    )
    canister = deploy(paid, builder.build())
    raw = paid.update(canister, "go")
    before, after, cost = (number(raw[at : at + 16]) for at in (0, 16, 32))
    assert before - after == cost == paid.fees.outgoing_call(6 + size, paid.limits.update_instructions)


def test_the_memory_for_responses_is_limited_on_the_subnet(paid: Replica) -> None:
    """Every call whose answer must arrive sets 2 MiB aside, until it is answered."""
    paid.limits = replace(paid.limits, message_memory_bytes=3 * (2 << 20))
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, burst(callee, 5))
    assert number(paid.update(canister, "go")) == 2
    paid.tick(2)
    assert number(paid.update(canister, "go")) == 2, "the memory is free again"
    paid.tick(2)
    bounded = deploy(paid, burst(callee, 5, timeout=30))
    assert number(paid.update(bounded, "go")) == 0, "calls with a deadline need no such memory"


def test_open_calls_are_limited_on_the_subnet_but_each_canister_has_some(paid: Replica) -> None:
    paid.limits = replace(paid.limits, callbacks=3, guaranteed_callbacks=2)
    callee = deploy(paid, CALLEE)
    assert number(paid.update(deploy(paid, burst(callee, 5)), "go")) == 2
    paid.tick(3)
    paid.limits = replace(paid.limits, guaranteed_callbacks=5)
    assert number(paid.update(deploy(paid, burst(callee, 5)), "go")) == 0


def test_calls_between_two_canisters_start_in_order(paid: Replica) -> None:
    """The callee appends a digit for each call: 1, 2, 3 in this order."""
    collector = Builder()
    collector.function(
        "canister_update digit",
        f"""(call $msg_arg_data_copy (i32.const 300) (i32.const 0) (i32.const 1))
        (i32.store (i32.const 64) (i32.add (i32.load8_u (i32.const 300))
            (i32.mul (i32.const 10) (i32.load (i32.const 64))))) {REPLY}""",
    )
    callee = deploy(paid, collector.build())
    builder = Builder()
    done = builder.callback("")
    calls = [builder.call(callee, "digit", done, done, argument=bytes([digit])) for digit in (1, 2, 3)]
    builder.function("canister_update go", "".join(calls) + REPLY)
    canister = deploy(paid, builder.build())
    paid.update(canister, "go")
    paid.update(canister, "go")
    paid.tick(3)
    assert state_of(paid, callee) == 123_123


def test_nothing_is_sent_by_an_execution_that_traps(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    done = builder.callback("")
    builder.function("canister_heartbeat", builder.call(callee, "answer", done, done) + "unreachable")
    canister = deploy(paid, builder.build())
    paid.tick(3)
    assert state_of(paid, callee) == 0
    assert not paid._find(canister).callbacks
    assert paid.unaccounted_cycles() == 0


# ---- deadlines ---------------------------------------------------------------------------------------


def bounded(callee: Principal, method: str, timeout: int = 10, cycles: int = 0) -> bytes:
    builder = Builder()
    reply, reject = builder.callback(add(1) + REPLY), builder.callback(add(1000) + ANSWER_REJECT)
    builder.function(
        "canister_update go", builder.call(callee, method, reply, reject, timeout=timeout, cycles=cycles)
    )
    return builder.build()


def test_a_call_with_a_deadline_may_be_answered_in_time(paid: Replica) -> None:
    canister = deploy(paid, bounded(deploy(paid, CALLEE), "answer"))
    assert paid.update(canister, "go") == b""
    assert state_of(paid, canister) == 1


def test_a_deadline_that_passes_ends_in_sys_unknown(paid: Replica) -> None:
    """The callee still works on it; its late answer runs no callback, and cycles attached are lost."""
    paid.limits = Limits(round_messages=1)
    canister = paid.create_canister()  # the first one: in each round it takes its turn before the callee
    callee = deploy(paid, CALLEE)
    paid.install_code(canister, bounded(callee, "answer", cycles=777), b"")
    call = paid.submit(canister, "go")
    paid.tick()  # both have executed their message, the answer is on the way
    assert state_of(paid, callee) == 1
    responses = list(paid._find(canister).messages())
    paid._find(canister)._inputs.clear()
    paid.advance(20)
    answer = paid.await_call(call)
    assert (answer[0], answer[1:].decode()) == (6, "Call deadline has expired.")
    for response in responses:  # it arrives after all
        paid._find(canister).push(callee.bytes, response)
    paid.tick(2)
    assert state_of(paid, canister) == 1000, "the reject callback ran once, the reply callback never"
    assert paid.consumed_cycles[UseCase.DROPPED_MESSAGES] == 777
    assert paid.unaccounted_cycles() == 0


def test_a_request_that_waits_too_long_is_not_executed(paid: Replica) -> None:
    paid.limits = Limits(round_messages=1)
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, bounded(callee, "answer", cycles=777))
    call = paid.submit(canister, "go")
    paid.tick()
    paid.advance(400)
    answer = paid.await_call(call)
    assert answer[0] == 6
    paid.tick(3)
    assert state_of(paid, callee) == 0
    assert paid.consumed_cycles[UseCase.DROPPED_MESSAGES] == 777
    assert paid.unaccounted_cycles() == 0


def test_the_longest_deadline_is_five_minutes(paid: Replica) -> None:
    clock = Builder()
    clock.function(
        "canister_update when",
        "(i64.store (i32.const 300) (i64.sub (call $msg_deadline) "
        "(call $time))) (call $msg_reply_data_append (i32.const 300) (i32.const 8)) (call $msg_reply)",
    )
    callee = deploy(paid, clock.build())
    builder = Builder()
    relay = builder.callback(
        "(call $msg_arg_data_copy (i32.const 300) (i32.const 0) (i32.const 8)) "
        "(call $msg_reply_data_append (i32.const 300) (i32.const 8)) (call $msg_reply)"
    )
    builder.function("canister_update go", builder.call(callee, "when", relay, relay, timeout=100_000))
    left = number(paid.update(deploy(paid, builder.build()), "go"))
    assert 299 * 10**9 < left <= 300 * 10**9


def test_prices_are_data() -> None:
    """A subnet of 34 nodes charges 34/13 of everything."""
    small, large = Fees(), Fees(nodes=34)
    assert large.ingress_bytes(0) == 1_200_000 * 34 // 13
    assert large.execution(1_000) == (5_000_000 + 1_000) * 34 // 13
    assert small.execution(1_000, wide=True) == 5_000_000 + 2_000

"""Cycles: every price charged is worked out by hand here, and nothing is lost that is not counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected, UsageError
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
from tests.unit.replica.wat import module, number, reply_bytes

GIB = 1 << 30
MONTH = 2_592_000


def simple() -> bytes:
    builder = Builder()
    builder.function("canister_update go", add(1) + REPLY)
    builder.function(
        "canister_update balances",
        """
        (call $canister_cycle_balance128 (i32.const 300))
        (call $canister_liquid_cycle_balance128 (i32.const 316))
        (call $msg_reply_data_append (i32.const 300) (i32.const 32)) (call $msg_reply)""",
    )
    builder.function(
        "canister_update burn",
        f"""
        (call $cycles_burn128 (i64.const 0) (i64.const 12345) (i32.const 300)) {reply_bytes(300, 16)}""",
    )
    builder.function(
        "canister_update burn_all",
        f"""
        (call $cycles_burn128 (i64.const -1) (i64.const -1) (i32.const 300)) {reply_bytes(300, 16)}""",
    )
    builder.function("canister_heartbeat", add(100))
    return builder.build()


def test_an_update_costs_ingress_base_and_instructions(paid: Replica) -> None:
    canister = deploy(paid, simple())
    before = paid.status(canister).cycles
    paid.update(canister, "go", b"12345")
    spent = before - paid.status(canister).cycles
    envelope = paid.fees.ingress_envelope_bytes
    ingress = 1_200_000 + 2_000 * (len("go") + 5 + envelope)
    heartbeat = paid._scheduler.executor.history[
        -2 if paid._scheduler.executor.history[-1].context == "update" else -1
    ]
    assert heartbeat.context == "heartbeat"
    expected = ingress + 5_000_000 + paid.last.instructions + 5_000_000 + heartbeat.instructions
    assert spent == expected


def test_a_query_costs_nothing_and_one_in_replicated_mode_does(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    before = paid.status(canister).cycles
    paid.query(canister, "look")
    assert paid.status(canister).cycles == before
    paid.update(canister, "look", b"")
    ingress = 1_200_000 + 2_000 * (len("look") + paid.fees.ingress_envelope_bytes)
    assert before - paid.status(canister).cycles == ingress + 5_000_000 + paid.last.instructions


def test_a_trap_costs_what_was_executed(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    before = paid.status(canister).cycles
    with pytest.raises(CallRejected, match="unreachable"):
        paid.update(canister, "trap", b"")
    ingress = 1_200_000 + 2_000 * (len("trap") + paid.fees.ingress_envelope_bytes)
    executed = paid._scheduler.executor.history[-1].instructions
    assert before - paid.status(canister).cycles == ingress + 5_000_000 + executed


def test_a_method_that_does_not_exist_costs_the_base_price(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    before = paid.status(canister).cycles
    with pytest.raises(CallRejected, match="has no update method"):
        paid.update(canister, "nothing", b"")
    ingress = 1_200_000 + 2_000 * (len("nothing") + paid.fees.ingress_envelope_bytes)
    assert before - paid.status(canister).cycles == ingress + 5_000_000


def test_the_balance_during_an_execution_lacks_what_was_prepaid(paid: Replica) -> None:
    canister = deploy(paid, simple())
    before = paid.status(canister).cycles
    raw = paid.update(canister, "balances", b"")
    balance, liquid = number(raw[:16]), number(raw[16:])
    ingress = 1_200_000 + 2_000 * (len("balances") + paid.fees.ingress_envelope_bytes)
    heartbeat = 5_000_000 + next(
        item.instructions for item in paid._scheduler.executor.history if item.context == "heartbeat"
    )
    assert before - ingress - 40_005_000_000 - balance in (0, heartbeat)
    assert balance - liquid == paid.status(canister).freezing_limit


def test_the_freezing_limit_is_the_price_of_idling(paid: Replica) -> None:
    """Worked out for one page of heap, the module, and the price per canister; then with an allocation."""
    canister = deploy(paid, simple())
    memory = paid.status(canister).memory_bytes
    history = (64 + 29) + 64  # creation with one controller, installation
    assert memory == 65_536 + len(simple()) + history
    per_day = memory * 317_500 * 86_400 // GIB + 10_000 * 86_400
    assert paid.status(canister).idle_cycles_burned_per_day == per_day
    assert paid.status(canister).freezing_limit == per_day * MONTH // 86_400
    paid.update_settings(canister, memory_allocation=GIB, freezing_threshold=86_400, compute_allocation=1)
    per_day = 317_500 * 86_400 + 10_000 * 86_400 + 10_000_000 * 86_400
    assert paid.status(canister).freezing_limit == per_day


def test_idling_is_charged_every_ten_seconds(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    per_day = paid.status(canister).idle_cycles_burned_per_day
    before = paid.status(canister).cycles
    paid.advance(9.9)
    assert paid.status(canister).cycles == before
    paid.advance(0.2)
    assert before - paid.status(canister).cycles == per_day * 10 // 86_400
    assert paid.consumed_cycles[UseCase.MEMORY] == per_day * 10 // 86_400
    paid.update_settings(canister, compute_allocation=3)
    before = paid.status(canister).cycles
    paid.advance(100)
    assert paid.consumed_cycles[UseCase.COMPUTE_ALLOCATION] == 3 * 10_000_000 * 100
    assert before - paid.status(canister).cycles == 3 * 10_000_000 * 100 + per_day * 100 // 86_400


def test_the_documented_prices_of_storage(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, fees=Fees.documented())
    canister = deploy(replica, CALLEE)
    memory = replica.status(canister).memory_bytes
    assert replica.status(canister).idle_cycles_burned_per_day == memory * 127_000 * 86_400 // GIB


def test_a_canister_that_cannot_pay_its_storage_loses_its_code(paid: Replica) -> None:
    canister = deploy(paid, simple())
    paid.update_settings(canister, compute_allocation=1, memory_allocation=5_000_000)
    paid._find(canister).cycles, lost = 1000, paid._find(canister).cycles - 1000
    paid.accounting.ledger.mint(-lost)
    paid.advance(1000)
    status = paid.status(canister)
    assert (status.cycles, status.module_hash, status.memory_bytes) == (0, None, 0)
    assert status.idle_cycles_burned_per_day == 0, "its allocations are gone too"
    assert paid.consumed_cycles[UseCase.UNINSTALL] > 0
    assert paid.unaccounted_cycles() == 0
    with pytest.raises(CallRejected) as caught:
        paid.query(canister, "state")
    assert caught.value.error_code == "IC0537"


def test_a_frozen_canister_takes_no_calls(paid: Replica) -> None:
    canister, caller = deploy(paid, CALLEE), None
    builder = Builder()
    reply, reject = builder.callback(REPLY), builder.callback(ANSWER_REJECT)
    builder.function("canister_update go", builder.call(canister, "answer", reply, reject, cycles=500))
    caller = deploy(paid, builder.build())
    paid.update_settings(canister, freezing_threshold=10**12)
    assert paid.status(canister).freezing_limit > paid.status(canister).cycles
    with pytest.raises(CallRejected) as caught:
        paid.query(canister, "look")
    assert (caught.value.code, caught.value.error_code) == (2, "IC0207")
    assert caught.value.message == (
        f"Canister {canister} is unable to process query calls because it's frozen. "
        "Please top up the canister with cycles and try again."
    )
    with pytest.raises(
        CallRejected, match=rf"^.*Canister {canister} is out of cycles: please top up"
    ) as caught:
        paid.submit(canister, "answer")  # the anonymous caller controls it and is told how much is missing
    assert (caught.value.code, caught.value.error_code) == (2, "IC0207")
    with pytest.raises(CallRejected, match=f"Canister {canister} is out of cycles$"):
        paid.submit(canister, "answer", sender=b"\x01\x02")
    answer = paid.update(caller, "go")
    assert (answer[0], answer[1:].decode()) == (2, f"IC0207: Canister {canister} is out of cycles")
    assert paid.unaccounted_cycles() == 0, "the 500 cycles came back"


def test_tasks_do_not_run_without_cycles(paid: Replica) -> None:
    canister = deploy(paid, simple())
    paid.tick()
    assert state_of(paid, canister) == 100
    limit = paid.status(canister).freezing_limit
    paid._find(canister).cycles = limit + 40_005_000_000 - 1
    paid.tick()
    assert state_of(paid, canister) == 100
    paid._find(canister).cycles += 1
    paid.tick()
    assert state_of(paid, canister) == 200


def test_the_missing_cycles_are_told_to_a_controller(paid: Replica) -> None:
    canister = deploy(paid, simple())
    paid._find(canister).cycles = 7
    ingress = 1_200_000 + 2_000 * (len("go") + paid.fees.ingress_envelope_bytes)
    missing = paid.status(canister).freezing_limit + ingress - 7
    with pytest.raises(CallRejected) as caught:
        paid.submit(canister, "go", b"")
    assert caught.value.message == (
        f"Canister {canister} is out of cycles: please top up the canister with at least {missing:_} "
        "additional cycles"
    )


def test_installing_is_paid_in_advance(paid: Replica) -> None:
    canister = paid.create_canister(cycles=300_000_000_000, freezing_threshold=0)
    with pytest.raises(CallRejected) as caught:
        paid.install_code(canister, CALLEE, b"")
    assert caught.value.error_code == "IC0207"
    assert caught.value.message.startswith(
        f"Canister installation failed with `Canister {canister} is out of cycles: please top up the "
        "canister with at least 5_000_000 additional cycles`."
    )
    paid.update_settings(canister, freezing_threshold=2_592_000)
    paid.add_cycles(canister, 5_000_000 + paid.status(canister).freezing_limit)
    with pytest.raises(CallRejected, match="due to insufficient cycles") as caught:
        paid.install_code(canister, CALLEE, b"")
    assert caught.value.error_code == "IC0532", "its memory would freeze it"
    paid.add_cycles(canister, 100_000_000_000)
    before = paid.status(canister).cycles
    paid.install_code(canister, CALLEE, b"")
    spent = before - paid.status(canister).cycles
    assert paid.last.compilation > 0
    assert spent == paid.last.cycles == 5_000_000 + paid.last.instructions + paid.last.compilation


def test_burning(paid: Replica) -> None:
    canister = deploy(paid, simple())
    assert number(paid.update(canister, "burn")) == 12_345
    assert paid.consumed_cycles[UseCase.BURNED_CYCLES] == 12_345
    burned = number(paid.update(canister, "burn_all"))
    status = paid.status(canister)
    assert paid.consumed_cycles[UseCase.BURNED_CYCLES] == 12_345 + burned
    # What is left is the freezing limit and what came back of the prepaid execution.
    assert status.freezing_limit <= status.cycles <= status.freezing_limit + 40_000_000_000
    assert paid.unaccounted_cycles() == 0


# ---- cycles of calls ---------------------------------------------------------------------------------


def payer(callee: object, method: str, cycles: int) -> bytes:
    builder = Builder()
    result = f"(call $msg_cycles_refunded128 (i32.const 300)) {reply_bytes(300, 16)}"
    both = builder.callback(result)
    builder.function("canister_update go", builder.call(callee, method, both, both, cycles=cycles))  # type: ignore[arg-type]
    return builder.build()


@pytest.mark.parametrize(
    ("method", "kept"),
    [
        ("accept", 300),
        ("answer", 0),
        ("refuse", 0),
        ("trap", 0),
        ("accept_and_trap", 0),
        ("silent", 0),
        ("missing", 0),
        ("look", 0),
        ("look_and_accept", 300),
    ],
)
def test_what_is_not_accepted_comes_back(paid: Replica, method: str, kept: int) -> None:
    """Exact to the cycle for both canisters; a replicated query keeps what it accepts."""
    callee = deploy(paid, CALLEE)
    caller = deploy(paid, payer(callee, method, 1_000))
    before = [paid.status(item).cycles for item in (caller, callee)]
    assert number(paid.update(caller, "go", b"")) == 1_000 - kept
    spent = [old - paid.status(item).cycles for item, old in zip((caller, callee), before)]
    history = list(paid._scheduler.executor.history)
    work = {
        item: sum(e.instructions for e in history if e.canister == item.bytes) for item in (caller, callee)
    }
    if method != "missing":
        assert spent[1] == 5_000_000 + work[callee] - kept
    else:
        assert spent[1] == 5_000_000
    ingress = 1_200_000 + 2_000 * (2 + paid.fees.ingress_envelope_bytes)
    transmission = 260_000 + 1_000 * len(method)
    response = spent[0] - (ingress + 2 * 5_000_000 + work[caller] + transmission + kept)
    assert response % 1_000 == 0
    assert 0 <= response <= 1_000 * 600, "the answer costs its bytes: none, or those of a reject"
    if method in ("accept", "answer", "look", "look_and_accept"):
        assert response == 0
    assert paid.unaccounted_cycles() == 0


def test_more_cycles_than_are_liquid_cannot_be_attached(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    caller = deploy(paid, payer(callee, "accept", 1 << 100))
    with pytest.raises(
        CallRejected, match=f"Canister {caller} is out of cycles: please top up the canister"
    ) as caught:
        paid.update(caller, "go")
    assert caught.value.error_code == "IC0504"
    with pytest.raises(CallRejected, match=f"Canister {caller} is out of cycles$"):
        paid.update(caller, "go", sender=b"\x01\x02")


def test_amounts_have_128_bits(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    builder = Builder()
    done = builder.callback(f"(call $msg_cycles_refunded128 (i32.const 300)) {reply_bytes(300, 16)}")
    builder.function("canister_update go", builder.call(callee, "accept", done, done, cycles=(1 << 100) + 5))
    caller = deploy(paid, builder.build(), cycles=1 << 110)
    assert number(paid.update(caller, "go")) == (1 << 100) + 5 - 300
    assert paid.unaccounted_cycles() == 0


def test_a_balance_does_not_exceed_128_bits(paid: Replica) -> None:
    """Adding stops at the largest balance; what comes back beyond it is lost and counted as lost."""
    callee = deploy(paid, CALLEE)
    builder = Builder()
    done = builder.callback(f"(call $canister_cycle_balance128 (i32.const 300)) {reply_bytes(300, 16)}")
    builder.function("canister_update go", builder.call(callee, "answer", done, done, cycles=1 << 120))
    canister = deploy(paid, builder.build(), cycles=1 << 127)
    assert paid.add_cycles(canister, 1 << 128) == (1 << 128) - 1
    paid.limits = replace(paid.limits, round_messages=1)
    call = paid.submit(canister, "go")
    paid.tick()
    paid.add_cycles(canister, 1 << 128)
    assert number(paid.await_call(call)) == (1 << 128) - 1
    assert paid.consumed_cycles[UseCase.DROPPED_MESSAGES] == 1 << 120
    assert paid.status(canister).cycles == (1 << 128) - 1
    assert paid.unaccounted_cycles() == 0


def test_calls_with_too_few_cycles_are_refused(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    paid.update_settings(callee, minimum_incoming_cycles=400)
    for cycles, code in ((399, 5), (400, None)):
        builder = Builder()
        reply, reject = builder.callback(REPLY), builder.callback(ANSWER_REJECT)
        builder.function("canister_update go", builder.call(callee, "accept", reply, reject, cycles=cycles))
        answer = paid.update(deploy(paid, builder.build()), "go")
        assert (answer[0] if answer else None) == code
    assert paid.update(callee, "answer") == b"", "calls from outside are not meant"
    assert paid.unaccounted_cycles() == 0


def test_deleting_a_canister_burns_what_it_has(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    paid.stop_canister(canister)
    left = paid.status(canister).cycles
    paid.delete_canister(canister)
    assert paid.consumed_cycles[UseCase.DELETED_CANISTERS] == left
    assert paid.unaccounted_cycles() == 0


# ---- allocations -------------------------------------------------------------------------------------


def test_an_allocation_that_cannot_be_paid_is_refused(paid: Replica) -> None:
    canister = paid.create_canister(cycles=10**12)
    with pytest.raises(
        CallRejected, match="Cannot increase compute allocation to 100% due to insuff"
    ) as caught:
        paid.update_settings(canister, compute_allocation=100)
    assert caught.value.error_code == "IC0530"
    with pytest.raises(CallRejected, match="Cannot increase memory allocation to") as caught:
        paid.update_settings(canister, memory_allocation=100 * GIB)
    assert caught.value.error_code == "IC0531"
    status = paid.status(canister)
    assert status.idle_cycles_burned_per_day == paid.fees.memory_per_day(status.memory_bytes)
    with pytest.raises(UsageError, match="compute_allocation must lie between 0 and 100"):
        paid.update_settings(canister, compute_allocation=101)


GROWING = module(
    f"""
    (func (export "canister_update grow") {{body}} (call $msg_reply))
    (func (export "canister_update stable") {{stable}} (call $msg_reply))
    (func (export "canister_query size") (i32.store (i32.const 0) (memory.size)) {reply_bytes(0, 4)})
    """.replace("{body}", "(drop (memory.grow (i32.const 100)))").replace(
        "{stable}", "(drop (call $stable64_grow (i64.const 100)))"
    )
)


@pytest.mark.parametrize("method", ["grow", "stable"])
def test_growing_without_the_cycles_for_it(paid: Replica, method: str) -> None:
    """A hundred pages would freeze the canister: the message traps and nothing grows."""
    canister = deploy(paid, GROWING)
    memory = paid.status(canister).memory_bytes
    ingress = paid.fees.ingress_message(method, 0)
    after = paid.accounting.freezing_limit(paid._find(canister), memory=memory + 100 * 65_536)
    paid._find(canister).cycles = after + ingress + 40_005_000_000 - 1
    with pytest.raises(CallRejected) as caught:
        paid.update(canister, method, b"")
    assert caught.value.error_code == "IC0532"
    assert (
        "Canister cannot grow memory by 6553600 bytes due to insufficient cycles. "
        "At least 1 additional cycles are required." in caught.value.message
    )
    assert paid.status(canister).memory_bytes == memory
    paid._find(canister).cycles = after + ingress + 40_005_000_000
    paid.update(canister, method, b"")
    assert paid.status(canister).memory_bytes == memory + 100 * 65_536


def test_a_full_subnet_sets_cycles_aside_for_storage(paid: Replica) -> None:
    """Beyond the threshold storage is paid in advance, the fuller the longer; later charges come from it."""
    canister = deploy(paid, GROWING, cycles=10**15)
    used = paid.status(canister).memory_bytes
    paid.limits = replace(
        paid.limits, subnet_memory_reservation_bytes=used, subnet_memory_bytes=used + 200 * 65_536
    )
    paid.update(canister, "grow", b"")
    grown = 100 * 65_536
    reserve = grown * 317_500 * (300_000_000 // 2 // 2) // GIB
    assert paid.status(canister).reserved_cycles == reserve
    before = paid.status(canister).cycles
    paid.advance(3600)
    assert paid.status(canister).cycles == before
    assert paid.status(canister).reserved_cycles < reserve
    assert paid.unaccounted_cycles() == 0
    paid.update_settings(canister, reserved_cycles_limit=reserve)
    with pytest.raises(CallRejected, match="due to its reserved cycles limit") as caught:
        paid.update(canister, "stable", b"")
    assert caught.value.error_code == "IC0534"
    paid.update_settings(canister, reserved_cycles_limit=10**15)
    with pytest.raises(CallRejected) as caught:
        paid.update_settings(canister, reserved_cycles_limit=0)
    assert caught.value.error_code == "IC0540"
    paid.limits = replace(paid.limits, subnet_memory_bytes=used + grown)
    with pytest.raises(CallRejected, match=r"Canister cannot grow its memory usage\.") as caught:
        paid.update(canister, "grow", b"")
    assert caught.value.error_code == "IC0507"
    paid.update(canister, "stable", b"")
    assert paid.status(canister).stable_bytes == 0, "stable64_grow just says -1"


def test_profiles(engine: Engine) -> None:
    assert Replica(engine=engine).limits == Limits()
    assert Replica(engine=engine, profile="system").fees.execution(1000) == 0
    unlimited = Replica(engine=engine, profile="unlimited", validate=False)
    canister = deploy(unlimited, simple(), cycles=0)
    assert unlimited.update(canister, "go") == b""
    assert unlimited.status(canister).cycles == 0
    with pytest.raises(UsageError, match="there is no profile"):
        Replica(engine=engine, profile="moon")

"""Waiting for an answer that depends on time, and giving up when there will be none."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.errors import BasiliskError
from basilisk.principal import Principal
from basilisk.replica import Clock, Limits, Replica
from tests.unit.replica.scenarios.canisters import (
    ANSWER_REJECT,
    CALLEE,
    REPLY,
    Builder,
    add,
    deploy,
    state_of,
)

SECOND = 10**9


def lost_call(replica: Replica, **call: int) -> tuple[Principal, int]:
    """A call of a canister whose message never arrives: (canister, number of the ingress)."""
    callee = deploy(replica, CALLEE)
    builder = Builder()
    reply, reject = builder.callback(REPLY), builder.callback(add(1) + ANSWER_REJECT)
    builder.function("canister_update go", builder.call(callee, "answer", reply, reject, **call))
    builder.function("canister_global_timer", "")
    builder.function(
        "canister_update arm",
        "(drop (call $global_timer_set (i64.add (call $time) (i64.const 30000000000))))" + REPLY,
    )
    canister = deploy(replica, builder.build())
    replica.limits = Limits(round_messages=1)
    number = replica.submit(canister, "go")
    replica.tick()
    replica._find(callee)._inputs.clear()
    return canister, number


@pytest.mark.parametrize("mode", ["standing", "ticking", "real"])
def test_every_clock_reaches_the_deadline_of_a_call(engine: Engine, mode: str) -> None:
    replica = Replica(engine=engine, validate=False, clock=Clock(mode=mode))  # type: ignore[arg-type]
    canister, number = lost_call(replica, timeout=1)
    before = replica.clock.now()
    answer = replica.await_call(number)
    assert answer[0] == 6
    assert replica.clock.now() - before >= SECOND // 100
    assert state_of(replica, canister) == 1


@pytest.mark.parametrize("mode", ["standing", "ticking", "real"])
def test_a_call_that_nobody_answers_is_given_up(engine: Engine, mode: str) -> None:
    replica = Replica(engine=engine, validate=False, clock=Clock(mode=mode))  # type: ignore[arg-type]
    _, number = lost_call(replica)
    with pytest.raises(BasiliskError, match="the call of go is never answered"):
        replica.await_call(number)


def test_heartbeats_alone_do_not_keep_it_alive(paid: Replica) -> None:
    _, number = lost_call(paid)
    builder = Builder()
    builder.function("canister_heartbeat", add(1))
    beating = deploy(paid, builder.build())
    with pytest.raises(BasiliskError, match="is never answered"):
        paid.await_call(number)
    assert state_of(paid, beating) == 1_000


def test_a_clock_that_ticks_reaches_timers(engine: Engine) -> None:
    """The call is given up only after the timer has fired; a clock that stands does not get there."""
    for mode, fired in (("ticking", True), ("standing", False)):
        replica = Replica(engine=engine, validate=False, clock=Clock(mode=mode))  # type: ignore[arg-type]
        canister, number = lost_call(replica)
        replica.update(canister, "arm")
        with pytest.raises(BasiliskError, match="is never answered"):
            replica.await_call(number)
        assert (replica.status(canister).timer == 0) == fired


def test_a_timer_that_cannot_be_paid_is_not_waited_for(paid: Replica) -> None:
    canister, number = lost_call(paid)
    paid.update(canister, "arm")
    paid.advance(60)
    paid.update(canister, "arm")
    paid.clock.advance(60)
    paid._find(canister).cycles = 0
    with pytest.raises(BasiliskError, match="is never answered"):
        paid.await_call(number)
    assert paid.status(canister).timer > 0, "it fires once there are cycles"
    paid.add_cycles(canister, 10**14)
    paid.tick()
    assert paid.status(canister).timer == 0

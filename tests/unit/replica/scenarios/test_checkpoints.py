"""A whole replica is copied and restored: canisters, messages under way, clock, randomness, books."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.engine import heap as heaps
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import Limits, Replica
from tests.unit.replica.scenarios.canisters import CALLEE, REPLY, Builder, add, deploy, state_of
from tests.unit.replica.wat import number, reply_i32


def writer(callee: Principal) -> bytes:
    builder = Builder()
    done = builder.callback(add(10) + REPLY)
    builder.function(
        "canister_update go",
        add(1) + "(global.set $g (i32.const 5)) (drop (memory.grow (i32.const 1))) "
        "(i32.store (i32.const 70000) (i32.const 7)) (drop (call $stable64_grow (i64.const 1))) "
        "(call $stable64_write (i64.const 5) (i64.const 64) (i64.const 4))"
        + builder.call(callee, "answer", done, done, cycles=99),
    )
    builder.function("canister_query globals", reply_i32("(global.get $g)"))
    return builder.build("(global $g (mut i32) (i32.const 0))")


@pytest.mark.parametrize("mapped", [True, False])
def test_everything_returns(engine: Engine, monkeypatch: pytest.MonkeyPatch, mapped: bool) -> None:
    if not mapped:
        monkeypatch.setattr(heaps, "_mapping_works", False)
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1))
    callee = deploy(replica, CALLEE)
    canister = deploy(replica, writer(callee))
    call = replica.submit(canister, "go")
    replica.tick()
    before = {item: replica.status(item) for item in (canister, callee)}
    checkpoint = replica.checkpoint()
    now, books = replica.clock.now(), replica.consumed_cycles
    outcomes = []
    for _ in range(2):
        assert replica.await_call(call) == b""
        outcomes.append((state_of(replica, canister), replica.randomness.draw(8), replica.clock.now()))
        extra = replica.create_canister()
        replica.stop_canister(callee)
        replica.delete_canister(callee)
        replica.advance(10_000)
        replica.install_code(canister, CALLEE, b"", mode="reinstall")
        replica.restore(checkpoint)
        assert {item: replica.status(item) for item in (canister, callee)} == before
        assert (replica.clock.now(), replica.consumed_cycles) == (now, books)
        assert extra not in replica.canisters
        assert number(replica.query(canister, "globals")) == 5
        assert number(replica.stable_memory(canister, 5, 4)) == 1
        assert replica.unaccounted_cycles() == 0
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == 11
    assert number(replica.query(canister, "state")) == 1


def test_a_checkpoint_does_not_see_what_happens_later(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    checkpoint = paid.checkpoint()
    paid.update(canister, "answer")
    again = paid.checkpoint()
    paid.update(canister, "answer")
    paid.restore(checkpoint)
    assert state_of(paid, canister) == 0
    paid.restore(again)
    assert state_of(paid, canister) == 1


def test_who_waits_for_a_stop_waits_after_the_return_as_well(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1))
    callee = deploy(replica, CALLEE)
    canister = deploy(replica, writer(callee))
    replica.submit(canister, "go")
    replica.tick()
    outcome: list[object] = []
    replica._scheduler.lifecycle.stop(
        replica._find(canister), replica.clock.now(), lambda got: outcome.append(got)
    )
    checkpoint = replica.checkpoint()
    for expected in (1, 2):
        replica.tick(4)
        assert len(outcome) == expected
        replica.restore(checkpoint)


def test_a_checkpoint_belongs_to_its_replica(engine: Engine) -> None:
    one, two = Replica(engine=engine), Replica(engine=engine)
    with pytest.raises(UsageError, match="belongs to another replica"):
        two.restore(one.checkpoint())


def test_calls_submitted_after_the_checkpoint_are_forgotten(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    checkpoint = paid.checkpoint()
    call = paid.submit(canister, "answer")
    paid.restore(checkpoint)
    with pytest.raises(UsageError, match="there is no call number"):
        paid.call_status(call)
    with pytest.raises(CallRejected):
        paid.update(canister, "nothing")

"""Upgrades while calls are under way, and work of helpers that are asynchronous generators."""

from __future__ import annotations

import pytest

from basilisk.candid.encoder import encode
from basilisk.errors import CallRejected
from basilisk.replica import Replica
from basilisk.replica.limits import Limits
from tests.runtime.calls.conftest import ANYBODY, Install

CALLEE = """
from basilisk import *

class Me(Service):
    @service_update
    def step(self): ...

@update
def step(): ...

@update
async def hold(rounds: nat) -> nat:
    for _ in range(rounds):
        await Me(ic.id()).step()
    return rounds
"""

CALLER = """
from contextlib import asynccontextmanager
from basilisk import *

class Callee(Service):
    @service_update
    def hold(self, rounds: nat) -> nat: ...

log: list[str] = []

@update
async def go(callee: Callee, rounds: nat) -> nat:
    answer = await callee.hold(rounds)
    log.append(f"got {answer}")
    return answer

@query
def look() -> Vec[str]:
    return log

@asynccontextmanager
async def locked(callee):
    log.append(f"lock {await callee.hold(1)}")
    try:
        yield 5
    finally:
        log.append(f"unlock {await callee.hold(2)}")

async def numbers(callee):
    for number in range(3):
        yield await callee.hold(number)

@update
async def helpers(callee: Callee) -> Vec[nat]:
    async with locked(callee) as five:
        return [number async for number in numbers(callee)] + [five]
"""


def test_an_answer_to_the_program_before_an_upgrade_is_dropped(install: Install) -> None:
    """The new program makes calls of its own meanwhile; each gets its own answer, the old one is dropped."""
    replica = Replica(limits=Limits(round_messages=4))
    callee, caller = install(CALLEE, replica), install(CALLER, replica)
    function = caller.local.method("go")
    assert function is not None

    def submit(rounds: int) -> int:
        data = encode(function.args, [callee.principal, rounds], caller.local.environment)
        return replica.submit(caller.principal, "go", data, ANYBODY)

    before = [submit(rounds) for rounds in (20, 21, 22)]
    replica.tick(3)
    caller.upgrade()
    after = [submit(rounds) for rounds in (3, 30)]
    for number, rounds in zip(after, (3, 30)):
        assert replica.await_call(number).endswith(bytes([rounds]))
    for number in before:
        with pytest.raises(CallRejected, match="did not reply"):
            replica.await_call(number)
    assert sorted(caller.call("look")) == ["got 3", "got 30"]  # type: ignore[call-overload]
    assert len([line for line in caller.log if "was dropped" in line]) == 3


def test_asynchronous_generators_and_context_managers(install: Install) -> None:
    callee = install(CALLEE)
    caller = install(CALLER, callee.replica)
    assert caller.call("helpers", callee.principal) == [0, 1, 2, 5]
    assert caller.call("look") == ["lock 1", "unlock 2"]

"""Timers: when they run, what they run, and what happens to the others when one fails."""

from __future__ import annotations

import pytest

from basilisk.principal import Principal
from tests.runtime.calls.conftest import Canister, Install

PROGRAM = """
from datetime import timedelta
from basilisk import *

runs: list[tuple[str, int]] = []
timers: dict[str, int] = {}
start = 0

def note(name):
    runs.append((name, round((ic.time() - start) / 1_000_000_000)))

@init
def begin():
    global start
    start = ic.time()
    ic.set_timer(1, lambda: note("from init"))

class Me(Service):
    @service_query
    def one(self) -> nat: ...

@query
def one() -> nat:
    return 1

@query
def get() -> Vec[Tuple[str, nat]]:
    return runs

@update
def clear():
    global start
    runs.clear()
    start = ic.time()

@update
def once(name: str, seconds: float64) -> TimerId:
    timers[name] = ic.set_timer(seconds, lambda: note(name))
    return timers[name]

@update
def every(name: str, seconds: float64) -> TimerId:
    timers[name] = ic.set_timer_interval(timedelta(seconds=seconds), lambda: note(name))
    return timers[name]

@update
def cancel(name: str):
    ic.clear_timer(timers.pop(name))
    ic.clear_timer(12345)

@update
def failing():
    def fails():
        note("undone")
        raise ValueError("a timer failed")
    def traps():
        note("undone")
        ic.trap("a timer trapped")
    ic.set_timer(1, fails)
    ic.set_timer(1, traps)
    ic.set_timer(1, lambda: note("fine"))
    ic.set_timer_interval(2, fails)

@update
def coroutines():
    async def waits():
        number = await Me(ic.id()).one()
        note(f"waited {number}")
    def yields():
        result = yield Me(ic.id()).one()
        note(f"yielded {result.Ok}")
    async def awaits_and_fails():
        try:
            await Me(ic.id()).one()
            raise KeyError("after an await")
        finally:
            note("closed")
    ic.set_timer(1, waits)
    ic.set_timer(1, yields)
    ic.set_timer(1, awaits_and_fails)
    ic.set_timer(1, lambda: Me(ic.id()).one())

@update
def from_within():
    state = {"left": 3}
    def again():
        note("again")
        state["left"] -= 1
        if state["left"]:
            ic.set_timer(1, again)
    def self_clearing():
        note("interval")
        if len(runs) > 4:
            ic.clear_timer(state["interval"])
    ic.set_timer(1, again)
    state["interval"] = ic.set_timer_interval(1, self_clearing)

@update
def many(count: nat):
    for number in range(count):
        ic.set_timer(1 + number % 3, lambda number=number: note(str(number)))

@update
def churn(count: nat) -> nat:
    from basilisk.timers import _queue
    for _ in range(count):
        ic.clear_timer(ic.set_timer(1_000_000, one))
    return len(_queue)

@query
def remembered() -> nat:
    from basilisk.timers import _timers
    return len(_timers)

@update
def wrong() -> Vec[str]:
    found = []
    async def co(): pass
    made = co()
    for attempt in (
        lambda: ic.set_timer(-1, one), lambda: ic.set_timer_interval(0, one), lambda: ic.set_timer("1", one),
        lambda: ic.set_timer(1, made), lambda: ic.set_timer(1, None), lambda: ic.set_timer(float("nan"), one),
        lambda: ic.set_timer(2**64, one),
    ):
        try:
            attempt()
        except (TypeError, ValueError) as error:
            found.append(f"{type(error).__name__}: {error}")
    made.close()
    return found

@query
def in_a_query() -> nat64:
    return ic.set_timer(1000, one)
"""


@pytest.fixture
def canister(install: Install) -> Canister:
    made = install(PROGRAM)
    advance(made, 3)
    assert made.call("get") == [("from init", 1)]
    made.call("clear")
    return made


def advance(canister: Canister, seconds: int) -> None:
    for _ in range(seconds):
        canister.replica.advance(1)
        canister.replica.tick(4)


def runs(canister: Canister) -> list[str]:
    return [name for name, _ in canister.call("get")]  # type: ignore[attr-defined]


def test_a_timer_runs_once_and_not_before_its_time(canister: Canister) -> None:
    canister.call("once", "a", 3.0)
    canister.call("once", "b", 0.5)
    advance(canister, 2)
    assert runs(canister) == ["b"]
    advance(canister, 10)
    assert canister.call("get") == [("b", 1), ("a", 3)]
    assert canister.call("remembered") == 0


def test_intervals_do_not_drift(canister: Canister) -> None:
    """Runs lie at multiples of the interval, even when rounds come late."""
    canister.call("every", "a", 2.0)
    for _ in range(6):
        canister.replica.advance(2.3)
        canister.replica.tick(2)
    times = [time for _, time in canister.call("get")]  # type: ignore[attr-defined]
    assert len(times) == 6 and times[-1] <= 15
    canister.replica.advance(100)
    canister.replica.tick(3)
    assert len(runs(canister)) == 7  # what was missed is left out
    canister.call("cancel", "a")
    advance(canister, 10)
    assert len(runs(canister)) <= 8 and canister.call("remembered") == 0


def test_a_cancelled_timer_does_not_run(canister: Canister) -> None:
    canister.call("once", "a", 2.0)
    canister.call("once", "b", 2.0)
    canister.call("cancel", "a")
    advance(canister, 5)
    assert runs(canister) == ["b"]


def test_an_exception_leaves_the_others_alone(canister: Canister) -> None:
    """Each timer has a message of its own: what the failing one did is undone, and an interval goes on."""
    canister.call("failing")
    advance(canister, 6)
    assert runs(canister) == ["fine"]
    failures = [line for line in canister.log if "ValueError: a timer failed" in line]
    assert len(failures) >= 3 and any("a timer trapped" in line for line in canister.log)
    assert canister.call("remembered") == 1


def test_timers_may_wait(canister: Canister) -> None:
    canister.call("coroutines")
    advance(canister, 5)
    assert sorted(runs(canister)) == ["closed", "waited 1", "yielded 1"]
    assert any("KeyError: 'after an await'" in line for line in canister.log)
    assert not any("never awaited" in line for line in canister.log)


def test_timers_are_set_and_cleared_from_within(canister: Canister) -> None:
    canister.call("from_within")
    advance(canister, 10)
    assert sorted(runs(canister)) == ["again"] * 3 + ["interval"] * 3 or runs(canister).count("again") == 3
    assert runs(canister).count("interval") <= 4 and canister.call("remembered") == 0


def test_many_timers(canister: Canister) -> None:
    canister.call("many", 60)
    advance(canister, 8)
    assert sorted(runs(canister), key=int) == [str(number) for number in range(60)]


def test_cleared_timers_take_no_room(canister: Canister) -> None:
    assert canister.call("churn", 1000) < 40  # type: ignore[operator]


def test_an_upgrade_ends_all_timers(canister: Canister) -> None:
    canister.call("every", "a", 1.0)
    canister.upgrade()
    advance(canister, 5)
    assert runs(canister) == []


def test_only_the_canister_runs_its_timers(canister: Canister) -> None:
    from basilisk.candid.encoder import encode
    from basilisk.candid.types import PRIMITIVES
    from basilisk.errors import CallRejected

    canister.call("once", "a", 100.0)
    data = encode([PRIMITIVES["nat64"]], [2])
    with pytest.raises(CallRejected, match="only the canister itself"):
        canister.replica.update(canister.principal, "<basilisk> timer", data, Principal(b"\7"))
    assert runs(canister) == []


def test_wrong_arguments(canister: Canister) -> None:
    found = canister.call("wrong")
    assert isinstance(found, list) and len(found) == 7
    texts = "\n".join(found)
    assert (
        "cannot be negative" in texts
        and "more than 0 seconds" in texts
        and "or a timedelta, not str" in texts
    )
    assert "without calling it" in texts and "too long" in texts
    assert "ic.set_timer() cannot be called here" in canister.reject("in_a_query").message

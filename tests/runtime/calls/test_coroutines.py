"""Coroutines side by side, each call in a context of its own, and what happens after a trap."""

from __future__ import annotations

import random

import pytest

from basilisk.candid.encoder import encode
from basilisk.candid.types import PRIMITIVES
from basilisk.errors import CallRejected
from basilisk.replica import Replica
from basilisk.replica.limits import Limits
from basilisk.replica.message import IngressStatus
from tests.runtime.calls.conftest import ANYBODY, Canister, Install

#: Answers in an order of the test's choice: each call to `hold` waits for as many further calls as it says.
CALLEE = """
from basilisk import *

class Me(Service):
    @service_update
    def step(self): ...

@update
def step(): ...

@update
async def hold(label: nat, rounds: nat, outcome: str) -> nat:
    for _ in range(rounds):
        await Me(ic.id()).step()
    if outcome == "trap":
        ic.trap(f"trap of {label}")
    if outcome == "raise":
        raise ValueError(f"raise of {label}")
    if outcome == "late":
        await Me(ic.id()).step()
    return label * 10
"""

CALLER = """
from contextvars import ContextVar
from decimal import Decimal, getcontext, localcontext
from basilisk import *

class Callee(Service):
    @service_update
    def hold(self, label: nat, rounds: nat, outcome: str) -> nat: ...

label_of_this_call = ContextVar("label_of_this_call", default="nothing")
trail: list[str] = []

class Guard:
    def __init__(self, name): self.name = name
    def __enter__(self): return self
    def __exit__(self, kind, error, traceback): trail.append(f"exit {self.name} {kind and kind.__name__}")

@query
def get_trail() -> Vec[str]:
    return trail

@update
def clear_trail():
    trail.clear()

@update
async def interleave(callee: Callee, label: nat, plan: Vec[Tuple[nat, str]], end: str) -> Manual[str]:
    caller, mark = ic.caller(), label_of_this_call.set(str(label))
    with localcontext() as numbers:
        numbers.prec = 5 + label % 20
        found = []
        for number, (rounds, outcome) in enumerate(plan):
            try:
                found.append(str(await callee.hold(label * 10 + number, rounds, outcome)))
            except CallRejected as error:
                found.append(f"!{error.code}")
            assert ic.caller() == caller and label_of_this_call.get() == str(label)
            assert getcontext().prec == 5 + label % 20
        if end == "trap":
            raise KeyError(f"end of {label}")
        if end == "reject":
            ic.reject(f"reject of {label}: {' '.join(found)}")
        else:
            ic.reply(f"{label}: {' '.join(found)}")

@update
async def gathered(callee: Callee, count: nat) -> Vec[nat]:
    return await ic.gather(*[callee.hold(i, (7 * i) % 5, "") for i in range(count)])

@update
def gathered_by_yield(callee: Callee) -> Async[Vec[str]]:
    results = yield ic.gather(callee.hold(1, 2, ""), callee.hold(2, 0, "trap"), inner(callee))
    return [str(result.Ok) if isinstance(result, CallResult) else str(result) for result in results]

def inner(callee):
    first = yield callee.hold(3, 1, "")
    second = yield callee.hold(4, 1, "")
    return first.Ok + second.Ok

@update
async def gather_failures(callee: Callee) -> Vec[str]:
    found = []
    try:
        await ic.gather(callee.hold(1, 3, "trap"), note_late(callee), callee.hold(2, 0, "trap"))
    except CallRejected as error:
        found.append("trap of 1" if "trap of 1" in error.message else error.message)
    found.append("late" if "late" in trail else "too early")
    results = await ic.gather(callee.hold(1, 1, ""), callee.hold(2, 0, "raise"), return_exceptions=True)
    found += [type(result).__name__ for result in results]
    found += [str(await ic.gather()), str(await ic.gather(callee.hold(5, 0, "").result()))]
    return found

async def note_late(callee):
    await callee.hold(9, 6, "")
    trail.append("late")

@update
async def grouped(callee: Callee) -> Vec[nat]:
    async def part(label):
        label_of_this_call.set(f"part {label}")
        first = await callee.hold(label, label % 3, "")
        assert label_of_this_call.get() == f"part {label}"
        return first + await callee.hold(label, 1, "")
    async with ic.TaskGroup() as group:
        tasks = [group.create_task(part(label)) for label in range(6)]
        raw = group.create_task(callee.hold(50, 0, ""))
        assert not raw.done()
        own = await callee.hold(60, 0, "")
    assert label_of_this_call.get() == "nothing" and all(task.done() for task in tasks)
    return [task.result() for task in tasks] + [raw.result(), own]

@update
async def group_failures(callee: Callee) -> Vec[str]:
    found = []
    async def fails(rounds):
        await callee.hold(1, rounds, "")
        raise ValueError(f"after {rounds}")
    try:
        async with ic.TaskGroup() as group:
            group.create_task(fails(2))
            group.create_task(fails(0))
            fine = group.create_task(callee.hold(7, 5, ""))
            await callee.hold(0, 0, "")
            raise KeyError("body")
    except ExceptionGroup as error:
        found += [str(member) for member in error.exceptions]
    found.append(str(fine.result()))
    try:
        group.create_task(callee.hold(1, 1, ""))
    except RuntimeError as error:
        found.append("closed")
    return found

@update
async def closes(callee: Callee, how: str) -> nat:
    with Guard("outer"):
        try:
            with Guard("inner"):
                await callee.hold(1, 1, "")
                trail.append("lost with the trap")
                if how == "raise":
                    raise LookupError("as told")
                ic.trap("as told")
        finally:
            trail.append("finally")
            if how == "awaiting finally":
                await callee.hold(2, 0, "")
                trail.append("never")

@update
async def closes_children(callee: Callee) -> nat:
    async def child(name, rounds, fails):
        with Guard(name):
            await callee.hold(1, rounds, "")
            if fails:
                ic.trap("a child trapped")
    with Guard("parent"):
        await ic.gather(child("slow", 8, False), child("bad", 1, True))

@update
def closes_generators(callee: Callee) -> Async[nat]:
    def helper():
        with Guard("helper"):
            yield callee.hold(1, 1, "")
            raise ValueError("in the helper")
    with Guard("generator"):
        yield helper()

@update
def set_in_a_plain_method(value: str) -> str:
    before = label_of_this_call.get()
    label_of_this_call.set(value)
    return before

@update
async def replies_first(callee: Callee) -> Manual[str]:
    ic.reply("early")
    await callee.hold(1, 2, "")
    trail.append("after the reply")

@update
async def twice(callee: Callee) -> Manual[str]:
    ic.reply("one")
    await callee.hold(1, 0, "")
    ic.reply("two")

@heartbeat
async def beat():
    pass
"""


@pytest.fixture(scope="module")
def pair(install: Install) -> tuple[Canister, Canister]:
    callee = install(CALLEE)
    return install(CALLER, callee.replica), callee


def test_two_hundred_calls_interleaved(install: Install) -> None:
    """Each of 200 calls of one method awaits twice; the answers come in random order, some are rejects, some
    of the calls trap at their end: every caller gets its own answer, and every value its own place."""
    choice = random.Random(20_26)
    replica = Replica(limits=Limits(round_messages=100))
    callee, caller = install(CALLEE, replica), install(CALLER, replica)
    function = caller.local.method("interleave")
    assert function is not None
    sent = []
    for label in range(200):
        plan = [(choice.randrange(4), choice.choice(["", "", "late", "trap", "raise"])) for _ in range(2)]
        end = choice.choice(["reply", "reply", "reject", "trap"])
        data = encode(function.args, [callee.principal, label, plan, end], caller.local.environment)
        sent.append((label, plan, end, replica.submit(caller.principal, "interleave", data, ANYBODY)))
    finished = []
    for _ in range(100):
        replica.tick()
        for label, _, _, number in sent:
            done = replica.call_status(number).status in (IngressStatus.REPLIED, IngressStatus.REJECTED)
            if done and label not in finished:
                finished.append(label)
    for label, plan, end, number in sent:
        values = [
            "!5" if outcome in ("trap", "raise") else str((label * 10 + index) * 10)
            for index, (_, outcome) in enumerate(plan)
        ]
        text = " ".join(values)
        if end == "reply":
            answer = replica.await_call(number)
            assert answer == encode([PRIMITIVES["text"]], [f"{label}: {text}"]), label
        else:
            with pytest.raises(CallRejected) as caught:
                replica.await_call(number)
            wanted = f"reject of {label}: {text}" if end == "reject" else f"KeyError: 'end of {label}'"
            assert wanted in caught.value.message and caught.value.code == (4 if end == "reject" else 5)
    assert len(finished) == 200 and finished != sorted(finished)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("gathered", [20], [i * 10 for i in range(20)]),
        ("gathered_by_yield", [], ["10", "None", "70"]),
        ("gather_failures", [], ["trap of 1", "late", "int", "CallRejected", "[]", "[CallResult(Ok=50)]"]),
        ("grouped", [], [i * 20 for i in range(6)] + [500, 600]),
        ("group_failures", [], ["'body'", "after 2", "after 0", "70", "closed"]),
    ],
)
def test_side_by_side(
    pair: tuple[Canister, Canister], method: str, arguments: list[object], expected: object
) -> None:
    caller, callee = pair
    assert caller.call(method, callee.principal, *arguments) == expected


@pytest.mark.parametrize(
    ("method", "arguments", "message", "trail"),
    [
        ("closes", ["trap"], "as told", ["exit inner GeneratorExit", "finally", "exit outer GeneratorExit"]),
        (
            "closes",
            ["raise"],
            "LookupError: as told",
            ["exit inner GeneratorExit", "finally", "exit outer GeneratorExit"],
        ),
        (
            "closes_children",
            [],
            "ended by a trap in another part",
            ["exit bad GeneratorExit", "exit slow GeneratorExit", "exit parent GeneratorExit"],
        ),
        (
            "closes_generators",
            [],
            "ValueError: in the helper",
            ["exit helper GeneratorExit", "exit generator GeneratorExit"],
        ),
    ],
)
def test_after_a_trap_the_coroutine_is_closed(
    pair: tuple[Canister, Canister], method: str, arguments: list[object], message: str, trail: list[str]
) -> None:
    """What the trapped message did is undone; finally blocks and context managers run in the cleanup
    callback, and what they do stays."""
    caller, callee = pair
    caller.call("clear_trail")
    assert message in caller.reject(method, callee.principal, *arguments).message
    assert caller.call("get_trail") == trail


def test_nothing_can_be_awaited_while_a_coroutine_is_closed(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    caller.call("clear_trail")
    caller.reject("closes", callee.principal, "awaiting finally")
    found = caller.call("get_trail")
    assert found == ["exit inner GeneratorExit", "finally", "exit outer ContextError"]
    assert any("nothing can be awaited here" in line for line in caller.log)


def test_context_variables_of_one_message_are_unknown_to_the_next(pair: tuple[Canister, Canister]) -> None:
    assert [pair[0].call("set_in_a_plain_method", value) for value in "abc"] == ["nothing"] * 3


def test_work_after_the_reply(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    caller.call("clear_trail")
    assert caller.call("replies_first", callee.principal) == "early"
    caller.replica.tick(5)
    assert caller.call("get_trail") == ["after the reply"]


def test_the_second_reply_fails(pair: tuple[Canister, Canister]) -> None:
    """The first answer has gone out by then; the trap is in the log."""
    caller, callee = pair
    assert caller.call("twice", callee.principal) == "one"
    caller.replica.tick(3)
    assert any("TRAP" in line for line in caller.log)

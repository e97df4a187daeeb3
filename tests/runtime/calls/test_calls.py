"""Calls to other canisters: the ways to make them, and what comes back."""

from __future__ import annotations

import pytest

from basilisk.principal import Principal
from tests.runtime.calls.conftest import Canister, Install

NOBODY = Principal.from_str("rwlgt-iiaaa-aaaaa-aaaaa-cai")

CALLEE = """
from basilisk import *

seen = []

@query
def double(x: nat) -> nat:
    return x * 2

@query
def pair(left: nat, right: str) -> Tuple[nat, str]:
    return (left, right)

@query
def text() -> str:
    return "no number"

@update
def nothing(): ...

@update
def fails(how: str) -> nat:
    if how == "reject":
        ic.reject("no")
        return
    if how == "raise":
        raise ValueError("bad")
    ic.trap("trapped")

@update
def fails_by_hand(how: str) -> Manual[nat]:
    ic.reject("no: " + how)

@update
def take(amount: nat) -> nat:
    return ic.msg_cycles_accept128(amount)

@update
def note(x: nat):
    seen.append(x)

@query
def noted() -> Vec[nat]:
    return seen

@query
def deadline() -> nat64:
    return ic.msg_deadline()

@query(composite=True)
async def composite() -> nat:
    return 3
"""

CALLER = """
from datetime import timedelta
from basilisk import *

class Other(Service):
    @service_query
    def double(self, x: nat) -> nat: ...
    @service_query
    def pair(self, left: nat, right: str) -> Tuple[nat, str]: ...
    @service_query(name="text")
    def wrongly_typed(self) -> nat: ...
    @service_update
    def nothing(self): ...
    @service_update
    def fails(self, how: str) -> nat: ...
    @service_update
    def fails_by_hand(self, how: str) -> nat: ...
    @service_update
    def take(self, amount: nat) -> nat: ...
    @service_update
    def note(self, x: nat): ...
    @service_query
    def deadline(self) -> nat64: ...
    @service_update
    def missing(self): ...

class Older(Canister):
    @method
    def double(self, x: nat) -> nat: ...

class Outcome(Variant, total=False):
    Ok: nat
    Err: str

@update
async def awaits(other: Other, x: nat) -> nat:
    return await other.double(x)

@update
def yields(other: Other, x: nat) -> Async[nat]:
    result: CallResult[nat] = yield other.double(x)
    assert result.Err is None and result.err is None and "err" not in result and "Err" not in result
    assert result.ok == result.Ok == result["Ok"] == result["ok"] and result.error is None
    return result.Ok

@update
def older(other: Principal, x: nat) -> Async[Outcome]:
    result: CanisterResult[nat] = yield Older(other).double(x)
    return result

def helper(other, x):
    first = yield other.double(x)
    second = yield other.double(first.Ok)
    return first.Ok + second.Ok

@update
def nested(other: Other, x: nat) -> Async[nat]:
    a = yield from helper(other, x)
    b = yield helper(other, x)
    c = yield from other.double(1)
    return a + b + c.Ok

async def ahelper(other, x):
    return await other.double(x) + await other.double(x)

@update
async def coroutines(other: Other, x: nat) -> nat:
    return await ahelper(other, x) + await ahelper(other, x)

@update
def plain_that_returns_a_coroutine(other: Other) -> nat:
    return ahelper(other, 1)

@update
async def results(other: Other, how: str) -> Outcome:
    result = await other.fails_by_hand(how).result()
    assert result.error.code == 4 and result.error.message == "no: " + how
    return result

@update
def matches(other: Other, how: str) -> Async[str]:
    def taken(result):
        match_statement = "?"
        match result:
            case {"Ok": value}:
                match_statement = f"ok {value}"
            case {"Err": text}:
                match_statement = f"err {text}"
        function = match(result, {"Ok": lambda value: f"ok {value}", "Err": lambda text: f"err {text}"})
        older = match(result, {"ok": lambda value: f"ok {value}", "err": lambda text: f"err {text}"})
        assert match_statement == function == older
        return function
    good = yield other.double(4)
    bad = yield other.fails_by_hand(how)
    return taken(good) + "; " + taken(bad)

@update
async def exceptions(other: Other, how: str) -> str:
    trail = []
    try:
        try:
            await other.fails(how)
        finally:
            trail.append("finally")
    except CallRejected as error:
        trail.append(f"{error.code}")
        trail.append(error.message.partition("\\n")[0][-40:])
        if how != "reject":
            assert ic.reject_code() == {"CanisterError": None} and ic.reject_message() == error.message
    return " ".join(trail)

@update
async def several(other: Other) -> str:
    left, right = await other.pair(1, "x")
    assert await other.pair(right="y", left=2) == (2, "y")
    assert await other.nothing() is None
    return f"{left}{right}"

@update
async def wrong_types(other: Other) -> Vec[str]:
    found = []
    for attempt in (
        lambda: other.double("x"), lambda: other.double(), lambda: other.double(1, 2),
        lambda: other.double(y=1), lambda: other.double(-1),
        lambda: other.double(1).with_cycles(-1), lambda: other.double(1).with_cycles("x"),
        lambda: other.double(1).with_timeout(0), lambda: ic.call_raw("aaaaa-aa", "x", b""),
        lambda: ic.call_raw(Principal(b""), "x", "()"), lambda: other.double(1).with_cycles(2**128),
    ):
        try:
            call = attempt()
        except (TypeError, ValueError) as error:
            found.append(f"{type(error).__name__}: {error}")
    try:
        await other.wrongly_typed()
    except ValueError as error:
        found.append(f"{type(error).__name__}: {error}")
    result = await other.wrongly_typed().result()
    assert result.Ok is None and "declared type" in result.Err
    return found

@update
async def raw(other: Principal, cycles: nat) -> Tuple[str, nat]:
    data = await ic.call_raw(other, "double", ic.candid_encode("(21 : nat)"), 0)
    taken = await ic.call_raw128(other, "take", ic.candid_encode(f"({cycles} : nat)"), cycles + 7)
    assert ic.msg_cycles_refunded128() == 7
    result = await ic.call_raw(other, "double", b"nonsense").result()
    assert result.Err is not None
    return ic.candid_decode(data), int(ic.candid_decode(taken).strip("()").replace("_", "").partition(":")[0])

@update
def raw_older(other: Principal) -> Async[blob]:
    result: CanisterResult[blob] = yield ic.call_raw(other, "double", ic.candid_encode("(4 : nat)"), 0)
    if result.err is not None:
        return bytes()
    return result.ok

@update
async def cycles(other: Other, amount: nat, wanted: nat) -> Tuple[nat, nat]:
    taken = await other.take(wanted).with_cycles128(amount)
    return taken, ic.msg_cycles_refunded128()

@update
async def too_many_cycles(other: Other) -> str:
    try:
        await other.take(1).with_cycles(2**100)
    except CallNotSent as error:
        assert isinstance(error, CallRejected) and error.code == 2
        assert other.take(1).with_cycles(2**100).notify() == {"Err": {"SysTransient": None}}
        result = await other.take(1).with_cycles(2**100).result()
        assert "not sent" in result.Err
        return str(error)

@update
def notifies(other: Other) -> bool:
    sent = other.note(1).notify()
    again = ic.notify_raw(other.canister_id, "note", ic.candid_encode("(2 : nat)"), 0)
    other.note(3).with_cycles(5).notify()
    return "err" not in sent and sent.err is None and sent == {"Ok": None} == again

@update
def notifies_and_traps(other: Other):
    other.note(99).notify()
    raise ValueError("so nothing is sent")

@update
async def bounded(other: Other) -> Tuple[nat64, nat64, nat64]:
    none = await other.deadline()
    soon = await other.deadline().with_timeout(timedelta(seconds=2.5))
    later = await other.deadline().with_timeout(250)
    return none, soon - ic.time(), later - ic.time()

@update
async def nowhere(principal: Principal) -> str:
    try:
        await ic.call_raw(principal, "x", b"DIDL\\0\\0")
    except CallRejected as error:
        return f"{error.code}"

@update
async def no_method(other: Other) -> str:
    try:
        await other.missing()
    except CallRejected as error:
        return f"{error.code} {error.message}"

@update
async def twice_the_same(other: Other) -> str:
    call = other.double(1)
    await call
    try:
        await call
    except RuntimeError as error:
        return str(error)

@update
def forgets(other: Other):
    other.double(1)

@update
async def forgets_a_coroutine(other: Other):
    ahelper(other, 1)

class Foreign:
    def __await__(self):
        yield 5

@update
async def waits_for_something_else() -> str:
    try:
        await Foreign()
    except TypeError as error:
        return str(error)

@update
def yields_something_else() -> Async[str]:
    try:
        yield 5
    except TypeError as error:
        return str(error)

@query
def in_a_query(other: Other) -> str:
    try:
        other.double(1).notify()
    except RuntimeError as error:
        return str(error)

@query(composite=False)
async def awaiting_query(other: Other) -> nat:
    return await other.double(1)

@query
async def composite(other: Other, x: nat) -> nat:
    return await other.double(x) + await other.double(x)

@query
async def composite_with_cycles(other: Other) -> str:
    try:
        await other.double(1).with_cycles(1)
    except RuntimeError as error:
        return str(error)

@query
def composite_generator(other: Other) -> Async[nat]:
    a = yield other.double(1)
    b = yield ic.call_raw(other.canister_id, "composite", ic.candid_encode("()"))
    assert ic.candid_decode(b.Ok) == "(3)" or "3" in ic.candid_decode(b.Ok)
    return a.Ok

@query
async def composite_rejects(other: Other) -> Tuple[str, nat]:
    try:
        await other.fails_by_hand("x")
    except CallRejected as error:
        return error.message, ic.performance_counter(1)

def late_class():
    class Late(Service):
        @service_query
        def double(self, x: nat) -> nat: ...
    return Late

@update
async def made_at_run_time(other: Principal) -> nat:
    return await late_class()(other).double(3)
"""


@pytest.fixture(scope="module")
def pair(install: Install) -> tuple[Canister, Canister]:
    callee = install(CALLEE)
    caller = install(CALLER, callee.replica)
    callee.replica.add_cycles(caller.principal, 2**70)
    return caller, callee


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("awaits", [21], 42),
        ("yields", [21], 42),
        ("older", [3], {"Ok": 6}),
        ("nested", [1], 14),
        ("coroutines", [1], 8),
        ("plain_that_returns_a_coroutine", [], 4),
        ("results", ["x"], {"Err": "Rejection code 4, no: x"}),
        ("matches", ["x"], "ok 8; err Rejection code 4, no: x"),
        ("several", [], "1x"),
        ("raw", [5], ("(42 : nat)", 5)),
        ("raw_older", [], b"DIDL\0\1\x7d\x08"),
        ("cycles", [2**66, 2**65], (2**65, 2**65)),
        ("too_many_cycles", [], None),
        ("no_method", [], None),
        ("composite", [5], 20),
        ("composite_generator", [], 2),
        ("made_at_run_time", [], 6),
    ],
)
def test_calls(
    pair: tuple[Canister, Canister], method: str, arguments: list[object], expected: object
) -> None:
    caller, callee = pair
    answer = caller.call(method, callee.principal, *arguments)
    if expected is not None:
        assert answer == expected
    else:
        assert answer


@pytest.mark.parametrize(
    ("how", "expected"), [("raise", "finally 5"), ("trap", "finally 5"), ("reject", "finally 5")]
)
def test_a_reject_arrives_as_an_exception(pair: tuple[Canister, Canister], how: str, expected: str) -> None:
    """Both ``finally`` and ``except`` run; ``reject_code``, ``reject_message`` and the exception agree."""
    caller, callee = pair
    assert str(caller.call("exceptions", callee.principal, how)).startswith(expected)


def test_wrong_arguments_are_refused_where_the_call_is_written(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    found = caller.call("wrong_types", callee.principal)
    assert isinstance(found, list) and len(found) == 12
    texts = "\n".join(found)
    assert found[0].startswith("CandidError: the arguments of 'double' do not fit the declared types: ")
    assert "double() takes 1 arguments, not 2" in texts and "unexpected or repeated argument 'y'" in texts
    assert "from 0 to 2**128 - 1" in texts and "cycles are an int" in texts and "more than 0 seconds" in texts
    assert "the canister of a call is a Principal" in texts and "args_raw is bytes" in texts
    assert "the answer of 'text' does not have the declared type" in found[-1]


def test_notifications_are_sent_unless_the_method_traps(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    assert caller.call("notifies", callee.principal) is True
    callee.replica.tick(2)
    assert callee.call("noted") == [1, 2, 3]
    assert "so nothing is sent" in caller.reject("notifies_and_traps", callee.principal).message
    callee.replica.tick(2)
    assert callee.call("noted") == [1, 2, 3]


def test_bounded_waiting(pair: tuple[Canister, Canister]) -> None:
    """Without a timeout there is no deadline; 2.5 seconds become 3, which is what the system counts in."""
    caller, callee = pair
    none, soon, later = caller.call("bounded", callee.principal)  # type: ignore[misc]
    assert none == 0 and 0 < soon <= 3_000_000_000 and 240_000_000_000 < later <= 250_000_000_000


def test_a_canister_that_does_not_exist(pair: tuple[Canister, Canister]) -> None:
    assert pair[0].call("nowhere", NOBODY) == "3"


def test_a_call_is_sent_once(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    assert "was sent before" in str(caller.call("twice_the_same", callee.principal))


def test_what_is_never_awaited_is_reported(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    caller.call("forgets", callee.principal)
    assert any("RuntimeWarning: the call of 'double' was never awaited" in line for line in caller.log)
    caller.call("forgets_a_coroutine", callee.principal)
    assert any("coroutine 'ahelper' was never awaited" in line for line in caller.log)


def test_waiting_for_what_is_no_call(pair: tuple[Canister, Canister]) -> None:
    for method in ("waits_for_something_else", "yields_something_else"):
        assert str(pair[0].call(method)).startswith("a method cannot wait for int: it can wait for calls")


def test_calls_where_they_are_not_allowed(pair: tuple[Canister, Canister]) -> None:
    caller, callee = pair
    text = str(caller.call("in_a_query", callee.principal))
    assert text.startswith("another canister cannot be called here (in queries in non-replicated execution")
    assert "update methods" in text and "composite queries" in text
    message = caller.reject("awaiting_query", callee.principal).message
    assert "return await other.double(1)" in message and "composite queries" in message
    assert "update methods" in str(caller.call("composite_with_cycles", callee.principal))


def test_a_composite_query_sees_rejects(pair: tuple[Canister, Canister]) -> None:
    """An update method cannot be called from a composite query; the reject arrives as an exception."""
    caller, callee = pair
    message, instructions = caller.call("composite_rejects", callee.principal)  # type: ignore[misc]
    assert "fails_by_hand" in message and instructions > 0

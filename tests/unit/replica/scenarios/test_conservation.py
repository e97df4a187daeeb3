"""Nothing is lost: cycles add up to the unit, and commits happen once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica, UseCase
from basilisk.replica.ids import canister_id
from tests.unit.replica.scenarios.canisters import CALLEE, REPLY, Builder, add, deploy, state_of

# ---- ten thousand calls ------------------------------------------------------------------------------


def player(other: Principal, rounds: int) -> bytes:
    """Calls the other one ``rounds`` times, one after the other, with 1,000 cycles of which it keeps 300."""
    builder = Builder()
    again = builder.callback("(call $next)")
    call = builder.call(other, "take", again, again, cycles=1_000)
    builder.function(
        "canister_update take",
        "(call $msg_cycles_accept128 (i64.const 0) (i64.const 300) (i32.const 200)) " + REPLY,
    )
    builder.function("canister_update go", "(call $next)")
    return builder.build(
        f"""(func $next
            (if (i32.eq (i32.load (i32.const 64)) (i32.const {rounds}))
                (then (call $msg_reply))
                (else (call $add (i32.const 1)) {call})))"""
    )


def test_ten_thousand_calls_with_cycles(paid: Replica) -> None:
    """Two canisters call each other 5,000 times each: balances plus fees are what there was, to the cycle."""
    first, second = Principal(canister_id(0)), Principal(canister_id(1))
    for _ in range(2):
        paid.create_canister(cycles=10**14)
    paid.install_code(first, player(second, 5_000), b"")
    paid.install_code(second, player(first, 5_000), b"")
    calls = [paid.submit(canister, "go") for canister in (first, second)]
    while not all(paid.call_status(call).result for call in calls):
        paid.tick()
    assert [paid.await_call(call) for call in calls] == [b"", b""]
    assert (state_of(paid, first), state_of(paid, second)) == (5_000, 5_000)
    held = sum(paid.status(canister).cycles for canister in (first, second))
    assert held + sum(paid.consumed_cycles.values()) == 2 * 10**14
    # Each call transmits its name and an empty answer; nothing of what was reserved for it remains.
    assert paid.consumed_cycles[UseCase.TRANSMISSION] == 10_000 * (260_000 + 1_000 * len("take"))
    assert set(paid.consumed_cycles) == {
        UseCase.TRANSMISSION,
        UseCase.INSTRUCTIONS,
        UseCase.INGRESS_INDUCTION,
    }


# ---- commits under random traps ----------------------------------------------------------------------


def ledger(callee: Principal) -> bytes:
    """A canister that counts in heap, global and stable memory, calls, and traps where it is told to.

    The argument of ``go`` is three bytes: the point at which the method, its callback and its cleanup trap;
    there is a point before, between and behind all writes, and 255 is none.  The method adds 1, the callback
    1,000, the cleanup 1,000,000.  ``trap`` and ``two`` call the callee in other ways.
    """
    builder = Builder()
    points = {1: 0, 1_000: 0, 1_000_000: 0}

    def steps(amount: int, *instructions: str) -> str:
        """The instructions with a point before each and behind the last."""
        out = []
        for item in (*instructions, ""):
            out.append(f"(call $point (i32.const {points[amount]})) {item}")
            points[amount] += 1
        return " ".join(out)

    def bump(amount: int) -> str:
        return steps(
            amount,
            f"(call $add (i32.const {amount}))",
            f"(global.set $n (i32.add (global.get $n) (i32.const {amount})))",
            f"""(call $stable_read (i32.const 300) (i32.const 0) (i32.const 4))
            (i32.store (i32.const 300) (i32.add (i32.load (i32.const 300)) (i32.const {amount})))
            (call $stable_write (i32.const 0) (i32.const 300) (i32.const 4))""",
        )

    fuse = "(global.set $fuse (i32.and (i32.const 255) (i32.shr_u (local.get 0) (i32.const {shift}))))"
    callback = builder.callback(fuse.format(shift=8) + bump(1_000) + REPLY + steps(1_000))
    cleanup = builder.callback(fuse.format(shift=16) + bump(1_000_000))
    quiet = builder.callback("")
    who, name = builder.data(callee.bytes), builder.data(b"accept")
    environment = "(i32.load (i32.const 320))"
    call = f"""(call $call_new (i32.const {who[0]}) (i32.const {who[1]}) (i32.const {name[0]})
        (i32.const {name[1]}) (i32.const {callback}) {environment} (i32.const {callback}) {environment})
        (call $call_on_cleanup (i32.const {cleanup}) {environment})"""
    pay = "(call $call_cycles_add128 (i64.const 0) (i64.const 500))"
    load = """(i32.store (i32.const 320) (i32.const 0))
        (call $msg_arg_data_copy (i32.const 320) (i32.const 0) (i32.const 3))
        (global.set $fuse (i32.load8_u (i32.const 320)))"""
    builder.function(
        "canister_update go", load + bump(1) + steps(1, call, pay, "(drop (call $call_perform))")
    )
    silent = builder.callback(fuse.format(shift=8) + bump(1_000) + REPLY)
    plain = "(global.set $fuse (i32.const 255))" + bump(1)
    builder.function(
        "canister_update callee_traps",
        plain + builder.call(callee, "trap", silent, silent, cycles=500, environment=0xFFFFFF),
    )
    builder.function(
        "canister_update two",
        plain
        + builder.call(callee, "answer", quiet, silent, environment=0xFFFFFF)
        + builder.call(callee, "answer", silent, silent, environment=0xFFFFFF),
    )
    builder.function("canister_init", "(drop (call $stable_grow (i32.const 1)))")
    builder.function(
        "canister_query read",
        """(i32.store (i32.const 304) (i32.load (i32.const 64)))
        (i32.store (i32.const 308) (global.get $n))
        (call $stable_read (i32.const 312) (i32.const 0) (i32.const 4))
        (call $msg_reply_data_append (i32.const 304) (i32.const 12)) (call $msg_reply)""",
    )
    return builder.build(
        """(global $n (mut i32) (i32.const 0)) (global $fuse (mut i32) (i32.const 255))
        (func $point (param i32) (if (i32.eq (local.get 0) (global.get $fuse)) (then unreachable)))"""
    )


#: Points at which the method, the callback and the cleanup can trap.
POINTS = (8, 5, 4)


def effect(fuses: tuple[int, int, int]) -> int:
    """What a call of ``go`` adds in all."""
    method, callback, cleanup = (fuse < points for fuse, points in zip(fuses, POINTS))
    if method:
        return 0
    return 1 + (1_000 if not callback else 0 if cleanup else 1_000_000)


class Commits(RuleBasedStateMachine):
    """Whatever order messages run in and wherever they trap: every commit is there once, cycles add up.

    The model adds what each call must have done when it is answered; the real counters (heap, global,
    stable memory, and that of the callee) must agree whenever nothing is under way.
    """

    engine: Engine

    @initialize(rounds=st.sampled_from([1, 2, 10_000]))
    def begin(self, rounds: int) -> None:
        self.replica = Replica(engine=self.engine, validate=False)
        self.replica.limits = replace(self.replica.limits, round_messages=rounds)
        self.callee = deploy(self.replica, CALLEE)
        self.canister = deploy(self.replica, ledger(self.callee))
        self.expected = self.served = 0
        self.pending: list[int] = []

    @rule(
        method=st.one_of(st.just(255), st.integers(0, POINTS[0])),
        callback=st.one_of(st.just(255), st.integers(0, POINTS[1])),
        cleanup=st.one_of(st.just(255), st.integers(0, POINTS[2])),
    )
    def submit(self, method: int, callback: int, cleanup: int) -> None:
        fuses = (method, callback, cleanup)
        self.pending.append(self.replica.submit(self.canister, "go", bytes(fuses)))
        self.expected += effect(fuses)

    @rule(way=st.sampled_from(["callee_traps", "two"]))
    def submit_other(self, way: str) -> None:
        self.pending.append(self.replica.submit(self.canister, way))
        self.expected += 1_001
        self.served += 2 if way == "two" else 0

    @rule(rounds=st.integers(1, 3))
    def tick(self, rounds: int) -> None:
        self.replica.tick(rounds)

    @rule()
    def look(self) -> None:
        self.replica.query(self.canister, "read")
        self.replica.update(self.callee, "look")

    @rule(seconds=st.sampled_from([1, 11, 3600]))
    def wait(self, seconds: int) -> None:
        self.replica.advance(seconds)

    @rule()
    def suspend(self) -> None:
        code = self.replica._find(self.canister).code
        assert code is not None
        code.suspend()

    @rule()
    def there_and_back(self) -> None:
        """A checkpoint, something else, and back."""
        checkpoint = self.replica.checkpoint()
        self.replica.submit(self.canister, "two")
        self.replica.tick(3)
        self.replica.restore(checkpoint)

    @rule()
    def settle(self) -> None:
        for call in self.pending:
            try:
                self.replica.await_call(call)
            except CallRejected as error:
                assert error.error_code in ("IC0502", "IC0504"), error
        while not self.replica._scheduler.idle:
            self.replica.tick()
        self.pending = []
        raw = self.replica.query(self.canister, "read")
        counters = [int.from_bytes(raw[at : at + 4], "little") for at in (0, 4, 8)]
        assert counters == [self.expected] * 3
        assert state_of(self.replica, self.callee) == self.served
        assert not self.replica._find(self.canister).contexts

    @invariant()
    def the_books_are_balanced(self) -> None:
        assert self.replica.unaccounted_cycles() == 0

    def teardown(self) -> None:
        self.settle()


def test_commits_under_random_traps(engine: Engine) -> None:
    """See ``Commits``."""
    machine = type("Machine", (Commits,), {"engine": engine})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# ---- the machine finds what it looks for -------------------------------------------------------------


@pytest.mark.parametrize(
    "break_it",
    [
        lambda replica: replica._find(canister_id(0)).__setattr__("cycles", 5),
        lambda replica: replica.accounting.ledger.mint(1),
        lambda replica: replica.accounting.ledger.consume(UseCase.MEMORY, 1),
    ],
)
def test_wrong_books_are_noticed(paid: Replica, break_it: Callable[[Replica], None]) -> None:
    deploy(paid, CALLEE)
    assert paid.unaccounted_cycles() == 0
    break_it(paid)
    assert paid.unaccounted_cycles() != 0


def test_the_counter_of_the_builder(paid: Replica) -> None:
    builder = Builder()
    builder.function("canister_update go", add(3) + add(4) + REPLY)
    canister = deploy(paid, builder.build())
    paid.update(canister, "go")
    assert state_of(paid, canister) == 7

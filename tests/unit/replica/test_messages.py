"""Calls between canisters: contexts, callbacks, cleanup, cycles, deadlines, order."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.errors import BasiliskError, CallRejected
from basilisk.principal import Principal
from basilisk.replica import Limits, Replica
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i32

# Argument of the calling methods: callee (10 bytes), method (8 bytes, padded with spaces), payload.
# $state (at 60,000) counts: replies +1, rejects +100, cleanups +10,000.
CALLER = module(
    f"""
    (table funcref (elem $on_reply $on_reject $on_cleanup $trap_in_reply $silent $trap_always $again))
    (func $add (param i32) (i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (local.get 0))))
    (func $all (call $msg_arg_data_copy (i32.const 100) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 100) (call $msg_arg_data_size)))
    (func $on_reply (param i32) (call $add (i32.const 1)) (call $all) (call $msg_reply))
    (func $on_reject (param i32) (call $add (i32.const 100))
        (i32.store8 (i32.const 100) (call $msg_reject_code))
        (call $msg_reject_msg_copy (i32.const 101) (i32.const 0) (call $msg_reject_msg_size))
        (call $msg_reply_data_append (i32.const 100) (i32.add (i32.const 1) (call $msg_reject_msg_size)))
        (call $msg_reply))
    (func $on_cleanup (param i32) (call $add (local.get 0)))
    (func $trap_in_reply (param i32) (call $add (i32.const 1)) unreachable)
    (func $trap_always (param i32) (call $add (i32.const 5)) (call $trap (i32.const 0) (i32.const 0)))
    (func $silent (param i32) (call $add (i32.const 1)))
    (func $again (param i32) (call $add (i32.const 1)) (call $begin (i32.const 0) (i32.const 1)) (call $end))
    (func $begin (param $reply i32) (param $reject i32)
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 8)
            (local.get $reply) (i32.const 0) (local.get $reject) (i32.const 0)))
    (func $end (drop (call $call_perform)))
    (func $load (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size)))
    (func $prepare (param i32) (param i32) (call $load) (call $begin (local.get 0) (local.get 1))
        (call $call_data_append (i32.const 18) (i32.sub (call $msg_arg_data_size) (i32.const 18))))
    (func (export "canister_update call") (call $prepare (i32.const 0) (i32.const 1)) (call $end))
    (func (export "canister_update call_and_pay") (call $prepare (i32.const 0) (i32.const 1))
        (call $call_cycles_add128 (i64.const 0) (i64.const 1000)) (call $end))
    (func (export "canister_update pay_too_much") (call $prepare (i32.const 0) (i32.const 1))
        (call $call_cycles_add128 (i64.const 1) (i64.const 0)) (call $end))
    (func (export "canister_update call_bounded") (call $prepare (i32.const 0) (i32.const 1))
        (call $call_with_best_effort_response (i32.const 10)) (call $end))
    (func (export "canister_update bounded_twice") (call $prepare (i32.const 0) (i32.const 1))
        (call $call_with_best_effort_response (i32.const 10))
        (call $call_with_best_effort_response (i32.const 10)))
    (func (export "canister_update trap_later") (call $add (i32.const 1000000))
        (call $prepare (i32.const 3) (i32.const 3))
        (call $call_on_cleanup (i32.const 2) (i32.const 10000)) (call $end))
    (func (export "canister_update trap_without_cleanup") (call $add (i32.const 1000000))
        (call $prepare (i32.const 3) (i32.const 3)) (call $end))
    (func (export "canister_update trap_in_cleanup")
        (call $prepare (i32.const 3) (i32.const 3))
        (call $call_on_cleanup (i32.const 5) (i32.const 0)) (call $end))
    (func (export "canister_update cleanup_twice") (call $prepare (i32.const 0) (i32.const 1))
        (call $call_on_cleanup (i32.const 2) (i32.const 0)) (call $call_on_cleanup (i32.const 2)
        (i32.const 0)))
    (func (export "canister_update forget") (call $prepare (i32.const 4) (i32.const 4)) (call $end))
    (func (export "canister_update reply_first") (call $prepare (i32.const 4) (i32.const 4)) (call $end)
        (call $msg_reply_data_append (i32.const 60000) (i32.const 4)) (call $msg_reply))
    (func (export "canister_update twice") (call $prepare (i32.const 6) (i32.const 1)) (call $end))
    (func (export "canister_update many") (local $n i32) (local $failed i32)
        (loop (call $prepare (i32.const 4) (i32.const 4))
            (local.set $failed (i32.add (local.get $failed) (call $call_perform)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 502))))
        (i32.store (i32.const 50000) (local.get $failed)) {reply_bytes(50000, 4)})
    (func (export "canister_update no_such_callback") (call $prepare (i32.const 99) (i32.const 99))
        (call $end))
    (func (export "canister_update perform_first") (call $end))
    (func (export "canister_update append_first") (call $call_data_append (i32.const 0) (i32.const 0)))
    (func (export "canister_update long_name") (call $call_new (i32.const 0) (i32.const 10) (i32.const 0)
        (i32.const 20001) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "canister_update long_callee") (call $call_new (i32.const 0) (i32.const 30) (i32.const 0)
        (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "canister_query state") {reply_i32("(i32.load (i32.const 60000))")})
    (func (export "canister_query hop")  (call $msg_reply))
    """
)

CALLEE = module(
    f"""
    (global $n (mut i32) (i32.const 0))
    (table funcref (elem $done $done))
    (func $done (param i32) (call $msg_reply))
    (func $all (call $msg_arg_data_copy (i32.const 100) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 100) (call $msg_arg_data_size)))
    (data (i32.const 0) "refused")
    (func (export "canister_update echo    ") (call $all) (call $msg_reply))
    (func (export "canister_query queried ") (global.set $n (i32.const 9)) (call $all) (call $msg_reply))
    (func (export "canister_composite_query compose ") (call $msg_reply))
    (func (export "canister_update refuse  ") (call $msg_reject (i32.const 0) (i32.const 7)))
    (func (export "canister_update trap    ") (global.set $n (i32.const 9)) (call $trap (i32.const 0)
        (i32.const 7)))
    (func (export "canister_update silent  "))
    (func (export "canister_update caller  ")
        (call $msg_caller_copy (i32.const 100) (i32.const 0) (call $msg_caller_size))
        (call $msg_reply_data_append (i32.const 100) (call $msg_caller_size)) (call $msg_reply))
    (func (export "canister_update accept  ")
        (call $msg_cycles_available128 (i32.const 200))
        (call $msg_cycles_accept128 (i64.const 0) (i64.const 300) (i32.const 216))
        (call $msg_reply_data_append (i32.const 200) (i32.const 32)) (call $msg_reply)
        (if (i64.ne (call $msg_cycles_available) (i64.const 0)) (then unreachable)))
    (func (export "canister_update takelose")
        (drop (call $msg_cycles_accept (i64.const 300))) unreachable)
    (func (export "canister_update count   ") (global.set $n (i32.add (global.get $n) (i32.const 1)))
        {reply_i32("(global.get $n)")})
    (func (export "canister_query n") {reply_i32("(global.get $n)")})
    (func (export "canister_update deadline") (i64.store (i32.const 100) (call $msg_deadline))
        (call $msg_reply_data_append (i32.const 100) (i32.const 8)) (call $msg_reply))
    (func (export "canister_update hang    ")
        (call $call_new (i32.const 300) (i32.const 10) (i32.const 310) (i32.const 8)
            (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)) (drop (call $call_perform)))
    (data (i32.const 300) "\\80\\00\\00\\00\\00\\10\\00\\01\\01\\01hang    ")
    """
)


@pytest.fixture
def pair(install: Install) -> tuple[Principal, Principal]:
    """A caller and a callee; the callee's ``hang`` calls itself for ever."""
    return install(CALLER), install(CALLEE)


def to(callee: Principal | bytes, method: str, payload: bytes = b"") -> bytes:
    raw = callee if isinstance(callee, bytes) else callee.bytes
    return raw + method.ljust(8).encode() + payload


def test_a_reply_reaches_the_callback(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    assert replica.update(caller, "call", to(callee, "echo", b"payload")) == b"payload"
    assert number(replica.query(caller, "state")) == 1
    target = replica._find(caller)
    assert (target.contexts, target.callbacks, target.has_input) == ({}, {}, False)


def test_the_caller_of_a_call_is_the_canister(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    assert replica.update(caller, "call", to(callee, "caller"), sender=b"\x07") == caller.bytes


def test_a_query_called_by_a_canister_changes_nothing(
    replica: Replica, pair: tuple[Principal, Principal]
) -> None:
    caller, callee = pair
    assert replica.update(caller, "call", to(callee, "queried", b"x")) == b"x"
    assert number(replica.query(callee, "n")) == 0


@pytest.mark.parametrize(
    ("method", "code", "text"),
    [
        ("refuse", 4, "refused"),
        ("trap", 5, "Canister called `ic0.trap` with message: 'refused'"),
        ("silent", 5, "No response"),
        ("missing", 5, "Canister has no update method 'missing '"),
        ("compose", 5, "Composite query cannot be called in replicated mode"),
    ],
)
def test_rejects_reach_the_callback(
    replica: Replica, pair: tuple[Principal, Principal], method: str, code: int, text: str
) -> None:
    caller, callee = pair
    answer = replica.update(caller, "call", to(callee, method))
    assert answer[0] == code
    assert text in answer[1:].decode()
    assert number(replica.query(callee, "n")) == 0


def test_a_canister_that_does_not_exist_rejects(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    answer = replica.update(pair[0], "call", to(b"\x01" * 10, "echo"))
    assert answer[0] == 3
    assert answer[1:].decode() == f"IC0301: Canister {Principal(bytes([1] * 10))} not found"


def test_state_is_committed_at_the_call(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    """What was done before the call stays when the callback traps; what the callback did is lost."""
    caller, callee = pair
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.update(caller, "trap_without_cleanup", to(callee, "echo"))
    assert number(replica.query(caller, "state")) == 1_000_000


def test_cleanup_runs_when_the_callback_traps(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    with pytest.raises(CallRejected, match="Canister trapped: unreachable") as caught:
        replica.update(caller, "trap_later", to(callee, "echo"))
    assert "cleanup" not in caught.value.message
    assert number(replica.query(caller, "state")) == 1_010_000


def test_a_trap_in_cleanup_undoes_the_cleanup(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    with pytest.raises(CallRejected) as caught:
        replica.update(caller, "trap_in_cleanup", to(callee, "echo"))
    assert caught.value.error_code == "IC0502"
    assert "Canister trapped: unreachable\n\ncall_on_cleanup also failed:\n\n" in caught.value.message
    assert number(replica.query(caller, "state")) == 0


def test_a_callback_that_does_not_answer(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    with pytest.raises(CallRejected, match="did not reply to the call") as caught:
        replica.update(caller, "forget", to(callee, "echo"))
    assert caught.value.error_code == "IC0506"


def test_a_call_may_be_answered_before_its_own_calls_are(
    replica: Replica, pair: tuple[Principal, Principal]
) -> None:
    caller, callee = pair
    assert number(replica.update(caller, "reply_first", to(callee, "echo"))) == 0
    replica.tick(2)
    assert number(replica.query(caller, "state")) == 1


def test_callbacks_may_call_again(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    assert number(replica.update(caller, "twice", to(callee, "count"))) == 2
    assert number(replica.query(caller, "state")) == 2


def test_a_canister_may_call_itself(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, _ = pair
    answer = replica.update(caller, "call", to(caller, "hop"))
    assert answer[0] == 5  # "hop     " with its padding is no method


def test_a_callback_that_does_not_exist(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    caller, callee = pair
    with pytest.raises(CallRejected, match="non-existent Wasm function 99 from table 0") as caught:
        replica.update(caller, "no_such_callback", to(callee, "echo"))
    assert caught.value.error_code == "IC0513"


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("perform_first", "ic0.call_perform called when no call is under construction."),
        ("append_first", "ic0.call_data_append called when no call is under construction."),
        ("cleanup_twice", "ic0.call_on_cleanup can be called at most once between"),
        ("bounded_twice", "ic0_call_with_best_effort_response failed because a timeout is already set."),
        ("long_name", "Size of method_name 20001 exceeds the allowed limit of 20000."),
    ],
)
def test_calls_that_are_built_wrongly(
    replica: Replica, pair: tuple[Principal, Principal], method: str, text: str
) -> None:
    caller, callee = pair
    with pytest.raises(CallRejected) as caught:
        replica.update(caller, method, to(callee, "echo"))
    assert caught.value.error_code == "IC0504"
    assert f"Canister violated contract: {text}" in caught.value.message


def test_a_callee_has_at_most_29_bytes(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    with pytest.raises(CallRejected, match="Canister provided invalid principal id"):
        replica.update(pair[0], "long_callee")


def test_the_queue_between_two_canisters_is_limited(
    replica: Replica, pair: tuple[Principal, Principal]
) -> None:
    """500 calls may be under way; call_perform answers 2 for each further one."""
    caller, callee = pair
    assert number(replica.update(caller, "many", to(callee, "count"))) == 2 * 2
    replica.tick(2)
    assert number(replica.query(callee, "n")) == 500
    assert number(replica.query(caller, "state")) == 500


# ---- cycles ------------------------------------------------------------------------------------------


def balances(replica: Replica, pair: tuple[Principal, Principal]) -> tuple[int, int]:
    return replica.status(pair[0]).cycles, replica.status(pair[1]).cycles


def test_cycles_are_accepted_and_the_rest_returns(
    replica: Replica, pair: tuple[Principal, Principal]
) -> None:
    before = balances(replica, pair)
    answer = replica.update(pair[0], "call_and_pay", to(pair[1], "accept"))
    assert (number(answer[:16]), number(answer[16:])) == (1000, 300)
    assert balances(replica, pair) == (before[0] - 300, before[1] + 300)


@pytest.mark.parametrize("method", ["echo", "refuse", "trap", "silent", "takelose", "missing"])
def test_cycles_that_are_not_accepted_return(
    replica: Replica, pair: tuple[Principal, Principal], method: str
) -> None:
    before = balances(replica, pair)
    replica.update(pair[0], "call_and_pay", to(pair[1], method))
    assert balances(replica, pair) == before


def test_a_canister_cannot_pay_more_than_it_has(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    with pytest.raises(CallRejected, match=f"Canister {pair[0]} is out of cycles") as caught:
        replica.update(pair[0], "pay_too_much", to(pair[1], "echo"))
    assert caught.value.error_code == "IC0504"


# ---- time --------------------------------------------------------------------------------------------


def test_a_call_with_a_deadline(replica: Replica, pair: tuple[Principal, Principal]) -> None:
    now = replica.clock.now() // 10**9 * 10**9
    assert number(replica.update(pair[0], "call_bounded", to(pair[1], "deadline"))) == now + 10 * 10**9
    assert number(replica.update(pair[0], "call", to(pair[1], "deadline"))) == 0


def test_a_deadline_that_passes_rejects(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=5))
    caller, callee = replica.create_canister(), replica.create_canister()
    replica.install_code(caller, CALLER)
    replica.install_code(callee, CALLEE)
    call = replica.submit(caller, "call_bounded", to(callee, "hang"))
    replica.tick()
    replica.advance(60)
    answer = replica.await_call(call)
    assert answer[0] == 6
    assert answer[1:] == b"Call deadline has expired."


def test_a_call_that_is_never_answered(replica: Replica, install: Install) -> None:
    """The replica notices that nothing can happen any more instead of waiting for ever."""
    canister = install(module('(func (export "canister_update u") (call $msg_reply))'))
    target = replica._find(canister)
    call = replica.submit(canister, "u")
    target.pop()
    with pytest.raises(BasiliskError, match="the call of u is never answered"):
        replica.await_call(call)


# ---- management canister -----------------------------------------------------------------------------


def test_raw_rand(replica: Replica, install: Install) -> None:
    canister = install(CALLER)
    other = Replica(engine=replica.engine, validate=False, seed=7)
    twin = other.create_canister()
    other.install_code(twin, CALLER)
    forward = module(
        """(table funcref (elem $forward $forward)) (data (i32.const 0) "raw_randDIDL\\00\\00")
        (func $forward (param i32)
            (call $msg_arg_data_copy (i32.const 100) (i32.const 0) (call $msg_arg_data_size))
            (call $msg_reply_data_append (i32.const 100) (call $msg_arg_data_size)) (call $msg_reply))
        (func (export "canister_update rand")
            (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)
                (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
            (call $call_data_append (i32.const 8) (i32.const 6)) (drop (call $call_perform)))"""
    )
    replica.install_code(canister, forward, mode="reinstall")
    other.install_code(twin, forward, mode="reinstall")
    first, second = replica.update(canister, "rand"), replica.update(canister, "rand")
    assert first[:10] == b"DIDL\x01\x6d\x7b\x01\x00\x20"
    assert len(first) == 42
    assert first != second
    assert other.update(twin, "rand") not in (first, second)

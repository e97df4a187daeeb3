"""What a canister does wrong, and the codes and texts its caller gets."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.replica import Limits, Replica
from tests.unit.replica.wat import Install, module, reply_i32

DOCS = "https://internetcomputer.org/docs/current/references/execution-errors#"

FAULTY = module(
    f"""
    (data (i32.const 0) "the reason")
    (type $nothing (func)) (type $one (func (param i64)))
    (table 3 3 funcref) (elem (i32.const 0) $number)
    (global $depth (mut i32) (i32.const 0))
    (func $number (param i64))
    (func (export "canister_update unreachable") unreachable)
    (func (export "canister_update heap") (drop (i32.load (i32.const 70000))))
    (func (export "canister_update far") (drop (i32.load (i32.const -1))))
    (func (export "canister_update division") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "canister_update table") (call_indirect (type $nothing) (i32.const 10)))
    (func (export "canister_update null") (call_indirect (type $nothing) (i32.const 1)))
    (func (export "canister_update signature") (call_indirect (type $nothing) (i32.const 0)))
    (func (export "canister_update overflow") (drop (i32.trunc_f64_s (f64.const 1e30))))
    (func (export "canister_update copy") (memory.copy (i32.const 0) (i32.const 65000) (i32.const 1000)))
    (func (export "canister_update trap") (call $trap (i32.const 0) (i32.const 10)))
    (func (export "canister_update trap_outside") (call $trap (i32.const 65530) (i32.const 10)))
    (func (export "canister_update trap_empty") (call $trap (i32.const 0) (i32.const 0)))
    (func (export "canister_update for_ever") (loop (br 0)))
    (func (export "canister_query for_ever_query") (loop (br 0)))
    (func (export "canister_update counter") (drop (call $performance_counter (i32.const 7))))
    (func (export "canister_update outside")
        (call $msg_arg_data_copy (i32.const 65530) (i32.const 0) (i32.const 9)))
    (func (export "canister_update beyond")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 1) (i32.const 9)))
    (func (export "canister_update certify") (call $certified_data_set (i32.const 0) (i32.const 33)))
    (func (export "canister_update controller") (drop (call $is_controller (i32.const 0) (i32.const 30))))
    (func (export "canister_update mint") (call $mint_cycles128 (i64.const 0) (i64.const 1) (i32.const 0)))
    (func $deep (param $left i32) (result i32)
        (if (result i32) (i32.eqz (local.get $left)) (then (i32.const 0))
            (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get $left) (i32.const 1)))))))
    (func (export "canister_query deep") {reply_i32("(call $deep (i32.const 50000))")})
    (func (export "canister_query too_deep") {reply_i32("(call $deep (i32.const 100000000))")})
    """
)


def rejection(replica: Replica, install: Install, method: str, arg: bytes = b"0123456789") -> CallRejected:
    canister = install(FAULTY)
    with pytest.raises(CallRejected) as caught:
        replica.update(canister, method, arg)
    assert caught.value.message.startswith(f"Error from Canister {canister}: ")
    caught.value.message = caught.value.message.removeprefix(f"Error from Canister {canister}: ")
    return caught.value


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("unreachable", "unreachable"),
        ("heap", "heap out of bounds"),
        ("far", "heap out of bounds"),
        ("copy", "heap out of bounds"),
        ("division", "integer division by 0"),
        ("table", "table out of bounds"),
        ("null", "unknown"),
        ("overflow", "unknown"),
        ("too_deep", "stack overflow"),
    ],
)
def test_wasm_traps(replica: Replica, install: Install, method: str, text: str) -> None:
    error = rejection(replica, install, method)
    assert (error.code, error.error_code) == (5, "IC0502")
    assert error.message == (
        f"Canister trapped: {text}.\nConsider gracefully handling failures from this canister or altering "
        f"the canister to handle exceptions. See documentation: {DOCS}trapped"
    )


@pytest.mark.parametrize(
    ("method", "text"),
    [("trap", "the reason"), ("trap_outside", "(trap message out of memory bounds)"), ("trap_empty", "")],
)
def test_explicit_traps(replica: Replica, install: Install, method: str, text: str) -> None:
    error = rejection(replica, install, method)
    assert (error.code, error.error_code) == (5, "IC0503")
    assert error.message == (
        f"Canister called `ic0.trap` with message: '{text}'.\nConsider gracefully handling failures "
        f"from this canister or altering the canister to handle exceptions. "
        f"See documentation: {DOCS}trapped-explicitly"
    )


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("signature", "function invocation does not match its signature"),
        ("counter", "Error getting performance counter type 7"),
        ("outside", "ic0.msg_arg_data_copy heap: src=65530 + length=9 exceeds the slice size=65536"),
        ("beyond", "ic0.msg_arg_data_copy payload: src=1 + length=9 exceeds the slice size=3"),
        (
            "certify",
            "ic0_certified_data_set failed because the passed data must be no larger than 32 bytes. "
            "Found 33 bytes.",
        ),
        ("mint", "ic0.mint_cycles128 cannot be executed on non Cycles Minting Canister: "),
    ],
)
def test_contract_violations(replica: Replica, install: Install, method: str, text: str) -> None:
    error = rejection(replica, install, method, b"abc")
    assert (error.code, error.error_code) == (5, "IC0504")
    assert error.message.startswith(f"Canister violated contract: {text}")


def test_a_principal_has_at_most_29_bytes(replica: Replica, install: Install) -> None:
    error = rejection(replica, install, "controller")
    assert error.error_code == "IC0504"
    assert error.message.startswith("Canister provided invalid principal id.")


def test_deep_recursion_that_fits_the_stack(replica: Replica, install: Install) -> None:
    """50,000 nested calls are fine on the network, which gives wasm 5 MiB of native stack."""
    assert replica.query(install(FAULTY), "deep") == (50_000).to_bytes(4, "little")


def test_the_stack_is_the_same_on_every_thread(replica: Replica, install: Install) -> None:
    """The outcome does not depend on the native stack of the thread that makes the call."""
    import threading

    canister = install(FAULTY)
    results: list[bytes] = []
    thread = threading.Thread(target=lambda: results.append(replica.query(canister, "deep")))
    thread.start()
    thread.join()
    assert results == [(50_000).to_bytes(4, "little")]


@pytest.mark.parametrize(("method", "limit"), [("for_ever", 1_000_000), ("for_ever_query", 500_000)])
def test_the_instruction_limit(engine: Engine, method: str, limit: int) -> None:
    limits = Limits(update_instructions=1_000_000, query_instructions=500_000)
    replica = Replica(engine=engine, validate=False, limits=limits)
    canister = replica.create_canister()
    replica.install_code(canister, FAULTY)
    call = replica.query if method.endswith("query") else replica.update
    with pytest.raises(CallRejected) as caught:
        call(canister, method)
    assert caught.value.error_code == "IC0522"
    assert (
        f"Canister exceeded the limit of {limit} instructions for single message execution.."
        in caught.value.message
    )
    assert replica.last.instructions == limit


def test_a_fault_of_the_replica_is_reported_as_one(
    replica: Replica, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in our own code reaches the caller as an error of the engine, without a traceback."""
    from basilisk.replica.system_api.base import REGISTRY

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setitem(REGISTRY, "is_controller", broken)
    error = rejection(replica, install, "controller")
    assert error.error_code == "IC0521"
    assert error.message == "Canister encountered a Wasm engine error: ZeroDivisionError: ours"


def test_the_counter_counts(replica: Replica, install: Install) -> None:
    """performance_counter(0) grows with what is executed and stays below the total."""
    canister = install(
        module("""(func (export "canister_update count") (local $at i32)
            (i64.store (i32.const 0) (call $performance_counter (i32.const 0)))
            (loop (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $at) (i32.const 1000))))
            (i64.store (i32.const 8) (call $performance_counter (i32.const 0)))
            (i64.store (i32.const 16) (call $performance_counter (i32.const 1)))
            (call $msg_reply_data_append (i32.const 0) (i32.const 24)) (call $msg_reply))""")
    )
    raw = replica.update(canister, "count")
    first, second, third = (int.from_bytes(raw[at : at + 8], "little") for at in (0, 8, 16))
    assert first == 1 + 8 + 200  # entry; two constants, call, store; the system call
    # 1000 rounds of 9; what follows the loop is one segment of 8 + 8 + 7 + 5; the system call
    assert second - first == 1000 * 9 + 28 + 200
    assert second < third < replica.last.instructions

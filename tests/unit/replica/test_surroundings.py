"""What a canister can learn of itself and its surroundings; logs; determinism."""

from __future__ import annotations

import gc

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected, UsageError
from basilisk.replica import Limits, Replica
from tests.unit.replica.test_messages import CALLEE, CALLER, to
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i32, reply_i64

CURIOUS = module(
    f"""
    (data (i32.const 0) "nametest_key_1other")
    (func (export "canister_query count") {reply_i32("(call $env_var_count)")})
    (func (export "canister_query names")
        (call $env_var_name_copy (i32.const 1) (i32.const 100) (i32.const 0) (call $env_var_name_size
        (i32.const 1)))
        (call $msg_reply_data_append (i32.const 100) (call $env_var_name_size (i32.const 1)))
        (call $msg_reply))
    (func (export "canister_query value")
        (call $env_var_value_copy (i32.const 0) (i32.const 4) (i32.const 100) (i32.const 0)
            (call $env_var_value_size (i32.const 0) (i32.const 4)))
        (call $msg_reply_data_append (i32.const 100) (call $env_var_value_size (i32.const 0) (i32.const 4)))
        (call $msg_reply))
    (func (export "canister_query no_value") (drop (call $env_var_value_size (i32.const 0) (i32.const 3))))
    (func (export "canister_query no_index") (drop (call $env_var_name_size (i32.const 2))))
    (func (export "canister_query exists")
        {reply_i32("(call $env_var_name_exists (i32.const 0) (i32.const 4))")})
    (func (export "canister_query controller") (call $msg_caller_copy (i32.const 50) (i32.const 0)
        (call $msg_caller_size))
        {reply_i32("(call $is_controller (i32.const 50) (call $msg_caller_size))")})
    (func (export "canister_query self") (call $canister_self_copy (i32.const 50) (i32.const 0)
        (call $canister_self_size))
        (call $msg_reply_data_append (i32.const 50) (call $canister_self_size)) (call $msg_reply))
    (func (export "canister_update root_key") (call $root_key_copy (i32.const 100) (i32.const 0)
        (call $root_key_size))
        (call $msg_reply_data_append (i32.const 100) (call $root_key_size)) (call $msg_reply))
    (func (export "canister_query subnet") (call $subnet_self_copy (i32.const 100) (i32.const 0)
        (call $subnet_self_size))
        (call $msg_reply_data_append (i32.const 100) (call $subnet_self_size)) (call $msg_reply))
    (func (export "canister_query costs")
        (call $cost_call (i64.const 10) (i64.const 90) (i32.const 100))
        (call $cost_create_canister (i32.const 116))
        (call $cost_http_request (i64.const 100) (i64.const 1000) (i32.const 132))
        (i32.store (i32.const 164) (call $cost_sign_with_ecdsa (i32.const 4) (i32.const 10) (i32.const 0)
        (i32.const 148)))
        (i32.store (i32.const 168) (call $cost_sign_with_ecdsa (i32.const 4) (i32.const 10) (i32.const 1)
        (i32.const 148)))
        (i32.store (i32.const 172) (call $cost_sign_with_schnorr (i32.const 14) (i32.const 5) (i32.const 1)
        (i32.const 148)))
        {reply_bytes(100, 76)})
    (func (export "canister_query replicated") {reply_i32("(call $in_replicated_execution)")})
    (func (export "canister_query status") {reply_i32("(call $canister_status)")})
    (func (export "canister_query balance") {reply_i64("(call $canister_cycle_balance)")})
    (func (export "canister_query certificate") {reply_i32("(call $data_certificate_present)")})
    """
)


def test_environment_variables(replica: Replica, install: Install) -> None:
    canister = install(CURIOUS, environment={"name": "value", "a": "1"})
    assert number(replica.query(canister, "count")) == 2
    assert replica.query(canister, "names") == b"name"
    assert replica.query(canister, "value") == b"value"
    assert number(replica.query(canister, "exists")) == 1
    with pytest.raises(CallRejected, match="Environment variable nam not found"):
        replica.query(canister, "no_value")
    with pytest.raises(
        CallRejected, match=r"index 2 is out of bounds\. The number of environment variables is 2"
    ):
        replica.query(canister, "no_index")


def test_settings_that_break_a_limit(replica: Replica) -> None:
    with pytest.raises(UsageError):
        replica.create_canister(environment={"n" * 129: ""})
    with pytest.raises(UsageError):
        replica.create_canister(environment={"n": "v" * 129})
    with pytest.raises(UsageError):
        replica.create_canister(environment={str(index): "" for index in range(21)})
    with pytest.raises(UsageError):
        replica.create_canister(controller=[bytes([index]) for index in range(11)])


def test_identities(replica: Replica, install: Install) -> None:
    canister = install(CURIOUS)
    assert replica.query(canister, "self") == canister.bytes
    assert number(replica.query(canister, "controller")) == 1
    assert number(replica.query(canister, "controller", sender=b"\x01")) == 0
    assert replica.update(canister, "root_key") == replica.root_key
    assert len(replica.root_key) == 133
    assert replica.query(canister, "subnet") == replica.subnet
    assert str(canister) == "bnz7o-iuaaa-aaaaa-qaaaa-cai"
    assert str(replica.create_canister()) == "bkyz2-fmaaa-aaaaa-qaaaq-cai"


def test_costs(paid: Replica) -> None:
    """Worked out by hand from the price list for 13 nodes."""
    canister = paid.create_canister()
    paid.install_code(canister, CURIOUS)
    raw = paid.query(canister, "costs")
    figures = [number(raw[at : at + 16]) for at in range(0, 64, 16)]
    call = 260_000 + 1000 * (100 + 2_097_152) + 5_000_000 + 40_000_000_000
    http = 13 * (3_000_000 + 60_000 * 13 + 400 * 100 + 800 * 1000)
    assert figures == [call, 500_000_000_000, http, 10_000_000_000]
    assert [number(raw[at : at + 4]) for at in (64, 68, 72)] == [0, 1, 2]


def test_modes_of_execution(replica: Replica, install: Install) -> None:
    canister = install(CURIOUS, cycles=123)
    assert number(replica.query(canister, "replicated")) == 0
    assert number(replica.update(canister, "replicated")) == 1
    assert number(replica.query(canister, "status")) == 1
    assert number(replica.query(canister, "balance")) == 123
    assert number(replica.query(canister, "certificate")) == 1
    assert number(replica.update(canister, "certificate")) == 0


def test_a_balance_may_not_fit_64_bits(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match="Canister trapped: cycles amount exceeds 64-bit representation"):
        replica.query(install(CURIOUS, cycles=2**64), "balance")


def test_a_certificate_can_be_supplied(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, certifier=lambda canister, data: canister + data)
    canister = replica.create_canister()
    replica.install_code(
        canister,
        module("""(func (export "canister_query q")
            (call $data_certificate_copy (i32.const 0) (i32.const 0) (call $data_certificate_size))
            (call $msg_reply_data_append (i32.const 0) (call $data_certificate_size)) (call $msg_reply))
            (func (export "canister_init") (call $certified_data_set (i32.const 100) (i32.const 4)))
            (data (i32.const 100) "tree")"""),
    )
    assert replica.query(canister, "q") == canister.bytes + b"tree"
    with pytest.raises(CallRejected, match="ic0_data_certificate_size"):
        replica.update(canister, "q")


def test_printing(engine: Engine) -> None:
    """Lines come in order with their time and context, also from queries, and are handed out at once."""
    seen: list[tuple[str, str]] = []
    replica = Replica(
        engine=engine, validate=False, on_print=lambda who, line: seen.append((str(who), line.text))
    )
    canister = replica.create_canister()
    replica.install_code(
        canister,
        module("""(data (i32.const 0) "one\\fftwo")
        (func (export "canister_query q") (call $debug_print (i32.const 0) (i32.const 3))
            (call $debug_print (i32.const 0) (i32.const 7)) (call $debug_print (i32.const 65530)
            (i32.const 7))
            (call $msg_reply))"""),
    )
    replica.query(canister, "q")
    texts = ["one", "one\ufffdtwo", "(debug_print message out of memory bounds)"]
    assert seen == [(str(canister), text) for text in texts]
    lines = replica.logs(canister)
    assert [line.text for line in lines] == texts
    assert [line.index for line in lines] == [0, 1, 2]
    assert lines[0].context == "non replicated query"


def test_the_log_is_bounded(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(log_bytes=100))
    canister = replica.create_canister()
    replica.install_code(
        canister,
        module("""(func (export "canister_update u") (call $debug_print (i32.const 0) (i32.const 30))
            (call $msg_reply))"""),
    )
    for _ in range(10):
        replica.update(canister, "u")
    assert [line.index for line in replica.logs(canister)] == [7, 8, 9]


def test_the_same_calls_give_the_same_state(engine: Engine) -> None:
    """Two replicas with one seed that see the same calls end in the same state, byte for byte."""

    def run() -> object:
        replica = Replica(engine=engine, validate=False, seed=5)
        caller, callee = replica.create_canister(), replica.create_canister()
        replica.install_code(caller, CALLER)
        replica.install_code(callee, CALLEE)
        answers = [replica.update(caller, "call", to(callee, "echo", bytes([index]))) for index in range(5)]
        replica.update(caller, "many", to(callee, "count"))
        replica.tick(3)
        code = replica._find(caller).code
        assert code is not None
        memory = code.instance.memory
        return (
            answers,
            memory.read(0, memory.size),
            replica.status(caller),
            replica.clock.now(),
            replica.root_key,
        )

    assert run() == run()


def test_settings_can_be_changed(replica: Replica, install: Install) -> None:
    canister = install(CURIOUS)
    version = replica.status(canister).version
    replica.update_settings(canister, controller=b"\x09", environment={"name": "x"})
    assert replica.query(canister, "value") == b"x"
    assert number(replica.query(canister, "controller", sender=b"\x09")) == 1
    assert replica.status(canister).version == version + 1
    with pytest.raises(UsageError):
        replica.update_settings(canister, environment={"n" * 129: ""})


def test_a_forgotten_replica_frees_its_canisters(engine: Engine) -> None:
    from basilisk.engine import host

    def use() -> None:
        replica = Replica(engine=engine, validate=False)
        canister = replica.create_canister()
        replica.install_code(canister, CURIOUS)
        replica.query(canister, "self")

    gc.collect()
    before = len(host._frames)
    for _ in range(3):
        use()
    gc.collect()
    assert len(host._frames) == before

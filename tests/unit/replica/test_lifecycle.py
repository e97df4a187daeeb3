"""Ingress inspection, timers, heartbeats, stopping, uninstalling, composite queries, determinism."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import Clock, Limits, Replica
from tests.unit.replica.test_messages import CALLEE, CALLER, to
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i32, reply_i64

# ---- inspect_message ---------------------------------------------------------------------------------

PICKY = module(
    """
    (func (export "canister_inspect_message")
        (i32.store (i32.const 500) (i32.const 1))
        (call $msg_method_name_copy (i32.const 0) (i32.const 0) (call $msg_method_name_size))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 97)) (then (call $accept_message)))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 98)) (then (call $trap (i32.const 0)
        (i32.const 3))))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 99)) (then (call $accept_message)
        (call $accept_message))))
    (func (export "canister_update accepted") (call $msg_reply_data_append (i32.const 500) (i32.const 1))
        (call $msg_reply))
    (func (export "canister_update bad") (call $msg_reply))
    (func (export "canister_update c twice") (call $msg_reply))
    (func (export "canister_update other") (call $msg_reply))
    (func (export "canister_query other query") (call $msg_reply))
    """
)


def test_an_inspected_call_that_is_accepted(replica: Replica, install: Install) -> None:
    """It runs, and what the inspection wrote is discarded."""
    assert replica.update(install(PICKY), "accepted") == b"\0"


def test_an_inspected_call_that_is_not_accepted(replica: Replica, install: Install) -> None:
    canister = install(PICKY)
    with pytest.raises(CallRejected) as caught:
        replica.submit(canister, "other")
    assert (caught.value.code, caught.value.error_code) == (4, "IC0406")
    assert caught.value.message == f"Error from Canister {canister}: Canister rejected the message"


def test_a_trap_during_inspection(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match=r"Canister called `ic0\.trap` with message: 'bad'") as caught:
        replica.update(install(PICKY), "bad")
    assert caught.value.error_code == "IC0503"


def test_accepting_twice_traps(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match=r"ic0\.accept_message: the function was already called") as caught:
        replica.update(install(PICKY), "c twice")
    assert caught.value.error_code == "IC0504"


def test_queries_are_not_inspected(replica: Replica, install: Install) -> None:
    assert replica.query(install(PICKY), "other query") == b""


def test_inspection_has_a_limit_of_its_own(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(inspect_instructions=1000))
    canister = replica.create_canister()
    replica.install_code(canister, module('(func (export "canister_inspect_message") (loop (br 0)))'))
    with pytest.raises(CallRejected, match="limit of 1000 instructions"):
        replica.submit(canister, "x")


# ---- tasks -------------------------------------------------------------------------------------------

TICKING = module(
    f"""
    (func $bump (param i32)
        (i32.store (local.get 0) (i32.add (i32.const 1) (i32.load (local.get 0)))))
    (func (export "canister_heartbeat") (call $bump (i32.const 100)))
    (func (export "canister_global_timer") (call $bump (i32.const 104))
        (i64.store (i32.const 108) (call $global_timer_set (i64.const 0)))
        (i32.store (i32.const 116) (call $msg_caller_size)))
    (func (export "canister_update arm")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 8))
        {reply_i64("(call $global_timer_set (i64.load (i32.const 0)))")})
    (func (export "canister_query counts") {reply_bytes(100, 20)})
    (func (export "canister_query time") {reply_i64("(call $time)")})
    """
)


def counts(replica: Replica, canister: Principal) -> tuple[int, int]:
    raw = replica.query(canister, "counts")
    return number(raw[:4]), number(raw[4:8])


def test_a_heartbeat_runs_in_every_round(replica: Replica, install: Install) -> None:
    canister = install(TICKING)
    replica.tick(5)
    assert counts(replica, canister) == (5, 0)


def test_a_timer_fires_once_when_its_time_has_come(replica: Replica, install: Install) -> None:
    canister = install(TICKING)
    when = replica.clock.now() + 5 * 10**9
    replica.update(canister, "arm", when.to_bytes(8, "little"))
    replica.tick(3)
    assert counts(replica, canister)[1] == 0
    replica.advance(5)
    assert counts(replica, canister)[1] == 1
    replica.advance(100)
    raw = replica.query(canister, "counts")
    assert number(raw[4:8]) == 1
    assert number(raw[8:16]) == 0, "the timer is off while it runs"
    assert number(raw[16:]) == 0, "the caller is the management canister"


def test_a_task_that_traps_is_logged_and_undone(replica: Replica, install: Install) -> None:
    canister = install(
        module(
            f"""(func (export "canister_heartbeat") (i32.store (i32.const 0) (i32.const 5)) unreachable)
            (func (export "canister_query q") {reply_bytes(0, 4)})"""
        )
    )
    replica.tick()
    assert number(replica.query(canister, "q")) == 0
    assert [line.text for line in replica.logs(canister)] == ["[TRAP]: unreachable"]


@pytest.mark.parametrize(("mode", "least"), [("standing", 1), ("ticking", 10**9), ("real", 1)])
def test_clocks(engine: Engine, mode: str, least: int) -> None:
    replica = Replica(engine=engine, validate=False, clock=Clock(mode=mode))  # type: ignore[arg-type]
    canister = replica.create_canister()
    replica.install_code(canister, TICKING)
    before = number(replica.query(canister, "time"))
    replica.tick()
    after = number(replica.query(canister, "time"))
    assert after - before >= least
    if mode == "standing":
        assert after - before == 1
    replica.clock.set(after + 77)
    assert number(replica.query(canister, "time")) == after + 77
    with pytest.raises(UsageError, match="time does not run backwards"):
        replica.clock.set(after)


# ---- stopping, uninstalling --------------------------------------------------------------------------


def test_a_stopped_canister_takes_no_calls(replica: Replica, install: Install) -> None:
    canister = install(CALLEE)
    replica.stop_canister(canister)
    assert replica.status(canister).status == "stopped"
    for call in (replica.update, replica.query):
        with pytest.raises(CallRejected, match=f"Canister {canister} is stopped") as caught:
            call(canister, "n")
        assert caught.value.error_code == "IC0508"
    caller = install(CALLER)
    answer = replica.update(caller, "call", to(canister, "echo"))
    assert (answer[0], answer[1:].decode()) == (5, f"Canister {canister} is stopped")
    replica.start_canister(canister)
    assert number(replica.query(canister, "n")) == 0


def test_stopping_waits_for_outstanding_calls(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1))
    caller, callee = replica.create_canister(), replica.create_canister()
    replica.install_code(caller, CALLER)
    replica.install_code(callee, CALLEE)
    call = replica.submit(caller, "call", to(callee, "echo", b"still"))
    replica.tick()
    replica.stop_canister(caller)
    assert replica.status(caller).status == "stopped"
    assert replica.await_call(call) == b"still"


def test_only_a_stopped_canister_is_deleted(replica: Replica, install: Install) -> None:
    canister = install(CALLEE)
    with pytest.raises(CallRejected, match="must be stopped before it is deleted") as caught:
        replica.delete_canister(canister)
    assert caught.value.error_code == "IC0510"
    replica.stop_canister(canister)
    replica.delete_canister(canister)
    with pytest.raises(CallRejected, match="not found"):
        replica.query(canister, "n")


def test_uninstalling_rejects_the_calls_under_way(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(round_messages=1))
    caller, callee = replica.create_canister(), replica.create_canister()
    replica.install_code(caller, CALLER)
    replica.install_code(callee, CALLEE)
    call = replica.submit(caller, "call_and_pay", to(callee, "accept"))
    replica.tick()
    replica.uninstall_code(caller)
    with pytest.raises(CallRejected, match=r"Canister has been uninstalled\.") as caught:
        replica.await_call(call)
    assert caught.value.code == 4
    before = replica.status(caller).cycles
    replica.tick(5)
    assert replica.status(caller).cycles == before + 700, "the refund arrives although nobody handles it"
    assert not replica._find(caller).contexts


# ---- composite queries -------------------------------------------------------------------------------

COMPOSER = module(
    f"""
    (table funcref (elem $on_reply $on_reject $trap_in_reply $on_cleanup))
    (func $load (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size)))
    (func $on_reply (param i32)
        (i32.store (i32.const 600) (i32.add (i32.load (i32.const 600)) (i32.const 1)))
        (call $msg_arg_data_copy (i32.const 604) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 600) (i32.add (i32.const 4) (call $msg_arg_data_size)))
        (call $msg_reply))
    (func $on_reject (param i32)
        (i32.store8 (i32.const 700) (call $msg_reject_code))
        (call $msg_reject_msg_copy (i32.const 701) (i32.const 0) (call $msg_reject_msg_size))
        (call $msg_reply_data_append (i32.const 700) (i32.add (i32.const 1) (call $msg_reject_msg_size)))
        (call $msg_reply))
    (func $trap_in_reply (param i32) (i32.store (i32.const 600) (i32.const 999)) unreachable)
    (func $on_cleanup (param i32) (call $debug_print (i32.const 600) (i32.const 4)))
    (func $send (param i32)
        (i32.store (i32.const 600) (i32.const 41))
        (call $load)
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 8)
            (local.get 0) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $call_on_cleanup (i32.const 3) (i32.const 0))
        (call $call_data_append (i32.const 18) (i32.sub (call $msg_arg_data_size) (i32.const 18)))
        (drop (call $call_perform)))
    (func (export "canister_composite_query ask") (call $send (i32.const 0)))
    (func (export "canister_composite_query ask_n   ") (call $send (i32.const 0)))
    (func (export "canister_composite_query ask_trap") (call $send (i32.const 2)))
    (func (export "canister_query heap") {reply_i32("(i32.load (i32.const 600))")})
    """
)


def test_a_composite_query_calls_queries(replica: Replica, install: Install) -> None:
    """The callback sees what the query did to the heap; afterwards nothing of it is left."""
    composer, callee = install(COMPOSER), install(CALLEE)
    answer = replica.query(composer, "ask", to(callee, "queried", b"data"))
    assert answer == (42).to_bytes(4, "little") + b"data"
    assert number(replica.query(composer, "heap")) == 0
    assert number(replica.query(callee, "n")) == 0


def test_a_callback_of_a_composite_query_that_traps(replica: Replica, install: Install) -> None:
    """Its changes are undone before the cleanup runs; what the query did before is still there."""
    composer, callee = install(COMPOSER), install(CALLEE)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.query(composer, "ask_trap", to(callee, "queried"))
    printed = [line.content for line in replica.logs(composer) if line.context == "composite cleanup"]
    assert printed == [(41).to_bytes(4, "little")]


@pytest.mark.parametrize(
    ("callee", "method", "code", "text"),
    [
        ("callee", "echo", 5, "Canister has no query method 'echo    '"),
        ("nobody", "echo", 3, "not found"),
        ("self", "ask_n", 5, "Loop detected when executing query call graph"),
    ],
)
def test_rejects_in_composite_queries(
    replica: Replica, install: Install, callee: str, method: str, code: int, text: str
) -> None:
    composer, other = install(COMPOSER), install(CALLEE)
    target = {"callee": other, "self": composer, "nobody": Principal(bytes(10))}[callee]
    answer = replica.query(composer, "ask", to(target, method))
    assert answer[0] == code
    assert text in answer[1:].decode()


def test_composite_queries_are_limited_in_depth(replica: Replica, install: Install) -> None:
    chain = [install(COMPOSER) for _ in range(7)]
    argument = b""
    for canister in reversed(chain[1:]):
        argument = to(canister, "ask_n", argument)
    assert b"exceeded the maximum call depth" in replica.query(chain[0], "ask", argument)


def test_a_composite_query_is_no_update(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match="Composite query cannot be called in replicated mode") as caught:
        replica.update(install(COMPOSER), "ask")
    assert caught.value.error_code == "IC0527"


# ---- surroundings ------------------------------------------------------------------------------------

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


def test_costs(replica: Replica, install: Install) -> None:
    """Worked out by hand from the price list for 13 nodes."""
    raw = replica.query(install(CURIOUS), "costs")
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
    assert number(replica.query(canister, "certificate")) == 0


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


def test_the_hook_for_low_memory(replica: Replica, install: Install) -> None:
    """It runs once when the heap comes close to its limit, before other messages."""
    canister = install(
        module(
            f"""(func (export "canister_on_low_wasm_memory")
                (i32.store (i32.const 8) (i32.add (i32.const 1) (i32.load (i32.const 8)))))
            (func (export "canister_update grow") (drop (memory.grow (i32.const 1))) (call $msg_reply))
            (func (export "canister_query runs") {reply_bytes(8, 4)})"""
        ),
        wasm_memory_limit=4 * 65_536,
    )
    replica.update_settings(canister, wasm_memory_threshold=2 * 65_536)
    for expected in (0, 1, 1):
        replica.update(canister, "grow")
        replica.tick()
        assert number(replica.query(canister, "runs")) == expected


def test_settings_can_be_changed(replica: Replica, install: Install) -> None:
    canister = install(CURIOUS)
    version = replica.status(canister).version
    replica.update_settings(canister, controller=b"\x09", environment={"name": "x"})
    assert replica.query(canister, "value") == b"x"
    assert number(replica.query(canister, "controller", sender=b"\x09")) == 1
    assert replica.status(canister).version == version + 1
    with pytest.raises(UsageError):
        replica.update_settings(canister, environment={"n" * 129: ""})

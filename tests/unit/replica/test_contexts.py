"""Every system call in every kind of message execution: allowed, or refused with the replica's words.

The expectations are written the other way round than the table under test: for groups of functions, the
kinds of execution in which the replica's source refuses them.
"""

from __future__ import annotations

import pytest
import wasmtime

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.contexts import FUNCTIONS, Context
from tests.unit.replica.wat import imports

START, INIT, POST, PRE, UPDATE = "start", "init", "post_upgrade", "pre_upgrade", "update"
RQUERY, QUERY, COMPOSITE = "replicated_query", "query", "composite_query"
REPLY, REJECT, CLEANUP = "reply", "reject", "cleanup"
CREPLY, CREJECT, CCLEANUP = "composite_reply", "composite_reject", "composite_cleanup"
INSPECT, HEARTBEAT, TIMER = "inspect", "heartbeat", "timer"

MODES = {
    START: "start",
    INIT: "init",
    POST: "init",
    PRE: "pre upgrade",
    UPDATE: "update",
    RQUERY: "replicated query",
    QUERY: "non replicated query",
    COMPOSITE: "composite query",
    REPLY: "reply callback",
    REJECT: "reject callback",
    CLEANUP: "cleanup",
    CREPLY: "composite reply callback",
    CREJECT: "composite reject callback",
    CCLEANUP: "composite cleanup",
    INSPECT: "inspect message",
    HEARTBEAT: "heartbeat",
    TIMER: "global timer",
}

HOOKS = {START, INIT, POST, PRE}
TASKS = {HEARTBEAT, TIMER}
CLEANUPS = {CLEANUP, CCLEANUP}
PLAIN_QUERIES = {RQUERY, QUERY}
COMPOSITE_CALLBACKS = {CREPLY, CREJECT}
CALLBACKS = {REPLY, REJECT} | COMPOSITE_CALLBACKS

NO_ARGUMENT = {START, PRE, REJECT, CREJECT, *CLEANUPS, *TASKS}
NO_ANSWER = {*HOOKS, *TASKS, *CLEANUPS, INSPECT}
NO_CALLS = {*HOOKS, *PLAIN_QUERIES, *CLEANUPS, INSPECT}
NO_CYCLES = {*HOOKS, *TASKS, *CLEANUPS, QUERY, COMPOSITE, *COMPOSITE_CALLBACKS, INSPECT}
NO_TIMER = {START, RQUERY, QUERY, COMPOSITE, *COMPOSITE_CALLBACKS, CCLEANUP, INSPECT}
NO_BURN = {START, QUERY, COMPOSITE, *COMPOSITE_CALLBACKS, CCLEANUP, INSPECT}

#: Kinds of execution in which a function is refused.
REFUSED: dict[str, set[str]] = {
    "msg_arg_data_size": NO_ARGUMENT,
    "msg_arg_data_copy": NO_ARGUMENT,
    "msg_caller_info_data_size": {*HOOKS, *TASKS},
    "msg_caller_info_data_copy": {*HOOKS, *TASKS},
    "msg_caller_info_signer_size": {*HOOKS, *TASKS},
    "msg_caller_info_signer_copy": {*HOOKS, *TASKS},
    "msg_reject_code": set(MODES) - CALLBACKS - {CLEANUP},
    "msg_reject_msg_size": set(MODES) - {REJECT, CREJECT},
    "msg_reject_msg_copy": set(MODES) - {REJECT, CREJECT},
    "msg_deadline": NO_ANSWER,
    "msg_reply_data_append": NO_ANSWER,
    "msg_reply": NO_ANSWER,
    "msg_reject": NO_ANSWER,
    "msg_cycles_available": NO_CYCLES,
    "msg_cycles_available128": NO_CYCLES,
    "msg_cycles_accept": NO_CYCLES,
    "msg_cycles_accept128": NO_CYCLES,
    "msg_cycles_refunded": set(MODES) - {REPLY, REJECT},
    "msg_cycles_refunded128": set(MODES) - {REPLY, REJECT},
    "cycles_burn128": NO_BURN,
    "mint_cycles128": set(MODES) - {UPDATE, REPLY, REJECT, *TASKS},
    "msg_method_name_size": set(MODES) - {INSPECT},
    "msg_method_name_copy": set(MODES) - {INSPECT},
    "accept_message": set(MODES) - {INSPECT},
    "call_new": NO_CALLS,
    "call_on_cleanup": NO_CALLS,
    "call_data_append": NO_CALLS,
    "call_with_best_effort_response": NO_CALLS,
    "call_perform": NO_CALLS,
    "call_cycles_add": NO_CALLS | {COMPOSITE, *COMPOSITE_CALLBACKS},
    "call_cycles_add128": NO_CALLS | {COMPOSITE, *COMPOSITE_CALLBACKS},
    "root_key_size": NO_BURN,
    "root_key_copy": NO_BURN,
    "certified_data_set": {START, *PLAIN_QUERIES, COMPOSITE, *CLEANUPS, *COMPOSITE_CALLBACKS, INSPECT},
    # Without a certificate the call is refused everywhere, in queries as well.
    "data_certificate_size": set(MODES),
    "data_certificate_copy": set(MODES),
    "global_timer_set": NO_TIMER,
    **{
        name: {START}
        for name in (
            "msg_caller_size msg_caller_copy canister_self_size canister_self_copy canister_cycle_balance "
            "canister_cycle_balance128 canister_liquid_cycle_balance128 canister_status canister_version "
            "subnet_self_size subnet_self_copy data_certificate_present time env_var_count env_var_name_size "
            "env_var_name_copy env_var_name_exists env_var_value_size env_var_value_copy"
        ).split()
    },
    **{
        name: set()
        for name in (
            "stable64_size stable64_grow stable64_read stable64_write stable_size stable_grow stable_read "
            "stable_write performance_counter is_controller in_replicated_execution cost_call "
            "cost_create_canister cost_http_request cost_http_request_v2 cost_sign_with_ecdsa "
            "cost_sign_with_schnorr cost_vetkd_derive_key debug_print trap"
        ).split()
    },
}

_USED = ["msg_reply", "msg_reject", "msg_arg_data_size", "call_new", "call_perform", "call_on_cleanup"]
_USED += ["global_timer_set", "trap", "accept_message"]


def probe_module(name: str, start: bool = False) -> bytes:
    """A module that calls one function wherever global $mode says so.

    Names: "u" at address 100; the principal of the helper canister is at 200.
    """
    params = FUNCTIONS[name].types("i32")[0]
    results = FUNCTIONS[name].results
    arguments = " ".join(f"({item}.const 0)" for item in params)
    call = f"(call ${name} {arguments})"
    probe = f"(drop {call})" if results else call

    def when(mode: str) -> str:
        return f"(if (i32.eq (global.get $mode) (i32.const {list(MODES).index(mode)})) (then (call $probe)))"

    def calling(method: str, *callbacks: str) -> str:
        reply, reject = callbacks[:2]
        cleanup = (
            f"(call $call_on_cleanup (i32.const {callbacks[2]}) (i32.const 0))" if len(callbacks) > 2 else ""
        )
        return f"""(call $call_new (i32.const 200) (i32.const 10) (i32.const {method}) (i32.const 1)
            (i32.const {reply}) (i32.const 0) (i32.const {reject}) (i32.const 0))
            {cleanup} (drop (call $call_perform))"""

    body = f"""
    (memory 1) (global $mode (mut i32) (i32.const -1))
    (data (i32.const 100) "yn") (data (i32.const 200) "\\80\\00\\00\\00\\00\\10\\00\\00\\01\\01")
    (table funcref
        (elem $on_reply $on_reject $on_cleanup $failing $con_reply $con_reject $con_cleanup $done))
    (func $probe {probe})
    (func $start {"(call $probe)" if start else ""}) (start $start)
    (func (export "canister_init") (if (call $msg_arg_data_size) (then (call $probe))))
    (func (export "canister_post_upgrade") (if (call $msg_arg_data_size) (then (call $probe))))
    (func (export "canister_pre_upgrade") {when(PRE)})
    (func (export "canister_inspect_message") {when(INSPECT)}
        (if (i32.ne (global.get $mode) (i32.const {list(MODES).index(INSPECT)}))
            (then (call $accept_message))))
    (func (export "canister_heartbeat") {when(HEARTBEAT)})
    (func (export "canister_global_timer") {when(TIMER)})
    (func (export "canister_update mode")
        (global.set $mode (call $msg_arg_data_size)) (call $msg_reply))
    (func (export "canister_update set_timer")
        (drop (call $global_timer_set (i64.const 1))) (call $msg_reply))
    (func (export "canister_update u") (call $probe) (call $msg_reply))
    (func (export "canister_query q") (call $probe) (call $msg_reply))
    (func (export "canister_composite_query c") (call $probe) (call $msg_reply))
    (func (export "canister_update reply") {calling("100", "0", "7")})
    (func (export "canister_update reject") {calling("101", "7", "1")})
    (func (export "canister_update cleanup") {calling("100", "3", "3", "2")})
    (func (export "canister_composite_query creply") {calling("100", "4", "7")})
    (func (export "canister_composite_query creject") {calling("101", "7", "5")})
    (func (export "canister_composite_query ccleanup") {calling("100", "3", "3", "6")})
    (func $on_reply (param i32) (call $probe) (call $msg_reply))
    (func $on_reject (param i32) (call $probe) (call $msg_reply))
    (func $on_cleanup (param i32) (call $probe))
    (func $con_reply (param i32) (call $probe) (call $msg_reply))
    (func $con_reject (param i32) (call $probe) (call $msg_reply))
    (func $con_cleanup (param i32) (call $probe))
    (func $failing (param i32) (call $trap (i32.const 0) (i32.const 0)))
    (func $done (param i32) (call $msg_reply))
    """
    return bytes(wasmtime.wat2wasm(f"(module {imports(sorted({*_USED, name}))} {body})"))


HELPER = b"\x80\x00\x00\x00\x00\x10\x00\x00\x01\x01"
HELPER_MODULE = bytes(
    wasmtime.wat2wasm(f"""(module {imports(["msg_reply", "msg_reject"])} (memory 1)
    (func (export "canister_query y") (call $msg_reply))
    (func (export "canister_query n") (call $msg_reject (i32.const 0) (i32.const 0))))""")
)


class Outcome:
    """What came of a probe: the error text, empty if there was none."""

    def __init__(self, replica: Replica, name: str) -> None:
        self.replica = replica
        self.name = name
        self.canister = replica.create_canister()
        replica.install_code(self.canister, probe_module(name), b"")

    def of(self, context: str) -> str:
        try:
            return str(getattr(self, f"_{context}", self._call)(context) or "")
        except CallRejected as error:
            return error.message

    def _call(self, context: str) -> None:
        query = {QUERY: "q", COMPOSITE: "c", CREPLY: "creply", CREJECT: "creject", CCLEANUP: "ccleanup"}
        update = {UPDATE: "u", RQUERY: "q"}
        if context in query:
            self.replica.query(self.canister, query[context])
        else:
            self.replica.update(self.canister, update.get(context, context))

    def _mode(self, context: str) -> None:
        self.replica.update(self.canister, "mode", bytes(list(MODES).index(context)))

    def _start(self, _: str) -> None:
        canister = self.replica.create_canister()
        self.replica.install_code(canister, probe_module(self.name, start=True), b"")

    def _init(self, _: str) -> None:
        self.replica.install_code(self.canister, probe_module(self.name), b"x", mode="reinstall")

    def _post_upgrade(self, _: str) -> None:
        self.replica.install_code(self.canister, probe_module(self.name), b"x", mode="upgrade")

    def _pre_upgrade(self, context: str) -> None:
        self._mode(context)
        self.replica.install_code(self.canister, probe_module(self.name), b"", mode="upgrade")

    def _inspect(self, context: str) -> None:
        self._mode(context)
        try:
            self.replica.submit(self.canister, "u")
        except CallRejected as error:
            if error.message != f"Error from Canister {self.canister}: Canister rejected the message":
                raise
        finally:
            self.replica.install_code(self.canister, probe_module(self.name), b"", mode="reinstall")

    def _heartbeat(self, context: str) -> str:
        self._mode(context)
        return self._task()

    def _timer(self, context: str) -> str:
        self._mode(context)
        self.replica.update(self.canister, "set_timer")
        return self._task()

    def _task(self) -> str:
        history = self.replica._scheduler.executor.history
        history.clear()
        self.replica.tick()
        # Leave the mode in which the task is probed.
        self.replica.install_code(self.canister, probe_module(self.name), b"", mode="reinstall")
        return " ".join(entry.error or "" for entry in history)


def test_the_expectations_cover_every_function() -> None:
    assert set(REFUSED) == set(FUNCTIONS)
    assert {context.mode for context in Context} == {*MODES.values(), "on low Wasm memory"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_in_every_context(engine: Engine, name: str) -> None:
    replica = Replica(engine=engine, validate=False)
    helper = replica.create_canister(specified_id=Principal(HELPER))
    replica.install_code(helper, HELPER_MODULE)
    outcome = Outcome(replica, name)
    wrong = []
    for context, mode in MODES.items():
        prefix = "ic0." if name in ("root_key_copy", "subnet_self_copy") else "ic0_"
        text = f'"{prefix}{name}" cannot be executed in {mode} mode'
        got = outcome.of(context)
        if (text in got) != (context in REFUSED[name]):
            wrong.append((context, got))
    assert not wrong

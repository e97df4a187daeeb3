"""Every system call in every kind of message execution: allowed, or refused with the replica's words.

What is expected stands in ``allowed.txt``, transcribed from the specification independently of the replica's
own table.  Each call is really made in each kind of execution.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Fees, Replica
from basilisk.replica.contexts import FUNCTIONS, Context
from tests.unit.replica.wat import imports

START, INIT, POST, PRE, UPDATE = "start", "init", "post_upgrade", "pre_upgrade", "update"
RQUERY, QUERY, TRANSFORM, COMPOSITE = "replicated_query", "query", "transform", "composite_query"
REPLY, REJECT, CLEANUP = "reply", "reject", "cleanup"
CREPLY, CREJECT, CCLEANUP = "composite_reply", "composite_reject", "composite_cleanup"
INSPECT, HEARTBEAT, TIMER, LOW_MEMORY = "inspect", "heartbeat", "timer", "low_memory"

#: Kind of execution → (letters of the table, name in error messages).
KINDS = {
    START: ("s", "start"),
    INIT: ("I", "init"),
    POST: ("I", "init"),
    PRE: ("G", "pre upgrade"),
    UPDATE: ("U", "update"),
    RQUERY: ("RQ", "replicated query"),
    QUERY: ("NRQ", "non replicated query"),
    TRANSFORM: ("TQ", "non replicated query"),
    COMPOSITE: ("CQ", "composite query"),
    REPLY: ("Ry", "reply callback"),
    REJECT: ("Rt", "reject callback"),
    CLEANUP: ("C", "cleanup"),
    CREPLY: ("CRy", "composite reply callback"),
    CREJECT: ("CRt", "composite reject callback"),
    CCLEANUP: ("CC", "composite cleanup"),
    INSPECT: ("F", "inspect message"),
    HEARTBEAT: ("T", "heartbeat"),
    TIMER: ("T", "global timer"),
    LOW_MEMORY: ("T", "on low Wasm memory"),
}
MODES = list(KINDS)


def _allowed() -> dict[str, set[str]]:
    """Function → kinds of execution in which it may be called."""
    found: dict[str, set[str]] = {}
    for line in (Path(__file__).parent / "allowed.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        names, letters = line.split(":")
        wanted = set(letters.split())
        kinds = {
            kind
            for kind, (letter, _) in KINDS.items()
            if letter in wanted or ("*" in wanted and letter != "s")
        }
        found.update(dict.fromkeys(names.split(), kinds))
    return found


ALLOWED = _allowed()

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
        return f"(if (i32.eq (global.get $mode) (i32.const {MODES.index(mode)})) (then (call $probe)))"

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
        (if (i32.ne (global.get $mode) (i32.const {MODES.index(INSPECT)}))
            (then (call $accept_message))))
    (func (export "canister_heartbeat") {when(HEARTBEAT)})
    (func (export "canister_global_timer") {when(TIMER)})
    (func (export "canister_on_low_wasm_memory") {when(LOW_MEMORY)})
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
        self.replica.update(self.canister, "mode", bytes(MODES.index(context)))

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

    def _transform(self, _: str) -> str:
        target = self.replica._find(self.canister)
        result = self.replica._queries.transform(target, "q", b"", self.replica.clock.now())
        return getattr(result, "message", "")

    def _low_memory(self, context: str) -> str:
        self.replica.update_settings(self.canister, wasm_memory_threshold=1 << 40)
        history = self.replica._scheduler.executor.history
        history.clear()
        self._mode(context)
        self.replica.tick()
        kinds = [entry.context for entry in history]
        assert "on low Wasm memory" in kinds
        self.replica.install_code(self.canister, probe_module(self.name), b"", mode="reinstall")
        self.replica.update_settings(self.canister, wasm_memory_threshold=0)
        return " ".join(entry.error or "" for entry in history)

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


def test_the_table_covers_every_function_and_kind() -> None:
    assert set(ALLOWED) == set(FUNCTIONS)
    assert {context.mode for context in Context} == {mode for _, mode in KINDS.values()}
    assert len(KINDS) == len(Context)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_in_every_context(engine: Engine, name: str) -> None:
    replica = Replica(
        engine=engine, validate=False, fees=Fees.free(), certifier=lambda canister, data: b"certificate"
    )
    helper = replica.create_canister(specified_id=Principal(HELPER))
    replica.install_code(helper, HELPER_MODULE)
    outcome = Outcome(replica, name)
    wrong = []
    for kind, (_, mode) in KINDS.items():
        prefix = "ic0." if name in ("root_key_copy", "subnet_self_copy") else "ic0_"
        text = f'"{prefix}{name}" cannot be executed in {mode} mode'
        got = outcome.of(kind)
        if (text in got) == (kind in ALLOWED[name]):
            wrong.append((kind, got))
    assert not wrong

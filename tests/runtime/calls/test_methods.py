"""Forms of methods in the replica: guards of every kind, names, hidden methods, hooks, manual replies."""

from __future__ import annotations

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found
from tests.runtime.calls.conftest import Canister, Install

GUARDS = """
from basilisk import ic

class Gate:
    def __init__(self): self.open = False
    def check(self): return self.open
    def __call__(self): return {"Ok": None} if self.open else {"Err": "the gate is shut"}

gate = Gate()

def allow_some():
    return {"Ok": None} if ic.caller().to_str() == "2vxsx-fae" else {"Err": "who are you?"}
"""

MAIN = """
import guards
from guards import gate
from basilisk import *

calls: list[str] = []

@update(guard=guards.allow_some)
def by_function_of_a_module() -> str: return "in"

@update(guard=gate.check)
def by_bound_method() -> str: return "in"

@query(guard=gate)
def by_object() -> str: return "in"

@update(guard=lambda: {"Err": "never"})
def by_lambda(): calls.append("by_lambda")

@update(guard=lambda: 1)
def by_one(): calls.append("by_one")

@update(guard=lambda: "Ok")
def by_text(): calls.append("by_text")

@update(guard=lambda: {}["missing"])
def by_exception(): calls.append("by_exception")

@update(guard=guards.allow_some)
async def waits() -> str:
    await ic.call_raw(ic.id(), "hidden one", b"DIDL\\0\\0")
    return "in"

@query(guard=guards.allow_some, composite=True)
async def composite() -> str: return "in"

@update
def open_gate(open: bool): gate.open = open

@query
def called() -> Vec[str]: return calls

@query(name="name with spaces")
def named() -> nat: return 5

@update(name="hidden one", hidden=True)
def hidden() -> nat: return 6

@update
def by_hand(how: str) -> Manual[Opt[nat]]:
    if how == "value":
        ic.reply(5)
    elif how == "none":
        ic.reply(None)
    elif how == "raw":
        ic.reply_raw(ic.candid_encode("(opt (7 : nat))"))
    elif how == "reject":
        ic.reject("by hand")
    elif how == "twice":
        ic.reply(1)
        ic.reply(2)

@update
def not_by_hand() -> nat:
    ic.reply(5)

@update
async def by_hand_later(how: str) -> Manual[nat]:
    await ic.call_raw(ic.id(), "hidden one", b"DIDL\\0\\0")
    if how == "reject":
        ic.reject("later")
    else:
        ic.reply(8)

@on_low_wasm_memory
def low(): calls.append("low memory")
"""


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> Canister:
    folder = tmp_path_factory.mktemp("guards")
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    (folder / "guards.py").write_text(GUARDS, encoding="utf-8")
    built = build(resolve(str(folder)), output=folder / "out")
    did = built.did.read_text(encoding="utf-8")
    assert "hidden" not in did and "<basilisk>" not in did
    return Canister(Replica(), built.gzip.read_bytes(), parse_did(did))


@pytest.mark.parametrize("method", ["by_function_of_a_module", "waits", "composite"])
def test_a_guard_of_another_module(canister: Canister, method: str) -> None:
    assert canister.call(method) == "in"
    with pytest.raises(CallRejected, match="who are you") as caught:
        canister.call(method, sender=Principal(b"\7"))
    assert caught.value.code == 4


@pytest.mark.parametrize("method", ["by_bound_method", "by_object"])
def test_guards_with_state(canister: Canister, method: str) -> None:
    assert canister.reject(method).code == 4
    canister.call("open_gate", True)
    assert canister.call(method) == "in"
    canister.call("open_gate", False)
    assert canister.reject(method).code == 4


def test_only_an_explicit_allow_lets_a_call_through(canister: Canister) -> None:
    for method in ("by_lambda", "by_one", "by_text", "by_exception"):
        canister.reject(method)
    assert canister.call("called") == []


def test_names(canister: Canister) -> None:
    assert canister.call("name with spaces") == 5
    assert canister.replica.update(canister.principal, "hidden one", b"DIDL\0\0") == b"DIDL\0\1\x7d\x06"


def test_manual_replies(canister: Canister) -> None:
    assert [canister.call("by_hand", how) for how in ("value", "none", "raw")] == [5, None, 7]
    rejected = canister.reject("by_hand", "reject")
    assert (rejected.code, rejected.message) == (4, "by hand")
    assert canister.reject("by_hand", "twice").code == 5
    assert "did not reply" in canister.reject("by_hand", "nothing").message
    assert "works in methods whose result is Manual" in canister.reject("not_by_hand").message
    assert canister.call("by_hand_later", "reply") == 8
    assert canister.reject("by_hand_later", "reject").message == "later"


COSTS = """
from basilisk import *

class Me(Service):
    @service_query
    def double(self, x: nat) -> nat: ...

me = Me(Principal.from_str("bnz7o-iuaaa-aaaaa-qaaaa-cai"))

@query
def double(x: nat) -> nat:
    return 2 * x

@update
async def awaits(x: nat) -> nat:
    return await me.double(x)
"""


def test_what_waiting_for_a_call_costs(install: Install) -> None:
    """A call that awaits once costs at most 60,000 instructions beyond the system's charges, which are those
    for system calls and for written pages (docs/limits.md); the very first call as well."""
    canister = install(COSTS)
    assert canister.principal.to_str() == "bnz7o-iuaaa-aaaaa-qaaaa-cai"
    argument = 8
    charges = [
        2 * (500 + 500 + argument),  # msg_arg_data_size, msg_arg_data_copy
        500 + 500 + 1500 + 10 + 6,  # time, canister_version, call_new
        500 + 500 + 50 * argument + 5000,  # call_on_cleanup, call_data_append, call_perform
        500 + 50 * argument + 500,  # msg_reply_data_append, msg_reply
    ]
    for _ in range(3):
        assert canister.call("awaits", 4) == 8
        history = list(canister.replica._scheduler.executor.history)[-3:]
        own = [entry for entry in history if "query" not in entry.context]
        assert [entry.context for entry in own] == ["update", "reply callback"]
        instructions = sum(entry.instructions - 1000 * entry.dirty_heap_pages for entry in own) - sum(charges)
        assert 5_000 < instructions < 60_000

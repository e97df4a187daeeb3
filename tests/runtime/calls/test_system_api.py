"""Every name of `ic`: works where it may be called, and elsewhere says where that is."""

from __future__ import annotations

import pytest

from basilisk import ic
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.runtime.calls.conftest import ANYBODY, Canister, Install

PROGRAM = """
import logging, sys, warnings
from basilisk import *

facts: dict[str, str] = {}

def look(name, function):
    try:
        facts[name] = repr(function())
    except Exception as error:
        facts[name] = f"{type(error).__name__}: {error}"

def look_at_everything(where):
    for name, function in EVERYTHING.items():
        look(f"{where} {name}", function)

EVERYTHING = {
    "arg_data_raw": lambda: ic.arg_data_raw(),
    "arg_data_raw_size": lambda: ic.arg_data_raw_size(),
    "caller": lambda: ic.caller(),
    "candid_decode": lambda: ic.candid_decode(ic.candid_encode("(1)")),
    "canister_balance": lambda: ic.canister_balance(),
    "canister_balance128": lambda: ic.canister_balance128(),
    "canister_liquid_balance": lambda: ic.canister_liquid_balance(),
    "canister_liquid_balance128": lambda: ic.canister_liquid_balance128(),
    "canister_status": lambda: ic.canister_status(),
    "canister_version": lambda: ic.canister_version(),
    "clear_timer": lambda: ic.clear_timer(1),
    "cost_call": lambda: ic.cost_call(3, 4),
    "cost_create_canister": lambda: ic.cost_create_canister(),
    "cost_http_request": lambda: ic.cost_http_request(100, 200),
    "cost_sign_with_ecdsa": lambda: ic.cost_sign_with_ecdsa("key_1"),
    "cost_sign_with_schnorr": lambda: ic.cost_sign_with_schnorr("key_1", 1),
    "cost_vetkd_derive_key": lambda: ic.cost_vetkd_derive_key("key_1"),
    "no_such_key": lambda: ic.cost_sign_with_ecdsa("no such key"),
    "no_such_curve": lambda: ic.cost_sign_with_schnorr("key_1", 99),
    "cycles_burn": lambda: ic.cycles_burn(5),
    "cycles_burn128": lambda: ic.cycles_burn128(7),
    "data_certificate": lambda: ic.data_certificate(),
    "env_var": lambda: (ic.env_var("COLOUR"), ic.env_var("missing"), ic.env_var("x" * 500, "default")),
    "env_vars": lambda: ic.env_vars(),
    "id": lambda: ic.id(),
    "in_replicated_execution": lambda: ic.in_replicated_execution(),
    "is_controller": lambda: ic.is_controller(Principal.anonymous()),
    "method_name": lambda: ic.method_name(),
    "msg_caller_info_data": lambda: ic.msg_caller_info_data(),
    "msg_caller_info_signer": lambda: ic.msg_caller_info_signer(),
    "msg_cycles_accept": lambda: ic.msg_cycles_accept(5),
    "msg_cycles_accept128": lambda: ic.msg_cycles_accept128(5),
    "msg_cycles_available": lambda: ic.msg_cycles_available(),
    "msg_cycles_available128": lambda: ic.msg_cycles_available128(),
    "msg_cycles_refunded": lambda: ic.msg_cycles_refunded(),
    "msg_cycles_refunded128": lambda: ic.msg_cycles_refunded128(),
    "msg_deadline": lambda: ic.msg_deadline(),
    "notify_raw": lambda: ic.notify_raw(ic.id(), "receive", b"DIDL\\\\0\\\\0"),
    "performance_counter": lambda: (ic.performance_counter(0) > 0, ic.performance_counter(1) > 0),
    "print": lambda: ic.print("printed", 1),
    "reject_code": lambda: ic.reject_code(),
    "reject_message": lambda: ic.reject_message(),
    "root_key": lambda: ic.root_key(),
    "set_certified_data": lambda: ic.set_certified_data(b"certified"),
    "set_timer": lambda: ic.set_timer(1e6, print) > 0,
    "set_timer_interval": lambda: ic.set_timer_interval(1e6, print) > 0,
    "stable_size": lambda: ic.stable_size(),
    "stable_grow": lambda: ic.stable_grow(0),
    "stable64_size": lambda: ic.stable64_size(),
    "stable64_grow": lambda: ic.stable64_grow(0),
    "stable_bytes": lambda: len(ic.stable_bytes()) % 65536,
    "stable_read": lambda: ic.stable_read(0, 0),
    "stable_write": lambda: ic.stable_write(0, b""),
    "stable64_read": lambda: ic.stable64_read(0, 0),
    "stable64_write": lambda: ic.stable64_write(0, b""),
    "subnet_self": lambda: ic.subnet_self(),
    "time": lambda: ic.time() > 0,
}

class Me(Service):
    @service_update
    def receive(self): ...
    @service_update
    def refuses(self): ...

@init
def begin():
    look_at_everything("init")

@pre_upgrade
def before():
    look_at_everything("pre_upgrade")
    data = repr(facts).encode()
    ic.stable64_grow(1 + len(data) // 65536)
    ic.stable64_write(0, len(data).to_bytes(4, "little") + data)

@post_upgrade
def after():
    length = int.from_bytes(ic.stable64_read(0, 4), "little")
    facts.update(eval(ic.stable64_read(4, length)))

@inspect_message
def inspect():
    if ic.method_name() != "shut":
        ic.accept_message()
    if ic.method_name() == "report":
        look_at_everything("inspect")
        for name, value in facts.items():
            print("FACT", repr((name, value)))
        raise RuntimeError("enough")

@update
def shut(): ...

@update
def report(): ...

@heartbeat
def beat():
    if "heartbeat id" not in facts:
        look_at_everything("heartbeat")

@update
def receive():
    pass

@update
def refuses() -> Manual[void]:
    ic.reject("refused")

@update
def in_update():
    look_at_everything("update")

@update
async def in_callbacks() -> nat:
    await Me(ic.id()).receive()
    look_at_everything("reply")
    try:
        await Me(ic.id()).refuses()
    except CallRejected:
        look_at_everything("reject")
    return 1

@update
async def in_cleanup() -> nat:
    try:
        await Me(ic.id()).receive()
        ic.trap("now")
    finally:
        look_at_everything("cleanup")

@query
def in_query() -> Vec[Tuple[str, str]]:
    look_at_everything("query")
    return list(facts.items())

@update
def by_query():
    pass

@update
def by_timer():
    ic.set_timer(0, lambda: look_at_everything("timer"))

@query
def found() -> Vec[Tuple[str, str]]:
    return list(facts.items())

@update
def burn(amount: nat) -> nat:
    return ic.cycles_burn128(amount)

@update
def big_balance() -> Tuple[nat, str]:
    try:
        ic.canister_balance()
    except OverflowError as error:
        return ic.canister_balance128(), str(error)

@update
def output():
    print("by print", end="")
    print(" in pieces")
    sys.stderr.write("by stderr\\n")
    logging.warning("by logging %d", 5)
    warnings.warn("by warnings")
    print("no end of line", end="")

@update
def traps_after_printing():
    print("printed before the trap")
    raise SystemExit(3)
"""


@pytest.fixture(scope="module")
def canister(install: Install) -> Canister:
    replica = Replica()
    made = install(PROGRAM, replica)
    return made


def facts(canister: Canister) -> dict[str, str]:
    return dict(canister.call("found"))  # type: ignore[call-overload, no-any-return]


EVERYWHERE = {
    "caller", "candid_decode", "canister_balance", "canister_balance128", "canister_liquid_balance",
    "canister_liquid_balance128", "canister_status", "canister_version", "clear_timer", "cost_call",
    "cost_create_canister", "cost_http_request", "cost_sign_with_ecdsa", "cost_sign_with_schnorr",
    "cost_vetkd_derive_key", "data_certificate", "env_var", "env_vars", "id", "in_replicated_execution",
    "is_controller", "performance_counter", "print", "stable_size", "stable_grow", "stable64_size",
    "stable64_grow", "stable_bytes", "stable_read", "stable_write", "stable64_read", "stable64_write",
    "subnet_self", "time",
}  # fmt: skip
ANSWERING = {"msg_caller_info_data", "msg_caller_info_signer", "msg_deadline"}
PAID = {"msg_cycles_accept", "msg_cycles_accept128", "msg_cycles_available", "msg_cycles_available128"}
ARGUMENT = {"arg_data_raw", "arg_data_raw_size"}
CHANGES = {"set_certified_data", "set_timer", "set_timer_interval", "root_key"}
BURNS = {"cycles_burn", "cycles_burn128"}
#: What is allowed where, beside EVERYWHERE (interface specification, "Overview of imports").
ALLOWED = {
    "init": ARGUMENT | CHANGES | BURNS,
    "pre_upgrade": CHANGES | BURNS,
    "update": ARGUMENT | ANSWERING | PAID | CHANGES | BURNS | {"notify_raw"},
    "reply": ARGUMENT | ANSWERING | PAID | CHANGES | BURNS
    | {"notify_raw", "reject_code", "msg_cycles_refunded", "msg_cycles_refunded128"},
    "reject": ANSWERING | PAID | CHANGES | BURNS
    | {"notify_raw", "reject_code", "reject_message", "msg_cycles_refunded", "msg_cycles_refunded128"},
    "cleanup": {"msg_caller_info_data", "msg_caller_info_signer", "reject_code", "set_timer",
                "set_timer_interval", "root_key"} | BURNS,
    "heartbeat": CHANGES | BURNS | {"notify_raw"},
    "timer": ARGUMENT | ANSWERING | PAID | CHANGES | BURNS | {"notify_raw"},
    "query": ARGUMENT | ANSWERING,
    "inspect": ARGUMENT | {"method_name", "msg_caller_info_data", "msg_caller_info_signer"},
}  # fmt: skip


def test_each_function_is_allowed_where_the_specification_says(canister: Canister) -> None:
    """In every kind of message: what is allowed works, what is not raises ContextError with the places."""
    replica = canister.replica
    canister.call("in_update")
    canister.call("in_callbacks")
    canister.reject("in_cleanup")
    canister.call("by_timer")
    replica.tick(5)
    canister.upgrade()
    found = facts(canister)
    found.update(dict(canister.call("in_query")))  # type: ignore[call-overload]
    canister.reject("report")
    found.update(eval(line.partition(" ")[2]) for line in canister.log if line.startswith("FACT "))
    for where, allowed in ALLOWED.items():
        names = {key.split(" ", 1)[1]: value for key, value in found.items() if key.startswith(where + " ")}
        assert set(names) >= EVERYWHERE | {"no_such_key"}, where
        refused = {name for name, value in names.items() if value.startswith("ContextError: ")}
        failed = {name for name, value in names.items() if "Error: " in value} - refused
        assert failed == {"no_such_key", "no_such_curve"}, (where, {name: names[name] for name in failed})
        open_ = set(names) - refused - failed
        assert open_ == EVERYWHERE | allowed, (where, open_ ^ (EVERYWHERE | allowed))
        for name in refused:
            assert "it is allowed in " in names[name] or "outside of" in names[name], names[name]


def test_every_public_name_is_covered() -> None:
    """Each name of `ic` is in the program above, or has a test of its own."""
    elsewhere = {
        "TaskGroup", "accept_message", "call_raw", "call_raw128", "candid_encode", "gather", "reject",
        "reply", "reply_raw", "seed_random", "stable_storage", "trap",
    }  # fmt: skip
    assert {name for name in ic.__all__ if f'"{name}": lambda' not in PROGRAM} == elsewhere


def test_values(canister: Canister) -> None:
    found = facts(canister)
    assert found["update id"] == repr(canister.principal) and found["update caller"] == repr(ANYBODY)
    assert found["update subnet_self"] == repr(Principal(canister.replica.subnet))
    assert found["update root_key"] == repr(canister.replica.root_key)
    assert found["update cycles_burn"] == "5" and found["update cycles_burn128"] == "7"
    assert found["update is_controller"] == "True" and found["update canister_status"] == "1"
    assert found["update candid_decode"] == "'(1 : int)'" or "1" in found["update candid_decode"]
    assert found["update env_vars"] == "{}" and found["update env_var"] == "(None, None, 'default')"
    fees = canister.replica.fees
    assert int(found["update cost_call"]) > 0 and int(found["update cost_create_canister"]) == fees.creation
    assert "no key of that name" in found["update no_such_key"]
    assert "no curve or algorithm" in found["update no_such_curve"]
    assert "update methods" in found["init notify_raw"] and "inspect_message" in found["update method_name"]
    assert found["reply reject_code"] == "{'NoError': None}"
    assert (
        found["reject reject_code"] == "{'CanisterReject': None}"
        and found["reject reject_message"] == "'refused'"
    )
    assert found["timer caller"] == repr(canister.principal)


def test_environment_variables(install: Install) -> None:
    replica = Replica()
    made = install(PROGRAM, replica)
    settings = {"COLOUR": "blue", "NUMBER": "5"}
    replica.update_settings(made.principal, environment=settings)
    made.call("in_update")
    found = facts(made)
    assert eval(found["update env_vars"]) == settings
    assert found["update env_var"] == "('blue', None, 'default')"


def test_inspect_message(canister: Canister) -> None:
    """Only what is accepted is executed."""
    assert "reject" in str(canister.reject("shut")).lower()
    canister.call("receive")


def test_cycles_have_128_bits(install: Install) -> None:
    replica = Replica()
    made = install(PROGRAM, replica)
    replica.add_cycles(made.principal, 2**100)
    balance, text = made.call("big_balance")  # type: ignore[misc]
    assert balance > 2**99 and "canister_balance128" in text
    assert made.call("burn", 2**90) == 2**90


def test_output_reaches_the_log(canister: Canister) -> None:
    canister.call("output")
    log = canister.log
    for line in ("by print in pieces", "by stderr", "WARNING:root:by logging 5", "no end of line"):
        assert line in log, (line, log[-8:])
    assert any("UserWarning: by warnings" in line for line in log)
    assert "SystemExit: 3" in canister.reject("traps_after_printing").message
    assert "printed before the trap" in canister.log

"""Decorators, registration and plans."""

from __future__ import annotations

import asyncio
import sys

import pytest

from basilisk import Principal, methods
from basilisk.candid import field_id
from basilisk.faults import ProgramFault

HEAD = "from basilisk import *\n"


def test_decorators_hand_the_function_back() -> None:
    def plain() -> None: ...

    plain.__qualname__ = "plain"
    try:
        for decorator in (
            methods.query,
            methods.update,
            methods.init,
            methods.heartbeat,
            methods.query(),
            methods.update(name="x", hidden=True),
            methods.inspect_message(guard=plain),
            methods.post_upgrade(),
        ):
            assert decorator(plain) is plain
    finally:
        methods.registry.clear()


def test_modes_flags_and_slots(guest, system) -> None:
    answer = guest.build(
        HEAD
        + """
@query
def a(): ...
@update()
def b(): ...
@query(composite=True)
def c(): ...
@query
async def d(): ...
@query
def e() -> Async[nat]:
    yield
@query(composite=False)
async def f(): ...
@update
def g() -> Async[nat]:
    yield
@update
def h() -> Manual[nat]: ...
@update
def i() -> Async[Manual[nat]]:
    yield
"""
    )
    rows = [(row["name"], row["mode"], row["flags"]) for row in system.methods.values()]
    assert rows.pop() == ("<basilisk> timer", "update", 2)
    assert answer["internal"] == [{"name": "<basilisk> timer", "mode": "update", "slot": len(rows)}]
    assert rows == [
        ("a", "query", 0),
        ("b", "update", 0),
        ("c", "composite_query", 0),
        ("d", "composite_query", 0),
        ("e", "composite_query", 2),
        ("f", "query", 0),
        ("g", "update", 2),
        ("h", "update", 1),
        ("i", "update", 3),
    ]
    assert [(row["name"], row["mode"], row["slot"]) for row in answer["methods"]] == [
        (name, mode, slot) for slot, (name, mode, _) in enumerate(rows)
    ]
    assert system.phases == ["program"]
    assert "main" in answer["modules"] and "sys" not in answer["modules"]


def test_entry_points(guest, system) -> None:
    answer = guest.build(
        HEAD
        + """
@init
def a(x: nat): ...
@pre_upgrade
def b(): ...
@post_upgrade()
def c() -> void: ...
@heartbeat
async def d() -> None: ...
@inspect_message
def e(): ...
@on_low_wasm_memory
def f(): yield
"""
    )
    assert answer["entries"] == [
        "init",
        "pre_upgrade",
        "post_upgrade",
        "heartbeat",
        "inspect_message",
        "on_low_wasm_memory",
        "global_timer",
    ]
    assert list(system.entries) == answer["entries"]
    assert system.entries["on_low_wasm_memory"]["flags"] == 2
    assert system.plans[system.entries["init"]["args"]] == ((("nat",),), (0,))
    assert system.plans[system.entries["heartbeat"]["args"]] == ((), ())
    assert answer["methods"] == [] and answer["did"] == "service : (x : nat) -> {}\n"


def test_guards_are_handed_over(guest, system) -> None:
    guest.build(
        HEAD
        + """
class Gate:
    def check(self): return True
def allow() -> GuardResult: return {"Ok": None}
@query(guard=allow)
def a(): ...
@query(guard=Gate().check)
def b(): ...
@update(guard=lambda: {"Err": "no"})
def c(): ...
"""
    )
    assert system.method("a")["guard"]() == {"Ok": None}
    assert system.method("b")["guard"]() is True
    assert system.method("c")["guard"]() == {"Err": "no"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("True", None),
        ("{'Ok': None}", None),
        ("{'Err': 'not now'}", "not now"),
        ("False", "did not allow"),
        ("None", "did not allow"),
        ("1", "did not allow"),
        ("{}", "did not allow"),
    ],
)
def test_a_guard_of_an_entry_point_fails_closed(guest, system, answer, reason) -> None:
    guest.build(HEAD + f"ran = []\n@heartbeat(guard=lambda: {answer})\ndef f():\n    ran.append(1)\n")
    function = system.entries["heartbeat"]["function"]
    if reason is None:
        function()
        return
    with pytest.raises(PermissionError, match=reason):
        function()


def test_equal_plans_are_compiled_once(guest, system) -> None:
    guest.build(
        HEAD
        + "class User(Record):\n  name: str\n"
        + "".join(f"@query\ndef f{i}(x: User, y: Vec[User]) -> Opt[User]: ...\n" for i in range(9))
    )
    assert len(system.plans) == 4  # the last two are those of the method that runs timers


def test_plans_carry_python_forms(guest, system) -> None:
    guest.build(
        HEAD
        + """
from dataclasses import dataclass
from enum import Enum
class Rec(Record):
    name: str
    size: nat
class Var(Variant, total=False):
    Ok: null
@dataclass
class Data:
    x: Annotated[nat, Name("y")]
class Colour(Enum):
    RED = 1
class Ledger(Service): ...
@query
def f(a: Rec, b: Var, c: Data, d: Colour, e: dict[str, nat], f: tuple[nat, str], g: Principal): ...
@query
def g(a: Func(Query[[str], nat]), b: Ledger): ...
""".replace("from enum", "from typing import Annotated\nfrom enum")
    )
    import main

    nodes, roots = system.plans[system.method("f")["args"]]
    rec, var, data, colour, mapping, pair, principal = (nodes[root] for root in roots)
    assert rec[:3] == ("record", "dict", None) and var[:3] == ("variant", "dict", None)
    assert [(number, key, nodes[node]) for number, key, node in rec[3]] == [
        (field_id("name"), "name", ("text",)),
        (field_id("size"), "size", ("nat",)),
    ]
    assert data[:3] == ("record", "attrs", main.Data) and data[3][0][:2] == (field_id("y"), "x")
    assert colour[:3] == ("variant", "enum", main.Colour) and colour[3][0][1] == "RED"
    assert mapping[0] == "map" and [nodes[node] for node in mapping[1:]] == [("text",), ("nat",)]
    assert pair[0] == "tuple" and [nodes[node] for node in pair[1]] == [("nat",), ("text",)]
    assert principal == ("principal", Principal)
    nodes, roots = system.plans[system.method("g")["args"]]
    func, service = (nodes[root] for root in roots)
    assert func[:2] == ("func", "query") and nodes[func[4]] == ("principal", Principal)
    assert service[0] == "service" and service[2](b"\x01").canister_id == Principal(b"\x01")


def test_recursive_plans_are_cycles(guest, system) -> None:
    guest.build(HEAD + "class L(Record):\n  n: Opt['L']\n@query\ndef f(x: L): ...\n")
    nodes, roots = system.plans[system.method("f")["args"]]
    assert roots == (0,) and nodes[0][0] == "record" and nodes[1][:2] == ("opt", 0)
    assert nodes[0][3] == ((110, "n", 1),)


def test_aliases_vanish_from_plans(guest, system) -> None:
    guest.build(HEAD + "A = Alias[nat]\nB = Vec[A]\n@query\ndef f(x: B): ...\n")
    nodes, roots = system.plans[system.method("f")["args"]]
    assert (nodes, roots) == ((("vec", 1), ("nat",)), (0,))


def test_wrapped_functions_keep_their_signature(guest, system) -> None:
    did = guest.did(
        HEAD
        + """
import functools
def logged(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner
@query
@logged
def f(x: nat) -> str: ...
"""
    )
    # functools.wraps copies the qualified name, so the inner function counts as the one it wraps.
    assert did == "service : { f : (nat) -> (text) query; }"


def test_a_closed_registry_refuses_methods(guest) -> None:
    guest.build(HEAD + "@query\ndef f(): ...\n")
    with pytest.raises(ProgramFault, match="fixed when it is built"):
        methods.query(asyncio.sleep)


def test_a_decorator_that_keeps_the_name_of_a_generator_leaves_it_a_generator(guest, system) -> None:
    guest.build(
        HEAD
        + """
import functools
def logged(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner
@update
@logged
def f() -> Async[nat]:
    yield
@update
@logged
def g() -> nat: ...
"""
    )
    assert [system.method(name)["flags"] for name in "fg"] == [2, 0]


@pytest.mark.parametrize("guard", ["async def guard(): return True", "def guard(): yield True"])
def test_a_guard_cannot_wait(guest, guard) -> None:
    error = guest.error(HEAD + f"{guard}\n@query(guard=guard)\ndef f() -> nat: ...\n")
    assert "'guard' is a coroutine or generator" in error["message"] and "cannot wait" in error["cause"]


def test_methods_of_services_get_their_plans(guest, system) -> None:
    guest.build(
        HEAD
        + """
class Other(Service):
    @service_query
    def get(self, key: str) -> Opt[nat]: ...
    @service_update(name="put it")
    def put(self, key: str, value: nat): ...
@query
def f(): ...
"""
    )
    other = sys.modules["main"].Other
    arguments, results = other.put.__service_method__.plans
    assert system.plans[arguments] == ((("text",), ("nat",)), (0, 1)) and system.plans[results] == ((), ())
    assert other.get.__service_method__.plans is not None


def test_programs_that_draw_random_numbers_get_entropy(guest, system, monkeypatch) -> None:
    for name in ("random", "secrets", "uuid"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    answer = guest.build(HEAD + "@init\ndef a(): ...\n@query\ndef f(): ...\n")
    assert not system.wants_entropy and answer["entries"] == ["init", "global_timer"]
    answer = guest.build(HEAD + "import os\n@query\ndef f(): os.urandom(4)\n")
    assert system.wants_entropy and answer["entries"] == ["global_timer", "init", "post_upgrade"]
    system.wants_entropy = False
    guest.build(HEAD + "import uuid\n@query\ndef f(): ...\n")
    assert system.wants_entropy


def test_kybra_programs_build(guest) -> None:
    did = guest.did(
        """
from kybra import (
    Async, CallResult, Canister, CanisterResult, Duration, Func, GuardResult, Manual, Opt, Principal, Query,
    Record, Service, Stable64GrowResult, StableBTreeMap, TimerId, Tuple, Variant, Vec, blob, ic, init, int,
    list, manual, match, method, nat, null, opt, query, reserved, service_query, service_update, text, update,
    void,
)
import kybra
@query
def f(x: opt[blob]) -> Manual[list[nat]]:
    ic.reply([])
@kybra.update
def g() -> Async[Stable64GrowResult]:
    result: CallResult[str] = yield 1
"""
    )
    assert "f : (opt blob) -> (vec nat) query;" in did and "g : () -> (Stable64GrowResult);" in did

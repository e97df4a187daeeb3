"""What stable structures go through: upgrades, failures, full memory, contexts; ``ic.stable_storage``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from basilisk.engine.memory import WASM_PAGE
from basilisk.errors import CallRejected
from basilisk.replica.limits import Limits
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

#: Pages of a bucket, the unit in which a structure takes stable memory, and of the manager.
BUCKET, MANAGER = 128, 1

Program = Callable[..., Canister]


@pytest.fixture
def program(tmp_path: Path, artefact: Found, replica: LocalReplica) -> Program:
    """Deploys a source text, or upgrades a canister to it."""

    def make(
        source: str, *arguments: Any, into: Canister | None = None, on: LocalReplica | None = None
    ) -> Canister:
        file = tmp_path / "main.py"
        file.write_text(source, encoding="utf-8")
        if into is None:
            return (on or replica).deploy(file, *arguments)
        into.upgrade(file, *arguments)
        return into

    return make


GROWING = """
from basilisk import StableBTreeMap, StableLog, nat64, post_upgrade, query, update, void

users = StableBTreeMap[str, nat64](0)
log = StableLog[str](1, data_memory_id=2)

@update
def add(start: nat64, count: nat64) -> void:
    for number in range(start, start + count):
        users[f"user {number}"] = number
    log.append(f"{start}")

@post_upgrade
def note() -> None:
    log.append("upgraded")

@query
def state() -> tuple[nat64, nat64, bool]:
    return len(users), len(log), all(users[f"user {number}"] == number for number in range(len(users)))
"""


def test_twenty_upgrades_lose_nothing(program: Program) -> None:
    canister = program(GROWING)
    for upgrade in range(20):
        canister.add(100 * upgrade, 100)
        canister.upgrade()
        assert canister.state() == (100 * (upgrade + 1), 2 * (upgrade + 1), True)


FAILING = (
    GROWING
    + """
from basilisk import ic, pre_upgrade

@pre_upgrade
def fail() -> None:
    users["gone"] = 1
    ic.trap("not now")
"""
)


def test_a_failing_hook_leaves_the_old_canister(program: Program) -> None:
    canister = program(GROWING)
    canister.add(0, 50)
    with pytest.raises(CallRejected, match="no such luck"):
        program(
            GROWING.replace('log.append("upgraded")', 'users.clear(); 1 / 0; "no such luck"'), into=canister
        )
    assert canister.state() == (50, 1, True)
    program(FAILING, into=canister)
    with pytest.raises(CallRejected, match="not now"):
        program(GROWING, into=canister)
    assert canister.state() == (50, 2, True)
    canister.add(50, 1)
    canister.upgrade(skip_pre_upgrade=True)
    assert canister.state() == (51, 4, True)


SMALL = """
from basilisk import StableVec, blob, nat64, query, update, void

blobs = StableVec[blob](0)
numbers = StableVec[nat64](1)

@update
def push(size: nat64, count: nat64) -> void:
    for _ in range(count):
        blobs.push(bytes(size))

@query
def length() -> nat64:
    return len(blobs)
"""


@pytest.fixture
def tight() -> LocalReplica:
    """A replica with room for the manager, three structures' first buckets and half of another one."""
    return LocalReplica(limits=replace(Limits(), stable_pages=MANAGER + 3 * BUCKET + BUCKET // 2))


def test_full_memory_traps_with_a_clear_message(program: Program, tight: LocalReplica) -> None:
    canister = program(SMALL, on=tight)
    assert canister.status.stable_bytes == (MANAGER + 3 * BUCKET) * WASM_PAGE
    room = BUCKET * WASM_PAGE // 500_000
    canister.push(500_000, room - 1)
    with pytest.raises(CallRejected) as caught:
        canister.push(500_000, 10)
    assert "a change of stable memory could not be completed" in str(caught.value)
    assert f"the stable memory cannot grow by {BUCKET} pages of 64 KiB" in str(caught.value)
    assert canister.length() == room - 1, "all of the failed call is undone"
    canister.push(10, 1)
    assert canister.length() == room


def test_an_installation_without_room_fails(program: Program, tight: LocalReplica) -> None:
    with pytest.raises(CallRejected, match="StableError: the stable memory cannot grow by"):
        program(SMALL + "more = StableVec[nat64](2)\n", on=tight)


CONTEXTS = """
from basilisk import *

log = StableLog[str](0, data_memory_id=1)
names = StableBTreeSet[str](2)
numbers = StableVec[nat64](3)
heap = StableMinHeap[nat64](4)
cell = StableCell[nat64](5, default=7)

class Me(Service):
    @service_query
    def one(self) -> nat64: ...

@init
def begin(name: str) -> None:
    log.append(f"init {name}")
    ic.set_timer(1, lambda: log.append("timer"))

@post_upgrade
def again(name: str) -> None:
    log.append(f"upgraded {name}")

@pre_upgrade
def end() -> None:
    log.append("pre_upgrade")

@inspect_message
def inspect() -> None:
    if len(log) > 0:
        ic.accept_message()

@query
def one() -> nat64:
    return cell.value

@update
async def after_await() -> nat64:
    numbers.push(1)
    got = await Me(ic.id()).one()
    numbers.push(got)
    log.append("await")
    for name in "abc":
        names.add(name)
        heap.push(ord(name))
    return sum(numbers)

@query
def all() -> tuple[Vec[str], Vec[str], Vec[nat64], Opt[nat64], nat64]:
    names.add("query")
    return list(log), list(names), numbers[:], heap.pop(), len(heap)

@query(composite=True)
async def composite() -> Vec[str]:
    await Me(ic.id()).one()
    names.add("composite")
    return list(names)
"""


def test_every_context(program: Program, replica: LocalReplica) -> None:
    canister = program(CONTEXTS, "first")
    assert canister.after_await() == 8
    replica.advance(seconds=2)
    canister.upgrade(None, "again")
    assert canister.composite() == ["a", "b", "c", "composite"]
    log = ["init first", "await", "timer", "pre_upgrade", "upgraded again"]
    for _ in range(2):
        assert canister.all() == (log, ["a", "b", "c", "query"], [1, 7], ord("a"), 2), "queries forget"


def test_queries_of_a_new_canister_find_everything_open(program: Program) -> None:
    canister = program(SMALL)
    canister.length()
    first = canister.last.instructions
    canister.push(1, 0)
    canister.length()
    assert first <= 1.1 * canister.last.instructions


ITERATING = """
from basilisk import *

m = StableBTreeMap[nat64, nat64](0)

@update
def fill(count: nat64) -> void:
    for number in range(count):
        m[number] = number

@update
def total() -> nat64:
    return sum(m.values())
"""


def test_iteration_needs_no_more_memory_for_more_entries(program: Program) -> None:
    canister = program(ITERATING)
    canister.fill(500)
    canister.total()
    heap, pages = canister.status.heap_bytes, canister.last.heap_pages
    canister.fill(8000)
    canister.total()
    assert canister.status.heap_bytes == heap
    assert canister.last.heap_pages <= pages + 16


OLDER = """
from kybra import ic, init, nat, opt, post_upgrade, Principal, query, Record, StableBTreeMap
from kybra import update, Vec, void
from typing import TypedDict

class User(Record):
    name: str

class StableStorage(TypedDict):
    stable_nat: nat
    names: Vec[str]
    owner: Principal

stable_storage: StableStorage = ic.stable_storage()
users = StableBTreeMap[Principal, User](memory_id=3, max_key_size=38, max_value_size=500_000)
seen = 0

@init
def init_(stable_nat: nat):
    stable_storage["stable_nat"] = stable_nat
    stable_storage["names"] = []

@post_upgrade
def post_upgrade_():
    global seen
    seen = stable_storage["stable_nat"]

@update
def add(name: str) -> void:
    stable_storage["names"].append(name)
    users.insert(ic.caller(), {"name": name})

@query
def state() -> tuple[nat, nat, Vec[str], opt[User], bool]:
    return (seen, stable_storage["stable_nat"], stable_storage["names"], users.get(ic.caller()),
            "owner" in stable_storage)
"""


def test_the_stable_storage_survives_upgrades(program: Program) -> None:
    canister = program(OLDER, 5)
    canister.add("ann")
    assert canister.state() == (0, 5, ["ann"], {"name": "ann"}, False)
    for _ in range(2):
        canister.upgrade()
        assert canister.state() == (5, 5, ["ann"], {"name": "ann"}, False)


STORAGE = """
from basilisk import *
from typing import TypedDict

class Data(TypedDict):
    count: nat
    text: Opt[str]

data: Data = ic.stable_storage()

@update
def put(name: str) -> void:
    data["count"] = data.get("count", 0) + 1
    data["text"] = name

@update
def spoil() -> void:
    data["count"] = -1

@update
def unknown() -> void:
    data["other"] = 1

@query
def get() -> tuple[nat, Opt[str], nat]:
    return data.get("count", 99), data.get("text"), len(data)
"""


def test_the_stable_storage_may_gain_and_lose_items(program: Program) -> None:
    canister = program(STORAGE)
    canister.upgrade()
    assert canister.get() == (99, None, 0)
    canister.put("ann")
    with pytest.raises(CallRejected, match="the type of the stable storage has no item 'other'"):
        canister.unknown()
    program(STORAGE.replace("    text: Opt[str]\n", "    text: Opt[str]\n    more: nat\n"), into=canister)
    assert canister.get() == (1, "ann", 2)
    program(STORAGE.replace("    text: Opt[str]\n", ""), into=canister)
    assert canister.get() == (1, None, 1)
    program(STORAGE, into=canister)
    assert canister.get() == (1, None, 1), "what a type leaves out is gone with the next upgrade"


def test_items_that_do_not_fit_stop_the_upgrade(program: Program) -> None:
    canister = program(STORAGE)
    canister.put("ann")
    with pytest.raises(CallRejected, match="the item 'count' of the stable storage does not fit its type"):
        program(STORAGE.replace("count: nat", "count: str"), into=canister)
    assert canister.get() == (1, "ann", 2)
    canister.spoil()
    with pytest.raises(CallRejected, match="the item 'count' of the stable storage does not fit its type"):
        canister.upgrade()
    canister.put("bob")
    canister.upgrade()
    assert canister.get() == (0, "bob", 2)

"""Stable structures in a canister: every kind, order, iteration, upgrades, types that change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk.errors import CallRejected, ProgramError
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

HEAD = "from basilisk import *\n"

KINDS = """
import enum
from dataclasses import dataclass


class User(Record):
    name: str
    age: nat


class Color(enum.Enum):
    red = 1
    blue = 2


class Shape(Variant, total=False):
    dot: null
    circle: nat64


@dataclass(order=True, frozen=True)
class Key:
    b: int
    a: str


users = StableBTreeMap[Principal, User](memory_id=0, max_key_size=38, max_value_size=1000)
keyed = StableBTreeMap[Key, Color](3)
names = StableBTreeSet[str](4)
log = StableLog[str](5, data_memory_id=6)
vec = StableVec[nat64](7)
things = StableVec[User](8)
heap = StableMinHeap[str](9)
heap64 = StableMinHeap[int64](10)
cell = StableCell[User](11, default={"name": "nobody", "age": 0})
shapes = StableBTreeMap[Shape, Shape](12)
optional = StableBTreeSet[Opt[nat]](13)

WORDS = "the quick brown fox jumps over the lazy dog".split()


@update
def check() -> void:
    p = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")
    assert users.insert(p, {"name": "ann", "age": 3}) is None
    assert users.insert(p, {"name": "bob", "age": 10**30}) == {"name": "ann", "age": 3}
    users[Principal.anonymous()] = {"name": "x", "age": 0}
    users[Principal.management_canister()] = {"name": "y", "age": 0}
    assert list(users) == sorted(users) and len(users) == 3 and p in users
    assert users[p]["age"] == 10**30 and users.get(Principal(b"\\1\\2")) is None
    assert users.first()[0] == Principal.management_canister() and users.last()[0] == p
    del users[Principal.anonymous()]
    assert users.pop(p)["name"] == "bob" and users.remove(p) is None and users.pop(p, 7) == 7
    for failing in (lambda: users[p], lambda: users.pop(p), lambda: users.__delitem__(p)):
        try:
            failing()
        except KeyError as error:
            assert error.args == (p,)
        else:
            raise AssertionError
    assert users.pop_last()[1]["name"] == "y" and users.is_empty() and not users and users.pop_first() is None

    for key in [Key(3, "x"), Key(-2, "z"), Key(3, "a"), Key(-(2**90), "q"), Key(2**100, "")]:
        keyed[key] = Color.blue
    assert list(keyed) == sorted(keyed) and keyed[Key(3, "a")] is Color.blue
    assert [k.a for k, _ in keyed.range(Key(-2, ""), Key(3, "x"))] == ["z", "a"]
    assert [k.a for k, _ in keyed.range(Key(-2, ""), Key(3, "x"), inclusive=True)] == ["z", "a", "x"]
    assert [k.a for k, _ in reversed(keyed.range(end=Key(3, "x")))] == ["a", "z", "q"]
    assert len(keyed.range(Key(0, ""))) == 3 and set(keyed.values()) == {Color.blue}

    for word in WORDS:
        names.add(word), log.append(word), heap.push(word)
    assert list(names) == sorted(set(WORDS)) and names & {"dog", "cat"} == {"dog"} and "fox" in names
    assert names.insert("fox") is False and names.insert("bear")
    assert names.remove("bear") and not names.remove("bear")
    assert list(log) == WORDS and log[2:5] == WORDS[2:5] and log[-1] == "dog" and log.get(99) is None
    assert len(heap) == 9 and heap.peek() == "brown"
    assert [heap.pop() for _ in range(10)] == [*sorted(WORDS), None] and heap.is_empty()
    for x in [5, -3, 9, -100, 2**62, 5]:
        heap64.push(x)
    assert [heap64.pop() for _ in range(7)] == [-100, -3, 5, 5, 9, 2**62, None]

    vec.extend(range(5))
    vec[1] = 77
    vec[-1] = 2**64 - 1
    assert list(vec) == [0, 77, 2, 3, 2**64 - 1] and vec.pop() == 2**64 - 1 and len(vec) == 4
    try:
        vec[4]
    except IndexError:
        pass
    else:
        raise AssertionError
    things.push({"name": "a", "age": 1})
    things[0] = {"name": "b", "age": 2}
    assert things[-1] == {"name": "b", "age": 2} and things.pop()["name"] == "b" and things.pop() is None

    cell.get()["name"] = "changed"
    assert cell.get() == {"name": "nobody", "age": 0}
    assert cell.set({"name": "x", "age": 1})["name"] == "nobody" and cell.value["name"] == "x"

    for shape in [{"circle": 3}, {"dot": None}, {"circle": 1}]:
        shapes[shape] = shape
    assert [shapes[shape] == shape for shape in shapes] == [True] * 3
    for number in [3, None, 0]:
        optional.add(number)
    assert list(optional) == [None, 0, 3]
    optional.clear()
    assert not optional and list(optional) == []


@update
def fail() -> void:
    vec.push(1)
    names.add("gone")
    raise ValueError("after a change")


@query
def state() -> tuple[nat64, nat64, str]:
    return len(vec), len(names), cell.value["name"]


@query
def in_query() -> nat64:
    vec.push(1)
    return len(vec)


@update
def wrong(kind: nat8) -> str:
    try:
        [
            lambda: vec.push(-1),
            lambda: vec.push("x"),
            lambda: names.add(b"x"),
            lambda: things.push({"name": "x"}),
            lambda: keyed[Key("a", 1)],
            lambda: ic.stable_write(0, b"x"),
        ][kind]()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""


@pytest.fixture
def program(tmp_path: Path, artefact: Found, replica: LocalReplica):
    """Deploys a source text, or upgrades a canister to it."""

    def make(source: str, into: Canister | None = None) -> Canister:
        file = tmp_path / "main.py"
        file.write_text(HEAD + source, encoding="utf-8")
        if into is None:
            return replica.deploy(file)
        into.upgrade(file)
        return into

    return make


def test_every_kind(program) -> None:
    canister = program(KINDS)
    canister.check()
    assert canister.state() == (4, 8, "x")
    with pytest.raises(CallRejected, match="after a change"):
        canister.fail()
    assert canister.in_query() == 5
    assert canister.state() == (4, 8, "x"), "failed updates and queries leave nothing behind"
    for _ in range(3):
        canister.upgrade()
        assert canister.state() == (4, 8, "x")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (0, "OverflowError: the number does not fit nat64"),
        (1, "TypeError: expected int, got str"),
        (2, "TypeError: expected str, got bytes"),
        (3, "age"),
        (4, "TypeError: expected int, got str"),
        (5, "ValueError: the program keeps stable structures"),
    ],
)
def test_wrong_values_are_refused(program, kind: int, text: str) -> None:
    assert text in program(KINDS).wrong(kind)


ITERATION = """
numbers = StableBTreeMap[int, str](0)


@update
def fill(count: nat64) -> void:
    for number in range(count):
        numbers[number * 7919 % 1000003 - 500000] = f"v{number}"


@update
def remove_while_iterating() -> tuple[Vec[int], Vec[int]]:
    numbers.clear()
    for number in range(40):
        numbers[number] = ""
    seen = []
    for number in numbers:
        seen.append(number)
        numbers.remove(number + 1)
    back = []
    for number, _ in reversed(numbers.items()):
        back.append(number)
        if number > 30:
            numbers[number - 1] = ""
    return seen, back


@query
def total() -> nat64:
    return sum(1 for _ in numbers.values())


@query
def one(key: int) -> Opt[str]:
    return numbers.get(key)


@update
def replace(key: int) -> void:
    numbers[key] = "new"
"""


def test_iteration_sees_changes(program) -> None:
    seen, back = program(ITERATION).remove_while_iterating()
    assert seen == list(range(0, 40, 2))
    assert back == [*range(38, 29, -1), *range(28, -1, -2)]


def test_cost_grows_with_the_logarithm(program) -> None:
    """From 500 to 8,000 entries the height grows by less than two levels; so does the cost."""
    canister = program(ITERATION)
    canister.fill(500)
    canister.replace(-500000)
    canister.replace(-500000)
    small = canister.last.instructions
    canister.fill(8000)
    canister.replace(-500000)
    assert canister.last.instructions < 2 * small
    assert canister.total() == 8000


OLD = """
class User(Record):
    name: str

users = StableBTreeMap[str, User](0)
plain = StableBTreeMap[str, nat32](1)

@update
def put(name: str) -> void:
    users[name] = {"name": name}
    plain[name] = 7
"""
READS = """
@query
def names() -> Vec[str]:
    return [user["name"] for user in users.values()]
"""


def test_values_may_become_supertypes(program) -> None:
    canister = program(OLD)
    canister.put("ann")
    program(
        "class User(Record):\n    name: str\n    age: Opt[nat]\nusers = StableBTreeMap[str, User](0)\n"
        "@query\ndef users_() -> Vec[User]:\n    return users.values()\n",
        canister,
    )
    assert canister.users_() == [{"name": "ann", "age": None}]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("users = StableBTreeMap[str, nat](0)\n", "memory 0 holds a StableBTreeMap from text to User"),
        ("users = StableBTreeMap[nat64, str](1)\n", "from text to nat32, but the program declares"),
        ("users = StableVec[nat64](0)\n", "the program declares a StableVec of nat64"),
        ("users = StableBTreeMap[str, nat64](1)\n", "previous="),
    ],
)
def test_other_types_are_refused(program, source: str, text: str) -> None:
    canister = program(OLD)
    canister.put("ann")
    with pytest.raises(CallRejected, match="StableError") as caught:
        program(source + "@query\ndef size() -> nat64:\n    return len(users)\n", canister)
    assert text in str(caught.value)
    canister.put("bob")


MIGRATION = """
class Old(Record):
    name: str

class User(Record):
    first: str
    length: nat

users = StableBTreeMap[str, User](0, previous=Old)
plain = StableBTreeMap[str, nat64](1, previous=nat32)
count = 0

@post_upgrade
def migrate() -> void:
    global count
    count = users.migrate(lambda old: {"first": old["name"], "length": len(old["name"])})
    plain.migrate(lambda old: old * 2**40)

@query
def all() -> tuple[nat64, Vec[User], Vec[nat64]]:
    return count, list(users.values()), list(plain.values())
"""


@pytest.mark.parametrize(
    ("before", "after", "fits"),
    [
        ("Opt[nat]", "Opt[int]", True),
        ("nat", "Opt[nat]", True),
        ("null", "Opt[nat]", True),
        ("Vec[nat]", "Opt[Vec[int]]", True),
        ("Opt[nat]", "Opt[str]", False),
        ("nat", "Opt[str]", False),
        ("Opt[nat]", "nat", False),
        ("Opt[Vec[nat]]", "Opt[Vec[nat8]]", False),
        ("nat32", "nat64", False),
    ],
)
def test_an_opt_is_not_read_as_none(program, before: str, after: str, fits: bool) -> None:
    """Candid would read another content of an opt as null: data would be lost."""
    source = (
        "class R(Record):\n    x: {}\nm = StableCell[R](0)\n"
        "@query\ndef size() -> Opt[R]:\n    return m.get()\n"
    )
    canister = program(source.format(before))
    if fits:
        program(source.format(after), canister)
    else:
        with pytest.raises(CallRejected, match="StableError: stable memory 0 holds a StableCell of R"):
            program(source.format(after), canister)


def test_migration(program) -> None:
    canister = program(OLD)
    canister.put("ann")
    canister.put("robert")
    program(MIGRATION, canister)
    users = [{"first": "ann", "length": 3}, {"first": "robert", "length": 6}]
    assert canister.all() == (2, users, [7 * 2**40] * 2)
    canister.upgrade()
    assert canister.all() == (0, users, [7 * 2**40] * 2), "the second time there is nothing to do"


def test_a_migration_that_fails_leaves_the_old_canister(program) -> None:
    canister = program(OLD + READS)
    canister.put("ann")
    with pytest.raises(CallRejected, match="no such luck"):
        program(MIGRATION.replace("len(old", "old['no such luck'] + len(old"), canister)
    assert canister.names() == ["ann"]


@pytest.mark.parametrize("place", [0, 1000, 65_532])
def test_raw_data_are_not_overwritten(program, place: int) -> None:
    canister = program(
        "@update\ndef put(place: nat64) -> void:\n"
        "    ic.stable64_grow(1)\n    ic.stable_write(place, b'mine')\n"
    )
    canister.put(place)
    with pytest.raises(CallRejected, match="written byte by byte"):
        program("s = StableVec[nat8](0)\n@update\ndef push() -> void:\n    s.push(1)\n", canister)
    assert canister.stable_memory(place, 4) == b"mine"


def test_memory_that_only_grew_can_be_used(program) -> None:
    canister = program("@update\ndef grow() -> void:\n    ic.stable64_grow(3)\n")
    canister.grow()
    program("s = StableVec[nat8](0)\n@update\ndef push() -> nat64:\n    return s.append(1)\n", canister)
    assert canister.push() == 0


def test_structures_are_not_used_at_build_time(program) -> None:
    with pytest.raises(ProgramError, match="a method of a stable structure cannot be called while"):
        program("s = StableVec[nat8](0)\ns.push(1)\n@query\ndef f() -> void: ...\n")


KEYS = """
ints = StableBTreeMap[int, null](0)
floats = StableBTreeMap[float, null](1)
tuples = StableBTreeMap[tuple[str, bytes, int16], null](2)
lists = StableBTreeMap[Vec[Vec[nat8]], null](3)

@update
def order(a: Vec[int], b: Vec[float], c: Vec[tuple[str, bytes, int16]], d: Vec[Vec[Vec[nat8]]]) -> void:
    for map, keys in (ints, a), (floats, b), (tuples, c), (lists, [[list(y) for y in x] for x in d]):
        map.clear()
        for key in keys:
            map[key] = None
        expected = sorted(keys)
        expected = [x for i, x in enumerate(expected) if i == 0 or expected[i - 1] != x]
        assert list(map) == expected, (list(map), expected)
        assert list(reversed(map)) == expected[::-1]
        for key in keys:
            assert key in map
            map[key] = None
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, artefact: Found, replica_module: LocalReplica) -> Canister:
    file = tmp_path_factory.mktemp("keys") / "main.py"
    file.write_text(HEAD + KEYS, encoding="utf-8")
    return replica_module.deploy(file)


INTS = st.integers() | st.sampled_from(
    [0, -1, 255, 256, -256, 2**63, -(2**63), 2**952 - 1, 2**952, -(2**960)]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(INTS, max_size=12),
    st.lists(st.floats(allow_nan=False), max_size=12),
    st.lists(
        st.tuples(st.text("a\0b\xff", max_size=3), st.binary(max_size=2), st.integers(-(2**15), 2**15 - 1)),
        max_size=12,
    ),
    st.lists(st.lists(st.lists(st.integers(0, 255), max_size=2), max_size=3), max_size=8),
)
def test_keys_have_pythons_order(keys: Canister, a: list, b: list, c: list, d: list) -> None:
    """For all keys: a map yields them in the order of sorted(), equal ones once, and finds each again."""
    keys.order(a, b, c, d)

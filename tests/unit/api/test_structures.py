"""Declarations of stable structures: what the build hands to the bridge, and what it refuses."""

from __future__ import annotations

import pytest

from basilisk.principal import Principal

HEAD = "from basilisk import *\nimport enum\n@query\ndef f() -> None: ...\n"
LINE = HEAD.count("\n") + 1


def defined(guest, source: str) -> tuple:
    guest.build(HEAD + source)
    return guest.system.structures[0]


@pytest.mark.parametrize(
    ("types", "key", "value"),
    [
        ("nat64, str", ("nat64",), ("text",)),
        ("Principal, nat64", ("principal", Principal), ("nat64",)),
        ("int, Principal", ("int",), ("principal", Principal)),
        ("bytes, bool", ("blob",), ("bool",)),
        ("tuple[str, int8], float", ("tuple", (("text",), ("int8",))), ("float64",)),
        ("Opt[nat], float32", ("opt", ("nat",)), ("float32",)),
        ("Vec[str], null", ("vec", ("text",)), ("null",)),
    ],
)
def test_descriptions_of_keys_and_values(guest, types: str, key: tuple, value: tuple) -> None:
    kind, memories, found, stored, previous, _ = defined(guest, f"m = StableBTreeMap[{types}](memory_id=3)\n")
    assert (kind, memories, found, stored, previous) == (1, (3, 0), key, value, None)


def test_values_with_parts_are_candid_messages(guest) -> None:
    *_, value, previous, texts = defined(
        guest,
        "class User(Record):\n    name: str\n"
        "class Old(Record):\n    n: nat\n"
        "m = StableBTreeMap[str, User](0, previous=Old)\n",
    )
    assert isinstance(value[0], int) and isinstance(previous[0], int) and value != previous
    assert texts == ("text", "User", "Old")


def test_records_are_keys_in_the_order_of_their_class(guest) -> None:
    source = "class Key(Record):\n    zebra: nat8\n    ant: str\nm = StableBTreeMap[Key, nat](0)\n"
    assert defined(guest, source)[2] == ("tuple", (("nat8",), ("text",)))


def test_the_kinds(guest) -> None:
    answer = guest.build(
        HEAD
        + "a = StableBTreeMap[nat, nat](0, 38, 1000)\nb = StableBTreeSet[str](1)\nc = StableVec[nat8](2)\n"
        + "d = StableLog[str](3, data_memory_id=4)\ne = StableCell[str](5, default='')\n"
        + "f_ = StableMinHeap[int](6)\n"
    )
    assert answer["entries"] == ["global_timer", "init", "post_upgrade"]
    assert [definition[:2] for definition in guest.system.structures] == [
        (1, (0, 0)),
        (2, (1, 0)),
        (3, (2, 0)),
        (4, (3, 4)),
        (5, (5, 0)),
        (6, (6, 0)),
    ]


@pytest.mark.parametrize(
    ("source", "message", "remedy"),
    [
        ("m = StableBTreeMap[nat, nat](250)\n", "memory id 250", "from 0 to 249"),
        ("m = StableBTreeMap[nat, nat]('a')\n", "memory id 'a'", "from 0 to 249"),
        ("m = StableLog[nat](0)\n", "needs a second memory", "data_memory_id=1"),
        ("m = StableVec[nat](0, data_memory_id=1)\n", "takes one memory", "remove data_memory_id"),
        (
            "m = StableVec[nat](0, previous=nat8)\n",
            "only the values of a StableBTreeMap",
            "another memory id",
        ),
        ("m = StableVec[nat](0, default=[])\n", "only a StableCell can have", "remove default"),
        ("m = StableBTreeMap[Func(Query[[], nat]), nat](0)\n", "func has no order", "use numbers"),
        ("m = StableBTreeMap[dict[str, nat], nat](0)\n", "map has no order", "use numbers"),
        ("m = StableBTreeMap[Opt[Opt[nat]], nat](0)\n", "nothing in two ways", "another type"),
        (
            "class L(Record):\n    next: Opt['L']\nm = StableBTreeMap[L, nat](0)\n",
            "which contains itself",
            "has an end",
        ),
    ],
)
def test_what_cannot_be_declared(guest, source: str, message: str, remedy: str) -> None:
    error = guest.error(HEAD + source)
    assert error["kind"] == "structure"
    assert message in error["message"] + (error["cause"] or "") and remedy in error["remedy"]
    assert (error["file"], error["line"]) == ("main.py", HEAD.count("\n") + source.count("\n"))


def test_two_structures_in_one_memory(guest) -> None:
    error = guest.error(HEAD + "m = StableVec[nat](7)\nn = StableBTreeSet[str](7)\n")
    assert f"StableVec[nat] in main.py:{LINE} has already" in error["message"]
    assert error["line"] == LINE + 1


def test_types_are_needed(guest) -> None:
    error = guest.error(HEAD + "m = StableBTreeMap(memory_id=0)\n")
    assert "StableBTreeMap[nat64, nat64](memory_id=0)" in error["message"]
    error = guest.error(HEAD + "m = StableBTreeMap[nat](memory_id=0)\n")
    assert "takes 2 types, not 1" in error["message"]


def test_an_unknown_type_is_reported_at_the_declaration(guest) -> None:
    error = guest.error(HEAD + "m = StableBTreeMap[nat, 'Usr'](memory_id=0)\n")
    assert "Usr" in error["message"] and error["line"] == LINE


STORAGE = (
    HEAD
    + """from typing import TypedDict


class Storage(TypedDict):
    count: nat
    names: Vec[str]

"""
)


def test_the_stable_storage_is_a_map_of_messages(guest) -> None:
    answer = guest.build(STORAGE + "storage: Storage = ic.stable_storage()\n")
    assert answer["entries"] == ["global_timer", "init", "post_upgrade", "pre_upgrade"]
    kind, memories, key, value, *_ = guest.system.structures[0]
    assert (kind, memories, key, value) == (1, (253, 0), ("text",), ("blob",))
    assert [function.__name__ for function in guest.system.storage] == ["restore", "save"]
    storage = guest.system.storage[0].__self__
    storage["count"] = 1
    assert storage.setdefault("count", 2) == 1 and storage.setdefault("names", []) == []
    for add in (
        lambda: storage.__setitem__("other", 1),
        lambda: storage.update(other=1),
        lambda: storage.update([("other", 1)]),
        lambda: storage.setdefault("other", 1),
        lambda: storage.__ior__({"other": 1}),
    ):
        with pytest.raises(KeyError, match="has no item 'other'"):
            add()
    assert storage == {"count": 1, "names": []}


@pytest.mark.parametrize(
    ("source", "message", "remedy"),
    [
        ("storage = ic.stable_storage()\n", "has no annotation", "storage: Storage ="),
        ("storage: nat = ic.stable_storage()\n", "is annotated as nat", "TypedDict"),
        (
            "a: Storage = ic.stable_storage()\nb: Storage = ic.stable_storage()\n",
            f"is called twice, first in main.py:{STORAGE.count(chr(10)) + 1}",
            "one TypedDict",
        ),
    ],
)
def test_what_cannot_be_a_stable_storage(guest, source: str, message: str, remedy: str) -> None:
    error = guest.error(STORAGE + source)
    assert message in error["message"] and remedy in error["remedy"]
    assert (error["file"], error["line"]) == ("main.py", (STORAGE + source).count("\n"))


def test_keys_compare_inherited_fields_first(guest) -> None:
    source = (
        "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    z: nat8\n"
        "@dataclass(order=True)\nclass B(A):\n    a: str\nm = StableBTreeMap[B, nat](0)\n"
    )
    assert defined(guest, source)[2] == ("tuple", (("nat8",), ("text",)))

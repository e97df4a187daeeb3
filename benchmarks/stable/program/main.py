"""Stable structures, and methods that do one thing with them many times.

``start`` and ``end`` number the entries; the keys of neighbours lie far apart.
"""

from basilisk import (
    Record,
    StableBTreeMap,
    StableBTreeSet,
    StableCell,
    StableLog,
    StableMinHeap,
    StableVec,
    nat64,
    update,
    void,
)


class User(Record):
    name: str
    age: nat64


numbers = StableBTreeMap[nat64, nat64](0)
texts = StableBTreeMap[str, str](1)
users = StableBTreeMap[str, User](2)
names = StableBTreeSet[str](3)
items = StableVec[nat64](4)
entries = StableLog[str](5, data_memory_id=6)
heap = StableMinHeap[nat64](7)
cell = StableCell[User](8, default={"name": "", "age": 0})

# A number without a factor in common with the step, above the number of entries.
_KEYS, _STEP = 2_000_003, 7919


@update
def numbers_nothing(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        number * _STEP % _KEYS


@update
def numbers_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        numbers[number * _STEP % _KEYS] = number


@update
def numbers_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        numbers[number * _STEP % _KEYS]


@update
def numbers_remove(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        del numbers[number * _STEP % _KEYS]


@update
def numbers_iterate(start: nat64, end: nat64) -> void:
    for _ in numbers.items():
        pass


@update
def text_nothing(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        f"key {number * _STEP % _KEYS}"


@update
def texts_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        texts[f"key {number * _STEP % _KEYS}"] = "value"


@update
def texts_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        texts[f"key {number * _STEP % _KEYS}"]


@update
def users_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        users[f"key {number * _STEP % _KEYS}"] = {"name": "ann", "age": number}


@update
def users_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        users[f"key {number * _STEP % _KEYS}"]


@update
def names_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        names.add(f"key {number * _STEP % _KEYS}")


@update
def names_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        names.contains(f"key {number * _STEP % _KEYS}")


@update
def items_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        items.push(number)


@update
def items_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        items[number]


@update
def entries_set(start: nat64, end: nat64) -> void:
    for _ in range(start, end):
        entries.append("an entry")


@update
def entries_get(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        entries[number]


@update
def heap_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        heap.push(number * _STEP % _KEYS)


@update
def heap_get(start: nat64, end: nat64) -> void:
    for _ in range(start, end):
        heap.pop()


@update
def cell_set(start: nat64, end: nat64) -> void:
    for number in range(start, end):
        cell.value = {"name": "ann", "age": number}


@update
def cell_get(start: nat64, end: nat64) -> void:
    for _ in range(start, end):
        cell.get()

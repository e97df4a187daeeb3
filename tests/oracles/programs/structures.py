"""Data as the program in tests/oracles/stable_crate/src/rust_program.rs keeps them, in the same memories."""

from basilisk import (
    Principal,
    StableBTreeMap,
    StableBTreeSet,
    StableCell,
    StableLog,
    StableMinHeap,
    StableVec,
    Vec,
    blob,
    float64,
    nat32,
    nat64,
    query,
    update,
    void,
)

balances = StableBTreeMap[Principal, nat64](0)
notes = StableBTreeMap[str, str](1)
ratios = StableBTreeMap[nat32, float64](2)
blobs = StableBTreeMap[blob, blob](3)
names = StableBTreeSet[str](4)
numbers = StableVec[nat64](5)
log = StableLog[str](6, data_memory_id=7)
motto = StableCell[str](8, default="")
heap = StableMinHeap[nat64](9)


@update
def change() -> void:
    for number in range(200):
        text = f"python {number} ü"
        balances[Principal(number.to_bytes(1 + number % 5, "big"))] = 2**63 + number
        notes[text] = "y" * (number * 20)
        ratios[number] = -number / 8
        blobs[bytes([number]) * (number % 9)] = text.encode()
        names.add(text)
        numbers.push(number)
        log.append(text)
        heap.push(number * 7919 % 200)
    motto.value = "written by Python"


@update
def empty_half() -> void:
    for number in range(0, 200, 2):
        del notes[f"rust {number}"]
        names.discard(f"rust {number}")
        balances.pop_first()
        heap.pop()


@query
def show() -> Vec[str]:
    """Everything, as Rust prints it."""
    smallest = [heap.pop() for _ in range(len(heap))]
    return [
        _list(f"({list(key.bytes)}, {value})" for key, value in balances.items()),
        _list(f"({_text(key)}, {_text(value)})" for key, value in notes.items()),
        _list(f"({key}, {value!r})" for key, value in ratios.items()),
        _list(f"({list(key)}, {list(value)})" for key, value in blobs.items()),
        _list(map(_text, names)),
        _list(map(str, numbers)),
        _list(map(_text, log)),
        _text(motto.value),
        _list(map(str, smallest)),
    ]


def _list(items) -> str:  # type: ignore[no-untyped-def]
    return f"[{', '.join(items)}]"


def _text(text: str) -> str:
    return f'"{text}"'

"""A key-value store whose content survives upgrades.

Variables live in the canister's heap, which an upgrade replaces.  ``save`` writes them to stable memory just
before, ``load`` reads them back just after.
"""

import json

from basilisk import Opt, Record, Vec, ic, nat64, post_upgrade, pre_upgrade, query, update

PAGE = 65_536  # bytes of a page of stable memory
HEADER = 8  # bytes that hold the length of what follows


class Entry(Record):
    key: str
    value: str


store: dict[str, str] = {}


@query
def get(key: str) -> Opt[str]:
    """The value of ``key``, or null."""
    return store.get(key)


@query
def size() -> nat64:
    """The number of keys."""
    return len(store)


@query
def entries(prefix: str) -> Vec[Entry]:
    """The keys that begin with ``prefix``, in order, with their values."""
    return [{"key": key, "value": store[key]} for key in sorted(store) if key.startswith(prefix)]


@update
def set(key: str, value: str) -> Opt[str]:
    """Stores ``value`` and returns what was there before."""
    before = store.get(key)
    store[key] = value
    return before


@update
def set_many(new: Vec[Entry]) -> nat64:
    """Stores all entries or, if a key is empty, none of them."""
    for entry in new:
        if not entry["key"]:
            # An exception traps, and a trap takes back everything this call has done.
            raise ValueError("an entry has an empty key")
        store[entry["key"]] = entry["value"]
    return len(store)


@update
def delete(key: str) -> Opt[str]:
    """Removes ``key`` and returns its value."""
    return store.pop(key, None)


@pre_upgrade
def save() -> None:
    data = json.dumps(store).encode()
    missing = HEADER + len(data) - ic.stable64_size() * PAGE
    if missing > 0:
        ic.stable64_grow(-(-missing // PAGE))
    ic.stable64_write(0, len(data).to_bytes(HEADER, "little") + data)


@post_upgrade
def load() -> None:
    length = int.from_bytes(ic.stable64_read(0, HEADER), "little")
    store.update(json.loads(ic.stable64_read(HEADER, length)))

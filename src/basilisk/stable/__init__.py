"""Data structures in stable memory: they survive upgrades and are as large as stable memory.

>>> from basilisk import Principal, StableBTreeMap, nat64
>>> balances = StableBTreeMap[Principal, nat64](memory_id=0)

Structures are declared at the top level of a module, each with a memory id of its own.  Their bytes are those
of the Rust library ic-stable-structures.
"""

from __future__ import annotations

from basilisk.stable.declaration import StableError
from basilisk.stable.lists import StableLog, StableVec
from basilisk.stable.maps import StableBTreeMap
from basilisk.stable.sets import StableBTreeSet
from basilisk.stable.single import StableCell, StableMinHeap

__all__ = [
    "StableBTreeMap",
    "StableBTreeSet",
    "StableCell",
    "StableError",
    "StableLog",
    "StableMinHeap",
    "StableVec",
]

"""Entropy from the network for ``random``, ``secrets``, ``uuid`` and ``os.urandom``.

A canister that imports one of these modules asks the management canister for 32 random bytes right after it
was installed or upgraded; they become the key of a generator (ChaCha20 with a key that is replaced after each
use).  Until they have arrived, and in canisters that never ask, drawing random numbers raises RuntimeError:
predictable bytes that look random would be worse than an error.

Queries draw from the same key and the current time: their numbers differ from query to query but are
forgotten with everything else a query does.  Whoever runs a node of the subnet can read the key.
"""

from __future__ import annotations

from basilisk.calls import call_raw
from basilisk.principal import Principal
from basilisk.rejects import CallRejected
from basilisk.system import system as _system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

__all__ = ["seed_by_itself", "seed_random"]

_NO_ARGUMENTS = b"DIDL\0\0"
# Candid: one result, a vec nat8 of 32 bytes; then the bytes.
_HEAD = b"DIDL\1\x6d\x7b\1\0\x20"
# Seconds until a seed is asked for again.
_RETRY = 10


def seed_random() -> Coroutine[Any, Any, None]:
    """Mixes fresh entropy of the network into the generator: ``await ic.seed_random()``.

    Raises CallRejected when the network does not answer.
    """
    return _seed()


async def _seed() -> None:
    _take(await call_raw(Principal(b""), "raw_rand", _NO_ARGUMENTS))


def _take(answer: bytes) -> None:
    if answer[: len(_HEAD)] != _HEAD or len(answer) != len(_HEAD) + 32:
        raise ValueError("raw_rand did not answer with 32 bytes")
    _system.seed_entropy(answer[len(_HEAD) :])


async def seed_by_itself() -> None:
    """The seeding after an installation or upgrade; tries again until it succeeds."""
    try:
        await _seed()
    except CallRejected:
        from basilisk.timers import set_timer

        set_timer(_RETRY, seed_by_itself)

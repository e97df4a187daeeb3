"""What the management canister works on: the parts of the replica around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from basilisk.engine import Engine
from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister
from basilisk.replica.clock import Clock
from basilisk.replica.fees import Fees
from basilisk.replica.install import Installer
from basilisk.replica.lifecycle import Lifecycle
from basilisk.replica.limits import Limits
from basilisk.replica.message import Request, Result
from basilisk.replica.randomness import Randomness

__all__ = ["Environment", "Machinery"]


class Environment(Protocol):
    """Limits, prices and identity of the replica."""

    limits: Limits
    fees: Fees
    accounting: Accounting
    randomness: Randomness
    clock: Clock
    engine: Engine
    subnet: bytes


@dataclass(frozen=True)
class Machinery:
    """The replica's own mechanisms.

    ``create`` makes an empty canister without cycles and settings, with a given id or a fresh one;
    ``respond`` answers a call of a canister with a refund, ``settle`` an ingress message by its number;
    ``transform`` runs a query as the transformation of an HTTP response.
    """

    canisters: dict[bytes, Canister]
    lifecycle: Lifecycle
    installer: Installer
    create: Callable[[bytes | None], Canister]
    respond: Callable[[Request, Result, int], None]
    settle: Callable[[int, Result], None]
    transform: Callable[[Canister, str, bytes], Result]

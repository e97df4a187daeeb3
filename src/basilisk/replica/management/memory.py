"""Room for what the management canister keeps with a canister: chunks and snapshots."""

from __future__ import annotations

from basilisk.replica import errors
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode
from basilisk.replica.ids import principal_text
from basilisk.replica.management import refusals
from basilisk.replica.management.host import Environment

__all__ = ["admit"]


def admit(environment: Environment, canister: Canister, added: int, sender: bytes) -> None:
    """Make sure that the canister may use and can pay for ``added`` bytes more; reserve cycles for them.

    Raises Rejection (IC0101, IC0532, IC0534).  The network words them as it does for memory.grow.
    """
    accounting, limits = environment.accounting, environment.limits
    before = max(canister.memory_usage, canister.memory_allocation)
    after = max(canister.memory_usage + added, canister.memory_allocation)
    grown = after - before
    if grown <= 0:
        return
    used = accounting.subnet_memory()
    if used + grown > limits.subnet_memory_bytes:
        raise refusals.advised(
            ErrorCode.SUBNET_OVERSUBSCRIBED,
            f"Canister requested {grown} B of memory but only {limits.subnet_memory_bytes - used} B are "
            "available in the subnet.",
            "Try moving to another subnet.",
            "subnet-memory-capacity-oversubscribed",
        )
    reserve = accounting.reservation(used, grown)
    reserved = canister.reserved_cycles + reserve
    name = principal_text(canister.id)
    if reserve and reserved > canister.reserved_cycles_limit:
        error = errors.reserved_cycles_limit_in_memory_grow(grown, reserved, canister.reserved_cycles_limit)
        raise error.rejection(name)
    required = accounting.freezing_limit(canister, memory=canister.memory_usage + added, reserved=reserved)
    if canister.cycles < required + reserve:
        missing = required + reserve - canister.cycles
        reveal = missing if sender in canister.controllers else None
        raise errors.insufficient_cycles_in_memory_grow(grown, reveal).rejection(name)
    canister.cycles -= reserve
    canister.reserved_cycles += reserve

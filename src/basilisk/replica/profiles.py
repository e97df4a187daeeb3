"""Named sets of limits and prices."""

from __future__ import annotations

from dataclasses import replace

from basilisk.errors import UsageError
from basilisk.replica.fees import Fees
from basilisk.replica.limits import Limits

__all__ = ["PROFILES", "profile"]

#: ``mainnet`` is an application subnet of 13 nodes, ``system`` a system subnet (config: higher limits, no
#: charges), ``unlimited`` lifts whatever can be lifted.
PROFILES = ("mainnet", "system", "unlimited")


def profile(name: str) -> tuple[Limits, Fees]:
    """Limits and prices of a profile.  Raises UsageError for an unknown name."""
    if name == "mainnet":
        return Limits(), Fees()
    if name == "system":
        limits = replace(
            Limits(),
            update_instructions=50_000_000_000,
            query_instructions=50_000_000_000,
            install_instructions=1_000_000_000_000,
        )
        return limits, Fees.free()
    if name == "unlimited":
        return Limits.unlimited(), Fees.free()
    raise UsageError(f"there is no profile {name!r}", remedy=f"use one of {', '.join(PROFILES)}")

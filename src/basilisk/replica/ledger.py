"""Where cycles went: what was minted and what was consumed for which purpose.

The purposes are those of the network's metrics (``consumed_cycles_by_use_case``).  What is prepaid counts as
consumed until it is refunded, as there.
"""

from __future__ import annotations

import enum

__all__ = ["Ledger", "UseCase"]


class UseCase(enum.Enum):
    """What cycles were consumed for; the values are the labels of the network's metrics."""

    MEMORY = "Memory"
    COMPUTE_ALLOCATION = "ComputeAllocation"
    INGRESS_INDUCTION = "IngressInduction"
    INSTRUCTIONS = "Instructions"
    TRANSMISSION = "RequestAndResponseTransmission"
    UNINSTALL = "Uninstall"
    CANISTER_CREATION = "CanisterCreation"
    ECDSA_OUTCALLS = "ECDSAOutcalls"
    HTTP_OUTCALLS = "HTTPOutcalls"
    DELETED_CANISTERS = "DeletedCanisters"
    BURNED_CYCLES = "BurnedCycles"
    SCHNORR_OUTCALLS = "SchnorrOutcalls"
    VETKD = "VetKd"
    DROPPED_MESSAGES = "DroppedMessages"


class Ledger:
    """Sums of a replica or of one canister, in cycles.

    For a replica this holds at any time between two calls of its methods: what was minted is what all
    canisters have, plus what travels with messages, plus what was consumed.
    """

    def __init__(self) -> None:
        self.minted = 0
        self.consumed: dict[UseCase, int] = {}

    def mint(self, amount: int) -> None:
        """Cycles came into being."""
        self.minted += amount

    def consume(self, use: UseCase, amount: int) -> None:
        """Cycles were consumed; a negative amount is a refund."""
        if amount:
            self.consumed[use] = self.consumed.get(use, 0) + amount

    @property
    def active(self) -> int:
        """What was consumed by doing things: all but storage and allocations."""
        idle = (UseCase.MEMORY, UseCase.COMPUTE_ALLOCATION)
        return sum(amount for use, amount in self.consumed.items() if use not in idle)

    @property
    def total_consumed(self) -> int:
        """Sum over all purposes."""
        return sum(self.consumed.values())

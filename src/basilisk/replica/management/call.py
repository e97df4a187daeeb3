"""A call to the management canister, on its way to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica.message import Ingress, Request

__all__ = ["Call"]


@dataclass
class Call:
    """One call; ``available`` are the cycles attached to it that were not taken yet.

    ``message`` is None for a call of the control API, which nobody waits for in the network's sense, and for
    a query (``queried``).
    """

    method: str
    sender: bytes
    time: int
    message: Request | Ingress | None
    available: int = 0
    answered: bool = False
    queried: bool = False

    @property
    def from_canister(self) -> bool:
        """Whether a canister made the call."""
        return isinstance(self.message, Request)

    def take(self, amount: int | None = None) -> int:
        """Keep attached cycles (all of them without ``amount``); returns how many.  The rest is refunded."""
        taken = self.available if amount is None else amount
        if taken > self.available:
            raise UsageError(f"{taken} cycles were to be taken of {self.available}")
        self.available -= taken
        return taken

    def origin(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Who changes something, as the history shows it."""
        if self.from_canister:
            version = arguments.get("sender_canister_version")
            return {"from_canister": {"canister_id": Principal(self.sender), "canister_version": version}}
        return {"from_user": {"user_id": Principal(self.sender)}}

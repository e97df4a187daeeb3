"""The interface to Bitcoin, which a subnet without a Bitcoin node behind it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.replica.management import refusals
from basilisk.replica.management.call import Call

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["refused"]


def refused(_service: ManagementCanister, _call: Call, _arguments: Mapping[str, Any]) -> None:
    """Raise the Rejection of a subnet without Bitcoin; all cycles go back."""
    raise refusals.refused("The bitcoin API is not enabled on this subnet.")

"""Cycles: giving them to canisters, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.replica.ledger import UseCase
from basilisk.replica.management.call import Call

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["canister_metrics", "deposit_cycles", "provisional_top_up_canister"]

_METRICS = {
    "memory": UseCase.MEMORY,
    "compute_allocation": UseCase.COMPUTE_ALLOCATION,
    "ingress_induction": UseCase.INGRESS_INDUCTION,
    "instructions": UseCase.INSTRUCTIONS,
    "request_and_response_transmission": UseCase.TRANSMISSION,
    "uninstall": UseCase.UNINSTALL,
    "canister_creation": UseCase.CANISTER_CREATION,
    "http_outcalls": UseCase.HTTP_OUTCALLS,
    "burned_cycles": UseCase.BURNED_CYCLES,
}


def deposit_cycles(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Move the attached cycles to a canister; anybody may."""
    canister = service.find(arguments["canister_id"].bytes)
    canister.cycles += call.take()


def provisional_top_up_canister(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> None:
    """Give a canister cycles from nowhere."""
    canister = service.find(arguments["canister_id"].bytes)
    service.environment.accounting.mint(canister, arguments["amount"])


def canister_metrics(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    """Cycles that a canister consumed, by what for."""
    canister = service.controlled(call, arguments)
    consumed = canister.ledger.consumed
    return {"cycles_consumed": {name: max(0, consumed.get(use, 0)) for name, use in _METRICS.items()}}

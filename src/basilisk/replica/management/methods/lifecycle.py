"""Life of canisters: creation, settings, starting and stopping, removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.principal import Principal
from basilisk.replica.canister import Canister, Status
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.management import refusals, settings
from basilisk.replica.management.access import check_controller
from basilisk.replica.management.call import Call
from basilisk.replica.management.results import LATER

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = [
    "create_canister",
    "creation_details",
    "delete_canister",
    "provisional_create_canister_with_cycles",
    "start_canister",
    "stop_canister",
    "uninstall_code",
    "update_settings",
]

#: Cycles of a new canister on test networks unless told otherwise (100 T).
_DEFAULT_CYCLES = 100_000_000_000_000


def create_canister(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, Principal]:
    """Make a canister, which gets the attached cycles less the fee."""
    if not call.from_canister and call.message is not None:
        raise Rejection(ErrorCode.CANISTER_CONTRACT_VIOLATION, f"{call.method} cannot be called by a user.")
    fee = service.environment.fees.canister_creation
    if call.available < fee:
        raise refusals.advised(
            ErrorCode.INSUFFICIENT_CYCLES_FOR_CREATE_CANISTER,
            f"Creating a canister requires a fee of {fee:_} that is deducted from the canister's initial "
            f"balance but only {call.available:_} cycles were received with the create_canister request.",
            "Try sending more cycles with the request.",
            "create-canister-not-enough-cycles",
        )
    canister = service.machinery.create(None)
    canister.cycles = call.available - fee
    try:
        _equip(service, call, arguments, canister)
    except BaseException:
        canister.cycles = 0
        raise
    call.take()
    service.environment.accounting.note(canister, UseCase.CANISTER_CREATION, fee)
    return {"canister_id": Principal(canister.id)}


def provisional_create_canister_with_cycles(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, Principal]:
    """Make a canister with cycles from nowhere, if wanted with a given id."""
    accounting = service.environment.accounting
    specified = arguments.get("specified_id")
    raw = specified.bytes if specified is not None else None
    if raw in service.machinery.canisters:
        raise Rejection(
            ErrorCode.CANISTER_ID_ALREADY_EXISTS,
            f"Unsuccessful canister creation: canister id {principal_text(raw)} already exists.",
        )
    amount = arguments.get("amount")
    canister = service.machinery.create(raw)
    minted = _DEFAULT_CYCLES if amount is None else amount
    accounting.mint(canister, minted)
    try:
        _equip(service, call, arguments, canister)
    except BaseException:
        accounting.mint(canister, -minted)
        raise
    return {"canister_id": Principal(canister.id)}


def _equip(service: ManagementCanister, call: Call, arguments: Mapping[str, Any], canister: Canister) -> None:
    """Give a new canister its settings and make it known.  Raises Rejection."""
    wanted = arguments.get("settings") or {}
    if wanted.get("controllers") is None:
        wanted = {**wanted, "controllers": [Principal(call.sender)]}
    settings.apply(service.environment, service.machinery.canisters, canister, wanted)
    service.machinery.canisters[canister.id] = canister
    service.record(canister, call, arguments, creation_details(canister))


def creation_details(canister: Canister) -> dict[str, Any]:
    """The entry of a new canister's history."""
    variables = canister.environment
    creation = {
        "controllers": sorted(map(Principal, canister.controllers)),
        "environment_variables_hash": settings.environment_hash(variables) if variables else None,
    }
    return {"creation": creation}


def update_settings(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Change settings; what is absent stays."""
    canister = service.controlled(call, arguments)
    wanted = arguments["settings"]
    settings.apply(service.environment, service.machinery.canisters, canister, wanted)
    canister.version += 1
    if wanted.get("controllers") is not None:
        controllers = sorted(map(Principal, canister.controllers))
        service.record(canister, call, arguments, {"controllers_change": {"controllers": controllers}})


def start_canister(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Let a canister run; calls that wait for it to stop are rejected (IC0511)."""
    service.machinery.lifecycle.start(service.controlled(call, arguments))


def stop_canister(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> object:
    """Stop a canister; the answer comes when it has stopped, or after five minutes (IC0206)."""
    canister = service.controlled(call, arguments)
    service.machinery.lifecycle.stop(canister, call.time, service.hold(call))
    return LATER


def uninstall_code(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Remove code, heap and stable memory, and the chunks."""
    canister = service.controlled(call, arguments)
    uninstall(service, call, arguments, canister)


def uninstall(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any], canister: Canister
) -> None:
    """Do so and write it into the history."""
    canister.managed.chunks.clear()
    service.machinery.lifecycle.uninstall(canister)
    service.record(canister, call, arguments, {"code_uninstall": None})


def delete_canister(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Delete a stopped canister with its cycles."""
    canister = service.find(arguments["canister_id"].bytes)
    name = principal_text(canister.id)
    if call.sender == canister.id:
        raise refusals.advised(
            ErrorCode.CANISTER_INVALID_CONTROLLER,
            f"Canister {name} cannot delete itself.",
            "Delete the canister from one of its other controllers.",
            "delete-canister-self",
        )
    check_controller(canister, call.sender)
    if canister.status is not Status.STOPPED:
        raise refusals.advised(
            ErrorCode.CANISTER_NOT_STOPPED,
            f"Canister {name} must be stopped before it is deleted.",
            "Stop the canister before deleting it.",
            "delete-canister-not-stopped",
        )
    if canister.has_input:
        raise refusals.advised(
            ErrorCode.CANISTER_QUEUE_NOT_EMPTY,
            f"Canister {name} has messages in its queues and cannot be deleted now. "
            "Please retry after some time.",
            "Wait until the queues have been cleared to delete the canister and in the meantime stop the "
            "canister.",
            "delete-canister-queue-not-empty",
        )
    service.machinery.lifecycle.delete(canister)

"""What the subnet knows and gives: randomness, metrics, versions, its canisters."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from basilisk.principal import Principal
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import principal_text, self_authenticating
from basilisk.replica.management.call import Call
from basilisk.replica.management.results import Later

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["list_canisters", "node_metrics_history", "raw_rand", "subnet_info"]

_DAY = 86_400_000_000_000


def raw_rand(service: ManagementCanister, _call: Call, _arguments: Mapping[str, Any]) -> Later:
    """32 random bytes, drawn in the next round: nobody can know them when the call is made."""
    return Later(lambda: service.environment.randomness.draw(32))


def subnet_info(service: ManagementCanister, _call: Call, arguments: Mapping[str, Any]) -> dict[str, object]:
    """Versions of the replica's software and of the registry."""
    _check_subnet(service, arguments)
    return {"replica_version": f"basilisk {_version()}", "registry_version": 1}


def node_metrics_history(
    service: ManagementCanister, _call: Call, arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Metrics of the one node: every round is a block."""
    _check_subnet(service, arguments)
    now = service.environment.clock.now()
    if arguments["start_at_timestamp_nanos"] > now:
        return []
    node = {
        "node_id": Principal(self_authenticating(service.environment.randomness.derive("node"))),
        "num_blocks_proposed_total": service.state.rounds,
        "num_block_failures_total": 0,
    }
    midnight = now - now % _DAY
    return [
        {
            "timestamp_nanos": max(midnight, arguments["start_at_timestamp_nanos"]),
            "node_metrics": [node],
        }
    ]


def list_canisters(
    service: ManagementCanister, call: Call, _arguments: Mapping[str, Any]
) -> dict[str, list[dict[str, Principal]]]:
    """Ranges of ids of all canisters; for administrators of the subnet."""
    control = call.message is None and not call.queried
    if not control and call.sender not in service.admins:
        raise Rejection(ErrorCode.CANISTER_METHOD_NOT_FOUND, "Sender not authorized to use method.")
    ranges: list[dict[str, Principal]] = []
    last = -2
    for raw in sorted(service.machinery.canisters):
        number = int.from_bytes(raw, "big")
        # Ids differ in the eight bytes before the two last ones.
        if ranges and number - last == 1 << 16 and len(raw) == len(ranges[-1]["end"].bytes):
            ranges[-1]["end"] = Principal(raw)
        else:
            ranges.append({"start": Principal(raw), "end": Principal(raw)})
        last = number
    return {"canisters": ranges}


def _check_subnet(service: ManagementCanister, arguments: Mapping[str, Any]) -> None:
    asked: bytes = arguments["subnet_id"].bytes
    if asked != service.environment.subnet:
        raise Rejection(ErrorCode.SUBNET_NOT_FOUND, f"Subnet {principal_text(asked)} not found")


def _version() -> str:
    try:
        return metadata.version("basilisk")
    except metadata.PackageNotFoundError:
        return "0"

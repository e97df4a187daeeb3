"""What can be seen of a canister: status, history, metadata, log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.engine import WASM_PAGE
from basilisk.principal import Principal
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.management import refusals, settings
from basilisk.replica.management.access import check_visible
from basilisk.replica.management.call import Call

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["canister_info", "canister_metadata", "canister_status", "fetch_canister_logs"]

#: An answer holds at most so much of the log (bytes).
_MOST_LOG = 2_000_000


def canister_status(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Everything about a canister, for its controllers, itself and whoever its settings admit."""
    canister = service.find(arguments["canister_id"].bytes)
    if call.sender != canister.id:
        check_visible(canister, call.sender, canister.managed.status_visibility)
    code = canister.code
    queries = canister.managed.queries
    stopped = canister.status.name == "STOPPED"
    return {
        "status": {canister.status.name.lower(): None},
        "ready_for_migration": stopped and not canister.has_input and not canister.callbacks,
        "version": canister.version,
        "settings": settings.shown(canister),
        "module_hash": code.module.hash if code is not None else None,
        "memory_size": canister.memory_usage,
        "memory_metrics": _memory(canister),
        "cycles": canister.cycles,
        "reserved_cycles": canister.reserved_cycles,
        "idle_cycles_burned_per_day": service.environment.accounting.idle_per_day(canister),
        "query_stats": {
            "num_calls_total": queries.calls,
            "num_instructions_total": queries.instructions,
            "request_payload_bytes_total": queries.request_bytes,
            "response_payload_bytes_total": queries.response_bytes,
        },
    }


def _memory(canister: Canister) -> dict[str, int]:
    code, managed = canister.code, canister.managed
    module = code.module if code is not None else None
    return {
        "wasm_memory_size": code.committed_pages * WASM_PAGE if code is not None else 0,
        "stable_memory_size": canister.stable.pages * WASM_PAGE,
        "global_memory_size": module.global_bytes if module is not None else 0,
        "wasm_binary_size": module.size if module is not None else 0,
        "custom_sections_size": module.metadata_bytes if module is not None else 0,
        "canister_history_size": managed.history.size,
        "wasm_chunk_store_size": managed.chunk_bytes,
        "snapshots_size": managed.snapshot_bytes,
    }


def canister_info(service: ManagementCanister, _call: Call, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """History, module hash and controllers of any canister."""
    canister = service.find(arguments["canister_id"].bytes)
    history = canister.managed.history
    wanted = arguments.get("num_requested_changes") or 0
    recent = list(history.changes)[-wanted:] if wanted else []
    return {
        "total_num_changes": history.total,
        "recent_changes": [
            {
                "timestamp_nanos": change.time,
                "canister_version": change.version,
                "origin": change.origin,
                "details": change.details,
            }
            for change in recent
        ],
        "module_hash": canister.code.module.hash if canister.code is not None else None,
        "controllers": sorted(map(Principal, canister.controllers)),
    }


def canister_metadata(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """A custom section ``icp:public NAME``; controllers see the private ones as well."""
    canister = service.find(arguments["canister_id"].bytes)
    name = principal_text(canister.id)
    if canister.code is None:
        # The texts of both errors are ours.
        raise Rejection(
            ErrorCode.CANISTER_WASM_MODULE_NOT_FOUND,
            f"The canister {name} has no Wasm module and hence no metadata is available.",
        )
    section = canister.code.module.metadata.get(arguments["name"])
    if section is None or not (section.public or call.sender in canister.controllers):
        text = f"The canister {name} has no metadata section with the name {arguments['name']}."
        raise refusals.refused(text)
    return {"value": section.content}


def fetch_canister_logs(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The log, as a query, or as a call of a canister, which pays for it."""
    canister = service.find(arguments["canister_id"].bytes)
    check_visible(
        canister, call.sender, canister.managed.log_visibility, "is not allowed to access canister logs"
    )
    records = _latest(canister)
    if call.from_canister:
        _charge_for_log(service, call, records)
    return {"canister_log_records": records}


def _latest(canister: Canister) -> list[dict[str, Any]]:
    size, records = 0, []
    for record in reversed(canister.log.records()):
        size += len(record.content)
        if size > _MOST_LOG:
            break
        records.append({"idx": record.index, "timestamp_nanos": record.time, "content": record.content})
    return records[::-1]


def _charge_for_log(service: ManagementCanister, call: Call, records: list[dict[str, Any]]) -> None:
    fees = service.environment.fees
    most = fees.canister_log(_MOST_LOG)
    if call.available < most:
        raise refusals.too_few_cycles(call.method, call.available, most)
    price = fees.canister_log(sum(len(record["content"]) for record in records))
    call.take(price)
    service.environment.accounting.note(service.find(call.sender), UseCase.INSTRUCTIONS, price)

"""Snapshots of canisters: take, load, list, delete (specification, "IC method take_canister_snapshot")."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.engine import WASM_PAGE
from basilisk.engine.heap import new_heap
from basilisk.principal import Principal
from basilisk.replica.canister import Canister, Code
from basilisk.replica.errors import ErrorCode, ExecutionError, Rejection
from basilisk.replica.ids import principal_text
from basilisk.replica.managed import Snapshot
from basilisk.replica.management import memory, refusals
from basilisk.replica.management.access import check_controller, check_visible
from basilisk.replica.management.call import Call
from basilisk.replica.management.methods.lifecycle import uninstall
from basilisk.replica.stable import StableMemory

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = [
    "add_snapshot",
    "delete_canister_snapshot",
    "find_snapshot",
    "list_canister_snapshots",
    "load_canister_snapshot",
    "take_canister_snapshot",
]

#: Snapshots that a canister may have (config).
_MOST = 10

#: Instructions that taking or loading is charged as, besides one a byte (config).
_INSTRUCTIONS = 2_000_000_000


def take_canister_snapshot(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Copy the state of a canister; with ``uninstall_code`` it loses it afterwards."""
    canister = service.controlled(call, arguments)
    code = canister.code
    if code is None:
        raise refusals.refused(f"Failed to create snapshot for empty canister {principal_text(canister.id)}:")
    heap, numbers = code.committed_state()
    types = code.module.image.types
    snapshot = Snapshot(
        source="taken_from_canister",
        taken_at=call.time,
        version=canister.version,
        wasm=bytearray(code.module.upload),
        heap=bytearray(heap),
        stable=copy.deepcopy(canister.stable),
        globals=[(types[number], bits) for number, bits in sorted(numbers.items())],
        certified_data=canister.certified_data,
        chunks=dict(canister.managed.chunks),
        timer=canister.timer,
        low_memory=canister.low_memory_hook,
    )
    identity = add_snapshot(service, call, canister, snapshot, arguments.get("replace_snapshot"))
    if arguments.get("uninstall_code"):
        uninstall(service, call, arguments, canister)
    return _shown(identity, snapshot)


def add_snapshot(
    service: ManagementCanister, call: Call, canister: Canister, snapshot: Snapshot, replaced: bytes | None
) -> bytes:
    """Keep a snapshot, in place of another one if that is named; returns its id.  Raises Rejection."""
    managed = canister.managed
    old = find_snapshot(service, canister, replaced) if replaced is not None else None
    if old is None and len(managed.snapshots) >= _MOST:
        raise refusals.advised(
            ErrorCode.CANISTER_REJECTED_MESSAGE,
            f"Canister {principal_text(canister.id)} has reached the maximum number of snapshots allowed: "
            f"{_MOST}.",
            "Consider deleting an unnecessary snapshot of the specified canister before creating a new one.",
        )
    memory.admit(
        service.environment, canister, snapshot.size - (old.size if old is not None else 0), call.sender
    )
    service.charge(canister, call, _INSTRUCTIONS + snapshot.size)
    if replaced is not None:
        del managed.snapshots[replaced]
    identity = managed.snapshots_taken.to_bytes(8, "big") + canister.id
    managed.snapshots_taken += 1
    managed.snapshots[identity] = snapshot
    service.resize(canister)
    return identity


def find_snapshot(service: ManagementCanister, canister: Canister, identity: bytes) -> Snapshot:
    """A snapshot of the canister.  Raises Rejection (IC0305, IC0406)."""
    found = canister.managed.snapshots.get(identity)
    if found is not None:
        return found
    if any(identity in other.managed.snapshots for other in service.machinery.canisters.values()):
        raise refusals.advised(
            ErrorCode.CANISTER_REJECTED_MESSAGE,
            f"The snapshot {identity.hex()} does not belong to canister {principal_text(canister.id)}.",
            "Use the `list_canister_snapshot` API to see which snapshots are present.",
            "canister-snapshot-invalid-ownership",
        )
    raise refusals.no_snapshot(canister.id, identity)


def _shown(identity: bytes, snapshot: Snapshot) -> dict[str, Any]:
    return {"id": identity, "taken_at_timestamp": snapshot.taken_at, "total_size": snapshot.size}


def list_canister_snapshots(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """All snapshots, in the order in which they were made."""
    canister = service.find(arguments["canister_id"].bytes)
    check_visible(canister, call.sender, canister.managed.snapshot_visibility)
    return [_shown(identity, snapshot) for identity, snapshot in canister.managed.snapshots.items()]


def delete_canister_snapshot(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Forget a snapshot."""
    canister = service.controlled(call, arguments)
    find_snapshot(service, canister, arguments["snapshot_id"])
    del canister.managed.snapshots[arguments["snapshot_id"]]
    service.resize(canister)


# ---- loading -----------------------------------------------------------------------------------------


def load_canister_snapshot(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Make the canister what it was, or what another canister of the sender was.

    Calls under way go on; timers are off unless the snapshot was uploaded with one.
    """
    canister = service.controlled(call, arguments)
    identity: bytes = arguments["snapshot_id"]
    owner = _owner(service, canister, identity)
    if owner is not canister:
        check_controller(owner, call.sender)
    snapshot = find_snapshot(service, owner, identity)
    code, stable = _restored(service, canister, snapshot)
    try:
        _admit(service, call, canister, code, snapshot)
    except BaseException:
        code.close()
        raise
    if canister.code is not None:
        canister.code.close()
    canister.code, canister.stable = code, stable
    canister.certified_data = snapshot.certified_data
    canister.managed.chunks = dict(snapshot.chunks)
    uploaded = snapshot.source == "metadata_upload"
    canister.timer = (snapshot.timer or 0) if uploaded else 0
    if uploaded and snapshot.low_memory is not None:
        canister.low_memory_hook = snapshot.low_memory
    canister.version += 1
    details = {
        "from_canister_id": Principal(owner.id) if owner is not canister else None,
        "snapshot_id": identity,
        "canister_version": snapshot.version,
        "taken_at_timestamp": snapshot.taken_at,
        "source": {snapshot.source: None},
    }
    service.record(canister, call, arguments, {"load_snapshot": details})


def _owner(service: ManagementCanister, canister: Canister, identity: bytes) -> Canister:
    for other in service.machinery.canisters.values():
        if identity in other.managed.snapshots:
            return other
    raise refusals.no_snapshot(canister.id, identity)


def _restored(
    service: ManagementCanister, canister: Canister, snapshot: Snapshot
) -> tuple[Code, StableMemory]:
    """Code and stable memory of a snapshot.  Raises Rejection for one that does not fit together."""
    environment = service.environment
    try:
        module = service.machinery.installer.module(bytes(snapshot.wasm))
    except ExecutionError as error:
        raise error.rejection(principal_text(canister.id)) from None
    types = [module.image.types[number] for number in sorted(module.image.globals)]
    if [type_ for type_, _ in snapshot.globals] != types:
        raise _inconsistent("the globals are not those of the module")
    if len(snapshot.heap) % WASM_PAGE or len(snapshot.heap) < module.image.memory_pages * WASM_PAGE:
        raise _inconsistent("the size of the wasm memory does not fit the module")
    heap = new_heap()
    heap.resize(len(snapshot.heap))
    heap.write(0, snapshot.heap)
    numbers = dict(zip(sorted(module.image.globals), (bits for _, bits in snapshot.globals)))
    code = Code(environment.engine, module, environment.limits, heap, numbers)
    return code, copy.deepcopy(snapshot.stable)


def _inconsistent(text: str) -> Rejection:
    return refusals.advised(
        ErrorCode.INVALID_MANAGEMENT_PAYLOAD,
        f"Inconsistent snapshot: {text}.",
        "Make sure to upload a complete and valid snapshot. Compare with snapshot metadata from the endpoint "
        "`read_canister_snapshot_metadata`",
    )


def _admit(
    service: ManagementCanister, call: Call, canister: Canister, code: Code, snapshot: Snapshot
) -> None:
    """Make sure that the canister can pay for the state it gets."""
    now = canister.code.memory_bytes if canister.code is not None else 0
    then = code.memory_bytes + snapshot.stable.pages * WASM_PAGE
    memory.admit(service.environment, canister, then - now - canister.stable.pages * WASM_PAGE, call.sender)
    service.charge(canister, call, _INSTRUCTIONS + snapshot.size)

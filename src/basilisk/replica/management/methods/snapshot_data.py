"""Snapshots read out and uploaded piece by piece (specification, "read_canister_snapshot_data")."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.engine import WASM_PAGE
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.managed import CHUNK_BYTES, Snapshot
from basilisk.replica.management import refusals
from basilisk.replica.management.access import check_visible
from basilisk.replica.management.call import Call
from basilisk.replica.management.methods.chunks import CAPACITY, chunk_error
from basilisk.replica.management.methods.snapshots import add_snapshot, find_snapshot
from basilisk.replica.stable import StableLayer, StableMemory

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = [
    "read_canister_snapshot_data",
    "read_canister_snapshot_metadata",
    "upload_canister_snapshot_data",
    "upload_canister_snapshot_metadata",
]

#: Bytes that are read or written at once (code).
_SLICE = 2_000_000

#: Instructions that reading and writing data are charged as, besides one a byte (config).
_INSTRUCTIONS = 5_000_000

# Candid names of types of globals → formats of ``struct``: the number, and its bits
_FORMATS = {"i32": ("<i", "<I"), "i64": ("<q", "<Q"), "f32": ("<f", "<I"), "f64": ("<d", "<Q")}


def read_canister_snapshot_metadata(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Sizes of a snapshot and what is small."""
    _, snapshot = _visible(service, call, arguments)
    timer: dict[str, int | None] | None = None
    if snapshot.timer is not None:
        timer = {"active": snapshot.timer} if snapshot.timer else {"inactive": None}
    return {
        "source": {snapshot.source: None},
        "taken_at_timestamp": snapshot.taken_at,
        "wasm_module_size": len(snapshot.wasm),
        "globals": [_number(type_, bits) for type_, bits in snapshot.globals],
        "wasm_memory_size": len(snapshot.heap),
        "stable_memory_size": snapshot.stable.pages * WASM_PAGE,
        "wasm_chunk_store": [{"hash": digest} for digest in sorted(snapshot.chunks)],
        "canister_version": snapshot.version,
        "certified_data": snapshot.certified_data,
        "global_timer": timer,
        "on_low_wasm_memory_hook_status": {snapshot.low_memory: None} if snapshot.low_memory else None,
    }


def read_canister_snapshot_data(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """A piece of one of the memories, or a chunk."""
    canister, snapshot = _visible(service, call, arguments)
    ((kind, place),) = arguments["kind"].items()
    if kind == "wasm_chunk":
        chunk = snapshot.chunks.get(place["hash"])
        if chunk is None:
            raise chunk_error(f"Chunk hash {list(place['hash'])} was not found")
    else:
        offset, size = place["offset"], place["size"]
        if size > _SLICE:
            raise _too_large(size)
        chunk = _read(snapshot, kind, offset, size)
    service.charge(canister, call, _INSTRUCTIONS + len(chunk))
    return {"chunk": chunk}


def upload_canister_snapshot_metadata(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """Begin a snapshot whose data follow."""
    canister = service.controlled(call, arguments)
    limits = service.environment.limits
    sizes = (
        ("wasm_module_size", limits.module_bytes, 1),
        ("wasm_memory_size", limits.heap64_bytes, WASM_PAGE),
        ("stable_memory_size", limits.stable_pages * WASM_PAGE, WASM_PAGE),
    )
    for name, most, unit in sizes:
        if arguments[name] > most or arguments[name] % unit:
            raise _invalid(f"{name} {arguments[name]} is too large or not a whole number of pages")
    if len(arguments["certified_data"]) > limits.certified_data_bytes:
        raise _invalid("certified data are too long")
    stable = StableMemory()
    stable.absorb(arguments["stable_memory_size"] // WASM_PAGE, {})
    timer, hook = arguments.get("global_timer"), arguments.get("on_low_wasm_memory_hook_status")
    snapshot = Snapshot(
        source="metadata_upload",
        taken_at=call.time,
        version=canister.version,
        wasm=bytearray(arguments["wasm_module_size"]),
        heap=bytearray(arguments["wasm_memory_size"]),
        stable=stable,
        globals=[_bits(item) for item in arguments["globals"]],
        certified_data=arguments["certified_data"],
        chunks={},
        timer=None if timer is None else timer.get("active") or 0,
        low_memory=None if hook is None else next(iter(hook)),
    )
    identity = add_snapshot(service, call, canister, snapshot, arguments.get("replace_snapshot"))
    return {"snapshot_id": identity}


def upload_canister_snapshot_data(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> None:
    """Write a piece of a snapshot that was begun with metadata."""
    canister = service.controlled(call, arguments)
    snapshot = find_snapshot(service, canister, arguments["snapshot_id"])
    if snapshot.source != "metadata_upload":
        raise Rejection(
            ErrorCode.CANISTER_SNAPSHOT_IMMUTABLE,
            "Only canister snapshots created by metadata upload can be mutated.",
        )
    ((kind, place),) = arguments["kind"].items()
    data: bytes = arguments["chunk"]
    service.charge(canister, call, _INSTRUCTIONS + len(data))
    if kind == "wasm_chunk":
        _add_chunk(snapshot, data)
    else:
        if len(data) > _SLICE:
            raise _too_large(len(data))
        _write(snapshot, kind, place["offset"], data)
    service.resize(canister)


def _visible(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> tuple[Canister, Snapshot]:
    canister = service.find(arguments["canister_id"].bytes)
    check_visible(canister, call.sender, canister.managed.snapshot_visibility)
    return canister, find_snapshot(service, canister, arguments["snapshot_id"])


def _read(snapshot: Snapshot, kind: str, offset: int, size: int) -> bytes:
    if kind == "stable_memory":
        try:
            return snapshot.stable.read(offset, size)
        except IndexError:
            raise _outside(offset, size) from None
    memory = snapshot.wasm if kind == "wasm_module" else snapshot.heap
    if offset + size > len(memory):
        raise _outside(offset, size)
    return bytes(memory[offset : offset + size])


def _write(snapshot: Snapshot, kind: str, offset: int, data: bytes) -> None:
    if kind == "stable_memory":
        layer = StableLayer(snapshot.stable)
        try:
            layer.write(offset, data)
        except IndexError:
            raise _outside(offset, len(data)) from None
        layer.commit()
        return
    memory = snapshot.wasm if kind == "wasm_module" else snapshot.heap
    if offset + len(data) > len(memory):
        raise _outside(offset, len(data))
    memory[offset : offset + len(data)] = data


def _add_chunk(snapshot: Snapshot, data: bytes) -> None:
    if len(data) > CHUNK_BYTES:
        raise chunk_error(f"Wasm chunk size {len(data)} exceeds the maximum chunk size of {CHUNK_BYTES}")
    digest = hashlib.sha256(data).digest()
    if digest not in snapshot.chunks and len(snapshot.chunks) >= CAPACITY:
        raise chunk_error(f"Wasm chunk store has already reached maximum capacity of {CAPACITY} chunks")
    snapshot.chunks[digest] = data


def _number(type_: str, bits: int) -> dict[str, int | float]:
    shown, raw = _FORMATS[type_]
    return {type_: struct.unpack(shown, struct.pack(raw, bits))[0]}


def _bits(number: Mapping[str, Any]) -> tuple[str, int]:
    ((type_, value),) = number.items()
    if type_ not in _FORMATS:
        raise _invalid("globals of type v128 are not supported")
    shown, raw = _FORMATS[type_]
    return type_, struct.unpack(raw, struct.pack(shown, value))[0]


def _outside(offset: int, size: int) -> Rejection:
    return refusals.payload(
        f"Invalid subslice into wasm module / main memory / stable memory: offset: {offset}, size: {size}\n"
        "Use the snapshot metadata API to learn the size of the wasm module / main memory / stable memory."
    )


def _too_large(size: int) -> Rejection:
    return refusals.payload(
        f"Requested slice too large: {size} > {_SLICE}\nUse a slice size at most {_SLICE}"
    )


def _invalid(text: str) -> Rejection:
    return refusals.advised(
        ErrorCode.CANISTER_CONTRACT_VIOLATION,
        f"Could not validate the settings: {text} ",
        "Apply the described changes to make the settings valid.",
        "invalid-settings",
    )

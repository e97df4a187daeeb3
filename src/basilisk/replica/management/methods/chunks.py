"""Chunks of modules, kept with a canister (specification, "IC method upload_chunk")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.managed import CHUNK_BYTES
from basilisk.replica.management import memory, refusals
from basilisk.replica.management.call import Call

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["CAPACITY", "chunk_error", "clear_chunk_store", "stored_chunks", "upload_chunk"]

#: Chunks that a canister's store holds (100 MiB).
CAPACITY = 100

#: Instructions that storing a chunk is charged as (config).
_INSTRUCTIONS = 200_000_000


def chunk_error(text: str) -> Rejection:
    """IC0504 of the chunk store."""
    return refusals.advised(
        ErrorCode.CANISTER_CONTRACT_VIOLATION,
        f"Error from Wasm chunk store: {text}.",
        "Use the `stored_chunks` API to check which hashes are present or top up the canister if it is low "
        "on cycles.",
        "wasm-chunk-store-error",
    )


def upload_chunk(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> dict[str, bytes]:
    """Store a chunk of at most 1 MiB under its SHA-256."""
    canister = service.controlled(call, arguments, itself=True)
    chunk: bytes = arguments["chunk"]
    digest = hashlib.sha256(chunk).digest()
    if digest not in canister.managed.chunks:
        store_chunk(service, call, canister, chunk)
    return {"hash": digest}


def store_chunk(service: ManagementCanister, call: Call, canister: Canister, chunk: bytes) -> None:
    """Add a chunk, which the canister pays for.  Raises Rejection."""
    chunks = canister.managed.chunks
    if len(chunk) > CHUNK_BYTES:
        raise chunk_error(f"Wasm chunk size {len(chunk)} exceeds the maximum chunk size of {CHUNK_BYTES}")
    if len(chunks) >= CAPACITY:
        raise chunk_error(f"Wasm chunk store has already reached maximum capacity of {CAPACITY} chunks")
    memory.admit(service.environment, canister, CHUNK_BYTES, call.sender)
    service.charge(canister, call, _INSTRUCTIONS)
    chunks[hashlib.sha256(chunk).digest()] = chunk
    service.resize(canister)


def stored_chunks(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> list[dict[str, bytes]]:
    """Hashes of all chunks."""
    canister = service.controlled(call, arguments, itself=True)
    return [{"hash": digest} for digest in sorted(canister.managed.chunks)]


def clear_chunk_store(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Forget all chunks."""
    canister = service.controlled(call, arguments, itself=True)
    canister.managed.chunks.clear()
    service.resize(canister)

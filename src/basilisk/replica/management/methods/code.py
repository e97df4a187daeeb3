"""Installing code, as a whole or from chunks (specification, "IC method install_code")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from basilisk.replica.canister import Canister
from basilisk.replica.install import Mode, UpgradeOptions
from basilisk.replica.managed import CHUNK_BYTES
from basilisk.replica.management.access import check_controller
from basilisk.replica.management.call import Call
from basilisk.replica.management.methods.chunks import chunk_error

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["install", "install_chunked_code", "install_code"]


def install_code(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """Install, reinstall or upgrade a module."""
    canister = service.controlled(call, arguments)
    install(service, call, arguments, canister, arguments["wasm_module"])


def install_chunked_code(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> None:
    """The same with a module that is put together from chunks of one of the sender's canisters."""
    canister = service.find(arguments["target_canister"].bytes)
    check_controller(canister, call.sender)
    store = arguments.get("store_canister")
    source = canister if store is None else service.find(store.bytes)
    check_controller(source, call.sender, itself=True)
    hashes = [item["hash"] for item in arguments["chunk_hashes_list"]]
    service.charge(canister, call, CHUNK_BYTES * len(hashes))
    install(service, call, arguments, canister, _assembled(source, hashes, arguments["wasm_module_hash"]))


def install(
    service: ManagementCanister,
    call: Call,
    arguments: Mapping[str, Any],
    canister: Canister,
    wasm: bytes,
) -> None:
    """Change the code in the mode of the arguments and write it into the history.  Raises Rejection."""
    ((mode, chosen),) = arguments["mode"].items()
    options = UpgradeOptions()
    if chosen is not None:
        persistence = chosen.get("wasm_memory_persistence")
        options = UpgradeOptions(
            skip_pre_upgrade=bool(chosen.get("skip_pre_upgrade")),
            persistence=next(iter(persistence)) if persistence is not None else None,
        )
    service.machinery.installer.install(
        canister, wasm, arguments["arg"], cast(Mode, mode), call.sender, call.time, options
    )
    assert canister.code is not None
    deployment = {"mode": {mode: None}, "module_hash": canister.code.module.hash}
    service.record(canister, call, arguments, {"code_deployment": deployment})


def _assembled(source: Canister, hashes: list[bytes], expected: bytes) -> bytes:
    chunks = source.managed.chunks
    parts = []
    for digest in hashes:
        if len(digest) != 32:
            raise chunk_error("Chunk hash is invalid. The length is not 32")
        if digest not in chunks:
            raise chunk_error(f"Chunk hash {list(digest)} was not found")
        parts.append(chunks[digest])
    module = b"".join(parts)
    actual = hashlib.sha256(module).digest()
    if actual != expected:
        raise chunk_error(f"Wasm module hash {list(actual)} does not match given hash {list(expected)}")
    return module

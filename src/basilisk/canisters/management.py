"""The management canister, ``aaaaa-aa``: canisters, requests to the web, keys, randomness.

:data:`management_canister` has every method of the interface; arguments are records with all of their fields.
The functions below make the same calls from keyword arguments.  Those that have a price attach the cycles for
it; what is not used comes back with the answer::

    from basilisk.canisters.management import http_request, management_canister

    random = await management_canister.raw_rand()
    answer = await http_request("https://example.com", max_response_bytes=2_000)

Source: interface specification 0.66, "The IC management canister".
"""

from __future__ import annotations

from basilisk import ic
from basilisk.canisters import interface
from basilisk.canisters.interface import *  # noqa: F403
from basilisk.methods import registry
from basilisk.principal import Principal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, Literal

    from basilisk.calls import Call
    from basilisk.canisters.interface import (
        CanisterInstallMode,
        CanisterSettings,
        ChunkHash,
        CreateCanisterResult,
        EnvironmentVariable,
        HttpHeader,
        HttpRequestArgs,
        HttpRequestResult,
        HttpTransformArgs,
        LogVisibility,
        SchnorrAux,
        SignWithEcdsaResult,
        SignWithSchnorrResult,
        SnapshotVisibility,
        StatusVisibility,
        VetkdDeriveKeyResult,
    )

__all__ = [
    "canister_settings",
    "create_canister",
    "http_request",
    "install_large_code",
    "management_canister",
    "sign_with_ecdsa",
    "sign_with_schnorr",
    "vetkd_derive_key",
]
__all__ += interface.__all__

management_canister = interface.ManagementCanister(Principal.management_canister())

#: The largest response to a request, and what is paid for where no limit is given ("IC method http_request").
LARGEST_RESPONSE = 2_000_000
#: Bytes of a chunk of code ("IC method upload_chunk").
CHUNK_BYTES = 1_048_576
#: Numbers of the algorithms in ``ic0.cost_sign_with_schnorr``.
_SCHNORR = {"bip340secp256k1": 0, "ed25519": 1}


def http_request(
    url: str,
    *,
    method: Literal["get", "head", "post", "put", "delete", "patch"] = "get",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
    max_response_bytes: int | None = None,
    transform: Callable[[HttpTransformArgs], HttpRequestResult] | str | None = None,
    context: bytes = b"",
    is_replicated: bool | None = None,
) -> Call[HttpRequestResult]:
    """A request to a web server, with its price attached.

    The price grows with ``max_response_bytes``, which is 2,000,000 unless you say less.  ``transform`` is a
    query of this canister (the function, or the name of the method) that receives each node's response
    together with ``context`` and takes out what differs between nodes, such as dates.  With
    ``is_replicated=False`` a single node asks, and one that lies is believed; ``put``, ``delete`` and
    ``patch`` need that.
    Raises ValueError for a ``transform`` that is no method of this canister.
    """
    pairs = list(headers.items() if hasattr(headers, "items") else headers)
    listed: list[HttpHeader] = [{"name": name, "value": value} for name, value in pairs]
    arguments: HttpRequestArgs = {
        "url": url,
        "max_response_bytes": max_response_bytes,
        "method": {method: None},  # type: ignore[misc]
        "headers": listed,
        "body": body,
        "transform": None,
        "is_replicated": is_replicated,
    }
    size = len(url.encode()) + len(body or b"")
    size += sum(len(name.encode()) + len(value.encode()) for name, value in pairs)
    if transform is not None:
        name = _method_name(transform)
        arguments["transform"] = {"function": (ic.id(), name), "context": context}
        size += len(name.encode()) + len(context)
    price = ic.cost_http_request(size, LARGEST_RESPONSE if max_response_bytes is None else max_response_bytes)
    return management_canister.http_request(arguments).with_cycles(price)


def sign_with_ecdsa(
    message_hash: bytes, key_name: str, derivation_path: Sequence[bytes] = ()
) -> Call[SignWithEcdsaResult]:
    """Signs a hash of 32 bytes with the key that ``derivation_path`` leads to; its price is attached.

    ``key_name`` is ``key_1`` on the network, ``test_key_1`` for tests there, ``dfx_test_key`` locally.
    Raises ValueError for a key that does not exist.
    """
    price = ic.cost_sign_with_ecdsa(key_name, 0)
    return management_canister.sign_with_ecdsa(
        {
            "message_hash": message_hash,
            "derivation_path": list(derivation_path),
            "key_id": {"curve": {"secp256k1": None}, "name": key_name},
        }
    ).with_cycles(price)


def sign_with_schnorr(
    message: bytes,
    key_name: str,
    derivation_path: Sequence[bytes] = (),
    *,
    algorithm: Literal["bip340secp256k1", "ed25519"] = "ed25519",
    aux: SchnorrAux | None = None,
) -> Call[SignWithSchnorrResult]:
    """Signs a message with the key that ``derivation_path`` leads to; its price is attached.

    ``aux`` may hold ``{"bip341": {"merkle_root_hash": …}}`` for Taproot.  Keys: :func:`sign_with_ecdsa`.
    """
    price = ic.cost_sign_with_schnorr(key_name, _SCHNORR[algorithm])
    return management_canister.sign_with_schnorr(
        {
            "message": message,
            "derivation_path": list(derivation_path),
            "key_id": {"algorithm": {algorithm: None}, "name": key_name},  # type: ignore[misc]
            "aux": aux,
        }
    ).with_cycles(price)


def vetkd_derive_key(
    input: bytes, context: bytes, transport_public_key: bytes, key_name: str
) -> Call[VetkdDeriveKeyResult]:
    """Derives a key for ``input`` in ``context``, encrypted for the transport key; its price is attached."""
    price = ic.cost_vetkd_derive_key(key_name, 0)
    return management_canister.vetkd_derive_key(
        {
            "input": input,
            "context": context,
            "transport_public_key": transport_public_key,
            "key_id": {"curve": {"bls12_381_g2": None}, "name": key_name},
        }
    ).with_cycles(price)


def create_canister(settings: CanisterSettings | None = None, *, cycles: int) -> Call[CreateCanisterResult]:
    """Creates a canister with ``cycles`` to begin with; the price of creating it goes along on top.

    Its controller is this canister unless the settings say otherwise.
    """
    price = ic.cost_create_canister()
    return management_canister.create_canister(
        {"settings": settings, "sender_canister_version": None}
    ).with_cycles(price + cycles)


def canister_settings(
    *,
    controllers: Sequence[Principal] | None = None,
    compute_allocation: int | None = None,
    memory_allocation: int | None = None,
    freezing_threshold: int | None = None,
    reserved_cycles_limit: int | None = None,
    minimum_incoming_canister_call_cycles: int | None = None,
    log_visibility: LogVisibility | None = None,
    snapshot_visibility: SnapshotVisibility | None = None,
    status_visibility: StatusVisibility | None = None,
    wasm_memory_limit: int | None = None,
    wasm_memory_threshold: int | None = None,
    environment_variables: Mapping[str, str] | None = None,
) -> CanisterSettings:
    """Settings for :func:`create_canister` and ``update_settings``; what is None stays as it is."""
    variables: list[EnvironmentVariable] | None = None
    if environment_variables is not None:
        variables = [{"name": name, "value": value} for name, value in environment_variables.items()]
    return {
        "controllers": None if controllers is None else list(controllers),
        "compute_allocation": compute_allocation,
        "memory_allocation": memory_allocation,
        "freezing_threshold": freezing_threshold,
        "reserved_cycles_limit": reserved_cycles_limit,
        "minimum_incoming_canister_call_cycles": minimum_incoming_canister_call_cycles,
        "log_visibility": log_visibility,
        "snapshot_visibility": snapshot_visibility,
        "status_visibility": status_visibility,
        "wasm_memory_limit": wasm_memory_limit,
        "wasm_memory_threshold": wasm_memory_threshold,
        "environment_variables": variables,
    }


def install_large_code(
    canister_id: Principal,
    wasm_module: bytes,
    arg: bytes = b"DIDL\0\0",
    mode: CanisterInstallMode | None = None,
) -> Coroutine[Any, Any, None]:
    """Installs code of any size: uploads it in chunks of 1 MiB, then installs it from there.

    ``arg`` are the arguments of its init in Candid, none by default; ``mode`` is ``{"install": None}`` by
    default.  The chunk store of the canister is emptied before and afterwards.
    """
    return _install(canister_id, wasm_module, arg, {"install": None} if mode is None else mode)


async def _install(canister_id: Principal, module: bytes, arg: bytes, mode: CanisterInstallMode) -> None:
    import hashlib

    await management_canister.clear_chunk_store({"canister_id": canister_id})
    hashes: list[ChunkHash] = []
    for start in range(0, len(module), CHUNK_BYTES):
        chunk = module[start : start + CHUNK_BYTES]
        hashes.append(await management_canister.upload_chunk({"canister_id": canister_id, "chunk": chunk}))
    await management_canister.install_chunked_code(
        {
            "mode": mode,
            "target_canister": canister_id,
            "store_canister": None,
            "chunk_hashes_list": hashes,
            "wasm_module_hash": hashlib.sha256(module).digest(),
            "arg": arg,
            "sender_canister_version": None,
        }
    )
    await management_canister.clear_chunk_store({"canister_id": canister_id})


def _method_name(method: Any) -> str:
    """The name of a method of this canister in its interface."""
    for known in registry.methods:
        if method is known.function or method == known.name:
            return known.name
    shown = method if isinstance(method, str) else getattr(method, "__name__", repr(method))
    raise ValueError(f"{shown!r} is no method of this canister: put @query above the function")

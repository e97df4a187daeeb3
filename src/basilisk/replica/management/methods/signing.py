"""Signatures with keys of the network: ECDSA and Schnorr.

Specification, "IC method ecdsa_public_key" and the three that follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from basilisk.replica.ledger import UseCase
from basilisk.replica.management import refusals
from basilisk.replica.management.call import Call
from basilisk.replica.management.keys import ed25519, secp256k1
from basilisk.replica.management.results import Later

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = [
    "charge",
    "ecdsa_public_key",
    "master_key",
    "owner",
    "schnorr_public_key",
    "sign_with_ecdsa",
    "sign_with_schnorr",
]

#: Elements of a derivation path, the canister's id included (code).
_LONGEST_PATH = 255

#: Kinds of keys as the network writes them in its messages.
_KINDS = {
    "secp256k1": "ecdsa:Secp256k1",
    "bip340secp256k1": "schnorr:Bip340Secp256k1",
    "ed25519": "schnorr:Ed25519",
    "bls12_381_g2": "vetkd:Bls12_381_G2",
}

_ORDERS = {
    "secp256k1": secp256k1.ORDER,
    "bip340secp256k1": secp256k1.ORDER,
    "ed25519": ed25519.ORDER,
}


def master_key(service: ManagementCanister, kind: str, name: str, order: int) -> int:
    """The secret master key of that kind and name.  Raises Rejection for a name that is not known."""
    names = service.environment.fees.signature
    if name not in names:
        known = ", ".join(f"{each}:{item}" for each in sorted(_KINDS.values()) for item in sorted(names))
        raise refusals.payload(
            f"Requested unknown threshold key: {_KINDS[kind]}:{name}, existing keys: [{known}]"
        )
    seed = service.environment.randomness.derive(f"master key {kind} {name}", 64)
    return 1 + int.from_bytes(seed, "big") % (order - 1)


def owner(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> bytes:
    """The canister whose key is asked for: the sender unless another one is named."""
    asked = arguments.get("canister_id")
    return call.sender if asked is None else service.find(asked.bytes).id


def charge(service: ManagementCanister, call: Call, name: str, use: UseCase) -> None:
    """Take the price of a signature from the attached cycles.  Raises Rejection."""
    price = service.environment.fees.signature[name]
    if call.available < price:
        raise refusals.too_few_cycles(call.method, call.available, price)
    call.take(price)
    service.environment.accounting.note(service.find(call.sender), use, price)


def _secret(
    service: ManagementCanister, canister: bytes, arguments: Mapping[str, Any], kind: str
) -> tuple[int, bytes]:
    """Derived secret key and chain code."""
    path = [canister, *arguments["derivation_path"]]
    if len(path) > _LONGEST_PATH:
        raise refusals.payload(
            f"Error decoding candid: derivation_path: the number of elements {len(path) - 1} exceeds the "
            f"maximum allowed {_LONGEST_PATH - 1}"
        )
    master = master_key(service, kind, arguments["key_id"]["name"], _ORDERS[kind])
    derive = ed25519.derive if kind == "ed25519" else secp256k1.derive
    return derive(master, path)


def _public(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any], kind: str
) -> dict[str, bytes]:
    secret, chain = _secret(service, owner(service, call, arguments), arguments, kind)
    key = ed25519.public_key(secret) if kind == "ed25519" else secp256k1.compressed(secret)
    return {"public_key": key, "chain_code": chain}


def _signature(make: Callable[[], bytes]) -> Later:
    return Later(lambda: {"signature": make()})


def ecdsa_public_key(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """Derived public key (SEC1, compressed) and chain code."""
    return _public(service, call, arguments, "secp256k1")


def schnorr_public_key(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """Derived public key (SEC1, compressed, or the 32 bytes of Ed25519) and chain code."""
    return _public(service, call, arguments, next(iter(arguments["key_id"]["algorithm"])))


def sign_with_ecdsa(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> Later:
    """Signature of a hash of 32 bytes."""
    digest: bytes = arguments["message_hash"]
    if len(digest) != 32:
        raise refusals.payload(f"Error decoding candid: message_hash must be 32 bytes, got {len(digest)}")
    secret, _ = _secret(service, call.sender, arguments, "secp256k1")
    charge(service, call, arguments["key_id"]["name"], UseCase.ECDSA_OUTCALLS)
    return _signature(lambda: secp256k1.sign_ecdsa(secret, digest))


def sign_with_schnorr(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> Later:
    """Signature of a message, for Bitcoin's Taproot with a tweaked key."""
    kind = next(iter(arguments["key_id"]["algorithm"]))
    secret, chain = _secret(service, call.sender, arguments, kind)
    message: bytes = arguments["message"]
    auxiliary = arguments.get("aux")
    if auxiliary is not None:
        root: bytes = auxiliary["bip341"]["merkle_root_hash"]
        if kind != "bip340secp256k1":
            raise refusals.refused("Schnorr algorithm ed25519 does not support aux input")
        if len(root) not in (0, 32):
            raise refusals.refused(
                f"Invalid merkle_root_hash length: expected 0 or 32 bytes, got {len(root)}"
            )
        secret = secp256k1.tweak_bip341(secret, root)
    charge(service, call, arguments["key_id"]["name"], UseCase.SCHNORR_OUTCALLS)
    if kind == "ed25519":
        return _signature(lambda: ed25519.sign(secret, chain, message))
    return _signature(lambda: secp256k1.sign_bip340(secret, message))

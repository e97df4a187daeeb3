"""Encrypted keys for canisters (specification, "IC method vetkd_public_key" and "vetkd_derive_key")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.replica.ledger import UseCase
from basilisk.replica.management import refusals
from basilisk.replica.management.call import Call
from basilisk.replica.management.keys import vetkd
from basilisk.replica.management.methods.signing import charge, master_key, owner
from basilisk.replica.management.results import Later

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["vetkd_derive_key", "vetkd_public_key"]


def _secret(service: ManagementCanister, canister: bytes, arguments: Mapping[str, Any]) -> int:
    master = master_key(service, "bls12_381_g2", arguments["key_id"]["name"], vetkd.ORDER)
    return vetkd.derive(master, canister, arguments["context"])


def vetkd_public_key(
    service: ManagementCanister, call: Call, arguments: Mapping[str, Any]
) -> dict[str, bytes]:
    """The public key (96 bytes) of a canister for one context."""
    return {"public_key": vetkd.public_key(_secret(service, owner(service, call, arguments), arguments))}


def vetkd_derive_key(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> Later:
    """The key for an input, encrypted to the transport key."""
    secret = _secret(service, call.sender, arguments)
    message: bytes = arguments["input"]
    transport: bytes = arguments["transport_public_key"]
    try:
        vetkd.encrypted_key(secret, message, transport, 1)
    except ValueError:
        raise refusals.refused("The transport public key is invalid") from None
    charge(service, call, arguments["key_id"]["name"], UseCase.VETKD)

    def make() -> dict[str, bytes]:
        drawn = service.environment.randomness.draw(64)
        nonce = 1 + int.from_bytes(drawn, "big") % (vetkd.ORDER - 1)
        return {"encrypted_key": vetkd.encrypted_key(secret, message, transport, nonce)}

    return Later(make)

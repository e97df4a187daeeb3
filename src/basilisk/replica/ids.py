"""Principals as bytes: the form used inside the replica."""

from __future__ import annotations

import hashlib

from basilisk.errors import UsageError
from basilisk.principal import Principal, PrincipalError

__all__ = [
    "ANONYMOUS",
    "MANAGEMENT",
    "MINTING_CANISTER",
    "PrincipalLike",
    "canister_id",
    "principal_bytes",
    "principal_text",
    "self_authenticating",
]

#: Whatever names a principal: raw bytes, its text, or an object with an attribute ``bytes``.
PrincipalLike = bytes | str | Principal

ANONYMOUS = b"\x04"
MANAGEMENT = b""
#: rkp4c-7iaaa-aaaaa-aaaca-cai, the only canister that may mint cycles.
MINTING_CANISTER = bytes.fromhex("00000000000000040101")

#: First canister id of a local replica, the one that other local replicas start with as well.
_FIRST_CANISTER = 0x8000_0000_0010_0000


def canister_id(number: int) -> bytes:
    """Id of the canister created as number ``number`` (from 0)."""
    return (_FIRST_CANISTER + number).to_bytes(8, "big") + b"\x01\x01"


def self_authenticating(public_key: bytes) -> bytes:
    """Principal of a DER encoded public key (specification, "Principals")."""
    return hashlib.sha224(public_key).digest() + b"\x02"


def principal_text(raw: bytes) -> str:
    """Textual form of a principal, for messages."""
    return str(Principal(raw))


def principal_bytes(value: PrincipalLike) -> bytes:
    """Bytes of a principal in any form.  Raises UsageError for what is none."""
    try:
        if isinstance(value, str):
            return Principal.from_str(value).bytes
        if isinstance(value, Principal):
            return value.bytes
        return Principal(bytes(value)).bytes
    except (PrincipalError, TypeError, ValueError) as error:
        raise UsageError(
            f"{value!r} is not a principal", cause=str(error), remedy="check it for typing errors"
        ) from None

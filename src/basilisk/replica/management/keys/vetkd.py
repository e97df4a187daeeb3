"""Keys that are derived for a canister and reach it encrypted (vetKD) on BLS12-381.

Specification: "IC method vetkd_derive_key"; ePrint 2023/616.  The key is a BLS signature in G1 under a public
key in G2; it is encrypted to the transport key, a point of G1.
"""

from __future__ import annotations

import hashlib
from typing import Any

__all__ = ["G1", "ORDER", "canister_offset", "context_offset", "derive", "encrypted_key", "public_key"]

#: Number of points in each subgroup.
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

#: Generator of G1 in compressed form (draft-irtf-cfrg-pairing-friendly-curves, "BLS12-381").
G1 = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)
# That of G2.
_G2 = bytes.fromhex(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)
_HASH = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_AUG_"
_CANISTER = b"ic-vetkd-bls12-381-g2-canister-id"
_CONTEXT = b"ic-vetkd-bls12-381-g2-context"


def public_key(secret: int) -> bytes:
    """The public key of ``secret`` (96 bytes)."""
    return _mul(_g2(), secret).compress()  # type: ignore[no-any-return]


def derive(secret: int, canister: bytes, context: bytes) -> int:
    """The secret key of a canister for one context."""
    secret = (secret + canister_offset(public_key(secret), canister)) % ORDER
    if context:
        secret = (secret + context_offset(public_key(secret), context)) % ORDER
    return secret


def canister_offset(key: bytes, canister: bytes) -> int:
    """What is added to a master key to make the key of a canister."""
    return _offset(key, canister, _CANISTER)


def context_offset(key: bytes, context: bytes) -> int:
    """What is added to a canister's key to make the one for a context, which is not empty."""
    return _offset(key, context, _CONTEXT)


def encrypted_key(secret: int, message: bytes, transport: bytes, nonce: int) -> bytes:
    """The signature of ``message`` under a derived key, encrypted (192 bytes).

    ``nonce`` is a secret number below ORDER that is used once.  Raises ValueError for a transport key that
    is no point of G1.
    """
    from pyblst import BlstP1Element  # type: ignore[import-untyped]

    g1 = BlstP1Element().uncompress(G1)
    hashed = BlstP1Element().hash_to_group(public_key(secret) + message, _HASH)
    target = BlstP1Element().uncompress(transport)
    third = _mul(target, nonce) + _mul(hashed, secret)
    return bytes(_mul(g1, nonce).compress() + _mul(_g2(), nonce).compress() + third.compress())


def _g2() -> Any:
    from pyblst import BlstP2Element

    return BlstP2Element().uncompress(_G2)


def _mul(point: Any, number: int) -> Any:
    return point.scalar_mul(number % ORDER)


def _offset(key: bytes, data: bytes, domain: bytes) -> int:
    framed = len(key).to_bytes(8, "big") + key + len(data).to_bytes(8, "big") + data
    return int.from_bytes(_expand(framed, domain, 48), "big") % ORDER


def _expand(message: bytes, domain: bytes, length: int) -> bytes:
    """``expand_message_xmd`` of RFC 9380 with SHA-256."""
    suffix = domain + bytes([len(domain)])
    first = hashlib.sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + suffix).digest()
    block = hashlib.sha256(first + b"\x01" + suffix).digest()
    output = block
    for number in range(2, -(-length // 32) + 1):
        mixed = bytes(a ^ b for a, b in zip(first, block))
        block = hashlib.sha256(mixed + bytes([number]) + suffix).digest()
        output += block
    return output[:length]

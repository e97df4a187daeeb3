"""Ed25519 with derived keys.

Derivation: specification, "IC method schnorr_public_key": for each element of the path (the first is the
canister's id) HKDF with SHA-512 over public key and element, salted with the chain code, gives the number
that is added to the key and the next chain code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

__all__ = ["ORDER", "derive", "public_key", "sign"]

#: Number of points in the subgroup.
ORDER = (1 << 252) + 27_742_317_777_372_353_535_851_937_790_883_648_493


def public_key(secret: int) -> bytes:
    """The public key of a secret number (32 bytes)."""
    from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp

    point: bytes = crypto_scalarmult_ed25519_base_noclamp(secret.to_bytes(32, "little"))
    return point


def derive(secret: int, path: Sequence[bytes], chain: bytes = bytes(32)) -> tuple[int, bytes]:
    """Secret number and chain code at the end of ``path``."""
    for index in path:
        output = _hkdf(chain, public_key(secret) + index)
        secret = (secret + int.from_bytes(output[:64], "big")) % ORDER
        chain = output[64:]
    return secret, chain


def sign(secret: int, chain: bytes, message: bytes) -> bytes:
    """Signature of a message, 64 bytes.  ``chain`` is the key's chain code."""
    # A derived key has no seed to take the prefix of RFC 8032 from; any secret that belongs to it will do.
    prefix = hashlib.sha512(secret.to_bytes(32, "little") + chain).digest()[:32]
    nonce = _number(prefix + message)
    commitment = public_key(nonce)
    challenge = _number(commitment + public_key(secret) + message)
    return commitment + ((nonce + challenge * secret) % ORDER).to_bytes(32, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER


def _hkdf(salt: bytes, material: bytes) -> bytes:
    """96 bytes of HKDF-SHA-512 (RFC 5869) with the info "Ed25519"."""
    key = hmac.new(salt, material, hashlib.sha512).digest()
    first = hmac.new(key, b"Ed25519\x01", hashlib.sha512).digest()
    return first + hmac.new(key, first + b"Ed25519\x02", hashlib.sha512).digest()[:32]

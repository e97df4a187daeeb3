"""Curve secp256k1: derived keys, ECDSA and BIP340 signatures, the BIP341 tweak.

Derivation: specification, "IC method ecdsa_public_key": BIP32 for public keys, with byte strings of any
length for the index (the first is the canister's id) and a chain code that starts as zeros.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

__all__ = ["ORDER", "compressed", "derive", "sign_bip340", "sign_ecdsa", "tweak_bip341"]

#: Number of points of the curve.
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141

_ZERO = bytes(32)


def compressed(secret: int) -> bytes:
    """The public key of ``secret`` in SEC1's compressed form (33 bytes)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ec.derive_private_key(secret, ec.SECP256K1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def derive(secret: int, path: Sequence[bytes], chain: bytes = _ZERO) -> tuple[int, bytes]:
    """Secret key and chain code at the end of ``path``."""
    for index in path:
        data = compressed(secret)
        while True:
            digest = hmac.new(chain, data + index, hashlib.sha512).digest()
            offset, following = int.from_bytes(digest[:32], "big"), digest[32:]
            child = (secret + offset) % ORDER
            if offset < ORDER and child:
                break
            data = b"\x01" + following  # SLIP-0010; this happens once in 2^127 times
        secret, chain = child, following
    return secret, chain


def sign_ecdsa(secret: int, digest: bytes) -> bytes:
    """Signature of a digest (32 bytes): r and s, 32 bytes each; s is the smaller of the two possible."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    algorithm = ec.ECDSA(utils.Prehashed(SHA256()), deterministic_signing=True)
    der = ec.derive_private_key(secret, ec.SECP256K1()).sign(digest, algorithm)
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def tweak_bip341(secret: int, merkle_root: bytes) -> int:
    """The secret key of the output key that commits to ``merkle_root`` (empty: to no scripts at all)."""
    even, x = _even(secret)
    tweak = int.from_bytes(_tagged("TapTweak", x + merkle_root), "big")
    return (even + tweak) % ORDER


def sign_bip340(secret: int, message: bytes) -> bytes:
    """Schnorr signature of a message of any length, 64 bytes; the auxiliary randomness is zeros."""
    even, x = _even(secret)
    masked = even ^ int.from_bytes(_tagged("BIP0340/aux", _ZERO), "big")
    nonce = _number("BIP0340/nonce", masked.to_bytes(32, "big") + x + message)
    nonce, commitment = _even(nonce)
    challenge = _number("BIP0340/challenge", commitment + x + message)
    return commitment + ((nonce + challenge * even) % ORDER).to_bytes(32, "big")


def _even(secret: int) -> tuple[int, bytes]:
    """The one of ``secret`` and its negative whose point has an even y, and that point's x."""
    point = compressed(secret)
    return (secret if point[0] == 2 else ORDER - secret), point[1:]


def _number(tag: str, data: bytes) -> int:
    return int.from_bytes(_tagged(tag, data), "big") % ORDER


def _tagged(tag: str, data: bytes) -> bytes:
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()

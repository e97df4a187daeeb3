"""Elliptic curves in plain Python, with public keys only, from the formulas of the papers.

Slow and not constant in time; what the replica computes with libraries is compared with this.
"""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["Ed25519", "Secp256k1"]


class Secp256k1:
    """y² = x³ + 7 over the prime field (SEC 2)."""

    P = 2**256 - 2**32 - 977
    N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    G = (
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    )
    Point = tuple[int, int] | None

    @classmethod
    def add(cls, a: Point, b: Point) -> Point:
        """Sum of two points; None is the neutral one."""
        if a is None or b is None:
            return b if a is None else a
        if a[0] == b[0] and (a[1] + b[1]) % cls.P == 0:
            return None
        if a == b:
            slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, cls.P)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, cls.P)
        x = (slope * slope - a[0] - b[0]) % cls.P
        return x, (slope * (a[0] - x) - a[1]) % cls.P

    @classmethod
    def mul(cls, point: Point, number: int) -> Point:
        """A multiple of a point."""
        result: Secp256k1.Point = None
        for bit in bin(number)[2:]:
            result = cls.add(result, result)
            if bit == "1":
                result = cls.add(result, point)
        return result

    @classmethod
    def lift(cls, x: int, odd: int = 0) -> tuple[int, int]:
        """The point with that x."""
        y = pow((pow(x, 3, cls.P) + 7) % cls.P, (cls.P + 1) // 4, cls.P)
        assert y * y % cls.P == (pow(x, 3, cls.P) + 7) % cls.P
        return x, y if y % 2 == odd else cls.P - y

    @classmethod
    def decode(cls, data: bytes) -> tuple[int, int]:
        """A compressed point."""
        assert len(data) == 33
        return cls.lift(int.from_bytes(data[1:], "big"), data[0] - 2)

    @classmethod
    def encode(cls, point: Point) -> bytes:
        """The compressed form."""
        assert point is not None
        return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")

    @classmethod
    def child(cls, key: bytes, chain: bytes, index: bytes) -> tuple[bytes, bytes]:
        """BIP32's derivation of a child's public key, for an index of any length."""
        digest = hmac.new(chain, key + index, hashlib.sha512).digest()
        offset = cls.mul(cls.G, int.from_bytes(digest[:32], "big"))
        return cls.encode(cls.add(cls.decode(key), offset)), digest[32:]

    @classmethod
    def verify_ecdsa(cls, key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether a signature r, s is one of the digest."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        inverse = pow(s, -1, cls.N)
        first = cls.mul(cls.G, int.from_bytes(digest, "big") * inverse % cls.N)
        point = cls.add(first, cls.mul(cls.decode(key), r * inverse % cls.N))
        return point is not None and point[0] % cls.N == r and s <= cls.N // 2

    @classmethod
    def verify_bip340(cls, x: bytes, message: bytes, signature: bytes) -> bool:
        """BIP340's verification, with the x of the public key."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        challenge = int.from_bytes(tagged("BIP0340/challenge", signature[:32] + x + message), "big") % cls.N
        key = cls.lift(int.from_bytes(x, "big"))
        point = cls.add(cls.mul(cls.G, s), cls.mul(key, cls.N - challenge))
        return point is not None and point[1] % 2 == 0 and point[0] == r

    @classmethod
    def tweaked(cls, key: bytes, merkle_root: bytes) -> bytes:
        """x of BIP341's output key for an internal key (compressed)."""
        point = cls.lift(int.from_bytes(key[1:], "big"))
        tweak = int.from_bytes(tagged("TapTweak", key[1:] + merkle_root), "big")
        return cls.encode(cls.add(point, cls.mul(cls.G, tweak)))[1:]


def tagged(tag: str, data: bytes) -> bytes:
    """BIP340's tagged hash."""
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix * 2 + data).digest()


class Ed25519:
    """-x² + y² = 1 + d x² y² over the prime field (RFC 8032)."""

    P = 2**255 - 19
    L = 2**252 + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, -1, P) % P

    @classmethod
    def add(cls, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        """Sum of two points."""
        product = cls.D * a[0] * b[0] * a[1] * b[1]
        x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, cls.P) % cls.P
        y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, cls.P) % cls.P
        return x, y

    @classmethod
    def mul(cls, point: tuple[int, int], number: int) -> tuple[int, int]:
        """A multiple of a point."""
        result = (0, 1)
        for bit in bin(number)[2:]:
            result = cls.add(result, result)
            if bit == "1":
                result = cls.add(result, point)
        return result

    @classmethod
    def decode(cls, data: bytes) -> tuple[int, int]:
        """A point from its 32 bytes."""
        number = int.from_bytes(data, "little")
        y, sign = number & ((1 << 255) - 1), number >> 255
        square = (y * y - 1) * pow(cls.D * y * y + 1, -1, cls.P) % cls.P
        x = pow(square, (cls.P + 3) // 8, cls.P)
        if x * x % cls.P != square:
            x = x * pow(2, (cls.P - 1) // 4, cls.P) % cls.P
        assert x * x % cls.P == square
        return (x if x % 2 == sign else cls.P - x), y

    @classmethod
    def encode(cls, point: tuple[int, int]) -> bytes:
        """The 32 bytes of a point."""
        return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")

    @classmethod
    def base(cls) -> tuple[int, int]:
        """The point that all multiples are taken of: y is 4/5, x is even."""
        return cls.decode((4 * pow(5, -1, cls.P) % cls.P).to_bytes(32, "little"))

    @classmethod
    def child(cls, key: bytes, chain: bytes, index: bytes) -> tuple[bytes, bytes]:
        """The network's derivation of a child's public key."""
        from cryptography.hazmat.primitives.hashes import SHA512
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        output = HKDF(SHA512(), 96, chain, b"Ed25519").derive(key + index)
        offset = int.from_bytes(output[:64], "big") % cls.L
        return cls.encode(cls.add(cls.decode(key), cls.mul(cls.base(), offset))), output[64:]

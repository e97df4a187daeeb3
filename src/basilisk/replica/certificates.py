"""Certificates of the replica's state, as far as canisters see them: certified data and the time.

Specification: "Certification" and "Encoding of certificates".  The signature is a real one: a BLS signature
in G1 under the replica's root key, which agents and canisters can verify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Union

from basilisk.replica.management.keys import vetkd
from basilisk.wasm.leb128 import encode_unsigned

__all__ = ["Authority", "Tree", "root_hash", "tree_of"]

# Head of a DER encoded BLS12-381 public key; the key itself follows.
_DER_BLS = bytes.fromhex("308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100")
_DOMAIN = b"\x0dic-state-root"
_HASH_TO_CURVE = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_SELF_DESCRIBED = b"\xd9\xd9\xf7"

#: What a tree is made from: labels with what they lead to, at the end a value.
Content = Union[bytes, Mapping[bytes, "Content"]]  # noqa: UP007 - a recursive name cannot stand beside |

#: A hash tree in the form that is encoded: [kind, ...] (specification, "Certificate").
Tree = list[object]

_EMPTY, _FORK, _LABELED, _LEAF = 0, 1, 2, 3


class Authority:
    """Signs certificates with a key that ``seed`` (at least 32 bytes) decides."""

    def __init__(self, seed: bytes) -> None:
        self._secret = int.from_bytes(hashlib.sha512(seed).digest(), "big") % (vetkd.ORDER - 1) + 1
        #: The public key, DER encoded.
        self.root_key = _DER_BLS + vetkd.public_key(self._secret)

    def certify(self, canister: bytes, data: bytes, time: int) -> bytes:
        """The certificate that a query of ``canister`` gets; ``time`` in nanoseconds."""
        tree = tree_of({b"canister": {canister: {b"certified_data": data}}, b"time": encode_unsigned(time)})
        signature = self._sign(root_hash(tree))
        return _SELF_DESCRIBED + _cbor({"tree": tree, "signature": signature})

    def _sign(self, digest: bytes) -> bytes:
        from pyblst import BlstP1Element  # type: ignore[import-untyped]

        point = BlstP1Element().hash_to_group(_DOMAIN + digest, _HASH_TO_CURVE)
        return bytes(point.scalar_mul(self._secret).compress())


def tree_of(content: Content) -> Tree:
    """The hash tree of nested mappings, labels in order."""
    if isinstance(content, bytes):
        return [_LEAF, content]
    return _forks([[_LABELED, label, tree_of(content[label])] for label in sorted(content)])


def _forks(trees: list[Tree]) -> Tree:
    if not trees:
        return [_EMPTY]
    if len(trees) == 1:
        return trees[0]
    middle = len(trees) // 2
    return [_FORK, _forks(trees[:middle]), _forks(trees[middle:])]


def root_hash(tree: Tree) -> bytes:
    """The hash that is signed (specification, "Lookup", function ``reconstruct``)."""
    kind, *parts = tree
    if kind == _EMPTY:
        return _hash(b"ic-hashtree-empty", b"")
    if kind == _LEAF:
        return _hash(b"ic-hashtree-leaf", _bytes(parts[0]))
    if kind == _LABELED:
        return _hash(b"ic-hashtree-labeled", _bytes(parts[0]) + root_hash(_tree(parts[1])))
    return _hash(b"ic-hashtree-fork", root_hash(_tree(parts[0])) + root_hash(_tree(parts[1])))


def _hash(domain: bytes, data: bytes) -> bytes:
    return hashlib.sha256(bytes([len(domain)]) + domain + data).digest()


def _bytes(part: object) -> bytes:
    assert isinstance(part, bytes)
    return part


def _tree(part: object) -> Tree:
    assert isinstance(part, list)
    return part


def _cbor(value: object) -> bytes:
    """CBOR (RFC 8949) of what certificates consist of."""
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_cbor, value))
    assert isinstance(value, dict)
    return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(item) for key, item in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([major << 5 | code]) + number.to_bytes(width, "big")
    raise ValueError(number)

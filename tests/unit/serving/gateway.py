"""What an HTTP gateway does with a response, written from the gateway protocol specification."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tests.unit.replica.test_certificates import decode

Tree = list[Any]
Headers = Sequence[tuple[str, str]]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def parse(data: bytes) -> Any:
    """Self-described CBOR that is all of the data."""
    assert data[:3] == b"\xd9\xd9\xf7"
    value, rest = decode(data[3:])
    assert rest == b""
    return value


def reconstruct(tree: Tree) -> bytes:
    """The root hash of a tree that may have pruned parts."""
    kind, *parts = tree

    def domain(name: str) -> bytes:
        return bytes([len(name)]) + name.encode()

    if kind == 0:
        return sha256(domain("ic-hashtree-empty"))
    if kind == 1:
        return sha256(domain("ic-hashtree-fork") + reconstruct(parts[0]) + reconstruct(parts[1]))
    if kind == 2:
        return sha256(domain("ic-hashtree-labeled") + parts[0] + reconstruct(parts[1]))
    if kind == 3:
        return sha256(domain("ic-hashtree-leaf") + parts[0])
    assert kind == 4 and len(parts[0]) == 32
    return bytes(parts[0])


def lookup(path: Sequence[bytes], tree: Tree) -> Tree | str:
    """The subtree at a path, or "absent", or "unknown" (interface specification, "Lookup")."""
    if not path:
        return tree
    parts = _flat(tree)
    label, rest = path[0], path[1:]
    for part in parts:
        if part[0] == 2 and part[1] == label:
            return lookup(rest, part[2])
    if parts and parts[0][0] == 3:
        return "absent"
    known: list[Any] = ["start", *parts, "end"]
    for left, right in pairwise(known):
        after = left == "start" or (left[0] == 2 and left[1] < label)
        before = right == "end" or (right[0] == 2 and label < right[1])
        if after and before:
            return "absent"
    return "unknown"


def _flat(tree: Tree) -> list[Tree]:
    if tree[0] == 0:
        return []
    return [*_flat(tree[1]), *_flat(tree[2])] if tree[0] == 1 else [tree]


def leb128(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def header(headers: Headers, name: str) -> str:
    (value,) = [value for key, value in headers if key.lower() == name.lower()]
    return value


def fields(headers: Headers) -> dict[str, str]:
    """The parts of the header IC-Certificate."""
    found = {}
    for part in header(headers, "IC-Certificate").split(", "):
        name, _, value = part.partition("=")
        found[name] = value
    return found


def binary(value: str) -> bytes:
    assert value.startswith(":") and value.endswith(":")
    return b64decode(value[1:-1], validate=True)


def verify(url: str, status: int, headers: Headers, body: bytes, certified_data: bytes) -> str:
    """Checks a response as version 2 (or 1) says: "certified" or "skipped"; raises AssertionError."""
    found = fields(headers)
    tree = parse(binary(found["tree"]))
    assert reconstruct(tree) == certified_data
    path = url.partition("?")[0]
    if "version" not in found:
        leaf = lookup([b"http_assets", path.encode()], tree)
        assert leaf == [3, sha256(body)]
        return "certified"
    assert found["version"] == "2"
    expr_path = [label.encode() for label in parse(binary(found["expr_path"]))]
    _check_expression_path(path, expr_path, tree)
    expression = header(headers, "IC-CertificateExpression")
    pattern = r"default_certification\(ValidationArgs\{[^\s]*\}\)"
    assert re.fullmatch(pattern, expression)
    expr_hash = sha256(expression.encode())
    below = lookup([*expr_path, expr_hash], tree)
    assert isinstance(below, list)
    if "no_certification" in expression:
        return "skipped"
    assert "no_request_certification:Empty{}" in expression
    assert "response_header_exclusions:ResponseHeaderList{headers:[]}" in expression
    pairs = [(name.lower(), value.encode()) for name, value in headers if name.lower() != "ic-certificate"]
    pairs.append((":ic-cert-status", leb128(status)))
    hashed = sha256(b"".join(sorted(sha256(name.encode()) + sha256(value) for name, value in pairs)))
    assert lookup([b"", sha256(hashed + sha256(body))], below) == [3, b""]
    return "certified"


def _check_expression_path(path: str, expr_path: list[bytes], tree: Tree) -> None:
    """It fits the URL, and nothing more specific does."""
    labels = [part.encode() for part in path.split("/") if part]
    labels += [b""] if path.endswith("/") else []
    first, *inner, last = expr_path
    assert first == b"http_expr" and isinstance(lookup(expr_path, tree), list)
    if last == b"<$>":
        assert inner == labels
        return
    assert last == b"<*>" and labels[: len(inner)] == inner
    assert lookup([first, *labels, b"<$>"], tree) == "absent"
    for count in range(len(inner) + 1, len(labels) + 1):
        assert lookup([first, *labels[:count], b"<*>"], tree) == "absent"

"""Certified responses: gateways can check that nobody changed them on the way.

A query is answered by one node, which could lie.  Responses that are known beforehand are put into a hash
tree whose root the canister certifies; each then carries the certificate and the part of the tree that proves
it.  What is made anew for each request cannot be certified; where gateways insist on certificates, the tree
can say for a path that responses come without.

Source: HTTP gateway protocol specification, "Response verification" (versions 2 and 1).
"""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import sha256

from basilisk import ic
from basilisk.http.hashtree import HashTree, cbor
from basilisk.http.messages import Response, as_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Certification", "response_hash", "segments"]

# All headers of the response and none of the request ("The certificate expression header").
EXPRESSION = (
    "default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},"
    "response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:[]}}}})"
)
SKIPPING = "default_certification(ValidationArgs{no_certification:Empty{}})"
_EXPRESSION_HEADER = "IC-CertificateExpression"
_EXPRESSION_HASH, _SKIPPING_HASH = (sha256(text.encode()).digest() for text in (EXPRESSION, SKIPPING))
_EXACT, _BELOW = b"<$>", b"<*>"


class Entry:
    """A certified response with its paths in the tree."""

    __slots__ = ("body_hash", "expression_path", "path", "response", "url")

    def __init__(self, url: str, response: Response, below: bool) -> None:
        self.url = url
        self.response = response
        base = [b"http_expr", *segments(url, below), _BELOW if below else _EXACT]
        self.expression_path = base
        self.body_hash = sha256(response.body).digest()
        self.path = [*base, _EXPRESSION_HASH, b"", response_hash(response, self.body_hash)]


class Certification:
    """What the canister has certified; empty after an upgrade, like everything in the heap."""

    def __init__(self) -> None:
        self.tree = HashTree()
        self.exact: dict[str, Entry] = {}
        self.below: dict[str, Entry] = {}
        self.skipped: set[str] = set()

    def certify(self, url: str, response: object, below: bool = False) -> None:
        """Certifies the response for a path, in place of an earlier one."""
        entry = Entry(_checked(url), as_response(response, 200), below)
        entries = self.below if below else self.exact
        previous = entries.get(_key(url, below))
        if previous is not None:
            self._forget(previous, below)
        entries[_key(url, below)] = entry
        self.tree.set(entry.path)
        if not below:
            self.tree.set([b"http_assets", url.encode("utf-8")], entry.body_hash)
        self.publish()

    def uncertify(self, url: str, below: bool = False) -> None:
        """Forgets the response for a path.  Raises KeyError if there is none."""
        self._forget((self.below if below else self.exact).pop(_key(url, below)), below)
        self.publish()

    def _forget(self, entry: Entry, below: bool) -> None:
        self.tree.remove(entry.path)
        if not below:
            self.tree.remove([b"http_assets", entry.url.encode("utf-8")])

    def skip(self, url: str) -> None:
        """Certifies that responses below a path come without certificate."""
        self.skipped.add(_key(_checked(url), True))
        self.tree.set([b"http_expr", *segments(url, True), _BELOW, _SKIPPING_HASH])
        self.publish()

    def publish(self) -> None:
        """Makes the root of the tree the canister's certified data."""
        ic.set_certified_data(self.tree.root_hash())

    # What responses say

    def find(self, raw_path: str) -> Entry | None:
        """The certified response for exactly this path."""
        return self.exact.get(_key(raw_path, False))

    def fallback(self, raw_path: str) -> Entry | None:
        """The certified response of the nearest path above that has one for all below it."""
        for key in _above(raw_path):
            if key in self.below or key in self.skipped:
                return self.below.get(key)
        return None

    def headers(self, raw_path: str, entry: Entry | None, version: int | None) -> list[tuple[str, str]]:
        """The headers that prove a response; ``entry`` is None for one that is not certified.

        Empty where nothing can be proved, and outside of queries.
        """
        certificate = ic.data_certificate() if self.exact or self.below or self.skipped else None
        if certificate is None:
            return []
        if version is None or version < 2:
            if entry is None or entry.expression_path[-1] != _EXACT:
                return []
            tree = self.tree.witness([[b"http_assets", entry.url.encode("utf-8")]])
            return [("IC-Certificate", f"certificate={_base64(certificate)}, tree={_base64(tree)}")]
        if entry is not None:
            shown, path, expression = entry.path, entry.expression_path, EXPRESSION
        else:
            key = next((key for key in _above(raw_path) if key in self.skipped or key in self.below), None)
            if key is None or key not in self.skipped:
                return []
            path = [b"http_expr", *segments(key, True), _BELOW]
            shown, expression = [*path, _SKIPPING_HASH], SKIPPING
        tree = self.tree.witness([shown, *_more_specific(raw_path, path)])
        expr_path = cbor([label.decode("utf-8") for label in path])
        return [
            (_EXPRESSION_HEADER, expression),
            (
                "IC-Certificate",
                f"certificate={_base64(certificate)}, tree={_base64(tree)}, version=2, "
                f"expr_path={_base64(expr_path)}",
            ),
        ]


def segments(url: str, below: bool = False) -> list[bytes]:
    """The labels of a path between ``http_expr`` and the last, as the URL spells them."""
    found = [part.encode("utf-8") for part in url.split("/") if part]
    return [*found, b""] if url.endswith("/") and not below else found


def response_hash(response: Response, body_hash: bytes) -> bytes:
    """The hash of a response with all its headers ("Response hash calculation")."""
    pairs = [(name.lower(), value.encode("utf-8")) for name, value in response.headers]
    pairs = [pair for pair in pairs if pair[0] not in ("ic-certificate", _EXPRESSION_HEADER.lower())]
    pairs.append((_EXPRESSION_HEADER.lower(), EXPRESSION.encode()))
    status = response.status
    pairs.append((":ic-cert-status", bytes([status & 0x7F | 0x80, status >> 7])))  # LEB128
    hashes = sorted(sha256(name.encode()).digest() + sha256(value).digest() for name, value in pairs)
    return sha256(sha256(b"".join(hashes)).digest() + body_hash).digest()


def _more_specific(raw_path: str, path: Sequence[bytes]) -> list[list[bytes]]:
    """The paths that a gateway would prefer to ``path``, which the witness shows to be absent."""
    if path[-1] == _EXACT:
        return []
    labels = segments(raw_path)
    known = len(path) - 2
    found = [[b"http_expr", *labels, _EXACT]]
    found += [[b"http_expr", *labels[:count], _BELOW] for count in range(known + 1, len(labels) + 1)]
    return found


def _above(raw_path: str) -> list[str]:
    """Keys of the entries that hold for all below them, the nearest first."""
    labels = [part for part in raw_path.split("/") if part]
    return ["/" + "/".join(labels[:count]) for count in range(len(labels), -1, -1)]


def _key(url: str, below: bool) -> str:
    """Paths with one key have one place in the tree: empty parts count at the end only."""
    joined = "/" + "/".join(part for part in url.split("/") if part)
    return joined + "/" if url.endswith("/") and len(joined) > 1 and not below else joined


def _checked(url: str) -> str:
    if not url.startswith("/") or "?" in url or "#" in url:
        raise ValueError(f"a path begins with a slash and has no ? and #, unlike {url!r}")
    return url


def _base64(data: bytes) -> str:
    return ":" + b2a_base64(data, newline=False).decode("ascii") + ":"

"""``http_request``: what may be asked, and what it costs (specification, "IC method http_request")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from basilisk.principal import Principal
from basilisk.replica.errors import RejectCode
from basilisk.replica.ledger import UseCase
from basilisk.replica.management import refusals
from basilisk.replica.management.call import Call
from basilisk.replica.management.outcalls import (
    MAX_RESPONSE_BYTES,
    TIMEOUT_SECONDS,
    HttpRequest,
    Outcall,
)
from basilisk.replica.management.results import LATER
from basilisk.replica.message import Reject

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["http_request"]

# Specification, "IC method http_request".
_URL_BYTES = 8_192
_HEADERS = 64
_HEADER_BYTES = 8_192
_ALL_HEADERS_BYTES = 48 * 1024
_REQUEST_BYTES = 2_000_000

#: Methods of which the network cannot tell that they may be repeated on every node.
_ONCE = ("put", "delete", "patch")


def http_request(service: ManagementCanister, call: Call, arguments: Mapping[str, Any]) -> object:
    """Make a request; the response comes in a later round."""
    method = next(iter(arguments["method"]))
    _check(call, arguments, method)
    transform = arguments.get("transform")
    limit = arguments.get("max_response_bytes")
    price = service.environment.fees.http_request(
        _size(arguments), MAX_RESPONSE_BYTES if limit is None else limit
    )
    if call.available < price:
        raise refusals.too_few_cycles(call.method, call.available, price)
    call.take(price)
    service.environment.accounting.note(service.find(call.sender), UseCase.HTTP_OUTCALLS, price)
    if not arguments["url"].startswith("https://"):
        service.settle(call, Reject(RejectCode.SYS_FATAL, "Url need to specify https scheme"))
        return LATER
    outcalls = service.state.outcalls
    outcalls.made += 1
    request = HttpRequest(
        id=outcalls.made,
        canister=Principal(call.sender),
        url=arguments["url"],
        method=method.upper(),
        headers=tuple((item["name"], item["value"]) for item in arguments["headers"]),
        body=arguments.get("body"),
        max_response_bytes=MAX_RESPONSE_BYTES if limit is None else limit,
        replicated=arguments.get("is_replicated") is not False,
    )
    outcalls.open[request.id] = Outcall(
        request,
        call,
        (transform["function"][1], transform["context"]) if transform is not None else None,
        call.time + TIMEOUT_SECONDS * 1_000_000_000,
    )
    return LATER


def _size(arguments: Mapping[str, Any]) -> int:
    """Bytes of the request that are paid for."""
    size = len(arguments["url"].encode()) + len(arguments.get("body") or b"") + _headers_size(arguments)
    transform = arguments.get("transform")
    if transform is not None:
        size += len(transform["function"][1].encode()) + len(transform["context"])
    return size


def _headers_size(arguments: Mapping[str, Any]) -> int:
    return sum(len(item["name"].encode()) + len(item["value"].encode()) for item in arguments["headers"])


def _check(call: Call, arguments: Mapping[str, Any], method: str) -> None:
    """Raise Rejection (IC0406) for what the network does not send."""
    transform = arguments.get("transform")
    if transform is not None and transform["function"][0].bytes != call.sender:
        raise refusals.refused(
            f"transform principal id expected to be {Principal(call.sender)}, got {transform['function'][0]}"
        )
    limit = arguments.get("max_response_bytes")
    if limit is not None and limit > MAX_RESPONSE_BYTES:
        raise refusals.refused(
            f"max_response_bytes expected to be in the range [0..{MAX_RESPONSE_BYTES}], got {limit}"
        )
    url = len(arguments["url"].encode())
    if url > _URL_BYTES:
        raise refusals.refused(f"url size {url} exceeds {_URL_BYTES}")
    headers = arguments["headers"]
    if len(headers) > _HEADERS:
        raise refusals.refused(f"number of all http headers {len(headers)} exceeds {_HEADERS}")
    for part in ("name", "value"):
        longest = max((len(item[part].encode()) for item in headers), default=0)
        if longest > _HEADER_BYTES:
            raise refusals.refused(
                f"number of bytes to represent some http header {part} {longest} exceeds {_HEADER_BYTES}"
            )
    total = _headers_size(arguments)
    if total > _ALL_HEADERS_BYTES:
        raise refusals.refused(
            f"total number of bytes to represent all http header names and values {total} exceeds "
            f"{_ALL_HEADERS_BYTES}"
        )
    request = total + len(arguments.get("body") or b"")
    if request > _REQUEST_BYTES:
        raise refusals.refused(
            "total number of bytes to represent all http header names and values and http body "
            f"{request} exceeds {_REQUEST_BYTES}"
        )
    if method in _ONCE and arguments.get("is_replicated") is not False:
        # The text is ours.
        raise refusals.refused(f"The http method {method.upper()} requires is_replicated to be false")

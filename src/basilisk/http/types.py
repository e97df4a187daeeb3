"""The records that HTTP gateways exchange with a canister.

For programs that write ``http_request`` themselves; :mod:`basilisk.http` has a router.
Source: HTTP gateway protocol specification, "Canister HTTP interface".
"""

from __future__ import annotations

from basilisk.composites import Record, Variant
from basilisk.generics import Opt, Tuple, Vec
from basilisk.references import Func, Query
from basilisk.scalars import blob, nat, nat16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = [
    "Header",
    "HttpRequest",
    "HttpResponse",
    "HttpUpdateRequest",
    "StreamingCallback",
    "StreamingCallbackHttpResponse",
    "StreamingCallbackStrategy",
    "StreamingStrategy",
    "StreamingToken",
]

Header: TypeAlias = Tuple[str, str]


class HttpRequest(Record):
    """A request as ``http_request`` gets it."""

    method: str
    url: str
    headers: Vec[Header]
    body: blob
    certificate_version: Opt[nat16]


class HttpUpdateRequest(Record):
    """A request as ``http_request_update`` gets it."""

    method: str
    url: str
    headers: Vec[Header]
    body: blob


class StreamingToken(Record):
    """Says where a body goes on: the request's URL, and how many bytes have been sent."""

    url: str
    offset: nat


class StreamingCallbackHttpResponse(Record):
    """The next part of a body; without a token it is the last."""

    body: blob
    token: Opt[StreamingToken]


StreamingCallback: TypeAlias = Func[Query[[StreamingToken], Opt[StreamingCallbackHttpResponse]]]


class StreamingCallbackStrategy(Record):
    """The query that sends the rest of a body, and what it is called with."""

    callback: StreamingCallback
    token: StreamingToken


class StreamingStrategy(Variant, total=False):
    """How the rest of a body is sent."""

    Callback: StreamingCallbackStrategy


class HttpResponse(Record):
    """The answer to either; ``upgrade`` asks the gateway to call ``http_request_update`` instead."""

    status_code: nat16
    headers: Vec[Header]
    body: blob
    upgrade: Opt[bool]
    streaming_strategy: Opt[StreamingStrategy]

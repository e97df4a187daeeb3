"""HTTP: a canister answers browsers and other clients through the network's gateways.

>>> from basilisk import http
>>> @http.get("/square/{number}")
... def square(number: int) -> dict[str, int]:
...     return {"number": number, "square": number * number}

Programs that write ``http_request`` themselves use :class:`HttpRequest` and :class:`HttpResponse` alone.
"""

from __future__ import annotations

from basilisk.http.types import (
    Header,
    HttpRequest,
    HttpResponse,
    HttpUpdateRequest,
    StreamingCallback,
    StreamingCallbackHttpResponse,
    StreamingCallbackStrategy,
    StreamingStrategy,
    StreamingToken,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from basilisk.http.messages import HttpError, Request, Response
    from basilisk.http.serving import (
        certify,
        delete,
        get,
        patch,
        post,
        put,
        route,
        serve,
        skip_certification,
        uncertify,
    )

__all__ = [
    "Header",
    "HttpError",
    "HttpRequest",
    "HttpResponse",
    "HttpUpdateRequest",
    "Request",
    "Response",
    "StreamingCallback",
    "StreamingCallbackHttpResponse",
    "StreamingCallbackStrategy",
    "StreamingStrategy",
    "StreamingToken",
    "certify",
    "delete",
    "get",
    "patch",
    "post",
    "put",
    "route",
    "serve",
    "skip_certification",
    "uncertify",
]


def __getattr__(name: str) -> object:
    """Loads the router when a program uses it, so that others can have the types without it."""
    if name not in __all__:
        raise AttributeError(f"module 'basilisk.http' has no attribute {name!r}")
    from basilisk.http import messages, serving

    for module in (messages, serving):
        globals().update({key: module.__dict__[key] for key in module.__all__ if key in __all__})
    return globals()[name]

"""The methods that gateways call, and the decorators that declare routes."""

from __future__ import annotations

from basilisk import ic
from basilisk.generics import Async, Opt
from basilisk.http.certification import Certification
from basilisk.http.messages import HttpError, Request, Response, as_response
from basilisk.http.routing import Route, Table
from basilisk.http.types import (
    HttpRequest,
    HttpResponse,
    HttpUpdateRequest,
    StreamingCallbackHttpResponse,
    StreamingToken,
)
from basilisk.methods import query, update

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])

__all__ = [
    "PART_BYTES",
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

#: Bytes of a body that go into one answer: an answer has at most 2 MiB, headers included.
PART_BYTES = 1_900_000

# CPython, Include/cpython/code.h: CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR.
_WAITS = 0x20 | 0x80 | 0x200
_STREAMING = "http_streaming"

_table = Table()
_certified = Certification()
_served = False


# Declaring routes


def route(method: str, path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """Makes a function answer requests of a method for a path, such as ``/items/{id}``.

    Parameters of the function with names from the path get its segments, converted to their types; the others
    come from the query string.  A parameter of type :class:`~basilisk.http.Request` gets the request.
    It returns a :class:`~basilisk.http.Response`, text, bytes, or a value for JSON; ``status`` is for all but
    the first.  With ``update`` it runs as an update call, so that its changes last and it can await; that is
    the default for all methods but GET and for functions that await.
    """
    verb = method.upper()

    def add(function: _F) -> _F:
        serve()
        waits = bool(function.__code__.co_flags & _WAITS)
        chosen = (waits or verb not in ("GET", "HEAD")) if update is None else update
        made = Route(verb, path, function, status, chosen)
        if waits and not chosen:
            raise made.fault("a function that awaits cannot answer in a query", remedy="write update=True")
        _table.add(made)
        return function

    return add


def get(path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """A route for GET, and for HEAD; see :func:`route`."""
    return route("GET", path, status=status, update=update)


def post(path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """A route for POST; see :func:`route`."""
    return route("POST", path, status=status, update=update)


def put(path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """A route for PUT; see :func:`route`."""
    return route("PUT", path, status=status, update=update)


def patch(path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """A route for PATCH; see :func:`route`."""
    return route("PATCH", path, status=status, update=update)


def delete(path: str, *, status: int = 200, update: bool | None = None) -> Callable[[_F], _F]:
    """A route for DELETE; see :func:`route`."""
    return route("DELETE", path, status=status, update=update)


def serve() -> None:
    """Gives the canister the methods that gateways call; the first route does so as well."""
    global _served
    if not _served:
        _served = True
        query(http_request)
        update(http_request_update)
        query(name=_STREAMING, hidden=True)(http_streaming)


# Certification


def certify(path: str, response: object, *, below: bool = False) -> None:
    """Certifies a response for GET requests of a path, in place of an earlier one.

    ``response`` is what a handler may return; ``below`` makes it the answer for all paths below that have
    none of their own.  For ``@init``, ``@post_upgrade`` (an upgrade ends certified responses) and updates.
    """
    _certified.certify(path, response, below)


def uncertify(path: str, *, below: bool = False) -> None:
    """Takes back :func:`certify`.  Raises KeyError if there is nothing to take back."""
    _certified.uncertify(path, below)


def skip_certification(path: str = "/") -> None:
    """Certifies that responses of routes below a path come without certificate, so that gateways accept them.

    A single node could then answer wrongly.  Routes with ``update=True`` are safe without it.
    """
    _certified.skip(path)


# Methods of the canister


def http_request(request: HttpRequest) -> HttpResponse:
    """Answers a request of an HTTP gateway."""
    wanted = Request(request)
    version = request["certificate_version"]
    entry = _certified.find(wanted.raw_path) if wanted.method in ("GET", "HEAD") else None
    if entry is None:
        chosen, found, allowed = _table.find(wanted.method, wanted.raw_path)
        if chosen is not None and chosen.update:
            return _wire(Response(), upgrade=True)
        if chosen is None and not allowed and wanted.method in ("GET", "HEAD"):
            entry = _certified.fallback(wanted.raw_path)
    if entry is not None:
        proof = _certified.headers(wanted.raw_path, entry, version)
        return _wire(entry.response, wanted, proof)
    try:
        response = _missing(wanted, allowed) if chosen is None else _answer(chosen, wanted, found)
    except HttpError as error:
        response = error.response()
    if wanted.method == "HEAD":
        response = Response(b"", response.status, response.headers)
    return _wire(response, wanted, _certified.headers(wanted.raw_path, None, version))


def http_request_update(request: HttpUpdateRequest) -> Async[HttpResponse]:
    """Answers a request that changes something."""
    wanted = Request(request)
    chosen, found, allowed = _table.find(wanted.method, wanted.raw_path)
    try:
        if chosen is None:
            response = _missing(wanted, allowed)
        else:
            value = chosen.call(wanted, found)
            if hasattr(value, "send"):  # a coroutine or generator
                value = yield from _finished(value)
            response = as_response(value, chosen.status)
    except HttpError as error:
        response = error.response()
    return _wire(response)


def http_streaming(token: StreamingToken) -> Opt[StreamingCallbackHttpResponse]:
    """The next part of a body.  The route answers the same request once more."""
    message: HttpRequest = {
        "method": "GET",
        "url": token["url"],
        "headers": [],
        "body": b"",
        "certificate_version": None,
    }
    wanted = Request(message)
    entry = _certified.find(wanted.raw_path)
    chosen, found, _ = _table.find("GET", wanted.raw_path)
    if entry is None and (chosen is None or chosen.update):
        entry = _certified.fallback(wanted.raw_path)
    if entry is not None:
        body = entry.response.body
    elif chosen is not None and not chosen.update:
        body = _answer(chosen, wanted, found).body
    else:
        return None
    start = token["offset"]
    end = start + PART_BYTES
    more: StreamingToken = {"url": token["url"], "offset": end}
    return {"body": body[start:end], "token": more if end < len(body) else None}


def _finished(value: Any) -> Generator[Any, Any, Any]:
    """Waits for what a handler awaits."""
    if hasattr(value, "__await__"):
        return (yield from value.__await__())
    return (yield from value)


def _answer(chosen: Route, wanted: Request, found: dict[str, str]) -> Response:
    return as_response(chosen.call(wanted, found), chosen.status)


def _missing(wanted: Request, allowed: list[str]) -> Response:
    if not allowed:
        return HttpError(404).response()
    methods = ", ".join([*allowed, "OPTIONS"])
    if wanted.method == "OPTIONS":
        return Response(status=204, headers=[("Allow", methods)])
    return HttpError(405, headers={"Allow": methods}).response()


def _wire(
    response: Response,
    wanted: Request | None = None,
    proof: list[tuple[str, str]] | None = None,
    upgrade: bool = False,
) -> HttpResponse:
    """The record that the gateway gets; a long body is streamed where there is a request to repeat."""
    body = response.body
    message: HttpResponse = {
        "status_code": response.status,
        "headers": [*response.headers, *(proof or ())],
        "body": body,
        "upgrade": True if upgrade else None,
        "streaming_strategy": None,
    }
    if wanted is None:
        return message
    if len(body) > PART_BYTES:
        message["body"] = body[:PART_BYTES]
        token: StreamingToken = {"url": wanted.url, "offset": PART_BYTES}
        message["streaming_strategy"] = {"Callback": {"callback": (ic.id(), _STREAMING), "token": token}}
    return message

"""Requests and responses as handlers see them."""

from __future__ import annotations

import json

from basilisk.principal import Principal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from basilisk.http.types import HttpRequest, HttpUpdateRequest

__all__ = ["PHRASES", "HttpError", "Request", "Response", "as_response", "unquote"]

#: Words for status codes (RFC 9110, "Status Codes"; RFC 6585).
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class HttpError(Exception):
    """Ends a handler with an error response: ``raise HttpError(404, "no such item")``.

    What the handler has changed until then stays; any other exception rolls it back.
    """

    def __init__(
        self, status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"the status of an error is from 400 to 599, not {status}")
        self.status = status
        self.detail = detail if detail is not None else PHRASES.get(status, "Error")
        self.headers = dict(headers or {})
        super().__init__(status, self.detail)

    def response(self) -> Response:
        """The error as a response in plain text."""
        return Response.text(self.detail, status=self.status, headers=self.headers)


class Request:
    """A request.

    ``method`` is in capitals, ``path`` the URL up to the question mark, percent-decoded; ``query`` has the
    first value of each parameter behind it.  ``headers`` are pairs; :meth:`header` finds one by its name.
    """

    __slots__ = ("_pairs", "body", "headers", "method", "path", "query", "raw_path", "url")

    def __init__(self, message: HttpRequest | HttpUpdateRequest) -> None:
        self.method = message["method"].upper()
        self.url = message["url"]
        self.headers: list[tuple[str, str]] = message["headers"]
        self.body: bytes = message["body"]
        rest = self.url.partition("#")[0]
        if not rest.startswith("/"):  # an absolute URL; gateways send the path alone
            rest = "/" + rest.partition("://")[2].partition("/")[2]
        self.raw_path, _, search = rest.partition("?")
        self.path = unquote(self.raw_path)
        self._pairs = [
            (unquote(name, plus=True), unquote(value, plus=True))
            for name, _, value in (part.partition("=") for part in search.split("&") if part)
        ]
        self.query: dict[str, str] = dict(reversed(self._pairs))

    def header(self, name: str, default: str | None = None) -> str | None:
        """The value of the first header of that name, capitals or not."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    def query_list(self, name: str) -> list[str]:
        """All values of a query parameter, in their order."""
        return [value for key, value in self._pairs if key == name]

    def text(self) -> str:
        """The body as text.  Raises HttpError (400) if it is not UTF-8."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            raise HttpError(400, "the body is not UTF-8") from None

    def json(self) -> Any:
        """The value that the body holds as JSON.  Raises HttpError (400) if there is none."""
        try:
            return json.loads(self.text())
        except ValueError as error:
            raise HttpError(400, f"the body is not JSON: {error}") from None

    def form(self) -> dict[str, str]:
        """The fields of a form (``application/x-www-form-urlencoded``), the first of each name."""
        parts = [part.partition("=") for part in self.text().split("&") if part]
        pairs = [(unquote(name, plus=True), unquote(value, plus=True)) for name, _, value in parts]
        return dict(reversed(pairs))

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"


class Response:
    """A response: ``body`` is bytes or text, ``headers`` are pairs or a mapping."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        body: bytes | str = b"",
        status: int = 200,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        content_type: str | None = None,
    ) -> None:
        if not 100 <= status <= 599:
            raise ValueError(f"a status is from 100 to 599, not {status}")
        self.status = status
        self.body = body.encode("utf-8") if isinstance(body, str) else bytes(body)
        items: Any = headers.items() if hasattr(headers, "items") else headers
        self.headers: list[tuple[str, str]] = list(items)
        if content_type is None and isinstance(body, str):
            content_type = "text/plain; charset=utf-8"
        if content_type is not None and self.header("content-type") is None:
            self.headers.insert(0, ("Content-Type", content_type))

    def header(self, name: str) -> str | None:
        """The value of the first header of that name, capitals or not."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @classmethod
    def text(cls, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Plain text."""
        return cls(text, status, headers or (), "text/plain; charset=utf-8")

    @classmethod
    def html(cls, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A page."""
        return cls(text, status, headers or (), "text/html; charset=utf-8")

    @classmethod
    def json(cls, value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A value as JSON; principals become texts.  Raises TypeError for what JSON does not have."""
        return cls(to_json(value), status, headers or (), "application/json")

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Response:
        """Sends the client to another URL; 301 and 308 mean for good."""
        return cls(b"", status, [("Location", url)])

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"


def as_response(value: object, status: int) -> Response:
    """What a handler returned as a response: text, bytes, a value for JSON, None for none."""
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status=204 if status == 200 else status)
    if isinstance(value, str):
        return Response.text(value, status)
    if isinstance(value, (bytes, bytearray)):
        return Response(bytes(value), status, content_type="application/octet-stream")
    return Response.json(value, status)


def to_json(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, Principal):
        return str(value)
    raise TypeError(
        f"{type(value).__name__} has no form in JSON: use text, numbers, lists, dictionaries, or a Response"
    )


def unquote(text: str, plus: bool = False) -> str:
    """Percent-decoding (RFC 3986, 2.1); with ``plus`` a plus sign is a space.

    What is no UTF-8 is replaced.
    """
    if plus:
        text = text.replace("+", " ")
    first, *parts = text.split("%")
    if not parts:
        return text
    found = bytearray(first.encode("utf-8"))
    for part in parts:
        try:
            found.append(int(part[:2], 16) if part[:2].isalnum() and len(part) > 1 else -1)
            part = part[2:]
        except ValueError:  # no two hexadecimal digits: a percent sign stands for itself
            found += b"%"
        found += part.encode("utf-8")
    return found.decode("utf-8", "replace")

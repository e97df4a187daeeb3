"""HTTP outcalls: responders, transformations, limits, prices."""

from __future__ import annotations

import http.server
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import HttpFailure, HttpRequest, HttpResponse, Replica
from basilisk.replica.ledger import UseCase
from basilisk.replica.management import interface
from basilisk.replica.management.network import fetch
from tests.unit.replica.management.proxy import Proxy
from tests.unit.replica.management.proxy import proxy as proxy_wasm
from tests.unit.replica.wat import reply_bytes

GET: dict[str, Any] = {"url": "https://example.org/x", "method": {"get": None}, "headers": []}
ENOUGH = 10**12


def test_a_responder_answers(replica: Replica, proxy: Proxy) -> None:
    seen: list[HttpRequest] = []

    def respond(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(201, [("X-A", "b")], b"body")

    replica.http_responder = respond
    arguments = {
        **GET,
        "method": {"post": None},
        "headers": [{"name": "Host", "value": "example.org"}],
        "body": b"data",
        "max_response_bytes": 1000,
    }
    assert proxy.call("http_request", arguments, ENOUGH) == {
        "status": 201,
        "headers": [{"name": "X-A", "value": "b"}],
        "body": b"body",
    }
    assert seen == [
        HttpRequest(
            id=1,
            canister=proxy.id,
            url="https://example.org/x",
            method="POST",
            headers=(("Host", "example.org"),),
            body=b"data",
            max_response_bytes=1000,
            replicated=True,
        )
    ]


def test_answers_can_be_given_later(replica: Replica, proxy: Proxy) -> None:
    numbers = [proxy.send("http_request", GET, ENOUGH) for _ in range(2)]
    replica.tick(2)
    first, second = replica.http_requests
    replica.answer_http(second.id, HttpResponse(body=b"two"))
    replica.answer_http(first.id, HttpResponse(body=b"one"))
    assert [proxy.result(item, "http_request")["body"] for item in numbers] == [b"one", b"two"]
    assert replica.http_requests == ()
    with pytest.raises(UsageError, match="there is no open HTTP outcall number 1"):
        replica.answer_http(first.id, HttpResponse())


def test_without_an_answer_the_call_times_out(replica: Replica, proxy: Proxy) -> None:
    number = proxy.send("http_request", GET, ENOUGH)
    replica.tick()
    start = replica.clock.now()
    with pytest.raises(CallRejected, match="Canister http request timed out") as caught:
        proxy.result(number, "http_request")
    assert caught.value.code == 2
    assert 59 * 10**9 < replica.clock.now() - start < 61 * 10**9


def test_a_server_that_does_not_answer(replica: Replica, proxy: Proxy) -> None:
    def respond(request: HttpRequest) -> HttpResponse:
        raise HttpFailure("Connecting to example.org failed")

    replica.http_responder = respond
    with pytest.raises(CallRejected, match=r"Connecting to example\.org failed") as caught:
        proxy.call("http_request", GET, ENOUGH)
    assert caught.value.code == 2


# ---- transformations ---------------------------------------------------------------------------------


def transforming(replica: Replica, body: str) -> Proxy:
    """A proxy with a query ``t`` of that body."""
    replica.http_responder = lambda request: HttpResponse(200, [("Date", "today")], b"raw")
    return Proxy(replica, proxy_wasm(f'(func (export "canister_query t") {body})'))


def constant(data: bytes) -> str:
    """Code that answers with ``data``."""
    stores = " ".join(
        f"(i32.store8 (i32.const {100 + index}) (i32.const {byte}))" for index, byte in enumerate(data)
    )
    return f"{stores} {reply_bytes(100, len(data))}"


def with_transform(canister: Principal) -> dict[str, Any]:
    return {**GET, "transform": {"function": (canister, "t"), "context": b"ctx"}}


def test_a_transformation_makes_the_answer(replica: Replica) -> None:
    answer = interface.result("http_request", {"status": 200, "headers": [], "body": b"clean"})
    proxy = transforming(replica, constant(answer))
    result = proxy.call("http_request", with_transform(proxy.id), ENOUGH)
    assert result == {"status": 200, "headers": [], "body": b"clean"}


def test_a_transformation_is_called_by_the_management_canister_as_a_query(replica: Replica) -> None:
    """Its argument is the response with the context; what it changes is forgotten."""
    proxy = transforming(
        replica,
        """(call $debug_print (i32.const 200) (i32.const 0))
        (if (call $msg_caller_size) (then unreachable))
        (if (call $in_replicated_execution) (then unreachable))
        (call $msg_arg_data_copy (i32.const 200) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reject (i32.const 200) (i32.const 4))""",
    )
    with pytest.raises(CallRejected, match="DIDL") as caught:
        proxy.call("http_request", with_transform(proxy.id), ENOUGH)
    assert caught.value.code == 4


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("unreachable", "Canister trapped: unreachable"),
        (constant(b"nonsense"), "Failed to decode the transformed response"),
        (reply_bytes(0, 2_000_001), "Transformed http response exceeds limit: 2000000"),
        ("", "did not reply"),
    ],
)
def test_transformations_that_fail(replica: Replica, body: str, text: str) -> None:
    proxy = transforming(replica, body)
    with pytest.raises(CallRejected, match=text):
        proxy.call("http_request", with_transform(proxy.id), ENOUGH)


def test_the_transformation_is_a_query_of_the_caller(replica: Replica, proxy: Proxy) -> None:
    other = replica.create_canister()
    text = f"transform principal id expected to be {proxy.id}, got {other}"
    with pytest.raises(CallRejected, match=text):
        proxy.call("http_request", with_transform(other), ENOUGH)
    replica.http_responder = lambda request: HttpResponse()
    with pytest.raises(CallRejected, match="has no query method 't'"):
        proxy.call("http_request", with_transform(proxy.id), ENOUGH)


# ---- limits and prices -------------------------------------------------------------------------------


def header(name: int, value: int) -> dict[str, str]:
    return {"name": "n" * name, "value": "v" * value}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"url": "https://" + "u" * 8_185}, "url size 8193 exceeds 8192"),
        ({"headers": [header(1, 1)] * 65}, "number of all http headers 65 exceeds 64"),
        ({"headers": [header(8_193, 1)]}, "some http header name 8193 exceeds 8192"),
        ({"headers": [header(1, 8_193)]}, "some http header value 8193 exceeds 8192"),
        ({"headers": [header(1, 8_192)] * 6}, "all http header names and values 49158 exceeds 49152"),
        ({"body": bytes(2_000_001)}, "http body 2000001 exceeds 2000000"),
        ({"max_response_bytes": 2_000_001}, r"in the range \[0..2000000\], got 2000001"),
        ({"method": {"put": None}}, "requires is_replicated to be false"),
        ({"url": "http://example.org"}, "Url need to specify https scheme"),
    ],
)
def test_limits(replica: Replica, proxy: Proxy, changes: dict[str, Any], text: str) -> None:
    replica.http_responder = lambda request: HttpResponse()
    with pytest.raises(CallRejected, match=text):
        proxy.call("http_request", {**GET, **changes}, ENOUGH)


def test_what_just_fits(replica: Replica, proxy: Proxy) -> None:
    replica.http_responder = lambda request: HttpResponse(body=bytes(10))
    url = "https://" + "u" * 8_184
    headers = [header(4_096, 4_096)] * 6
    value = {**GET, "url": url, "headers": headers, "max_response_bytes": 10}
    assert proxy.call("http_request", value, ENOUGH)["body"] == bytes(10)
    delete = {**GET, "method": {"delete": None}, "is_replicated": False}
    proxy.call("http_request", delete, ENOUGH)


def test_a_response_that_is_too_large(replica: Replica, proxy: Proxy) -> None:
    replica.http_responder = lambda request: HttpResponse(headers=[("ab", "cd")], body=bytes(7))
    with pytest.raises(CallRejected, match="Http body exceeds size limit of 10 bytes") as caught:
        proxy.call("http_request", {**GET, "max_response_bytes": 10}, ENOUGH)
    assert caught.value.code == 1


@pytest.mark.parametrize("limit", [None, 0, 1_000])
def test_prices(replica: Replica, proxy: Proxy, limit: int | None) -> None:
    """By the formula of the network, for the largest response that is allowed; the rest comes back."""
    value = {**GET, "headers": [header(3, 4)], "body": b"12345", "max_response_bytes": limit}
    size = len(GET["url"]) + 7 + 5
    cost = 13 * (3_000_000 + 60_000 * 13 + 400 * size + 800 * (2_000_000 if limit is None else limit))
    with pytest.raises(CallRejected) as caught:
        proxy.call("http_request", value, cost - 1)
    assert caught.value.message == (
        f"http_request request sent with {cost - 1:_} cycles, but {cost:_} cycles are required."
    )
    proxy.send("http_request", value, 2 * cost)
    replica.tick()
    assert replica.consumed_cycles[UseCase.HTTP_OUTCALLS] == cost
    assert replica.unaccounted_cycles() == 0
    assert len(replica.http_requests) == 1


def test_outcalls_are_part_of_checkpoints(replica: Replica, proxy: Proxy) -> None:
    number = proxy.send("http_request", GET, ENOUGH)
    replica.tick(2)
    checkpoint = replica.checkpoint()
    for body in (b"one", b"two"):
        replica.answer_http(replica.http_requests[0].id, HttpResponse(body=body))
        assert proxy.result(number, "http_request")["body"] == body
        replica.restore(checkpoint)
    assert replica.unaccounted_cycles() == 0


# ---- the real network --------------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; `/moved` redirects."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302 if self.path == "/moved" else 404)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.command.encode() + b" " + self.headers["X-Name"].encode() + b" " + body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    server = socketserver.TCPServer(("127.0.0.1", 0), Server)  # HTTPServer would look its own name up
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def request(url: str, most: int = 100) -> HttpRequest:
    return HttpRequest(1, Principal(b""), url, "POST", (("X-Name", "value"),), b"data", most, True)


def test_requests_to_real_servers(address: str) -> None:
    """Errors and redirects are responses like others; no more is read than allowed, and one byte."""
    found = fetch(request(address + "/x"))
    assert (found.status, found.body) == (404, b"POST value data")
    moved = fetch(request(address + "/moved", 3))
    assert (moved.status, moved.body) == (302, b"POST")
    assert ("Location", "/elsewhere") in moved.headers


def test_no_server_is_a_failure() -> None:
    with pytest.raises(HttpFailure, match=r"Connecting to http://127\.0\.0\.1:1/ failed"):
        fetch(request("http://127.0.0.1:1/"))


def test_the_real_network_must_be_allowed(engine: Engine) -> None:
    assert Replica(engine=engine).http_responder is None
    assert Replica(engine=engine, allow_network=True).http_responder is fetch

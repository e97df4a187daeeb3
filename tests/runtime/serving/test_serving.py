"""HTTP requests as a gateway makes them: queries, upgrades to updates, streaming, certified responses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from basilisk.candid import parse_did
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica, build_program, expect_reject
from tests.unit.replica.test_certificates import verify as verify_certificate
from tests.unit.serving import gateway

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Answer(NamedTuple):
    """What the client gets, and how: "query", "update" or "stream"."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    how: str

    def json(self) -> Any:
        return json.loads(self.body)


class Gateway:
    """Asks a canister as the gateway protocol says."""

    def __init__(self, canister: Canister) -> None:
        self.canister = canister

    def ask(self, url: str, method: str = "GET", body: bytes = b"", version: int | None = 2) -> Answer:
        request = {"method": method, "url": url, "headers": [("Host", "x")], "body": body}
        answer = self.canister.http_request({**request, "certificate_version": version})
        how = "query"
        if answer.upgrade:
            answer = self.canister.http_request_update(request)
            how = "update"
        body, strategy = answer.body, answer.streaming_strategy
        if strategy is not None:
            principal, name = strategy.Callback.callback
            assert principal == self.canister.canister_id
            token = strategy.Callback.token
            how = "stream"
            while token is not None:
                part = self._part(name, token)
                body, token = body + part["body"], part["token"]
        return Answer(answer.status_code, answer.headers, body, how)

    def _part(self, name: str, token: Any) -> Any:
        from basilisk import candid

        types = parse_did(
            "type T = record { url : text; offset : nat };"
            "service : { f : (T) -> (opt record { body : blob; token : opt T }) query }"
        )
        assert types.service is not None
        function: Any = types.service.methods[0][1]
        message = candid.encode(function.args, [dict(token)], types.environment)
        data = self.canister.replica.query(self.canister.canister_id, name, message)
        (part,) = candid.decode(data, function.results, types.environment)
        assert part is not None
        return part

    def verified(self, url: str, version: int | None = 2) -> tuple[Answer, str]:
        """The answer, and what its certificate proves; everything is checked as on the network."""
        answer = self.ask(url, version=version)
        replica = self.canister.replica
        certificate = gateway.binary(gateway.fields(answer.headers)["certificate"])
        tree = verify_certificate(certificate, replica.root_key)
        path = [b"canister", self.canister.canister_id.bytes, b"certified_data"]
        leaf = gateway.lookup(path, tree)
        assert isinstance(leaf, list)
        proof = gateway.verify(url, answer.status, answer.headers, answer.body, leaf[1])
        return answer, proof


@pytest.fixture
def site(replica: LocalReplica, artefact: Found) -> Gateway:
    return Gateway(replica.deploy(HERE / "pages.py"))


def test_routes_answer(site: Gateway) -> None:
    answer = site.ask("/")
    assert answer.how == "query" and answer.status == 200 and answer.body == b"<h1>index</h1>"
    assert ("X-Frame-Options", "DENY") in answer.headers
    assert ("Content-Type", "text/html; charset=utf-8") in answer.headers
    assert site.ask("/nothing").status == 404
    assert site.ask("/", "HEAD")[:3] == (200, answer.headers, b"")


def test_changes_go_through_an_update(site: Gateway) -> None:
    created = site.ask("/notes", "POST", b'{"text": "buy milk"}')
    assert (created.status, created.how, created.json()) == (201, "update", {"number": 0})
    assert site.ask("/notes/0?upper=true").body == b"BUY MILK"
    missing = site.ask("/notes/1")
    assert (missing.status, missing.body) == (404, b"there is no note 1")
    assert site.ask("/notes/x").status == 404
    assert site.ask("/notes/0?upper=perhaps").status == 400
    assert site.ask("/notes", "POST", b"{").status == 400
    assert site.ask("/notes", "DELETE").status == 204
    assert site.ask("/notes/0").status == 404


def test_other_methods(site: Gateway) -> None:
    refused = site.ask("/notes", "PUT")
    assert refused.status == 405
    assert ("Allow", "DELETE, POST, OPTIONS") in refused.headers
    options = site.ask("/notes", "OPTIONS")
    assert (options.status, options.body) == (204, b"")


def test_errors_and_what_they_leave(site: Gateway) -> None:
    """An HttpError keeps the changes, any other exception takes them back."""
    assert site.ask("/refused", "POST").status == 409
    assert site.canister.count() == 1
    with expect_reject("a mistake"):
        site.ask("/fails", "POST")
    assert site.canister.count() == 1


def test_handlers_that_wait(site: Gateway) -> None:
    """async functions and generators run as updates by themselves."""
    site.ask("/notes", "POST", b'{"text": "x"}')
    for url, body in (("/count", b'{"count":1}'), ("/count/old", b"1")):
        answer = site.ask(url)
        assert (answer.how, answer.body) == ("update", body)
    assert site.ask("/who").json() == {"caller": "2vxsx-fae"}


def test_long_bodies_are_streamed(site: Gateway) -> None:
    part = bytes(number % 251 for number in range(1000))
    for count, how in ((1_900, "query"), (1_901, "stream"), (5_000, "stream")):
        answer = site.ask(f"/large/{count}")
        assert answer.how == how
        assert answer.body == part * count


def test_certified_responses(site: Gateway) -> None:
    """Signature, certified data, tree and response are checked as a gateway does it."""
    site.canister.certify()
    answer, proof = site.verified("/page?x=1")
    assert proof == "certified" and answer.body == b"<p>page</p>"
    assert site.verified("/page", version=None)[1] == "certified"
    answer, proof = site.verified("/page/large")
    assert proof == "certified" and answer.how == "stream" and len(answer.body) == 4_000_000
    assert site.verified("/app/any/where")[1] == "certified"
    answer, proof = site.verified("/notes/7")
    assert proof == "skipped" and answer.status == 404
    assert not [name for name, _ in site.ask("/").headers if name == "IC-Certificate"]
    site.canister.change()
    answer, proof = site.verified("/page")
    assert proof == "certified" and answer.body == b"<p>new</p>"
    assert site.ask("/app/any").status == 404
    # The heap is new after an upgrade, and so are the routes without certificate.
    site.canister.upgrade()
    assert site.ask("/page").status == 404


def test_the_interface_is_that_of_gateways(site: Gateway) -> None:
    """Names and types are those of the gateway protocol."""
    text = build_program(HERE / "pages.py").did
    for line in (
        "http_request : (request : HttpRequest) -> (HttpResponse) query;",
        "http_request_update : (request : HttpUpdateRequest) -> (HttpResponse);",
        "certificate_version : opt nat16",
        "status_code : nat16",
        "streaming_strategy : opt StreamingStrategy",
    ):
        assert line in text, text
    assert "http_streaming" not in text


def test_types_alone(replica: LocalReplica, artefact: Found) -> None:
    """Programs that write the methods themselves carry the records and nothing else."""
    canister = replica.deploy(HERE / "types_only.py")
    assert Gateway(canister).ask("/x?y").body == b"/x?y"
    assert b"IC-CertificateExpression" not in gzip.decompress(build_program(HERE / "types_only.py").wasm)
    assert b"IC-CertificateExpression" in gzip.decompress(build_program(HERE / "pages.py").wasm)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("@http.get('/{a}')\ndef f() -> str: ...", "the function does not take"),
        ("@http.get('/')\ndef f(a: dict[str, int]) -> str: ...", "no URL can hold"),
        ("@http.get('/', update=False)\nasync def f() -> str: ...", "awaits cannot answer"),
    ],
)
def test_mistakes_are_build_errors(body: str, message: str, tmp_path: Path, artefact: Found) -> None:
    """They point at the function."""
    from basilisk.errors import ProgramError

    (tmp_path / "main.py").write_text(f"from basilisk import http\n\n\n{body}\n")
    with pytest.raises(ProgramError, match=message) as caught:
        build_program(tmp_path)
    assert caught.value.where is not None and caught.value.where.line == 5

"""Certified responses, checked as a gateway checks them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import ic
from basilisk.http import Response
from basilisk.http.certification import Certification
from tests.unit.serving.gateway import verify


@pytest.fixture
def certified_data(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the canister has certified, the latest last."""
    found: list[bytes] = []
    monkeypatch.setattr(ic, "set_certified_data", found.append)
    monkeypatch.setattr(ic, "data_certificate", lambda: b"certificate")
    return found


def check(store: Certification, url: str, root: bytes, version: int | None = 2) -> str:
    """What a gateway thinks of the response for a URL, which is "new" if it is not certified."""
    path = url.partition("?")[0]
    entry = store.find(path) or store.fallback(path)
    response = entry.response if entry is not None else Response("new")
    headers = [*response.headers, *store.headers(path, entry, version)]
    return verify(url, response.status, headers, response.body, root)


def test_exact_responses(certified_data: list[bytes]) -> None:
    """Both versions, with a query string, for nested paths and for the root."""
    store = Certification()
    for url in ("/", "/a", "/a/", "/a/b.html", "/%C3%BC"):
        store.certify(url, Response.html(f"page {url}", headers={"Cache-Control": "no-store"}))
    for url in ("/", "/a", "/a/", "/a/b.html", "/%C3%BC", "/a?x=1"):
        assert check(store, url, certified_data[-1]) == "certified"
        assert check(store, url, certified_data[-1], None) == "certified"


def test_a_response_that_was_changed(certified_data: list[bytes]) -> None:
    """Status, headers and body are all certified; an older root proves nothing."""
    store = Certification()
    store.certify("/", Response.text("right", 200))
    old = certified_data[-1]
    headers = [("Content-Type", "text/plain; charset=utf-8")]
    headers += store.headers("/", store.find("/"), 2)
    assert verify("/", 200, headers, b"right", old) == "certified"
    for status, given_headers, body in (
        (404, headers, b"right"),
        (200, headers, b"wrong"),
        (200, [*headers, ("X", "y")], b"right"),
        (200, headers[1:], b"right"),
    ):
        with pytest.raises(AssertionError):
            verify("/", status, given_headers, body, old)
    store.certify("/", "new")
    assert len(certified_data) == 2
    with pytest.raises(AssertionError):
        check(store, "/", old)
    assert check(store, "/", certified_data[-1]) == "certified"
    store.uncertify("/")
    assert store.find("/") is None
    with pytest.raises(KeyError):
        store.uncertify("/")


def test_fallbacks_and_routes_without_certificate(certified_data: list[bytes]) -> None:
    store = Certification()
    store.certify("/", "page")
    store.certify("/app/", Response.html("app"), below=True)
    store.skip("/api")
    root = certified_data[-1]
    assert check(store, "/app/some/where", root) == "certified"
    assert check(store, "/app", root) == "certified"
    assert check(store, "/api/items/1", root) == "skipped"
    assert check(store, "/api", root) == "skipped"
    assert store.headers("/other", None, 2) == []
    assert store.headers("/api/x", None, 1) == []
    store.skip("/")
    assert check(store, "/other/path/", certified_data[-1]) == "skipped"
    # What is certified goes before what is not, but not below a path whose routes are skipped.
    store.certify("/", "not found", below=True)
    assert check(store, "/other", certified_data[-1]) == "certified"
    assert store.fallback("/api/x") is None


def test_outside_of_queries(certified_data: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    store = Certification()
    monkeypatch.setattr(ic, "data_certificate", lambda: None)
    store.certify("/", "page")
    assert store.headers("/", store.find("/"), 2) == []
    for wrong in ("page", "/a?b", "/a#b"):
        with pytest.raises(ValueError, match="begins with a slash"):
            store.certify(wrong, "page")


part = st.sampled_from(["", "a", "b", "c.html", "%20"])
urls = st.lists(part, max_size=3).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(urls, max_size=6), st.lists(urls, max_size=3), st.lists(urls, max_size=3), urls)
def test_every_answer_can_be_verified(
    exact: list[str], below: list[str], skipped: list[str], url: str
) -> None:
    """For any set of certified, fallback and skipped paths: what the store answers convinces a gateway."""
    found: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ic, "set_certified_data", found.append)
        patch.setattr(ic, "data_certificate", lambda: b"certificate")
        store = Certification()
        for path in exact:
            store.certify(path, "exact " + path)
        for path in below:
            store.certify(path, "below " + path, below=True)
        for path in skipped:
            store.skip(path)
        entry = store.find(url) or store.fallback(url)
        if entry is not None:
            assert check(store, url, found[-1]) == "certified"
        elif store.headers(url, None, 2):
            assert check(store, url, found[-1]) == "skipped"
        else:
            assert not {"/", "//"} & set(skipped)

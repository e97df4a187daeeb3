"""Routes, parameters, requests and responses, on the host."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import Opt, Principal, nat8
from basilisk.faults import ProgramFault
from basilisk.http import HttpError, Request, Response
from basilisk.http.messages import as_response, unquote
from basilisk.http.routing import Route, Table


def request(url: str, method: str = "GET", body: bytes = b"", headers: Any = ()) -> Request:
    return Request({"method": method, "url": url, "headers": list(headers), "body": body})


def answer(table: Table, url: str, method: str = "GET") -> Any:
    asked = request(url, method)
    route, found, allowed = table.find(asked.method, asked.raw_path)
    return allowed if route is None else route.call(asked, found)


def table(*functions: tuple[str, str, Any]) -> Table:
    made = Table()
    for method, path, function in functions:
        made.add(Route(method, path, function, 200, False))
    return made


def test_the_more_specific_route_wins() -> None:
    """Text before a parameter before the rest of a path, whatever the order of declaration."""

    def rest(path: str) -> str:
        return "rest " + path

    def item(name: str) -> str:
        return "item " + name

    def new() -> str:
        return "new"

    def below(name: str, part: str) -> str:
        return f"{name} has {part}"

    routes = table(
        ("GET", "/{path:path}", rest),
        ("GET", "/items/{name}", item),
        ("GET", "/items/new", new),
        ("GET", "/items/{name}/{part}", below),
    )
    assert answer(routes, "/items/new") == "new"
    assert answer(routes, "/items/old") == "item old"
    assert answer(routes, "/items/a%20b/x%2Fy?z=1") == "a b has x/y"
    assert answer(routes, "/items/") == "rest items/"
    assert answer(routes, "/") == "rest "
    assert answer(routes, "/a/b/c") == "rest a/b/c"


def test_parameters_have_the_types_of_their_annotations() -> None:
    def handler(
        number: int,
        request: Request,
        flag: bool = False,
        ratio: float = 1.5,
        small: nat8 = 0,
        who: Opt[Principal] = None,
        text: Optional[str] = None,
        tags: list[str] = [],  # noqa: B006
    ) -> object:
        assert request.method == "GET"
        return number, flag, ratio, small, who, text, tags

    routes = table(("GET", "/{number}", handler))
    assert answer(routes, "/-7") == (-7, False, 1.5, 0, None, None, [])
    found = answer(routes, "/1?flag=yes&ratio=2&small=255&who=aaaaa-aa&text=&tags=a&tags=b+c")
    assert found == (1, True, 2.0, 255, Principal.management_canister(), "", ["a", "b c"])
    with pytest.raises(HttpError) as caught:
        answer(routes, "/one")
    assert caught.value.status == 404
    for url in ("/1?small=256", "/1?flag=maybe", "/1?who=nobody", "/1?ratio=x"):
        with pytest.raises(HttpError, match="cannot be") as caught:
            answer(routes, url)
        assert caught.value.status == 400


def test_parameters_that_are_missing() -> None:
    def handler(word: str) -> str:
        return word

    with pytest.raises(HttpError, match="'word' is missing") as caught:
        answer(table(("GET", "/", handler)), "/?other=1")
    assert caught.value.status == 400


def test_other_methods_of_a_path() -> None:
    def handler() -> None: ...

    routes = table(("POST", "/a", handler), ("PUT", "/{x}/b", lambda x: x), ("GET", "/b", lambda: "get"))
    assert answer(routes, "/a") == ["POST"]
    assert answer(routes, "/b", "HEAD") == "get"
    assert answer(routes, "/a/b", "DELETE") == ["PUT"]
    assert answer(routes, "/nothing") == []


@pytest.mark.parametrize(
    ("path", "handler", "message"),
    [
        ("items", lambda: 0, "does not begin with a slash"),
        ("/{id", lambda: 0, "only a part of the segment"),
        ("/a{id}", lambda id: 0, "only a part of the segment"),
        ("/{a:int}", lambda a: 0, "no parameter in"),
        ("/{a:path}/b", lambda a: 0, "no parameter in"),
        ("/{a}/{a}", lambda a: 0, "names a parameter twice"),
        ("/{id}", lambda: 0, "the function does not take"),
    ],
)
def test_paths_that_cannot_be(path: str, handler: Any, message: str) -> None:
    with pytest.raises(ProgramFault, match=message):
        Route("GET", path, handler, 200, False)


def test_types_that_no_url_can_hold() -> None:
    def handler(data: dict[str, int]) -> None: ...

    def unknown(data: Nothing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ProgramFault, match="no URL can hold"):
        Route("GET", "/", handler, 200, False)
    with pytest.raises(ProgramFault, match="cannot be evaluated"):
        Route("GET", "/", unknown, 200, False)


def test_two_routes_of_one_shape() -> None:
    with pytest.raises(ProgramFault, match="answered by"):
        table(("GET", "/{a}", lambda a: 0), ("GET", "/{b}", lambda b: 0))


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_percent_encoding_is_undone(text: str) -> None:
    """Whatever is percent-encoded comes back; a plus sign means a space in queries only."""
    encoded = "".join(f"%{byte:02x}" for byte in text.encode())
    assert unquote(encoded) == unquote(encoded.upper()) == text
    assert request(f"/?{encoded}=" + encoded).query.get(text, "") == (text if text or encoded else "")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_any_url_can_be_read(text: str) -> None:
    """Malformed escapes are no errors: they stand for themselves."""
    asked = request("/" + text)
    assert asked.path.startswith("/")
    if "%" not in text:
        assert unquote(text) == text


def test_escapes_that_are_none() -> None:
    assert unquote("100%") == "100%"
    assert unquote("%zz%4") == "%zz%4"
    assert unquote("a+b%2B", plus=True) == "a b+"
    assert unquote("%ff") == "\ufffd"


def test_requests() -> None:
    asked = request(
        "https://example.com/a/b?x=1&x=2&y#z",
        "post",
        b'{"k": [1]}',
        [("Content-Type", "text/plain"), ("X-A", "1"), ("x-a", "2")],
    )
    assert (asked.method, asked.path, asked.query) == ("POST", "/a/b", {"x": "1", "y": ""})
    assert asked.query_list("x") == ["1", "2"]
    assert asked.header("x-A") == "1" and asked.header("none", "d") == "d"
    assert asked.json() == {"k": [1]}
    assert request("/", body=b"a=1&b=x+y&a=2").form() == {"a": "1", "b": "x y"}
    for body in (b"{", b"\xff"):
        with pytest.raises(HttpError) as caught:
            request("/", body=body).json()
        assert caught.value.status == 400


def test_responses() -> None:
    assert as_response("text", 201).headers == [("Content-Type", "text/plain; charset=utf-8")]
    assert as_response("text", 201).status == 201
    assert as_response(None, 200).status == 204
    assert as_response(b"x", 200).header("content-type") == "application/octet-stream"
    made = as_response({"who": Principal.anonymous(), "ü": [1, None]}, 200)
    assert made.body == '{"who":"2vxsx-fae","ü":[1,null]}'.encode()
    assert Response.redirect("/x").headers == [("Location", "/x")]
    assert Response("x", headers={"content-type": "text/css"}).headers == [("content-type", "text/css")]
    with pytest.raises(TypeError, match="no form in JSON"):
        as_response({1, 2}, 200)
    with pytest.raises(ValueError, match="from 100 to 599"):
        Response(status=1000)
    with pytest.raises(ValueError, match="from 400"):
        HttpError(200)
    assert HttpError(418).response().body == b"Error"

"""Counters on the web: a JSON interface that changes them, and a front page that is certified."""

from basilisk import http, init, nat, post_upgrade, query
from basilisk.http import HttpError, Request, Response

counters: dict[str, int] = {}
MOST_COUNTERS = 1_000

FRONT_PAGE = """<!doctype html>
<title>Counters</title>
<h1>Counters</h1>
<p>GET <a href="/counters">/counters</a>, GET /counters/NAME, POST /counters/NAME, DELETE /counters/NAME</p>
"""


@init
def installed() -> None:
    prepare()


@post_upgrade
def upgraded() -> None:
    prepare()


def prepare() -> None:
    """Certifies what is known beforehand; the rest is answered as it is when it is asked for."""
    http.certify("/", Response.html(FRONT_PAGE, headers={"Cache-Control": "max-age=3600"}))
    http.skip_certification("/counters")


@http.get("/counters")
def every(at_least: int = 0) -> dict[str, int]:
    """All counters, or those with a count of at least ``?at_least=``."""
    return {name: count for name, count in sorted(counters.items()) if count >= at_least}


@http.get("/counters/{name}")
def one(name: str) -> dict[str, object]:
    if name not in counters:
        raise HttpError(404, f"there is no counter {name!r}")
    return {"name": name, "count": counters[name]}


@http.post("/counters/{name}")
def count(name: str, request: Request) -> Response:
    """Adds one, or what the body says as ``{"by": 5}``."""
    by = request.json().get("by", 1) if request.body else 1
    if not isinstance(by, int):
        raise HttpError(400, '"by" is a number')
    if name not in counters and len(counters) >= MOST_COUNTERS:
        raise HttpError(503, "there are too many counters")
    created = name not in counters
    counters[name] = counters.get(name, 0) + by
    return Response.json({"name": name, "count": counters[name]}, 201 if created else 200)


@http.delete("/counters/{name}")
def forget(name: str) -> None:
    if counters.pop(name, None) is None:
        raise HttpError(404, f"there is no counter {name!r}")


@query
def get(name: str) -> nat:
    """The same for other canisters, which need no HTTP."""
    return counters.get(name, 0)

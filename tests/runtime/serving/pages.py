"""A site: routes of every kind, certified pages, streaming."""

from basilisk import Async, CallResult, Principal, Service, http, ic, nat, query, service_query, update
from basilisk.http import HttpError, Request, Response

notes: list[str] = []


@http.get("/")
def index() -> Response:
    return Response.html("<h1>index</h1>", headers={"X-Frame-Options": "DENY"})


@http.get("/notes/{number}")
def note(number: int, upper: bool = False) -> str:
    if number >= len(notes):
        raise HttpError(404, f"there is no note {number}")
    return notes[number].upper() if upper else notes[number]


@http.post("/notes", status=201)
def add(request: Request) -> dict[str, int]:
    notes.append(request.json()["text"])
    return {"number": len(notes) - 1}


@http.delete("/notes")
def forget() -> None:
    notes.clear()


@http.post("/refused")
def refused() -> None:
    notes.append("kept")
    raise HttpError(409, "not now")


@http.post("/fails")
def fails() -> None:
    notes.append("rolled back")
    raise ValueError("a mistake")


@http.get("/large/{count}")
def large(count: int) -> bytes:
    return bytes(number % 251 for number in range(1000)) * count


@http.get("/who", update=True)
def who() -> dict[str, Principal]:
    return {"caller": ic.caller()}


class Myself(Service):
    @service_query
    def count(self) -> nat: ...


@query
def count() -> nat:
    return len(notes)


@http.get("/count")
async def count_page() -> dict[str, int]:
    return {"count": await Myself(ic.id()).count()}


@http.get("/count/old")
def count_in_the_older_way() -> Async[str]:
    result: CallResult[int] = yield Myself(ic.id()).count()
    return str(result.Ok)


@update
def certify() -> None:
    http.certify("/page", Response.html("<p>page</p>", headers={"Cache-Control": "max-age=60"}))
    http.certify("/page/large", b"x" * 4_000_000)
    http.certify("/app", Response.html("app"), below=True)
    http.skip_certification("/notes")


@update
def change() -> None:
    http.certify("/page", Response.html("<p>new</p>"))
    http.uncertify("/app", below=True)

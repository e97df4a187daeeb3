"""What mypy makes of programs: correct ones pass `--strict`, wrong ones are refused at the right line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import basilisk

SOURCE = Path(basilisk.__file__).parents[1]

GOOD = """
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypedDict, TypeVar

from basilisk import (
    Alias, Async, CallResult, Func, GuardResult, Manual, Opt, Principal, Query, Record, Service, Tuple,
    Variant, Vec, blob, empty, float64, heartbeat, ic, init, inspect_message, int8, match, nat, nat8, nat64,
    null, opt, post_upgrade, pre_upgrade, query, reserved, text, update, void,
)

T = TypeVar("T")


class Candid(Record):
    text: str
    blob: blob
    nat: nat
    nat64: nat64
    int: int
    int8: int8
    float64: float64
    bool: bool
    null: null
    vec: Vec[str]
    opt: Opt["nat"]
    record: "Person"
    variant: "Choice"
    principal: Principal


class Person(Record):
    name: str
    age: nat8


class Choice(Variant, total=False):
    Tag1: null
    Tag3: int


class Outcome(Variant, Generic[T], total=False):
    Ok: T
    Err: str


@dataclass
class Point:
    x: nat
    y: nat


class Colour(Enum):
    RED = 1


class Pair(NamedTuple):
    left: nat
    right: str


class Typed(TypedDict):
    a: nat


Headers = Vec[Tuple[str, str]]
Amount = Alias[nat64]
Callback = Func[Query[[str, nat], bool]]

people: dict[Principal, Person] = {}


def only_controllers() -> GuardResult:
    return {"Ok": None} if ic.is_controller(ic.caller()) else {"Err": "controllers only"}


@init
def start(owner: Principal, limit: Opt[nat64]) -> None:
    people[owner] = {"name": "owner", "age": 1}


@post_upgrade
def again() -> void:
    pass


@pre_upgrade
def before() -> None:
    ic.stable64_write(0, b"x")


@heartbeat
async def tick() -> None:
    ic.print("tick", 1)


@inspect_message
def inspect() -> None:
    if ic.method_name() == "f":
        ic.accept_message()


@query
def candid_types() -> Candid:
    return {
        "text": "text", "blob": bytes(), "nat": 1, "nat64": 1, "int": -1, "int8": 127, "float64": 0.0,
        "bool": True, "null": None, "vec": ["one"], "opt": None, "variant": {"Tag1": None},
        "record": {"name": "John", "age": 35},
        "principal": Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai"),
    }


@query(guard=only_controllers, name="get")
def find(owner: Principal) -> Opt[Person]:
    return people.get(owner)


@update
def outcome(amount: Amount, headers: Headers, point: Point, colour: Colour) -> Outcome[nat64]:
    if colour is Colour.RED and point.x > amount:
        return {"Err": "too much"}
    return {"Ok": amount + len(headers[0][1])}


@query
def more(a: opt[text], b: Pair, c: Typed, d: reserved, e: Callback) -> Vec[nat]:
    principal, name = e
    return [b.left, c["a"], len(name), len(principal.bytes)]


@query
def callback() -> Callback:
    return (ic.id(), "callback")


@query
def never() -> empty:
    raise Exception("never")


@update
def manual(message: str) -> Manual[str]:
    if message == "reject":
        ic.reject(message)
        return None
    ic.reply(message)
    return None


@update
def generator() -> Async[str]:
    result: CallResult[str] = yield ic.call_raw(Principal.anonymous(), "x", b"", 0)
    if result.Err is not None:
        return result.Err
    return result.Ok


@update
async def asynchronous(x: nat) -> nat:
    grown = ic.stable64_grow(x)
    pages: int = match(grown, {"Ok": lambda pages: pages, "Err": lambda _: 0})
    return pages


@query
def none() -> null:
    return None


total: int = find(Principal.anonymous()) is None and 1 or 0
person = Person(name="a", age=1)
text_of: str = Principal.management_canister().to_str() + person["name"]
"""

BAD = [
    ("@query\ndef f(x: nat) -> str:\n    return x", "return-value"),
    ("@query\ndef f() -> Vec[nat]:\n    return ['a']", "list-item"),
    ("@query\ndef f() -> Person:\n    return {'name': 1, 'age': 2}", "typeddict-item"),
    ("@query\ndef f() -> Person:\n    return {'name': 'x'}", "typeddict-item"),
    ("@query\ndef f(x: Opt[nat]) -> nat:\n    return x", "return-value"),
    ("@query\ndef f() -> Choice:\n    return {'Other': 1}", "typeddict-unknown-key"),
    ("@query(nam='x')\ndef f() -> nat:\n    return 1", "call-overload untyped-decorator"),
    ("x: str = ic.time()", "assignment"),
    ("ic.is_controller('aaaaa-aa')", "arg-type"),
    ("Principal('aaaaa-aa')", "arg-type"),
    ("Principal.anonymous().bytes = b''", "misc"),
    ("@query\ndef f(x: Principal) -> bytes:\n    return x", "return-value"),
]


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    api = pytest.importorskip("mypy.api")
    folder = tmp_path_factory.mktemp("mypy")

    def run(program: str) -> list[str]:
        path = folder / "main.py"
        path.write_text(program, encoding="utf-8")
        import os

        before = os.environ.get("MYPYPATH")
        os.environ["MYPYPATH"] = str(SOURCE)
        try:
            output, errors, _ = api.run(
                [
                    "--strict",
                    "--config-file=",
                    f"--cache-dir={folder / 'cache'}",
                    "--no-error-summary",
                    "--follow-imports=normal",
                    str(path),
                ]
            )
        finally:
            if before is None:
                del os.environ["MYPYPATH"]
            else:
                os.environ["MYPYPATH"] = before
        assert not errors
        return [line for line in output.splitlines() if ": error:" in line]

    return run


def test_correct_programs_pass_strict_type_checks(mypy) -> None:
    assert mypy(GOOD) == []


def test_wrong_programs_do_not(mypy) -> None:
    """One program with all mistakes: each gives exactly its own error."""
    head = GOOD.partition("Headers = ")[0]
    program = head + "\n\n".join(
        re.sub(r"\bf\(", f"f{number}(", body) for number, (body, _) in enumerate(BAD)
    )
    found = [line.rpartition("[")[2].rstrip("]") for line in mypy(program)]
    assert found == [code for _, codes in BAD for code in codes.split()]


def test_the_good_program_builds(guest) -> None:
    answer = guest.build(GOOD.replace("total: int = find(Principal.anonymous()) is None and 1 or 0", ""))
    assert answer["ok"], answer

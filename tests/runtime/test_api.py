"""The Python API inside a canister: types in both directions, answers, errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found
from basilisk.testing.local import LocalCanister

ANYBODY = Principal.anonymous()

PROGRAM = """
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, NamedTuple, TypedDict

from basilisk import *


@dataclass
class Point:
    x: nat
    y: int
    tags: list[str] = field(default_factory=list)


class Colour(Enum):
    RED = 1
    GREEN = 2


class Pair(NamedTuple):
    left: nat
    right: str


class Typed(TypedDict):
    a: nat


class Result[T](Variant, total=False):
    Ok: T
    Err: str


class Transfer(Record):
    from_: Annotated[Principal, Name("from")]


class Shadows(Record):
    int: int
    nat: nat
    opt: Opt["nat"]


class Other(Service):
    @service_query
    def balance(self, owner: Principal) -> nat: ...


type Tree = tuple[nat, list[Tree]]
Callback = Func(Query[[str], nat])


@query
def shapes(point: Point, colour: Colour, pair: Pair, typed: Typed) -> Result[Pair]:
    assert type(point) is Point and type(pair) is Pair and colour is Colour.GREEN, (point, pair, colour)
    return {"Ok": Pair(point.x + typed["a"], pair.right)}


@query
def back(colour: Colour) -> Point:
    return Point(1, -2, [colour.name])


@query
def tree(tree: Tree) -> Tree:
    return (tree[0] + 1, tree[1])


@query
def who(transfer: Transfer) -> Principal:
    return transfer["from_"]


@query
def shadows(nat: Shadows) -> Shadows:
    return nat


@query
def references(callback: Callback, other: Other) -> tuple[Principal, str, Other]:
    assert type(other) is Other
    return (callback[0], callback[1], other)


@query
def environment() -> tuple[Principal, bool, bool]:
    return (ic.caller(), ic.time() > 0, ic.in_replicated_execution())


@query
def map(values: dict[str, nat]) -> dict[nat, str]:
    return {number: name for name, number in values.items()}


@update(guard=lambda: {"Err": "no entry"})
def closed() -> nat:
    return 1


@update(guard=lambda: None)
def forgotten() -> nat:
    return 1


@update
def manual(message: str) -> Manual[str]:
    if message == "reject":
        ic.reject("as you wish")
    elif message == "wrong":
        ic.reply(5)
    else:
        ic.reply(message * 2)


async def twice(x):
    return x * 2


@update
async def coroutine(x: nat) -> nat:
    return await twice(x) + 1


@update
def generator(x: nat) -> Async[nat]:
    return x + (yield from inner())


def inner():
    return 1
    yield


def dig(depth):
    return {}["größe"] if depth == 0 else dig(depth - 1)


@query
def fails() -> nat:
    try:
        return dig(1)
    except KeyError as error:
        raise ValueError("no such thing") from error


@query
def pending() -> nat64:
    return ic.set_timer(1, fails)


@query
def wrong_context() -> null:
    ic.accept_message()


@query
def text_forms(encoded: str) -> tuple[blob, str]:
    message = ic.candid_encode(encoded)
    return (message, ic.candid_decode(message))


@query
def nothing():
    pass


@query
def one_null() -> null:
    pass


@update
def late() -> null:
    @query
    def inside() -> nat: ...
"""


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> LocalCanister:
    folder: Path = tmp_path_factory.mktemp("api")
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    built = build(resolve(str(folder)), output=folder / "out")
    made = LocalCanister(Replica(), built.gzip.read_bytes(), parse_did(built.did.read_text(encoding="utf-8")))
    made.change_code("install", [], ANYBODY)
    return made


@pytest.mark.parametrize(
    ("method", "arguments", "results"),
    [
        (
            "shapes",
            [{"x": 1, "y": -1, "tags": []}, {"GREEN": None}, {"left": 1, "right": "z"}, {"a": 5}],
            [{"Ok": {"left": 6, "right": "z"}}],
        ),
        ("back", [{"RED": None}], [{"x": 1, "y": -2, "tags": ["RED"]}]),
        ("tree", [(1, [(2, [])])], [(2, [(2, [])])]),
        ("who", [{"from": ANYBODY}], [ANYBODY]),
        ("shadows", [{"int": -1, "nat": 2, "opt": 3}], [{"int": -1, "nat": 2, "opt": 3}]),
        ("references", [(ANYBODY, "name"), Principal(b"\1")], [(ANYBODY, "name", Principal(b"\1"))]),
        ("environment", [], [(ANYBODY, True, False)]),
        ("map", [[("a", 1), ("b", 2)]], [[(1, "a"), (2, "b")]]),
        ("manual", ["ab"], ["abab"]),
        ("coroutine", [4], [9]),
        ("generator", [4], [5]),
        ("text_forms", ["(true)"], [(b"DIDL\0\1\x7e\1", "(true)")]),
        ("nothing", [], []),
        ("one_null", [], [None]),
    ],
)
def test_values_arrive_and_leave_in_their_python_forms(
    canister: LocalCanister, method: str, arguments: list[object], results: list[object]
) -> None:
    assert list(canister.call(method, arguments, ANYBODY)) == results


@pytest.mark.parametrize(
    ("method", "arguments", "parts"),
    [
        ("closed", [], ["no entry"]),
        ("forgotten", [], ["guard"]),
        ("manual", ["reject"], ["as you wish"]),
        ("manual", ["wrong"], ["CandidError"]),
        ("pending", [], ["ContextError: ic.set_timer() cannot be called here (in", "update methods"]),
        ("wrong_context", [], ["ContextError", "inspect_message"]),
        ("late", [], ["'late.<locals>.inside' cannot become a method now"]),
        (
            "fails",
            [],
            [
                "Traceback (most recent call last):\n",
                'in dig\n    return {}["größe"] if depth == 0 else dig(depth - 1)\n           ^^^^^^^^^^^\n',
                "KeyError: 'größe'\n\nThe above exception was the direct cause of the following exception:\n",
                'File "main.py", line ',
                "ValueError: no such thing\n",
            ],
        ),
    ],
)
def test_errors_say_what_happened(
    canister: LocalCanister, method: str, arguments: list[object], parts: list[str]
) -> None:
    with pytest.raises(CallRejected) as caught:
        canister.call(method, arguments, ANYBODY)
    for part in parts:
        assert part in str(caught.value)
    assert "_guest" not in str(caught.value) and "_basilisk_boot" not in str(caught.value)


def test_candid_text_needs_no_import_at_run_time(canister: LocalCanister) -> None:
    """The modules are in the snapshot: importing them in each query would cost hundreds of millions."""
    canister.call("text_forms", ["(true)"], ANYBODY)
    assert canister.instructions < 5_000_000

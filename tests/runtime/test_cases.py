"""Unions of cases in a canister: every way in and out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk import Case, candid, null
from basilisk.errors import CallRejected
from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

PROGRAM = '''\
import copy
import pickle
from dataclasses import dataclass
from typing import Generic, TypeVar

from basilisk import (
    Case, Opt, Record, Service, StableBTreeMap, StableCell, Vec, ic, int8, nat, nat64, null, query,
    service_query, text, update,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Position:
    x: int8
    name: text


class Deposit(Case[nat]): ...


class Move(Case[Position], name="move"):
    """Methods are allowed."""

    def far(self) -> bool:
        return abs(self.value.x) > 100


class Close(Case[null]): ...


class Old(Case[Opt[text]], name=27): ...


Order = Deposit | Move | Close | Old


class Ok(Case[T], Generic[T]): ...


class Err[E](Case[E]): ...


type Outcome[A, E] = Ok[A] | Err[E]


class Num(Case[int]): ...


class Add(Case["tuple[Expr, Expr]"]): ...


class Neg(Case["Expr"]): ...


Expr = Num | Add | Neg


class Box(Record):
    order: Order
    more: Vec[Order]
    perhaps: Order | None


class Self(Service):
    @service_query
    def echo(self, order: Order) -> Order: ...

    @service_query
    def boxed(self, box: Box) -> Vec[Order]: ...


orders = StableBTreeMap[Order, Box](memory_id=0)
last = StableCell[Order](memory_id=1, default=Close())
CONSTANT = [Deposit(7), Close()]


@query
def echo(order: Order) -> Order:
    return order


@query
def boxed(box: Box) -> Vec[Order]:
    found = [box["order"], *box["more"]]
    return found if box["perhaps"] is None else [*found, box["perhaps"]]


@query
def run(order: Order) -> text:
    match order:
        case Deposit(amount):
            return f"deposit {amount}"
        case Move(Position(x=x)):
            return f"move {x} {order.far()}"
        case Close():
            return "close"
        case Old(note):
            return f"old {note!r}"


@query
def single(deposit: Deposit) -> Opt[Deposit]:
    return Deposit(deposit.value + 1) if deposit.value else None


@query
def divide(a: int, b: int) -> Outcome[int, text]:
    return Ok(a // b) if b else Err("by nothing")


@query
def evaluate(term: Expr) -> Outcome[int, Expr]:
    def value(term: Expr) -> int:
        match term:
            case Num(number):
                return number
            case Add((left, right)):
                return value(left) + value(right)
            case Neg(inner):
                return -value(inner)

    return Ok(value(term)) if value(term) < 1000 else Err(term)


@update
async def through(order: Order) -> Vec[Order]:
    self = Self(ic.id())
    echoed = await self.echo(order)
    assert type(echoed) is type(order) and echoed == order and hash(echoed) == hash(order)
    return await self.boxed({"order": echoed, "more": [Close(), Deposit(1)], "perhaps": None})


@update
async def wrongly() -> text:
    try:
        await Self(ic.id()).echo({"Deposit": 5})
    except ValueError as error:
        return str(error)


@update
def put(order: Order) -> nat64:
    orders[order] = {"order": order, "more": [order, Close()], "perhaps": order}
    last.set(order)
    return len(orders)


@query
def stored() -> Vec[Order]:
    return [*orders.keys(), last.get(), *(box["order"] for box in orders.values())]


@query
def found(order: Order) -> Opt[Box]:
    return orders.get(order)


@query
def constant(index: nat64) -> Order:
    return CONSTANT[index]


@query
def copies(order: Order) -> Vec[Order]:
    return [copy.deepcopy(order), pickle.loads(pickle.dumps(order)), copy.copy(order)]


@query
def bad(number: nat64) -> Order:
    return [{"Close": None}, Close, Deposit(-1), Move(Position(300, "")), Ok(5), None, Deposit("x")][number]
'''


#: The same type as dicts, in a program that holds it in the same stable structures.
DICTS = """\
from dataclasses import dataclass
from typing import Annotated

from basilisk import (
    Name, Opt, Record, StableBTreeMap, StableCell, Variant, Vec, blob, ic, int8, nat, nat64, null, query,
    text, update,
)


@dataclass(frozen=True)
class Position:
    x: int8
    name: text


class Order(Variant, total=False):
    Deposit: nat
    Move: Annotated[Position, Name("move")]
    Close: null
    Old: Annotated[Opt[text], Name(27)]


class Box(Record):
    order: Order
    more: Vec[Order]
    perhaps: Order | None


orders = StableBTreeMap[Order, Box](memory_id=0)
last = StableCell[Order](memory_id=1, default={"Close": None})


@update
def put(order: Order) -> nat64:
    orders[order] = {"order": order, "more": [order, {"Close": None}], "perhaps": order}
    last.set(order)
    return len(orders)


@query
def stored() -> Vec[Order]:
    return [*orders.keys(), last.get(), *(box["order"] for box in orders.values())]


@query
def echo(order: Order) -> Order:
    return order
"""

HOST_ORDERS = (
    st.builds(lambda n: {"Deposit": n}, st.integers(0, 2**100))
    | st.builds(lambda x, name: {"move": {"x": x, "name": name}}, st.integers(-128, 127), st.text(max_size=5))
    | st.just({"Close": None})
    | st.builds(lambda note: {27: note}, st.none() | st.text(max_size=5))
)
GIVEN = [
    {"Deposit": 7},
    {27: "b"},
    {"Close": None},
    {"Deposit": 3},
    {"move": {"x": 1, "name": ""}},
    {27: None},
]
#: By the numbers of the cases.
SORTED = [
    {27: None},
    {27: "b"},
    {"Deposit": 3},
    {"Deposit": 7},
    {"move": {"x": 1, "name": ""}},
    {"Close": None},
]
CASES = "expected Old, Deposit, Move or Close, "


# As a test has them that imports the program's module, or the module of the program's types.


class Deposit(Case[int]):
    """A case with a number."""


class Close(Case[null]):
    """A case without content."""


class Old(Case[str | None], name=27):
    """A case with a number for its name."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, artefact: Found, replica_module: LocalReplica):
    """Deploys a source text, or upgrades a canister to it."""

    def make(source: str, into: Canister | None = None) -> Canister:
        file = tmp_path_factory.mktemp("program") / "main.py"
        file.write_text(source, encoding="utf-8")
        if into is None:
            return replica_module.deploy(file)
        into.upgrade(file)
        return into

    return make


@pytest.fixture(scope="module")
def canister(program) -> Canister:
    return program(PROGRAM)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"Deposit": 2**70}, f"deposit {2**70}"),
        ({"move": {"x": -7, "name": "left"}}, "move -7 False"),
        ({"move": {"x": -107, "name": "left"}}, "move -107 True"),
        ({"Close": None}, "close"),
        ({27: "x"}, "old 'x'"),
        ({27: None}, "old None"),
    ],
)
def test_in_and_out(canister: Canister, order: Any, text: str) -> None:
    """Arguments, results, records, vecs and options; between canisters; copied and pickled inside one."""
    assert canister.run(order) == text
    assert canister.echo(order) == order
    assert canister.through(order) == [order, {"Close": None}, {"Deposit": 1}]
    assert canister.copies(order) == [order] * 3
    assert canister.boxed({"order": order, "more": [], "perhaps": order}) == [order, order]


def test_other_unions(canister: Canister) -> None:
    """A case by itself, generic ones, a recursive one, constants of the build."""
    assert [canister.single({"Deposit": n}) for n in (0, 1)] == [None, {"Deposit": 2}]
    assert [canister.divide(7, b) for b in (2, 0)] == [{"Ok": 3}, {"Err": "by nothing"}]
    assert canister.evaluate({"Add": ({"Num": 5}, {"Neg": {"Num": 7}})}) == {"Ok": -2}
    assert canister.evaluate({"Num": 1000}) == {"Err": {"Num": 1000}}
    assert [canister.constant(index) for index in (0, 1)] == [{"Deposit": 7}, {"Close": None}]


def test_instances_are_arguments_of_tests(canister: Canister) -> None:
    """Alone and within records, lists and options; the replies are what they are for every variant."""
    assert canister.echo(Deposit(5)).Deposit == 5 and canister.echo(Close()) == {"Close": None}
    box = {"order": Deposit(5), "more": [Close(), Old("x")], "perhaps": Old(None)}
    assert canister.boxed(box) == [{"Deposit": 5}, {"Close": None}, {27: "x"}, {27: None}]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (0, f"result: {CASES}got dict"),
        (1, f"result: {CASES}got the class Close: write Close()"),
        (2, "result.Deposit: -1 does not fit nat"),
        (3, "result.Move.x: 300 does not fit int8"),
        (4, f"result: {CASES}got Ok"),
        (5, f"result: {CASES}got NoneType"),
        (6, "result.Deposit: expected int, got str"),
    ],
)
def test_results_that_are_none_of_the_cases(canister: Canister, number: int, message: str) -> None:
    """The error has the place, and names the cases."""
    with pytest.raises(CallRejected, match=re.escape(message)):
        canister.bad(number)


def test_a_call_with_none_of_the_cases(canister: Canister) -> None:
    """It is not sent; the exception is one that can be caught."""
    assert canister.wrongly().endswith(f"{CASES}got dict")


def test_stable_structures(program, canister: Canister) -> None:
    """Keys in the order of the cases' numbers, values, a cell; from dicts to classes and back by upgrades."""
    kept = program(DICTS)
    for count, order in enumerate(GIVEN[:3], 1):
        assert kept.put(order) == count
    program(PROGRAM, kept)
    for count, order in enumerate(GIVEN[3:], 4):
        assert kept.put(order) == count
    for source in (PROGRAM, DICTS):
        program(source, kept)
        assert kept.stored() == [*SORTED, {27: None}, *SORTED]
    program(PROGRAM, kept)
    assert kept.found({"Deposit": 7}).more == [{"Deposit": 7}, {"Close": None}]
    assert kept.found({"Deposit": 8}) is None


def test_random_orders(program, canister: Canister) -> None:
    """decode(encode(x)) == x, with the bytes that the same variant has as dicts."""
    dicts = program(DICTS)
    types = dicts.interface.service.methods[0][1].args

    @settings(max_examples=100, deadline=None)
    @given(HOST_ORDERS)
    def same(order: Any) -> None:
        message = candid.encode(types, [order], dicts.interface.environment)
        reply = canister.call_raw("echo", message)
        assert reply == dicts.call_raw("echo", message)
        assert candid.decode(reply, types, dicts.interface.environment) == [order]

    same()

# mypy: disable-error-code="empty-body"
"""A program that type checkers have nothing to say against; the wrong ones begin with it."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar, Union, assert_never, assert_type

from basilisk import (
    CallRejected,
    CallResult,
    Case,
    GuardResult,
    Manual,
    Opt,
    Principal,
    Record,
    Service,
    StableBTreeMap,
    Variant,
    Vec,
    blob,
    ic,
    match,
    nat,
    nat64,
    null,
    query,
    service_query,
    service_update,
    update,
)

T = TypeVar("T")


class User(Record):
    name: str
    age: nat


class Refusal(Variant, total=False):
    TooMuch: nat
    Unknown: null


class Outcome(Variant, Generic[T], total=False):
    Ok: T
    Err: Refusal


@dataclass
class Transfer:
    to: Principal
    amount: nat64


class Colour(Enum):
    RED = 1
    GREEN = 2


class Deposit(Case[nat]): ...


class Move(Case[Transfer], name="move"): ...


class Close(Case[null]): ...


class Done(Case[T], Generic[T]): ...


class Failed(Case[Refusal]): ...


class Number(Case[int]): ...


class Sum(Case["tuple[Term, Term]"]): ...


Order = Deposit | Move | Close
Answer = Union[Done[T], Failed]
Term = Number | Sum


class Ledger(Service):
    @service_query
    def balance_of(self, owner: Principal) -> nat: ...

    @service_update
    def transfer(self, transfer: Transfer, memo: Opt[blob]) -> Outcome[nat]: ...

    @service_update
    def run(self, order: Order) -> Answer[nat]: ...

    @service_update(name="burn")
    def destroy(self, amount: nat) -> None: ...


users: StableBTreeMap[Principal, User] = StableBTreeMap(memory_id=0)
users_orders: StableBTreeMap[Principal, Order] = StableBTreeMap(memory_id=1)
ledger = Ledger(Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai"))


def mint(target: Ledger, to: Principal, amount: int) -> Transfer:
    return Transfer(to, amount)


def only_known() -> GuardResult:
    return {"Ok": None} if ic.caller() in users else {"Err": "unknown"}


@query
def find(owner: Principal) -> Opt[User]:
    user = users.get(owner)
    assert_type(user, User | None)
    return user


@query(guard=only_known)
def colour_name(colour: Colour) -> str:
    match colour:
        case Colour.RED:
            return "red"
        case Colour.GREEN:
            return "green"
        case _:
            assert_never(colour)


@update
def run(order: Order) -> nat:
    match order:
        case Deposit(amount):
            assert_type(amount, int)
            return amount
        case Move(transfer):
            assert_type(transfer, Transfer)
            return transfer.amount
        case Close():
            return 0


@query
def title_of(order: Opt[Order]) -> str:
    if order is None:
        return "nothing"
    elif isinstance(order, Deposit):
        return f"deposit of {order.value}"
    elif isinstance(order, Move):
        return f"to {order.value.to}"
    assert_type(order, Close)
    return "close"


def evaluate(term: Term) -> int:
    match term:
        case Number(number):
            return number
        case Sum((left, right)):
            return evaluate(left) + evaluate(right)


@update
async def close(owner: Principal) -> Answer[nat]:
    answer = await ledger.run(Close())
    assert_type(answer, Done[int] | Failed)
    match answer:
        case Done(left):
            assert_type(left, int)
        case Failed(refusal):
            assert_type(refusal, Refusal)
        case _:
            assert_never(answer)
    orders: list[Order] = [Deposit(5), Move(Transfer(owner, 5)), Close(), Close(None)]
    users_orders[owner] = orders[0]
    return Done(len(orders))


@update
async def pay(to: Principal, amount: nat64) -> Outcome[nat]:
    balance = await ledger.balance_of(ic.id())
    assert_type(balance, int)
    if balance < amount:
        return {"Err": {"TooMuch": balance}}
    outcome = await ledger.transfer(mint(ledger, to, amount), None).with_cycles(1_000).with_timeout(30)
    assert_type(outcome, Outcome[int])
    return outcome


@update
async def careful(owner: Principal) -> str:
    try:
        await ledger.destroy(5)
    except CallRejected as error:
        return f"{error.code}: {error.message}"
    result = await ledger.balance_of(owner).result()
    assert_type(result, CallResult[int])
    if result.Err is not None:
        return result.Err
    both = await ic.gather(ledger.balance_of(owner), ledger.balance_of(ic.id()))
    assert_type(both, list[int])
    return str(result.Ok + sum(both))


@update
def raw(to: Principal) -> Manual[Vec[nat]]:
    ic.call_raw(to, "x", b"", 5).notify()
    ic.reply([1, 2])
    return None


def describe(result: CallResult[int], outcome: Outcome[int]) -> str:
    text: str = match(result, {"Ok": lambda number: f"{number:,}", "Err": lambda reason: reason.upper()})
    number: int = match(outcome, {"Ok": lambda number: number, "_": lambda _: 0})
    return text + str(number)

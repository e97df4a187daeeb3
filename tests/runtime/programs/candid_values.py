"""A canister that takes and gives values of every Python form, and looks at what it was given."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Annotated, NamedTuple, NewType, ReadOnly, TypedDict

from basilisk import (
    Alias,
    Async,
    Func,
    Name,
    Oneway,
    Opt,
    Principal,
    PrincipalError,
    Record,
    Service,
    Update,
    Variant,
    Vec,
    blob,
    ic,
    nat,
    nat8,
    nat64,
    null,
    query,
    reserved,
    service_query,
    update,
)

type Names = list[str]
type Tree = tuple[nat, list[Tree]]
type Pair[A, B] = tuple[A, B]
Amount = Alias[nat64]
Balance = NewType("Balance", nat64)
Pay = Func(Update[[Annotated[nat64, Name("amount")], Annotated[str, Name("to")]], bool])
Notify = Func(Oneway[[Annotated[str, Name("event")]]])


class Colour(Enum):
    """What it looks like."""

    RED = "#f00"
    GREEN = "#0f0"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Point:
    """A place."""

    x: int
    y: int
    colour: Colour = Colour.RED


@dataclass
class Shape:
    corners: list[Point]
    parent: "Opt[Shape]" = None


class Size(NamedTuple):
    width: nat
    height: nat


class Account(TypedDict):
    owner: Principal
    number: ReadOnly[Annotated[nat8, Name("type")]]


class Outcome[T](Variant, total=False):
    Ok: T
    Err: str


class Ledger(Service):
    """Somewhere else."""

    @service_query
    def balance(self, owner: Annotated[Principal, Name("from")]) -> Balance: ...


class Everything(Record):
    int: int
    bool: bool
    nat: nat
    points: Vec[Point]
    sizes: dict[str, Size]
    by_name: dict[Colour, nat]
    accounts: Vec[Account]
    outcome: Outcome[Pair[Level, Opt[Colour]]]
    tree: Tree
    names: Names
    amount: Amount
    balance: Balance
    pay: Pay
    notify: Notify
    ledger: Ledger
    raw: blob


def kinds(value: Everything) -> list[str]:
    """The Python types inside, in order."""
    return [
        type(value).__name__,
        type(value["points"][0]).__name__,
        type(value["points"][0].colour).__name__,
        type(value["sizes"]).__name__,
        type(value["sizes"]["a"]).__name__,
        type(next(iter(value["by_name"]))).__name__,
        type(value["accounts"][0]).__name__,
        type(value["outcome"]["Ok"][0]).__name__,
        type(value["tree"]).__name__,
        type(value["pay"]).__name__,
        type(value["pay"][0]).__name__,
        type(value["ledger"]).__name__,
        type(value["raw"]).__name__,
    ]


@query
def everything(value: Everything) -> Pair[Everything, list[str]]:
    return (value, kinds(value))


@query
def grow(shape: Shape) -> Shape:
    assert all(type(point) is Point for point in shape.corners)
    return Shape([*shape.corners, Point(0, 0, Colour.GREEN)], shape)


@query
def next_colour(colour: Colour, level: Level) -> Pair[Colour, Level]:
    assert level is Level.HIGH and level > Level.LOW
    return (Colour.GREEN if colour is Colour.RED else Colour.RED, Level.LOW)


@query
def references(ledger: Ledger, pay: Pay) -> Pair[Ledger, Pay]:
    principal, name = pay
    return (Ledger(ledger.canister_id), (Principal.from_str(principal.to_str()), name.upper()))


@query
def same_ledger(ledger: Ledger, other: Ledger) -> Pair[bool, bool]:
    return (ledger == other, len({ledger, other}) == 1)


@query
def principals(text: str, key: blob) -> Vec[str]:
    principal = Principal.from_str(text)
    return [
        principal.to_str(),
        str(principal),
        principal.hex,
        principal.bytes.hex(),
        str(Principal.from_hex(principal.hex) == principal),
        str(hash(Principal(principal.bytes)) == hash(principal)),
        str(sorted([principal, Principal.management_canister(), Principal.anonymous()])[0]),
        str(Principal.anonymous() < principal),
        str(Principal.self_authenticating(key)),
        repr({principal: 1}[Principal.from_str(text)]),
    ]


@query
def refused_principal(text: str) -> Outcome[Principal]:
    try:
        return {"Ok": Principal.from_str(text)}
    except PrincipalError as error:
        return {"Err": str(error)}


@query
def text_round(text: str) -> str:
    return ic.candid_decode(ic.candid_encode(text))


@query
def to_message(text: str) -> blob:
    return ic.candid_encode(text)


@query
def to_text(message: blob) -> str:
    return ic.candid_decode(message)


@query
def anything(value: reserved) -> null:
    assert value is None


@update
def later(colour: Colour) -> Async[Outcome[Colour]]:
    yield from ()
    return {"Ok": colour}

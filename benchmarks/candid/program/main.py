"""Methods that take or return many values of one type and do nothing else.

For a type T, ``take_T`` decodes its argument and ``give_T`` encodes one of two results that were made when
the canister was built, so that the difference of two calls is the codec's work alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from basilisk import (
    Case,
    Manual,
    Opt,
    Record,
    Variant,
    Vec,
    blob,
    float64,
    ic,
    int8,
    int64,
    nat,
    nat8,
    nat32,
    nat64,
    null,
    query,
    text,
    update,
)


class Row(Record):
    """Ten fields of the kinds that tables have."""

    id: nat64
    amount: nat
    balance: int
    created: nat64
    name: text
    mail: text
    city: text
    score: float64
    active: bool
    parent: Opt[nat64]


class Pair(Record):
    """The smallest record worth the name."""

    id: nat64
    name: text


@dataclass
class Point:
    """A record that comes and goes as an instance."""

    x: int64
    y: int64
    kind: nat8
    level: int8


class Event(Variant, total=False):
    """Alternatives with and without content."""

    Created: nat64
    Renamed: text
    Deleted: null


class Created(Case[nat64]):
    """The same alternatives as classes."""


class Renamed(Case[text]):
    """Has content."""


class Deleted(Case[null]):
    """Has none."""


Step = Created | Renamed | Deleted

SIZES = (1_000, 5_000)
BLOBS = (1 << 19, 3 << 19)
NAME = "sixteen letters."


def row(i: int) -> Row:
    return {
        "id": i,
        "amount": 10_000 + i,
        "balance": -i,
        "created": 1_700_000_000_000_000_000 + i,
        "name": NAME,
        "mail": NAME,
        "city": NAME,
        "score": i / 2,
        "active": i % 2 == 0,
        "parent": i if i % 2 else None,
    }


def event(i: int) -> Event:
    return ({"Created": i}, {"Renamed": NAME}, {"Deleted": None})[i % 3]


def step(i: int) -> Step:
    return (Created(i), Renamed(NAME), Deleted())[i % 3]


#: Results of the methods below, by the number of elements.
NAT64_SMALL = {n: [i % 200 for i in range(n)] for n in SIZES}
NAT64_LARGE = {n: [2**40 + i for i in range(n)] for n in SIZES}
NAT64_FULL = {n: [2**64 - 1 - i for i in range(n)] for n in SIZES}
INT64 = {n: [(2**62 + i) * (-1) ** i for i in range(n)] for n in SIZES}
INT256 = {n: [(2**255 + i) * (-1) ** i for i in range(n)] for n in SIZES}
TEXT16 = {n: [f"{i:016}" for i in range(n)] for n in SIZES}
BLOB = {n: bytes(n) for n in BLOBS}
ROWS = {n: [row(i) for i in range(n)] for n in SIZES}
PAIRS = {n: [{"id": i, "name": NAME} for i in range(n)] for n in SIZES}
POINTS = {n: [Point(i, -i, i % 200, i % 100) for i in range(n)] for n in SIZES}
EVENTS = {n: [event(i) for i in range(n)] for n in SIZES}
STEPS = {n: [step(i) for i in range(n)] for n in SIZES}
OPTS = {n: [i if i % 2 else None for i in range(n)] for n in SIZES}


keeping = False
kept: object = None


@update
def keep(yes: bool) -> None:
    """Whether arguments outlive their call: then it does not pay for their release."""
    global keeping
    keeping = yes


def taken(values: object) -> None:
    """The whole body of the methods that decode."""
    global kept
    if keeping:
        kept = values


@query
def take_nothing() -> None:
    """Its arguments are read past: what the system asks for handing over bytes."""


@query
def give_raw(size: nat32) -> Manual[blob]:
    """Bytes that no codec made: what the system asks for taking bytes."""
    ic.reply_raw(BLOB[size])


@query
def take_nat64(values: Vec[nat64]) -> None:
    taken(values)


@query
def give_nat64_small(count: nat32) -> Vec[nat64]:
    return NAT64_SMALL[count]


@query
def give_nat64_large(count: nat32) -> Vec[nat64]:
    return NAT64_LARGE[count]


@query
def give_nat64_full(count: nat32) -> Vec[nat64]:
    return NAT64_FULL[count]


@query
def take_int(values: Vec[int]) -> None:
    taken(values)


@query
def give_int64(count: nat32) -> Vec[int]:
    return INT64[count]


@query
def give_int256(count: nat32) -> Vec[int]:
    return INT256[count]


@query
def take_text(values: Vec[text]) -> None:
    taken(values)


@query
def give_text(count: nat32) -> Vec[text]:
    return TEXT16[count]


@query
def take_blob(data: blob) -> None:
    taken(data)


@query
def give_blob(size: nat32) -> blob:
    return BLOB[size]


@query
def take_rows(values: Vec[Row]) -> None:
    taken(values)


@query
def give_rows(count: nat32) -> Vec[Row]:
    return ROWS[count]


@query
def take_pairs(values: Vec[Pair]) -> None:
    taken(values)


@query
def give_pairs(count: nat32) -> Vec[Pair]:
    return PAIRS[count]


@query
def take_points(values: Vec[Point]) -> None:
    taken(values)


@query
def give_points(count: nat32) -> Vec[Point]:
    return POINTS[count]


@query
def take_events(values: Vec[Event]) -> None:
    taken(values)


@query
def give_events(count: nat32) -> Vec[Event]:
    return EVENTS[count]


@query
def take_steps(values: Vec[Step]) -> None:
    taken(values)


@query
def give_steps(count: nat32) -> Vec[Step]:
    return STEPS[count]


@query
def take_opts(values: Vec[Opt[nat64]]) -> None:
    taken(values)


@query
def give_opts(count: nat32) -> Vec[Opt[nat64]]:
    return OPTS[count]

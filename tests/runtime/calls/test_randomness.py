"""Random numbers: refused until the network's entropy has arrived, then from a generator that it seeds."""

from __future__ import annotations

from basilisk.replica import Replica
from tests.runtime.calls.conftest import Canister, Install

PROGRAM = """
import random, secrets, uuid, os
from basilisk import *

@update
def draw() -> Tuple[blob, str, str, float64]:
    return os.urandom(40), secrets.token_hex(8), str(uuid.uuid4()), random.random()

@query
def draw_in_a_query() -> blob:
    return os.urandom(40)

@update
async def again():
    await ic.seed_random()
"""

BY_HAND = """
import os
from basilisk import *

@update
def draw() -> blob:
    return getattr(os, "u" + "random")(8)

@update
async def seed():
    await ic.seed_random()

@update
def seed_by_yield() -> Async[blob]:
    yield ic.seed_random()
    return draw()
"""


def test_a_canister_that_imports_random_seeds_itself(install: Install) -> None:
    """After an installation and after an upgrade; each time with fresh entropy."""
    canister = install(PROGRAM)
    assert "no random bytes" in canister.reject("draw").message
    canister.replica.tick(4)
    first = canister.call("draw")
    assert isinstance(first, tuple) and len(first[0]) == 40
    assert first != canister.call("draw")
    canister.upgrade()
    assert "no random bytes" in canister.reject("draw").message
    canister.replica.tick(4)
    assert canister.call("draw") != first


def test_other_entropy_other_numbers(install: Install) -> None:
    def numbers(seed: int) -> object:
        canister = install(PROGRAM, Replica(seed=seed))
        canister.replica.tick(4)
        return canister.call("draw")

    assert numbers(1) == numbers(1) != numbers(2)


def test_seeding_again_mixes(install: Install) -> None:
    def second(again: bool) -> object:
        canister = install(PROGRAM, Replica(seed=5))
        canister.replica.tick(4)
        if again:
            canister.call("again")
        return canister.call("draw")

    assert second(True) != second(False)


def test_queries_differ_from_each_other_and_from_updates(install: Install) -> None:
    canister = install(PROGRAM)
    canister.replica.tick(4)
    seen = []
    for _ in range(3):
        seen.append(canister.call("draw_in_a_query"))
        canister.replica.tick()
    seen.append(canister.call("draw")[0])  # type: ignore[index]
    assert len(set(seen)) == 4


def test_seeding_by_hand(install: Install) -> None:
    canister: Canister = install(BY_HAND)
    canister.replica.tick(4)
    assert "no random bytes" in canister.reject("draw").message
    canister.call("seed")
    assert len(canister.call("draw")) == 8  # type: ignore[arg-type]
    other = install(BY_HAND)
    assert len(other.call("seed_by_yield")) == 8  # type: ignore[arg-type]

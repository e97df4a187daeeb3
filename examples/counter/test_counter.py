"""Tests of the counter: `pytest examples/counter`."""

from pathlib import Path

import pytest

from basilisk.testing import ArgumentError, Canister, Deploy, run_session

HERE = Path(__file__).parent


@pytest.fixture
def counter(deploy: Deploy) -> Canister:
    return deploy(HERE)


def test_counting(counter: Canister) -> None:
    assert counter.get() == 0
    assert counter.increment() == 1
    assert counter.add(10**30) == 10**30 + 1
    assert counter.get() == 10**30 + 1
    counter.reset()
    assert counter.get() == 0


def test_a_nat_is_not_negative(counter: Canister) -> None:
    with pytest.raises(ArgumentError, match="out of range for nat"):
        counter.add(-1)


def test_reading_is_cheap(counter: Canister) -> None:
    counter.get()
    reading = counter.last.instructions
    counter.increment()
    assert 0 < reading < counter.last.instructions


def test_an_upgrade_forgets(counter: Canister) -> None:
    counter.increment()
    counter.upgrade()
    assert counter.get() == 0


def test_session() -> None:
    assert run_session(HERE / "session.txt", HERE) > 0

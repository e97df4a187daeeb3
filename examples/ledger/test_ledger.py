"""Tests of the ledger: `pytest examples/ledger`."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from basilisk import Principal
from basilisk.testing import ArgumentError, Canister, Deploy, LocalReplica

HERE = Path(__file__).parent
TOKEN = {"name": "Test Token", "symbol": "TT", "decimals": 8, "supply": 1_000}

Identity = Callable[[str], Principal]


@pytest.fixture
def alice(identity: Identity) -> Principal:
    return identity("alice")


@pytest.fixture
def bob(identity: Identity) -> Principal:
    return identity("bob")


@pytest.fixture
def ledger(deploy: Deploy, alice: Principal) -> Canister:
    """A token whose minter is alice; calls come from her."""
    return deploy(HERE, TOKEN, caller=alice)


def test_the_first_supply(ledger: Canister, alice: Principal) -> None:
    about = ledger.metadata()
    assert (about.symbol, about.total_supply, about.minter) == ("TT", 1_000, alice)
    assert ledger.balance_of(alice) == 1_000


def test_transfer(ledger: Canister, alice: Principal, bob: Principal) -> None:
    assert ledger.transfer({"to": bob, "amount": 300, "memo": "rent"}) == {"Ok": 1}
    assert (ledger.balance_of(alice), ledger.balance_of(bob)) == (700, 300)
    refusal = ledger.transfer({"to": bob, "amount": 701}).Err
    assert refusal == {"InsufficientBalance": {"available": 700, "needed": 701}}


def test_an_allowance_is_used_up(ledger: Canister, alice: Principal, bob: Principal) -> None:
    ledger.approve(bob, 50)
    spender = ledger.with_caller(bob)
    assert spender.transfer_from({"owner": alice, "to": bob, "amount": 50}).tag == "Ok"
    assert spender.transfer_from({"owner": alice, "to": bob, "amount": 1}).Err.tag == "InsufficientAllowance"


def test_only_the_minter_mints(ledger: Canister, bob: Principal) -> None:
    assert ledger.mint(bob, 5, caller=bob) == {"Err": {"NotMinter": None}}
    assert ledger.mint(bob, 5).tag == "Ok"
    assert ledger.metadata().total_supply == 1_005


def test_the_log_tells_the_time(ledger: Canister, replica: LocalReplica, alice: Principal) -> None:
    replica.advance(timedelta(days=1))
    ledger.burn(1)
    minted, burned = ledger.history(0, 10)
    assert burned.timestamp - minted.timestamp >= 86_400 * 10**9
    assert burned.operation.Burn == {"source": alice, "target": None, "amount": 1}


def test_a_text_is_no_principal(ledger: Canister) -> None:
    with pytest.raises(ArgumentError, match="expected a Principal"):
        ledger.balance_of("alice")

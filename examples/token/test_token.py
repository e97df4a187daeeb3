"""Tests of the token: `pytest examples/token`."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from basilisk import Principal
from basilisk.candid import parse_did, same_type
from basilisk.testing import Canister, Deploy, LocalReplica, build_program, expect_reject, run_session

HERE = Path(__file__).parent
FEE = 10

Identity = Callable[[str], Principal]


def account(owner: Principal, subaccount: bytes | None = None) -> dict[str, Any]:
    return {"owner": owner, "subaccount": subaccount}


class Wallet:
    """Somebody's view of the token."""

    def __init__(self, token: Canister, who: Principal) -> None:
        self.token = token.with_caller(who)
        self.who = who

    def balance(self, subaccount: bytes | None = None) -> int:
        balance: int = self.token.icrc1_balance_of(account(self.who, subaccount))
        return balance

    def send(self, to: Principal, amount: int, **others: Any) -> Any:
        subaccount = others.pop("to_subaccount", None)
        return self.token.icrc1_transfer({"to": account(to, subaccount), "amount": amount, **others})

    def approve(self, spender: Principal, amount: int, **others: Any) -> Any:
        return self.token.icrc2_approve({"spender": account(spender), "amount": amount, **others})

    def take(self, owner: Principal, to: Principal, amount: int, **others: Any) -> Any:
        movement = {"from": account(owner), "to": account(to), "amount": amount}
        return self.token.icrc2_transfer_from({**movement, **others})

    def allowance(self, spender: Principal) -> Any:
        return self.token.icrc2_allowance({"account": account(self.who), "spender": account(spender)})


@pytest.fixture
def token(deploy: Deploy, identity: Identity) -> Canister:
    settings = {
        "name": "Test Token",
        "symbol": "TT",
        "decimals": 8,
        "fee": FEE,
        "minting_account": account(identity("minter")),
        "initial_balances": [(account(identity("alice")), 1_000)],
    }
    return deploy(HERE, settings)


@pytest.fixture
def alice(token: Canister, identity: Identity) -> Wallet:
    return Wallet(token, identity("alice"))


@pytest.fixture
def bob(token: Canister, identity: Identity) -> Wallet:
    return Wallet(token, identity("bob"))


@pytest.fixture
def carol(token: Canister, identity: Identity) -> Wallet:
    return Wallet(token, identity("carol"))


def test_the_interface_is_that_of_the_standards() -> None:
    """Every method of ICRC-1 and ICRC-2 is there with exactly its type."""
    ours, standard = parse_did(build_program(HERE).did), parse_did((HERE / "standard.did").read_text())
    assert ours.service is not None and standard.service is not None
    methods = dict(ours.service.methods)
    for name, method in standard.service.methods:
        assert same_type(methods[name], method, ours.environment, standard.environment), name


def test_what_the_token_is(token: Canister, identity: Identity) -> None:
    assert (token.icrc1_name(), token.icrc1_symbol()) == ("Test Token", "TT")
    assert (token.icrc1_decimals(), token.icrc1_fee()) == (8, FEE)
    assert token.icrc1_total_supply() == 1_000
    assert token.icrc1_minting_account() == account(identity("minter"))
    metadata = {key: value.value for key, value in token.icrc1_metadata()}
    assert metadata["icrc1:symbol"] == "TT" and metadata["icrc1:fee"] == FEE
    assert [standard.name for standard in token.icrc1_supported_standards()] == ["ICRC-1", "ICRC-2"]


def test_transfers(token: Canister, alice: Wallet, bob: Wallet) -> None:
    assert alice.send(bob.who, 100, memo=b"rent", fee=FEE) == {"Ok": 0}
    assert (alice.balance(), bob.balance(), token.icrc1_total_supply()) == (890, 100, 990)
    assert alice.send(bob.who, 881).Err.InsufficientFunds.balance == 890
    assert alice.send(bob.who, 1, fee=9).Err.BadFee.expected_fee == FEE
    assert alice.send(bob.who, 1, memo=bytes(33)).Err.tag == "GenericError"
    assert alice.send(bob.who, 880) == {"Ok": 1}
    assert (alice.balance(), bob.balance()) == (0, 980)
    (first,) = token.get_transactions(0, 1)
    assert (first.kind, first.memo, first.fee) == ("transfer", b"rent", FEE)
    assert first["from"] == account(alice.who)


def test_subaccounts(alice: Wallet, bob: Wallet) -> None:
    """Without a subaccount it is the one of zeros; others are accounts of their own."""
    assert alice.send(alice.who, 200, to_subaccount=b"\1" * 32).tag == "Ok"
    assert (alice.balance(), alice.balance(bytes(32)), alice.balance(b"\1" * 32)) == (790, 790, 200)
    assert alice.send(bob.who, 50, from_subaccount=b"\1" * 32).tag == "Ok"
    assert (alice.balance(b"\1" * 32), bob.balance()) == (140, 50)
    with expect_reject("a subaccount has 32 bytes, not 3"):
        alice.balance(b"abc")


def test_minting_and_burning(token: Canister, alice: Wallet, identity: Identity) -> None:
    """Neither costs a fee."""
    minter = Wallet(token, identity("minter"))
    assert minter.send(alice.who, 500) == {"Ok": 0}
    assert token.icrc1_total_supply() == 1_500
    assert alice.send(minter.who, 1_400) == {"Ok": 1}
    assert (alice.balance(), token.icrc1_total_supply(), minter.balance()) == (100, 100, 0)
    assert alice.send(minter.who, 0).Err.BadBurn.min_burn_amount == 1
    assert alice.send(minter.who, 1, fee=FEE).Err.BadFee.expected_fee == 0
    assert [entry.kind for entry in token.get_transactions(0, 9)] == ["mint", "burn"]


def test_duplicates(token: Canister, alice: Wallet, bob: Wallet, replica: LocalReplica) -> None:
    """The same transaction within a day is executed once; other transactions of the same time are others."""
    now = replica.clock.now()
    assert alice.send(bob.who, 10, created_at_time=now) == {"Ok": 0}
    assert alice.send(bob.who, 10, created_at_time=now).Err.Duplicate.duplicate_of == 0
    assert alice.send(bob.who, 11, created_at_time=now) == {"Ok": 1}
    assert alice.send(bob.who, 10, created_at_time=now, memo=b"x") == {"Ok": 2}
    assert bob.balance() == 31
    assert alice.send(bob.who, 10) == {"Ok": 3}
    assert alice.send(bob.who, 10) == {"Ok": 4}
    token.upgrade()
    assert alice.send(bob.who, 10, created_at_time=now).Err.Duplicate.duplicate_of == 0
    replica.advance(timedelta(hours=25))
    assert alice.send(bob.who, 10, created_at_time=now).Err.tag == "TooOld"
    late = replica.clock.now() + 3_600_000_000_000
    assert alice.send(bob.who, 10, created_at_time=late).Err.tag == "CreatedInFuture"


def test_allowances(token: Canister, alice: Wallet, bob: Wallet, carol: Wallet) -> None:
    assert alice.approve(bob.who, 100) == {"Ok": 0}
    assert (alice.balance(), alice.allowance(bob.who).allowance) == (990, 100)
    assert bob.take(alice.who, carol.who, 60) == {"Ok": 1}
    assert (alice.balance(), carol.balance()) == (920, 60)
    assert alice.allowance(bob.who).allowance == 30
    assert bob.take(alice.who, carol.who, 21).Err.InsufficientAllowance.allowance == 30
    assert carol.take(alice.who, carol.who, 1).Err.InsufficientAllowance.allowance == 0
    assert bob.take(alice.who, carol.who, 20).tag == "Ok"
    assert alice.allowance(bob.who) == {"allowance": 0, "expires_at": None}
    assert alice.take(alice.who, bob.who, 5).tag == "Ok"
    assert alice.approve(alice.who, 5).Err.tag == "GenericError"


def test_changing_an_allowance(alice: Wallet, bob: Wallet) -> None:
    assert alice.approve(bob.who, 100).tag == "Ok"
    changed = alice.approve(bob.who, 50, expected_allowance=90)
    assert changed.Err.AllowanceChanged.current_allowance == 100
    assert alice.approve(bob.who, 50, expected_allowance=100).tag == "Ok"
    assert alice.allowance(bob.who).allowance == 50
    assert alice.approve(bob.who, 0).tag == "Ok"
    assert alice.allowance(bob.who).allowance == 0


def test_allowances_expire(alice: Wallet, bob: Wallet, replica: LocalReplica) -> None:
    soon = replica.clock.now() + 60_000_000_000
    assert alice.approve(bob.who, 100, expires_at=1).Err.tag == "Expired"
    assert alice.approve(bob.who, 100, expires_at=soon).tag == "Ok"
    assert alice.allowance(bob.who) == {"allowance": 100, "expires_at": soon}
    replica.advance(timedelta(minutes=2))
    assert alice.allowance(bob.who).allowance == 0
    assert bob.take(alice.who, bob.who, 1).Err.InsufficientAllowance.allowance == 0


def test_everything_survives_an_upgrade(token: Canister, alice: Wallet, bob: Wallet) -> None:
    alice.send(bob.who, 100)
    alice.approve(bob.who, 70)
    before = token.get_transactions(0, 10)
    token.upgrade()
    assert (alice.balance(), bob.balance(), token.icrc1_total_supply()) == (880, 100, 980)
    assert alice.allowance(bob.who).allowance == 70
    assert token.get_transactions(0, 10) == before
    assert token.icrc1_symbol() == "TT"
    assert alice.send(bob.who, 1) == {"Ok": 2}


def test_the_session() -> None:
    assert run_session(HERE / "session.txt", HERE) > 0

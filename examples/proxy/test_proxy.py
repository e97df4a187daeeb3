"""Tests of the proxy: `pytest examples/proxy`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk import Principal, candid
from basilisk.bindings import make_bindings
from basilisk.testing import Canister, Deploy, LocalReplica, expect_reject, run_session

HERE = Path(__file__).parent
LEDGER = HERE.parent / "ledger"
TOKEN = {"name": "Test Token", "symbol": "TT", "decimals": 8, "supply": 1_000}

Identity = Callable[[str], Principal]

JAR = """
from basilisk import ic, nat, update

@update
def keep(most: nat) -> nat:
    return ic.msg_cycles_accept128(most)
"""


@pytest.fixture
def alice(identity: Identity) -> Principal:
    return identity("alice")


@pytest.fixture
def ledger(deploy: Deploy, alice: Principal) -> Canister:
    return deploy(LEDGER, TOKEN, caller=alice)


@pytest.fixture
def proxy(deploy: Deploy) -> Canister:
    return deploy(HERE)


def test_the_bindings_are_those_of_the_ledger() -> None:
    """ledger.py is what `basilisk bindings` makes of the ledger's interface."""
    text = (LEDGER / "ledger.did").read_text()
    assert (HERE / "ledger.py").read_text() == make_bindings(text, source="ledger.did")


def test_typed_calls(proxy: Canister, ledger: Canister, alice: Principal) -> None:
    assert proxy.balance_of(ledger, alice) == {"Ok": 1_000}
    assert proxy.balances_of(ledger, [alice, proxy, alice]) == [1_000, 0, 1_000]
    assert proxy.about(ledger).symbol == "TT"
    assert proxy.count() == 4


def test_the_proxy_pays_with_its_own_tokens(proxy: Canister, ledger: Canister, alice: Principal) -> None:
    """The ledger sees the proxy as its caller."""
    assert proxy.pay(ledger, alice, 30).Err.InsufficientBalance.available == 0
    ledger.transfer({"to": proxy, "amount": 50, "memo": None})
    assert proxy.pay(ledger, alice, 30).tag == "Ok"
    assert (ledger.balance_of(proxy), ledger.balance_of(alice)) == (20, 980)


def test_rejects(proxy: Canister, ledger: Canister, alice: Principal) -> None:
    """A stopped canister: as a value, as null, and as a reject of the proxy's own."""
    ledger.stop()
    refused = proxy.balance_of(ledger, alice)
    assert refused.Err.code == 5 and "stopped" in refused.Err.message
    assert proxy.balances_of(ledger, [alice, alice]) == [None, None]
    assert proxy.about(ledger) is None
    with expect_reject("CallRejected"):
        proxy.pay(ledger, alice, 1)
    # What was changed before a call stays: the last one counted as well, although its method trapped later.
    assert proxy.count() == 4


def test_raw_calls(proxy: Canister, ledger: Canister, alice: Principal) -> None:
    argument = candid.encode([candid.types.PRINCIPAL], [alice])
    answer = proxy.forward(ledger, "balance_of", argument)
    assert candid.decode(answer.reply.Ok) == [1_000]
    assert answer.cycles_used == 0
    failed = proxy.forward(ledger, "no_such_method", b"DIDL\0\0")
    assert failed.reply.tag == "Err" and "no_such_method" in failed.reply.Err.message


def test_cycles_go_along(proxy: Canister, deploy: Deploy, tmp_path: Path) -> None:
    """The other canister keeps some of what the caller sent; the proxy learns how much."""
    (tmp_path / "main.py").write_text(JAR)
    jar = deploy(tmp_path)
    argument = candid.encode([candid.types.NAT], [300_000])
    answer = proxy.with_cycles(1_000_000).forward(jar, "keep", argument)
    assert candid.decode(answer.reply.Ok) == [300_000]
    assert answer.cycles_used == 300_000


def test_messages_without_an_answer(
    proxy: Canister, ledger: Canister, alice: Principal, replica: LocalReplica
) -> None:
    ledger.transfer({"to": proxy, "amount": 50, "memo": None})
    argument = candid.encode([candid.types.NAT], [50])
    assert proxy.notify(ledger, "burn", argument) is True
    replica.tick(2)
    assert ledger.balance_of(proxy) == 0


def test_the_session() -> None:
    assert run_session(HERE / "session.txt", HERE) > 0

"""Randomness, deposits, metrics, versions, Bitcoin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.management.proxy import Proxy, direct, query

STRANGER = b"\1\2"


def test_random_bytes_come_in_a_later_round(replica: Replica, proxy: Proxy) -> None:
    """The round of the call cannot know them: until its end nothing has been drawn."""
    before = vars(replica.randomness).copy()
    number = proxy.send("raw_rand")
    replica.tick()
    assert vars(replica.randomness) == before
    assert replica.call_status(number).result is None
    first = proxy.result(number, "raw_rand")
    second = proxy.call("raw_rand")
    assert len(first) == len(second) == 32
    assert first != second
    again = Proxy(Replica(engine=replica.engine, validate=False))
    assert again.call("raw_rand") == first, "the seed decides"
    other = Proxy(Replica(engine=replica.engine, validate=False, seed=1))
    assert other.call("raw_rand") not in (first, second)


def test_open_requests_are_part_of_checkpoints(replica: Replica, proxy: Proxy) -> None:
    number = proxy.send("raw_rand")
    replica.tick()
    checkpoint = replica.checkpoint()
    first = proxy.result(number, "raw_rand")
    replica.restore(checkpoint)
    assert proxy.result(number, "raw_rand") == first


def test_anybody_deposits_cycles(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister(controller=STRANGER, cycles=10**12)
    proxy.call("deposit_cycles", {"canister_id": canister}, 10**9)
    assert replica.status(canister).cycles == 10**12 + 10**9
    nobody = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")
    before = replica.status(proxy.id).cycles
    with pytest.raises(CallRejected, match=f"Canister {nobody} not found"):
        proxy.call("deposit_cycles", {"canister_id": nobody}, 10**14)
    assert before - replica.status(proxy.id).cycles < 10**12, "they came back"
    assert replica.unaccounted_cycles() == 0


def test_subnet_info(replica: Replica, proxy: Proxy) -> None:
    found = proxy.call("subnet_info", {"subnet_id": Principal(replica.subnet)})
    assert found["replica_version"].startswith("basilisk ")
    assert found["registry_version"] == 1
    with pytest.raises(CallRejected, match=f"Subnet {proxy.id} not found"):
        proxy.call("subnet_info", {"subnet_id": proxy.id})


def test_node_metrics(replica: Replica, proxy: Proxy) -> None:
    arguments = {"subnet_id": Principal(replica.subnet), "start_at_timestamp_nanos": 0}

    def blocks() -> int:
        ((entry,),) = (day["node_metrics"] for day in proxy.call("node_metrics_history", arguments))
        count: int = entry["num_blocks_proposed_total"]
        return count

    first = blocks()
    replica.tick(10)
    assert blocks() >= first + 10
    late = {**arguments, "start_at_timestamp_nanos": replica.clock.now() + 10**12}
    assert proxy.call("node_metrics_history", late) == []


def test_listing_canisters_is_for_administrators(replica: Replica, proxy: Proxy) -> None:
    first, second = proxy.id, replica.create_canister()
    apart = replica.create_canister(specified_id="rrkah-fqaaa-aaaaa-aaaaq-cai")
    with pytest.raises(CallRejected, match="Sender not authorized to use method"):
        query(replica, "list_canisters")
    with pytest.raises(CallRejected, match="Sender not authorized to use method"):
        proxy.call("list_canisters")
    replica.management.admins.add(STRANGER)
    ranges = query(replica, "list_canisters", None, STRANGER)["canisters"]
    assert ranges == [{"start": apart, "end": apart}, {"start": first, "end": second}]


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("bitcoin_get_balance", {"address": "a"}),
        ("bitcoin_get_utxos", {"address": "a"}),
        ("bitcoin_send_transaction", {"transaction": b""}),
        ("bitcoin_get_current_fee_percentiles", {}),
        ("bitcoin_get_block_headers", {"start_height": 0}),
    ],
)
def test_bitcoin_is_refused(replica: Replica, proxy: Proxy, method: str, value: dict[str, Any]) -> None:
    before = replica.status(proxy.id).cycles
    with pytest.raises(CallRejected, match=r"The bitcoin API is not enabled on this subnet\.") as caught:
        proxy.call(method, {**value, "network": {"testnet": None}}, 10**14)
    assert caught.value.code == 4
    assert before - replica.status(proxy.id).cycles < 10**12


# ---- properties --------------------------------------------------------------------------------------

visibilities = st.one_of(
    st.just({"controllers": None}),
    st.just({"public": None}),
    st.lists(st.binary(max_size=29).map(Principal), max_size=10).map(
        lambda items: {"allowed_viewers": items}
    ),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "controllers": st.lists(st.binary(max_size=29).map(Principal), max_size=9, unique=True),
        "freezing_threshold": st.integers(0, 10**6),
        "reserved_cycles_limit": st.integers(0, (1 << 128) - 1),
        "minimum_incoming_canister_call_cycles": st.integers(0, (1 << 128) - 1),
        "wasm_memory_limit": st.integers(0, 1 << 48),
        "wasm_memory_threshold": st.integers(0, 1 << 48),
        "log_visibility": visibilities,
        "snapshot_visibility": visibilities,
        "status_visibility": visibilities,
        "environment_variables": st.dictionaries(
            st.text(max_size=30).filter(lambda text: len(text.encode()) <= 128),
            st.text(max_size=30),
            max_size=20,
        ).map(lambda found: [{"name": name, "value": value} for name, value in sorted(found.items())]),
    },
)


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(changes, max_size=4))
def test_settings_are_what_was_set_last(engine: Engine, steps: list[dict[str, Any]]) -> None:
    """After any sequence of changes each setting has the value of the last change that named it."""
    replica = Replica(engine=engine, validate=False)
    canister = replica.create_canister()
    expected = dict(
        replica.management.perform(b"\4", "canister_status", {"canister_id": canister})["settings"]
    )
    for change in steps:
        controllers = change.get("controllers")
        if controllers is not None:
            change = {**change, "controllers": [*controllers, Principal(b"\4")]}
        direct(replica, "update_settings", {"canister_id": canister, "settings": change})
        expected.update(change)
        expected["controllers"] = sorted(set(expected["controllers"]))
    assert query(replica, "canister_status", {"canister_id": canister})["settings"] == expected
    assert replica.status(canister).version == len(steps)
    assert replica.unaccounted_cycles() == 0

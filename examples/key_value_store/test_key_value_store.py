"""Tests of the store: `pytest examples/key_value_store`."""

from pathlib import Path

import pytest

from basilisk.testing import Canister, Deploy, expect_trap

HERE = Path(__file__).parent


@pytest.fixture
def store(deploy: Deploy) -> Canister:
    return deploy(HERE)


def test_values_are_kept_and_replaced(store: Canister) -> None:
    assert store.get("moon") is None
    assert store.set("moon", "Luna") is None
    assert store.set("moon", "Selene") == "Luna"
    assert store.get("moon") == "Selene"
    assert store.delete("moon") == "Selene"
    assert store.size() == 0


def test_entries_are_sorted(store: Canister) -> None:
    store.set_many([{"key": "mb", "value": "2"}, {"key": "ma", "value": "1"}, {"key": "x", "value": "3"}])
    assert [(entry.key, entry.value) for entry in store.entries("m")] == [("ma", "1"), ("mb", "2")]


def test_all_or_nothing(store: Canister) -> None:
    with expect_trap("an entry has an empty key"):
        store.set_many([{"key": "venus", "value": "Aphrodite"}, {"key": "", "value": "?"}])
    assert store.get("venus") is None


def test_content_survives_upgrades(store: Canister) -> None:
    store.set("münchen", "🥨" * 50_000)
    before = store.stable_memory(0, 0)
    store.upgrade()
    assert before == b""
    assert int.from_bytes(store.stable_memory(0, 8), "little") > 100_000
    assert store.get("münchen") == "🥨" * 50_000


def test_reinstalling_begins_anew(store: Canister) -> None:
    store.set("a", "b")
    store.reinstall()
    assert store.size() == 0

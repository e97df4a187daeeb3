"""Creation, settings, starting and stopping, removal."""

from __future__ import annotations

from typing import Any

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.management.proxy import PROXY, Proxy, direct
from tests.unit.replica.wat import Install

FEE = 500_000_000_000
USER = b"\7" * 29


def create(proxy: Proxy, settings: dict[str, Any] | None = None, cycles: int = FEE + 10**13) -> Principal:
    created: Principal = proxy.call("create_canister", {"settings": settings}, cycles)["canister_id"]
    return created


def status(proxy: Proxy, canister: Principal) -> dict[str, Any]:
    found: dict[str, Any] = proxy.call("canister_status", {"canister_id": canister})
    return found


# ---- creation ----------------------------------------------------------------------------------------


def test_a_new_canister_gets_the_cycles_less_the_fee(replica: Replica, proxy: Proxy) -> None:
    canister = create(proxy, cycles=FEE + 7 * 10**12)
    assert replica.status(canister).cycles == 7 * 10**12
    assert replica.status(canister).controllers == (proxy.id,)
    assert replica.unaccounted_cycles() == 0
    metrics = proxy.call("canister_metrics", {"canister_id": canister})
    assert metrics["cycles_consumed"]["canister_creation"] == FEE


def test_creation_needs_the_fee(replica: Replica, proxy: Proxy) -> None:
    before = len(replica.canisters)
    with pytest.raises(CallRejected) as caught:
        create(proxy, cycles=FEE - 1)
    assert caught.value.code == 4
    assert caught.value.message.startswith(
        "IC0403: Creating a canister requires a fee of 500_000_000_000 that is deducted from the canister's "
        "initial balance but only 499_999_999_999 cycles were received with the create_canister request."
    )
    assert len(replica.canisters) == before
    assert replica.unaccounted_cycles() == 0


def test_bad_settings_create_nothing(replica: Replica, proxy: Proxy) -> None:
    before = replica.status(proxy.id).cycles, len(replica.canisters)
    with pytest.raises(
        CallRejected, match=r"ComputeAllocation expected to be in the range \[0..100\], got 101"
    ):
        create(proxy, {"compute_allocation": 101})
    assert before[0] - replica.status(proxy.id).cycles < FEE, "the cycles came back"
    assert len(replica.canisters) == before[1]
    assert replica.unaccounted_cycles() == 0


def test_provisional_creation(replica: Replica) -> None:
    method = "provisional_create_canister_with_cycles"
    wanted = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")
    arguments = {"amount": 10**10, "specified_id": wanted, "settings": {"freezing_threshold": 1}}
    assert direct(replica, method, arguments, USER) == {"canister_id": wanted}
    assert replica.status(wanted).cycles == 10**10
    assert replica.status(wanted).controllers == (Principal(USER),)
    with pytest.raises(CallRejected, match=f"canister id {wanted} already exists") as caught:
        direct(replica, method, arguments)
    assert caught.value.error_code == "IC0205"
    other = direct(replica, method, {})["canister_id"]
    assert replica.status(other).cycles == 100_000_000_000_000
    direct(replica, "provisional_top_up_canister", {"canister_id": wanted, "amount": 10**20}, b"\1\2")
    assert replica.status(wanted).cycles > 10**20
    assert replica.unaccounted_cycles() == 0


# ---- settings ----------------------------------------------------------------------------------------

EVERY_SETTING: dict[str, Any] = {
    "controllers": [Principal(USER), Principal(b"\4")],
    "compute_allocation": 1,
    "memory_allocation": 1 << 20,
    "freezing_threshold": 1_000,
    "reserved_cycles_limit": 10**12,
    "minimum_incoming_canister_call_cycles": 77,
    "log_visibility": {"public": None},
    "snapshot_visibility": {"allowed_viewers": [Principal(b"\1"), Principal(b"\2")]},
    "status_visibility": {"allowed_viewers": []},
    "wasm_memory_limit": 1 << 30,
    "wasm_memory_threshold": 1 << 20,
    "environment_variables": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
}


def test_every_setting_is_kept_and_shown(replica: Replica) -> None:
    canister = replica.create_canister()
    version = replica.status(canister).version
    direct(replica, "update_settings", {"canister_id": canister, "settings": EVERY_SETTING})
    shown = direct(replica, "canister_status", {"canister_id": canister})
    expected = {**EVERY_SETTING, "controllers": sorted(EVERY_SETTING["controllers"])}
    assert shown["settings"] == expected
    assert shown["version"] == version + 1
    direct(replica, "update_settings", {"canister_id": canister, "settings": {}})
    assert direct(replica, "canister_status", {"canister_id": canister})["settings"] == expected


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        (
            {"compute_allocation": 101},
            "IC0504",
            "ComputeAllocation expected to be in the range [0..100], got 101",
        ),
        ({"memory_allocation": (1 << 48) + 1}, "IC0504", "MemoryAllocation expected to be in the range"),
        ({"freezing_threshold": 1 << 64}, "IC0504", "Freezing threshold expected to be in the range of"),
        ({"reserved_cycles_limit": 1 << 128}, "IC0504", "Reserved cycles limit expected to be in the range"),
        (
            {"minimum_incoming_canister_call_cycles": 1 << 128},
            "IC0504",
            "Minimum incoming canister call cycles",
        ),
        ({"wasm_memory_limit": (1 << 48) + 1}, "IC0504", "Wasm memory limit expected to be in the range of"),
        (
            {"wasm_memory_threshold": (1 << 48) + 1},
            "IC0504",
            "Wasm memory threshold expected to be in the range",
        ),
        (
            {"controllers": [Principal(bytes([n])) for n in range(11)]},
            "IC0408",
            "exceeds the maximum allowed 10",
        ),
        (
            {"log_visibility": {"allowed_viewers": [Principal(bytes([n])) for n in range(11)]}},
            "IC0408",
            "exceeds the maximum allowed 10",
        ),
        (
            {"environment_variables": [{"name": str(n), "value": ""} for n in range(21)]},
            "IC0408",
            "Too many environment variables: 21 (max: 20)",
        ),
        (
            {"environment_variables": [{"name": "A", "value": ""}] * 2},
            "IC0408",
            "Duplicate environment variables are not allowed",
        ),
        (
            {"environment_variables": [{"name": "n" * 129, "value": ""}]},
            "IC0408",
            "exceeds the maximum allowed length of 128.",
        ),
        (
            {"environment_variables": [{"name": "n", "value": "v" * 129}]},
            "IC0408",
            "exceeds the maximum allowed length of 128.",
        ),
        ({"compute_allocation": 100}, None, ""),
        ({"memory_allocation": 1 << 45}, "IC0101", "of memory but only"),
        ({"memory_allocation": 1 << 40}, "IC0531", "Cannot increase memory allocation to"),
    ],
)
def test_limits_of_settings(replica: Replica, settings: dict[str, Any], code: str | None, text: str) -> None:
    canister = replica.create_canister(cycles=10**16)
    before = replica.status(canister)
    arguments = {"canister_id": canister, "settings": {**settings, "freezing_threshold": 10**8, **settings}}
    if code is None:
        direct(replica, "update_settings", {"canister_id": canister, "settings": settings})
        return
    with pytest.raises(CallRejected) as caught:
        direct(replica, "update_settings", arguments)
    assert caught.value.error_code == code
    assert text in caught.value.message
    after = replica.status(canister)
    assert (after.version, after.controllers) == (before.version, before.controllers), "all or nothing"


def test_the_subnet_has_only_so_much_compute(replica: Replica) -> None:
    first, second = (replica.create_canister(cycles=10**17) for _ in range(2))
    direct(replica, "update_settings", {"canister_id": first, "settings": {"compute_allocation": 100}})
    with pytest.raises(CallRejected, match="the Subnet's remaining compute capacity is 50%") as caught:
        direct(replica, "update_settings", {"canister_id": second, "settings": {"compute_allocation": 51}})
    assert caught.value.error_code == "IC0101"
    direct(replica, "update_settings", {"canister_id": second, "settings": {"compute_allocation": 50}})


def test_a_frozen_canister_can_be_unfrozen(replica: Replica) -> None:
    """update_settings is charged only as far as the canister can pay."""
    canister = replica.create_canister(cycles=10**9)
    direct(replica, "update_settings", {"canister_id": canister, "settings": {"freezing_threshold": 10**12}})
    with pytest.raises(CallRejected) as caught:
        direct(replica, "start_canister", {"canister_id": canister})
    assert caught.value.error_code == "IC0207"
    direct(replica, "update_settings", {"canister_id": canister, "settings": {"freezing_threshold": 0}})
    direct(replica, "start_canister", {"canister_id": canister})


def test_controllers_hand_over(replica: Replica, proxy: Proxy) -> None:
    canister = create(proxy)
    settings = {"controllers": [Principal(USER)]}
    proxy.call("update_settings", {"canister_id": canister, "settings": settings})
    with pytest.raises(CallRejected, match="Only the controllers"):
        proxy.call("start_canister", {"canister_id": canister})
    direct(replica, "start_canister", {"canister_id": canister}, USER)


# ---- stopping ----------------------------------------------------------------------------------------


@pytest.fixture
def waiting(replica: Replica) -> Proxy:
    """A proxy with an open call: an HTTP outcall that nobody answers."""
    slow = Proxy(replica)
    fetch(slow)
    return slow


def fetch(proxy: Proxy) -> int:
    arguments = {"url": "https://example.org", "method": {"get": None}, "headers": []}
    number = proxy.send("http_request", arguments, 10**12)
    proxy.replica.tick()
    return number


def finish(replica: Replica) -> None:
    """Answer the outcall."""
    from basilisk.replica import HttpResponse

    (request,) = replica.http_requests
    replica.answer_http(request.id, HttpResponse())
    replica.tick(3)


def submit(replica: Replica, method: str, canister: Principal) -> int:
    from basilisk.replica.management import interface

    return replica.submit("aaaaa-aa", method, interface.request(method, {"canister_id": canister}))


def test_stopping_waits_for_open_calls(replica: Replica, waiting: Proxy) -> None:
    first, second = (submit(replica, "stop_canister", waiting.id) for _ in range(2))
    replica.tick(5)
    assert replica.status(waiting.id).status == "stopping"
    assert replica.call_status(first).result is None
    with pytest.raises(CallRejected, match="is stopping"):
        replica.update(waiting.id, "print")
    finish(replica)
    assert replica.status(waiting.id).status == "stopped"
    for number in (first, second):
        assert replica.await_call(number) == b"DIDL\0\0"
    with pytest.raises(CallRejected, match="is stopped"):
        replica.update(waiting.id, "print")


def test_stopping_a_stopped_canister_succeeds_at_once(replica: Replica, proxy: Proxy) -> None:
    canister = create(proxy)
    proxy.call("stop_canister", {"canister_id": canister})
    version = replica.status(canister).version
    proxy.call("stop_canister", {"canister_id": canister})
    assert replica.status(canister).version == version
    assert version == 2, "stopping and stopped"


def test_starting_cancels_the_wait(replica: Replica, proxy: Proxy, waiting: Proxy) -> None:
    replica.update_settings(waiting.id, controller=[b"\4", proxy.id])
    outside = submit(replica, "stop_canister", waiting.id)
    inside = proxy.send("stop_canister", {"canister_id": waiting.id})
    replica.tick(2)
    direct(replica, "start_canister", {"canister_id": waiting.id})
    text = f"Canister {waiting.id}'s stop request was cancelled."
    with pytest.raises(CallRejected) as caught:
        replica.await_call(outside)
    assert (caught.value.error_code, caught.value.message) == ("IC0511", text)
    with pytest.raises(CallRejected, match=text):
        proxy.result(inside, "stop_canister")
    assert replica.status(waiting.id).status == "running"


def test_a_canister_cannot_wait_for_its_own_stop(replica: Replica, proxy: Proxy) -> None:
    replica.update_settings(proxy.id, controller=[b"\4", proxy.id])
    number = proxy.send("stop_canister", {"canister_id": proxy.id})
    with pytest.raises(CallRejected, match="Stop canister request timed out"):
        proxy.result(number, "stop_canister")
    assert replica.unaccounted_cycles() == 0


# ---- removal -----------------------------------------------------------------------------------------


def test_deleting_needs_a_stopped_canister(replica: Replica, proxy: Proxy) -> None:
    canister = create(proxy)
    with pytest.raises(CallRejected, match=f"Canister {canister} must be stopped before it is deleted."):
        proxy.call("delete_canister", {"canister_id": canister})
    proxy.call("stop_canister", {"canister_id": canister})
    proxy.call("delete_canister", {"canister_id": canister})
    assert canister not in replica.canisters
    with pytest.raises(CallRejected, match=f"Canister {canister} not found") as caught:
        proxy.call("canister_status", {"canister_id": canister})
    assert caught.value.code == 3
    assert replica.unaccounted_cycles() == 0


def test_a_canister_does_not_delete_itself(replica: Replica, proxy: Proxy) -> None:
    replica.update_settings(proxy.id, controller=[proxy.id])
    with pytest.raises(CallRejected, match="cannot delete itself"):
        proxy.call("delete_canister", {"canister_id": proxy.id})


def test_uninstalling_rejects_open_calls(replica: Replica, proxy: Proxy) -> None:
    slow = Proxy(replica)
    number = fetch(slow)
    direct(replica, "upload_chunk", {"canister_id": slow.id, "chunk": b"x"})
    direct(replica, "uninstall_code", {"canister_id": slow.id})
    with pytest.raises(CallRejected, match="Canister has been uninstalled") as caught:
        replica.await_call(number)
    assert caught.value.code == 4
    shown = replica.status(slow.id)
    assert (shown.module_hash, shown.heap_bytes) == (None, 0)
    assert direct(replica, "stored_chunks", {"canister_id": slow.id}) == []
    finish(replica)
    assert replica.unaccounted_cycles() == 0


def test_a_canister_may_uninstall_itself(replica: Replica, install: Install) -> None:
    """The call is worked off after the message that made it; its answer finds no code."""
    own = Proxy(replica)
    replica.update_settings(own.id, controller=[own.id])
    number = own.send("uninstall_code", {"canister_id": own.id})
    with pytest.raises(CallRejected, match="Canister has been uninstalled"):
        own.result(number, "uninstall_code")
    assert replica.status(own.id).module_hash is None
    assert replica.unaccounted_cycles() == 0


def test_install_and_call_what_was_created(replica: Replica, proxy: Proxy) -> None:
    canister = create(proxy)
    arguments = {"mode": {"install": None}, "canister_id": canister, "wasm_module": PROXY, "arg": b""}
    proxy.call("install_code", arguments)
    assert replica.query(canister, "self") == canister.bytes

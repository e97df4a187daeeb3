"""Status, history, metadata, metrics, logs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.wasm.module import Module, custom_section
from tests.unit.replica.management.proxy import PROXY, Proxy, direct, query
from tests.unit.replica.wat import module

USER = b"\7" * 29
STRANGER = b"\1\2"
EVERY_DAY = 86_400


def test_status_has_every_figure(replica: Replica) -> None:
    wasm = with_sections(PROXY, public=b"seen", private=b"not")
    canister = replica.create_canister()
    replica.install_code(canister, wasm, b"")
    direct(replica, "upload_chunk", {"canister_id": canister, "chunk": b"x"})
    replica.query(canister, "self", b"12345")
    shown = query(replica, "canister_status", {"canister_id": canister})
    metrics = shown["memory_metrics"]
    assert metrics == {
        "wasm_memory_size": 64 * 65_536,
        "stable_memory_size": 0,
        "global_memory_size": 0,
        "wasm_binary_size": len(wasm),
        "custom_sections_size": len("public") + 4 + len("private") + 3,
        "canister_history_size": metrics["canister_history_size"],
        "wasm_chunk_store_size": 1 << 20,
        "snapshots_size": 0,
    }
    assert metrics["canister_history_size"] > 0
    assert shown["memory_size"] == sum(metrics.values()) == replica.status(canister).memory_bytes
    assert shown["module_hash"] == hashlib.sha256(wasm).digest()
    assert shown["cycles"] == replica.status(canister).cycles
    assert shown["idle_cycles_burned_per_day"] == replica.fees.memory_per_day(shown["memory_size"])
    assert shown["query_stats"] == {
        "num_calls_total": 1,
        "num_instructions_total": replica.last.instructions,
        "request_payload_bytes_total": 5,
        "response_payload_bytes_total": 10,
    }
    assert (shown["ready_for_migration"], shown["reserved_cycles"]) == (False, 0)
    replica.stop_canister(canister)
    shown = query(replica, "canister_status", {"canister_id": canister})
    assert (shown["status"], shown["ready_for_migration"]) == ({"stopped": None}, True)


def test_who_sees_the_status(replica: Replica, proxy: Proxy) -> None:
    assert proxy.call("canister_status", {"canister_id": proxy.id})["status"] == {"running": None}, "itself"
    with pytest.raises(CallRejected, match="Only the controllers"):
        query(replica, "canister_status", {"canister_id": proxy.id}, STRANGER)
    for visibility, admitted in (
        ({"public": None}, True),
        ({"allowed_viewers": [Principal(STRANGER)]}, True),
        ({"allowed_viewers": [Principal(USER)]}, False),
        ({"controllers": None}, False),
    ):
        settings = {"status_visibility": visibility}
        direct(replica, "update_settings", {"canister_id": proxy.id, "settings": settings})
        if admitted:
            query(replica, "canister_status", {"canister_id": proxy.id}, STRANGER)
        else:
            with pytest.raises(CallRejected, match="Only the controllers"):
                query(replica, "canister_status", {"canister_id": proxy.id}, STRANGER)


def test_a_composite_query_may_ask_for_the_status(replica: Replica) -> None:
    from basilisk.replica.management import interface
    from tests.unit.replica.scenarios.canisters import Builder, deploy
    from tests.unit.replica.wat import reply_bytes

    builder = Builder()
    passes = builder.callback(
        "(call $msg_arg_data_copy (i32.const 8192) (i32.const 0) (call $msg_arg_data_size))"
        "(call $msg_reply_data_append (i32.const 8192) (call $msg_arg_data_size)) (call $msg_reply)"
    )
    fails = builder.callback(reply_bytes(0, 1))
    other = replica.create_canister()
    replica.update_settings(other, controller=b"\4")
    direct(
        replica,
        "update_settings",
        {"canister_id": other, "settings": {"status_visibility": {"public": None}}},
    )
    argument = interface.request("canister_status", {"canister_id": other})
    builder.function(
        "canister_composite_query go",
        builder.call(b"", "canister_status", passes, fails, argument=argument),
    )
    canister = deploy(replica, builder.build())
    shown = interface.response("canister_status", replica.query(canister, "go"))
    assert shown["settings"]["controllers"] == [Principal(b"\4")]


# ---- history -----------------------------------------------------------------------------------------


def info(proxy: Proxy, canister: Principal, count: int | None = 20) -> dict[str, Any]:
    found: dict[str, Any] = proxy.call(
        "canister_info", {"canister_id": canister, "num_requested_changes": count}
    )
    return found


def test_history_of_a_canisters_canister(replica: Replica, proxy: Proxy) -> None:
    """Every kind of change, with its version and who made it."""
    settings = {
        "environment_variables": [{"name": "A", "value": "1"}],
        "controllers": [proxy.id, Principal(USER)],
    }
    canister = proxy.call("create_canister", {"settings": settings, "sender_canister_version": 42}, 10**14)[
        "canister_id"
    ]
    code = {"mode": {"install": None}, "canister_id": canister, "wasm_module": PROXY, "arg": b""}
    proxy.call("install_code", {**code, "sender_canister_version": 43})
    direct(replica, "install_code", {**code, "mode": {"upgrade": None}}, USER)
    direct(replica, "update_settings", {"canister_id": canister, "settings": {"freezing_threshold": 1}}, USER)
    proxy.call("update_settings", {"canister_id": canister, "settings": {"controllers": [proxy.id]}})
    proxy.call("uninstall_code", {"canister_id": canister})
    found = info(proxy, canister)
    assert (found["total_num_changes"], found["module_hash"]) == (5, None)
    assert found["controllers"] == [proxy.id]

    def by_canister(version: int | None) -> dict[str, Any]:
        return {"from_canister": {"canister_id": proxy.id, "canister_version": version}}

    by_user = {"from_user": {"user_id": Principal(USER)}}
    digest = hashlib.sha256(PROXY).digest()
    pair = hashlib.sha256(b"A").digest() + hashlib.sha256(b"1").digest()
    changes = found["recent_changes"]
    assert [(item["canister_version"], item["origin"], item["details"]) for item in changes] == [
        (
            0,
            by_canister(42),
            {
                "creation": {
                    "controllers": sorted([proxy.id, Principal(USER)]),
                    "environment_variables_hash": hashlib.sha256(pair).digest(),
                }
            },
        ),
        (1, by_canister(43), {"code_deployment": {"mode": {"install": None}, "module_hash": digest}}),
        (2, by_user, {"code_deployment": {"mode": {"upgrade": None}, "module_hash": digest}}),
        (4, by_canister(None), {"controllers_change": {"controllers": [proxy.id]}}),
        (5, by_canister(None), {"code_uninstall": None}),
    ]
    times = [item["timestamp_nanos"] for item in changes]
    assert times == sorted(times)
    assert info(proxy, canister, 2)["recent_changes"] == changes[-2:]
    assert info(proxy, canister, None)["recent_changes"] == []


def test_history_keeps_twenty_changes(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister()
    for _ in range(24):
        replica.update_settings(canister, controller=b"\4")
    found = info(proxy, canister, 100)
    assert (found["total_num_changes"], len(found["recent_changes"])) == (25, 20)


def test_the_control_api_makes_history_too(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister()
    replica.install_code(canister, PROXY, b"")
    replica.uninstall_code(canister)
    kinds = [next(iter(item["details"])) for item in info(proxy, canister)["recent_changes"]]
    assert kinds == ["creation", "code_deployment", "code_uninstall"]


# ---- metadata ----------------------------------------------------------------------------------------


def with_sections(wasm: bytes, public: bytes, private: bytes) -> bytes:
    parsed = Module.parse(wasm)
    sections = (
        custom_section("icp:public public", public),
        custom_section("icp:private private", private),
    )
    return Module((*parsed.sections, *sections)).encode()


def test_metadata(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister()

    def read(name: str) -> bytes:
        value: bytes = proxy.call("canister_metadata", {"canister_id": canister, "name": name})["value"]
        return value

    with pytest.raises(CallRejected, match="has no Wasm module"):
        read("public")
    replica.install_code(canister, with_sections(PROXY, b"seen", b"hidden"), b"")
    assert read("public") == b"seen"
    for name in ("private", "absent"):
        with pytest.raises(CallRejected, match=f"has no metadata section with the name {name}"):
            read(name)
    replica.update_settings(canister, controller=[b"\4", proxy.id])
    assert read("private") == b"hidden"


# ---- figures and logs --------------------------------------------------------------------------------


def test_metrics(replica: Replica, proxy: Proxy) -> None:
    replica.update_settings(proxy.id, controller=[proxy.id, b"\4"], compute_allocation=1)
    replica.advance(EVERY_DAY)
    consumed = proxy.call("canister_metrics", {"canister_id": proxy.id})["cycles_consumed"]
    assert consumed["compute_allocation"] == 10_000_000 * EVERY_DAY
    assert consumed["memory"] > 0 and consumed["ingress_induction"] > 0 and consumed["instructions"] > 0
    assert query(replica, "canister_metrics", {"canister_id": proxy.id})["cycles_consumed"]["memory"] > 0
    with pytest.raises(CallRejected, match="Only the controllers"):
        query(replica, "canister_metrics", {"canister_id": proxy.id}, STRANGER)


def test_logs_by_query(replica: Replica, proxy: Proxy) -> None:
    replica.update(proxy.id, "print", b"hello")
    replica.update(proxy.id, "print", b"\xff")
    records = query(replica, "fetch_canister_logs", {"canister_id": proxy.id})["canister_log_records"]
    assert [(item["idx"], item["content"]) for item in records] == [(0, b"hello"), (1, b"\xff")]
    assert records[0]["timestamp_nanos"] < records[1]["timestamp_nanos"]
    with pytest.raises(CallRejected) as caught:
        query(replica, "fetch_canister_logs", {"canister_id": proxy.id}, STRANGER)
    assert caught.value.error_code == "IC0406"
    assert caught.value.message == f"Caller {Principal(STRANGER)} is not allowed to access canister logs"
    settings = {"log_visibility": {"public": None}}
    direct(replica, "update_settings", {"canister_id": proxy.id, "settings": settings})
    query(replica, "fetch_canister_logs", {"canister_id": proxy.id}, STRANGER)


def test_a_canister_pays_for_logs(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister(controller=[proxy.id, Principal(b"\4")])
    printing = module('(func (export "canister_init") (call $debug_print (i32.const 0) (i32.const 100)))')
    replica.install_code(canister, printing, b"")
    with pytest.raises(CallRejected, match="fetch_canister_logs request sent with 0 cycles, but"):
        proxy.call("fetch_canister_logs", {"canister_id": canister})
    before = replica.status(proxy.id).cycles
    free = proxy.call("canister_info", {"canister_id": canister})
    base = before - replica.status(proxy.id).cycles
    before = replica.status(proxy.id).cycles
    proxy.call("fetch_canister_logs", {"canister_id": canister}, 10**12)
    spent = before - replica.status(proxy.id).cycles
    assert free["total_num_changes"] == 2
    assert 0 < spent - base < 10**8, "of the attached cycles only the price was taken"
    assert replica.fees.canister_log(100) == 5_000_000 + 80 * 100
    assert replica.unaccounted_cycles() == 0

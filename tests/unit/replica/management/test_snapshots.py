"""Snapshots: taken, loaded, read out, uploaded."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.management.proxy import Proxy, direct
from tests.unit.replica.wat import module, number, reply_i32

STRANGER = b"\1\2"

# State everywhere: heap, a global of each type, stable memory, certified data, a timer.
APP = module(
    f"""
    (global $count (mut i32) (i32.const -1)) (global $long (mut i64) (i64.const -2))
    (global $short (mut f32) (f32.const 1.5)) (global $double (mut f64) (f64.const -0.25))
    (func (export "canister_update add")
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.set $long (i64.mul (global.get $long) (i64.const 3)))
        (i32.store (i32.const 5000) (i32.add (i32.load (i32.const 5000)) (i32.const 1)))
        (if (i64.eqz (call $stable64_size)) (then (drop (call $stable64_grow (i64.const 2)))))
        (call $stable64_write (i64.const 70000) (i64.const 5000) (i64.const 4))
        (call $certified_data_set (i32.const 5000) (i32.const 4))
        (drop (call $global_timer_set (i64.const 0x7fffffffffffffff)))
        (call $msg_reply))
    (func (export "canister_query heap") {reply_i32("(i32.load (i32.const 5000))")})
    (func (export "canister_query count") {reply_i32("(global.get $count)")})
    """,
    "(memory 2)",
)


@pytest.fixture
def canister(replica: Replica) -> Principal:
    created = replica.create_canister()
    replica.install_code(created, APP, b"")
    replica.update(created, "add")
    return created


def take(replica: Replica, canister: Principal, **options: Any) -> dict[str, Any]:
    taken: dict[str, Any] = direct(replica, "take_canister_snapshot", {"canister_id": canister, **options})
    return taken


def load(replica: Replica, canister: Principal, snapshot: bytes, sender: bytes = b"\4") -> None:
    direct(replica, "load_canister_snapshot", {"canister_id": canister, "snapshot_id": snapshot}, sender)


def state(replica: Replica, canister: Principal) -> tuple[int, int, bytes, bytes]:
    return (
        number(replica.query(canister, "heap")),
        number(replica.query(canister, "count")),
        replica.stable_memory(canister, 70_000, 4),
        replica.status(canister).certified_data,
    )


def test_loading_returns_to_the_state_that_was_taken(replica: Replica, canister: Principal) -> None:
    before = state(replica, canister)
    direct(replica, "upload_chunk", {"canister_id": canister, "chunk": b"kept"})
    taken = take(replica, canister)
    assert taken["id"] == bytes(8) + canister.bytes
    replica.update(canister, "add")
    replica.install_code(canister, module('(func (export "canister_query x"))'), b"", mode="reinstall")
    direct(replica, "clear_chunk_store", {"canister_id": canister})
    version = replica.status(canister).version
    load(replica, canister, taken["id"])
    assert state(replica, canister) == before == (1, 0, b"\1\0\0\0", b"\1\0\0\0")
    shown = replica.status(canister)
    assert (shown.version, shown.timer) == (version + 1, 0)
    assert len(direct(replica, "stored_chunks", {"canister_id": canister})) == 1
    replica.update(canister, "add")
    load(replica, canister, taken["id"])
    assert state(replica, canister) == before, "a snapshot can be loaded again"


def test_loading_is_history(replica: Replica, canister: Principal, proxy: Proxy) -> None:
    taken = take(replica, canister)
    twin = replica.create_canister()
    load(replica, twin, taken["id"])
    assert state(replica, twin) == state(replica, canister)
    found = proxy.call("canister_info", {"canister_id": twin, "num_requested_changes": 1})
    assert found["recent_changes"][0]["details"] == {
        "load_snapshot": {
            "from_canister_id": canister,
            "snapshot_id": taken["id"],
            "canister_version": 2,
            "taken_at_timestamp": taken["taken_at_timestamp"],
            "source": {"taken_from_canister": None},
        }
    }


def test_another_canisters_snapshot_needs_its_controller(replica: Replica, canister: Principal) -> None:
    taken = take(replica, canister)
    own = replica.create_canister(controller=STRANGER)
    with pytest.raises(CallRejected, match="Only the controllers of the canister"):
        load(replica, own, taken["id"], STRANGER)


def test_listing_and_deleting(replica: Replica, canister: Principal) -> None:
    memory = replica.status(canister).memory_bytes
    first, second = take(replica, canister), take(replica, canister)
    arguments = {"canister_id": canister}
    assert direct(replica, "list_canister_snapshots", arguments) == [first, second]
    size = first["total_size"]
    assert size == len(APP) + 2 * 65_536 + 2 * 65_536 + 4 * 8 + 4
    assert replica.status(canister).memory_bytes == memory + 2 * size
    direct(replica, "delete_canister_snapshot", {**arguments, "snapshot_id": first["id"]})
    assert direct(replica, "list_canister_snapshots", arguments) == [second]
    with pytest.raises(CallRejected) as caught:
        direct(replica, "delete_canister_snapshot", {**arguments, "snapshot_id": first["id"]})
    assert caught.value.error_code == "IC0305"
    assert caught.value.message.startswith(
        f"Could not find the snapshot ID {first['id'].hex()} for canister {canister}."
    )
    assert replica.status(canister).memory_bytes == memory + size
    assert replica.unaccounted_cycles() == 0


def test_ten_snapshots_and_replacing(replica: Replica, canister: Principal) -> None:
    ids = [take(replica, canister)["id"] for _ in range(10)]
    with pytest.raises(CallRejected, match="reached the maximum number of snapshots allowed: 10"):
        take(replica, canister)
    replaced = take(replica, canister, replace_snapshot=ids[3])["id"]
    listed = direct(replica, "list_canister_snapshots", {"canister_id": canister})
    assert {item["id"] for item in listed} == {*ids, replaced} - {ids[3]}


def test_taking_can_uninstall(replica: Replica, canister: Principal) -> None:
    before = state(replica, canister)
    taken = take(replica, canister, uninstall_code=True)
    assert replica.status(canister).module_hash is None
    with pytest.raises(CallRejected, match="Failed to create snapshot for empty canister"):
        take(replica, canister)
    load(replica, canister, taken["id"])
    assert state(replica, canister) == before


def test_a_foreign_snapshot_is_not_deleted(replica: Replica, canister: Principal) -> None:
    taken, other = take(replica, canister), replica.create_canister()
    with pytest.raises(CallRejected, match=f"does not belong to canister {other}"):
        direct(replica, "delete_canister_snapshot", {"canister_id": other, "snapshot_id": taken["id"]})


def test_who_sees_snapshots(replica: Replica, canister: Principal) -> None:
    taken = take(replica, canister)
    arguments = {"canister_id": canister}
    chosen = {**arguments, "snapshot_id": taken["id"]}
    kind = {"wasm_module": {"offset": 0, "size": 4}}
    settings = {"snapshot_visibility": {"allowed_viewers": [Principal(STRANGER)]}}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_canister_snapshots", arguments),
        ("read_canister_snapshot_metadata", chosen),
        ("read_canister_snapshot_data", {**chosen, "kind": kind}),
    ]
    for method, value in calls:
        with pytest.raises(CallRejected, match="Only the controllers"):
            direct(replica, method, value, STRANGER)
    direct(replica, "update_settings", {**arguments, "settings": settings})
    for method, value in calls:
        direct(replica, method, value, STRANGER)
    with pytest.raises(CallRejected, match="Only controllers of canister"):
        direct(replica, "delete_canister_snapshot", chosen, STRANGER)


def test_snapshots_cost(replica: Replica, canister: Principal) -> None:
    before = replica.status(canister).cycles
    taken = replica.management.perform(b"\4", "take_canister_snapshot", {"canister_id": canister})
    assert before - replica.status(canister).cycles == 2_000_000_000 + taken["total_size"]


# ---- piece by piece ----------------------------------------------------------------------------------


def read(replica: Replica, chosen: dict[str, Any], kind: str, size: int, step: int = 100_000) -> bytes:
    out = b""
    for offset in range(0, size, step):
        slice_ = {kind: {"offset": offset, "size": min(step, size - offset)}}
        out += direct(replica, "read_canister_snapshot_data", {**chosen, "kind": slice_})["chunk"]
    return out


def test_a_snapshot_can_be_carried_elsewhere(replica: Replica, canister: Principal) -> None:
    """Reading out everything and uploading it makes an equal canister, on another replica even."""
    direct(replica, "upload_chunk", {"canister_id": canister, "chunk": b"piece"})
    chosen = {"canister_id": canister, "snapshot_id": take(replica, canister)["id"]}
    metadata = direct(replica, "read_canister_snapshot_metadata", chosen)
    assert metadata["source"] == {"taken_from_canister": None}
    assert metadata["globals"] == [{"i32": 0}, {"i64": -6}, {"f32": 1.5}, {"f64": -0.25}]
    assert metadata["wasm_chunk_store"] == [{"hash": hashlib.sha256(b"piece").digest()}]
    assert metadata["global_timer"] == {"active": (1 << 63) - 1}
    assert metadata["on_low_wasm_memory_hook_status"] == {"condition_not_satisfied": None}
    assert (metadata["canister_version"], metadata["certified_data"]) == (2, b"\1\0\0\0")
    parts = {
        "wasm_module": read(replica, chosen, "wasm_module", metadata["wasm_module_size"]),
        "wasm_memory": read(replica, chosen, "wasm_memory", metadata["wasm_memory_size"]),
        "stable_memory": read(replica, chosen, "stable_memory", metadata["stable_memory_size"]),
    }
    assert parts["wasm_module"] == APP
    digest = {"wasm_chunk": {"hash": hashlib.sha256(b"piece").digest()}}
    assert direct(replica, "read_canister_snapshot_data", {**chosen, "kind": digest}) == {"chunk": b"piece"}

    other = Replica(engine=replica.engine, validate=False)
    target = other.create_canister()
    given = ("source", "canister_version", "taken_at_timestamp", "wasm_chunk_store")
    wanted = {key: metadata[key] for key in metadata if key not in given}
    uploaded = direct(other, "upload_canister_snapshot_metadata", {**wanted, "canister_id": target})
    upload = {"canister_id": target, "snapshot_id": uploaded["snapshot_id"]}
    for kind, data in parts.items():
        for offset in range(0, len(data), 90_000):
            place = {"kind": {kind: {"offset": offset}}, "chunk": data[offset : offset + 90_000]}
            direct(other, "upload_canister_snapshot_data", {**upload, **place})
    chunk = {"kind": {"wasm_chunk": None}, "chunk": b"piece"}
    direct(other, "upload_canister_snapshot_data", {**upload, **chunk})
    load(other, target, uploaded["snapshot_id"])
    assert state(other, target) == state(replica, canister)
    assert other.status(target).timer == (1 << 63) - 1, "an uploaded timer is set"
    assert len(direct(other, "stored_chunks", {"canister_id": target})) == 1
    assert other.unaccounted_cycles() == 0


def test_slices_have_limits(replica: Replica, canister: Principal) -> None:
    chosen = {"canister_id": canister, "snapshot_id": take(replica, canister)["id"]}
    for kind, size, text in (
        ("wasm_memory", 2_000_001, "Requested slice too large: 2000001 > 2000000"),
        ("wasm_memory", 131_073, "Invalid subslice into wasm module / main memory / stable memory"),
        ("stable_memory", 131_073, "Invalid subslice"),
        ("wasm_module", len(APP) + 1, "Invalid subslice"),
    ):
        with pytest.raises(CallRejected, match=text) as caught:
            slice_ = {kind: {"offset": 0, "size": size}}
            direct(replica, "read_canister_snapshot_data", {**chosen, "kind": slice_})
        assert caught.value.error_code == "IC0408"


def test_taken_snapshots_do_not_change(replica: Replica, canister: Principal) -> None:
    chosen = {"canister_id": canister, "snapshot_id": take(replica, canister)["id"]}
    data = {"kind": {"wasm_memory": {"offset": 0}}, "chunk": b"x"}
    with pytest.raises(CallRejected, match="Only canister snapshots created by metadata upload") as caught:
        direct(replica, "upload_canister_snapshot_data", {**chosen, **data})
    assert caught.value.error_code == "IC0409"


def test_an_incomplete_upload_is_not_loaded(replica: Replica, canister: Principal) -> None:
    metadata = {
        "canister_id": canister,
        "wasm_module_size": len(APP),
        "globals": [],
        "wasm_memory_size": 131_072,
        "stable_memory_size": 0,
        "certified_data": b"",
    }
    before = state(replica, canister)
    identity = direct(replica, "upload_canister_snapshot_metadata", metadata)["snapshot_id"]
    with pytest.raises(CallRejected, match="unsupported canister module format"):
        load(replica, canister, identity)
    data = {"kind": {"wasm_module": {"offset": 0}}, "chunk": APP}
    upload = {"canister_id": canister, "snapshot_id": identity}
    direct(replica, "upload_canister_snapshot_data", {**upload, **data})
    with pytest.raises(CallRejected, match="the globals are not those of the module"):
        load(replica, canister, identity)
    with pytest.raises(CallRejected, match="Could not validate the settings"):
        direct(replica, "upload_canister_snapshot_metadata", {**metadata, "wasm_memory_size": 5})
    assert state(replica, canister) == before


def test_snapshots_are_part_of_checkpoints(replica: Replica, canister: Principal) -> None:
    taken = take(replica, canister)
    checkpoint = replica.checkpoint()
    direct(replica, "delete_canister_snapshot", {"canister_id": canister, "snapshot_id": taken["id"]})
    replica.restore(checkpoint)
    load(replica, canister, taken["id"])

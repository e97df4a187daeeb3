"""Installing code, whole and from chunks."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.management.proxy import PROXY, Proxy, direct
from tests.unit.replica.wat import module, number, reply_i32

MIB = 1 << 20

# Counts how often which hook ran; pre_upgrade grows stable memory.
APP = module(
    f"""
    (func (export "canister_init") (i32.store (i32.const 8) (i32.const 1)))
    (func (export "canister_pre_upgrade") (drop (call $stable64_grow (i64.const 1))))
    (func (export "canister_post_upgrade") (i32.store (i32.const 8) (i32.const 2)))
    (func (export "canister_query hook") {reply_i32("(i32.load (i32.const 8))")})
    """
)


def install(canister: Principal, mode: dict[str, Any], wasm: bytes = APP) -> dict[str, Any]:
    return {"mode": mode, "canister_id": canister, "wasm_module": wasm, "arg": b""}


def test_modes(replica: Replica) -> None:
    canister = replica.create_canister()
    direct(replica, "install_code", install(canister, {"install": None}))
    assert number(replica.query(canister, "hook")) == 1
    with pytest.raises(CallRejected, match="the canister is not empty") as caught:
        direct(replica, "install_code", install(canister, {"install": None}))
    assert caught.value.error_code == "IC0514"
    direct(replica, "install_code", install(canister, {"upgrade": None}))
    assert number(replica.query(canister, "hook")) == 2
    assert replica.status(canister).stable_bytes == 65_536
    skip = {"skip_pre_upgrade": True, "wasm_memory_persistence": {"replace": None}}
    direct(replica, "install_code", install(canister, {"upgrade": skip}))
    assert replica.status(canister).stable_bytes == 65_536, "pre_upgrade did not run"
    direct(replica, "install_code", install(canister, {"reinstall": None}))
    assert number(replica.query(canister, "hook")) == 1
    assert replica.status(canister).stable_bytes == 0


def test_the_option_to_keep_the_heap_is_passed_on(replica: Replica) -> None:
    canister = replica.create_canister()
    direct(replica, "install_code", install(canister, {"install": None}))
    keep = {"wasm_memory_persistence": {"keep": None}}
    with pytest.raises(CallRejected, match="Invalid upgrade option"):
        direct(replica, "install_code", install(canister, {"upgrade": keep}))


def test_a_failed_installation_is_not_history(replica: Replica, proxy: Proxy) -> None:
    canister = proxy.call("create_canister", {}, 10**13)["canister_id"]
    bad = module('(func (export "canister_init") unreachable)')
    with pytest.raises(CallRejected, match="unreachable"):
        proxy.call("install_code", install(canister, {"install": None}, bad))
    assert proxy.call("canister_info", {"canister_id": canister})["total_num_changes"] == 1


# ---- chunks ------------------------------------------------------------------------------------------


def test_chunks_are_stored_once_under_their_hash(replica: Replica, proxy: Proxy) -> None:
    replica.update_settings(proxy.id, controller=[b"\4", proxy.id])
    chunk = bytes(MIB)
    digest = hashlib.sha256(chunk).digest()
    assert proxy.call("upload_chunk", {"canister_id": proxy.id, "chunk": chunk}) == {"hash": digest}
    before = replica.status(proxy.id).memory_bytes
    assert direct(replica, "upload_chunk", {"canister_id": proxy.id, "chunk": chunk}) == {"hash": digest}
    assert replica.status(proxy.id).memory_bytes == before
    direct(replica, "upload_chunk", {"canister_id": proxy.id, "chunk": b"small"})
    assert replica.status(proxy.id).memory_bytes == before + MIB, "each is paid for as 1 MiB"
    stored = proxy.call("stored_chunks", {"canister_id": proxy.id})
    assert [item["hash"] for item in stored] == sorted([digest, hashlib.sha256(b"small").digest()])
    proxy.call("clear_chunk_store", {"canister_id": proxy.id})
    assert direct(replica, "stored_chunks", {"canister_id": proxy.id}) == []
    assert replica.status(proxy.id).memory_bytes == before - MIB


def test_a_canister_may_use_its_own_store(proxy: Proxy) -> None:
    """Without being one of its controllers."""
    proxy.call("upload_chunk", {"canister_id": proxy.id, "chunk": b"own"})
    assert len(proxy.call("stored_chunks", {"canister_id": proxy.id})) == 1


def test_a_chunk_may_have_a_mebibyte(replica: Replica) -> None:
    canister = replica.create_canister()
    with pytest.raises(CallRejected) as caught:
        direct(replica, "upload_chunk", {"canister_id": canister, "chunk": bytes(MIB + 1)})
    assert caught.value.error_code == "IC0504"
    assert caught.value.message.startswith(
        "Error from Wasm chunk store: Wasm chunk size 1048577 exceeds the maximum chunk size of 1048576."
    )


def test_a_store_holds_a_hundred_chunks(replica: Replica) -> None:
    canister = replica.create_canister()
    for index in range(100):
        direct(replica, "upload_chunk", {"canister_id": canister, "chunk": bytes([index])})
    with pytest.raises(CallRejected, match="already reached maximum capacity of 100 chunks"):
        direct(replica, "upload_chunk", {"canister_id": canister, "chunk": b"one more"})
    direct(replica, "upload_chunk", {"canister_id": canister, "chunk": b"\0"})


def test_chunks_cost(replica: Replica) -> None:
    canister = replica.create_canister()
    before = replica.status(canister).cycles
    replica.management.perform(b"\4", "upload_chunk", {"canister_id": canister, "chunk": b"x"})
    assert before - replica.status(canister).cycles == 200_000_000
    poor = replica.create_canister(cycles=26 * 10**9)
    with pytest.raises(CallRejected, match="due to insufficient cycles"):
        direct(replica, "upload_chunk", {"canister_id": poor, "chunk": b"x"})
    assert replica.unaccounted_cycles() == 0


def chunked(replica: Replica, store: Principal, target: Principal, **changes: Any) -> dict[str, Any]:
    parts = [PROXY[:500], PROXY[500:]]
    hashes = [direct(replica, "upload_chunk", {"canister_id": store, "chunk": part}) for part in parts]
    return {
        "mode": {"install": None},
        "target_canister": target,
        "store_canister": store,
        "chunk_hashes_list": hashes,
        "wasm_module_hash": hashlib.sha256(PROXY).digest(),
        "arg": b"",
        **changes,
    }


def test_installing_from_chunks(replica: Replica) -> None:
    store, target = replica.create_canister(), replica.create_canister()
    direct(replica, "install_chunked_code", chunked(replica, store, target))
    assert replica.status(target).module_hash == hashlib.sha256(PROXY).digest()
    own = chunked(replica, target, target, store_canister=None, mode={"reinstall": None})
    direct(replica, "install_chunked_code", own)


def test_what_is_wrong_with_chunks(replica: Replica) -> None:
    store, target = replica.create_canister(), replica.create_canister()
    for changes, text in (
        ({"wasm_module_hash": bytes(32)}, "does not match given hash"),
        ({"chunk_hashes_list": [{"hash": bytes(32)}]}, "was not found"),
        ({"chunk_hashes_list": [{"hash": b"short"}]}, "The length is not 32"),
    ):
        with pytest.raises(CallRejected, match=f"Error from Wasm chunk store: .*{text}") as caught:
            direct(replica, "install_chunked_code", chunked(replica, store, target, **changes))
        assert caught.value.error_code == "IC0504"
    foreign = replica.create_canister()
    arguments = chunked(replica, foreign, target)
    replica.update_settings(foreign, controller=b"\7\7")
    with pytest.raises(CallRejected, match="Only the controllers of the canister"):
        direct(replica, "install_chunked_code", arguments)

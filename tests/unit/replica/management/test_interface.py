"""The interface as a whole, and who may call what."""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk.candid import CandidError, parse_did, subtype
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.management import interface
from basilisk.replica.management.access import ACCESS
from basilisk.replica.management.handlers import HANDLERS
from tests.unit.replica.management.proxy import Proxy, direct, query

PUBLISHED = Path(__file__).resolve().parents[5] / "shared" / "interfaces" / "ic.did"
USER = b"\7" * 29

#: Methods that users may call, by the interface specification.
FOR_USERS = {
    "update_settings",
    "upload_chunk",
    "clear_chunk_store",
    "stored_chunks",
    "install_code",
    "install_chunked_code",
    "uninstall_code",
    "start_canister",
    "stop_canister",
    "canister_status",
    "canister_metrics",
    "delete_canister",
    "provisional_create_canister_with_cycles",
    "provisional_top_up_canister",
    "take_canister_snapshot",
    "load_canister_snapshot",
    "list_canister_snapshots",
    "delete_canister_snapshot",
    "read_canister_snapshot_metadata",
    "read_canister_snapshot_data",
    "upload_canister_snapshot_metadata",
    "upload_canister_snapshot_data",
}


def test_every_method_has_a_handler_and_a_rule() -> None:
    assert set(interface.methods()) == set(HANDLERS) == set(ACCESS)


def test_queries_are_those_of_the_interface() -> None:
    queries = {name for name, type_ in interface.methods().items() if type_.mode == "query"}
    assert {name for name, rule in ACCESS.items() if rule.query} == queries


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published interface is not at hand")
def test_types_are_those_of_the_published_interface() -> None:
    """Every method is a subtype of the published one and the other way round, without losses."""
    published, ours = parse_did(PUBLISHED.read_text()), interface.interface()
    assert published.service is not None
    theirs = dict(published.service.methods)
    assert set(theirs) == set(interface.methods())
    for name, type_ in interface.methods().items():
        for verdict in (
            subtype(type_, theirs[name], ours.environment, published.environment),
            subtype(theirs[name], type_, published.environment, ours.environment),
        ):
            assert verdict, f"{name}: {verdict.difference}"
            assert not verdict.losses, name


def test_an_unknown_method(replica: Replica, proxy: Proxy) -> None:
    text = "Management canister has no method 'dance'"
    with pytest.raises(CallRejected, match=text) as caught:
        replica.update("aaaaa-aa", "dance")
    assert caught.value.error_code == "IC0536"
    head = b"\0" + bytes(16) + (5).to_bytes(4, "little") + b"dance"
    assert replica.update(proxy.id, "call", head) == b"\1\5IC0536: " + text.encode()
    with pytest.raises(CallRejected, match="Query method dance not found"):
        replica.query("aaaaa-aa", "dance")


def test_arguments_that_are_no_candid(replica: Replica, proxy: Proxy) -> None:
    with pytest.raises(CallRejected, match="Error decoding candid") as caught:
        replica.update("aaaaa-aa", "canister_status", b"nonsense")
    assert caught.value.error_code == "IC0408"
    head = b"\0" + bytes(16) + (15).to_bytes(4, "little") + b"canister_statusnonsense"
    assert replica.update(proxy.id, "call", head).startswith(b"\1\4IC0408: Error decoding candid")


@pytest.mark.parametrize("method", sorted(ACCESS))
def test_what_users_may_call(replica: Replica, method: str) -> None:
    """Other methods are refused at the door: nothing is executed, nobody pays."""
    canister = replica.create_canister()
    if method in FOR_USERS:
        # Accepted, or refused because of what was said or who said it.
        with pytest.raises(CallRejected) as caught:
            replica.update("aaaaa-aa", method, b"")
        assert caught.value.error_code == "IC0408"
        return
    before = replica.status(canister).cycles
    with pytest.raises(CallRejected) as caught:
        replica.update("aaaaa-aa", method, b"")
    assert caught.value.error_code == "IC0406"
    if method == "fetch_canister_logs":
        assert caught.value.message == "fetch_canister_logs API is only accessible in non-replicated mode"
    else:
        assert caught.value.message == f"Only canisters can call ic00 method {method}"
    assert replica.status(canister).cycles == before


@pytest.mark.parametrize(
    "method", ["start_canister", "stop_canister", "delete_canister", "stored_chunks", "uninstall_code"]
)
def test_users_must_be_controllers(replica: Replica, method: str) -> None:
    canister = replica.create_canister()
    with pytest.raises(CallRejected) as caught:
        direct(replica, method, {"canister_id": canister}, USER)
    assert caught.value.error_code == "IC0512"
    assert caught.value.message == f"Only controllers of canister {canister} can call ic00 method {method}"


def test_canisters_must_be_controllers(replica: Replica, proxy: Proxy) -> None:
    canister = replica.create_canister(controller=USER)
    for method in ("start_canister", "stop_canister", "delete_canister", "canister_status"):
        with pytest.raises(CallRejected) as caught:
            proxy.call(method, {"canister_id": canister})
        assert caught.value.message.startswith(
            f"IC0512: Only the controllers of the canister {canister} can control it.\n"
            f"Canister's controllers: {Principal(USER)}\nSender's ID: {proxy.id}\n"
        )


def test_a_canister_that_does_not_exist(replica: Replica) -> None:
    with pytest.raises(CallRejected, match="Canister rrkah-fqaaa-aaaaa-aaaaq-cai not found") as caught:
        direct(replica, "start_canister", {"canister_id": Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")})
    assert caught.value.error_code == "IC0301"


def test_the_canister_concerned_pays_for_a_users_call(replica: Replica) -> None:
    canister = replica.create_canister()
    argument = interface.request("stored_chunks", {"canister_id": canister})
    before = replica.status(canister).cycles
    replica.update("aaaaa-aa", "stored_chunks", argument)
    price = replica.fees.ingress_message("stored_chunks", len(argument))
    assert before - replica.status(canister).cycles == price > 0
    assert replica.unaccounted_cycles() == 0


def test_updates_are_not_queries(replica: Replica) -> None:
    canister = replica.create_canister()
    with pytest.raises(CallRejected, match="Query method start_canister not found"):
        query(replica, "start_canister", {"canister_id": canister})
    assert query(replica, "canister_status", {"canister_id": canister})["status"] == {"running": None}


# ---- the control API ---------------------------------------------------------------------------------


def test_the_effective_canister_is_the_one_concerned(replica: Replica) -> None:
    canister, other = replica.create_canister(), replica.create_canister()
    argument = interface.request("start_canister", {"canister_id": canister})
    replica.submit("aaaaa-aa", "start_canister", argument, effective_canister_id=canister)
    with pytest.raises(UsageError, match=f"is about canister {canister}"):
        replica.submit("aaaaa-aa", "start_canister", argument, effective_canister_id=other)
    creation = interface.request("provisional_create_canister_with_cycles", {})
    method = "provisional_create_canister_with_cycles"
    replica.submit("aaaaa-aa", method, creation, effective_canister_id=other)


def test_the_control_api_takes_and_gives_python_values(replica: Replica) -> None:
    canister = replica.create_canister(controller=USER)
    before = replica.status(canister).cycles
    assert replica.manage("canister_status", {"canister_id": canister}, USER)["status"] == {"running": None}
    assert replica.manage("stop_canister", {"canister_id": canister}, USER) is None
    assert replica.manage("canister_status", {"canister_id": canister}, USER)["status"] == {"stopped": None}
    assert replica.status(canister).cycles == before
    assert len(replica.manage("raw_rand")) == 32
    created = replica.manage("create_canister", {}, USER, cycles=10**12)["canister_id"]
    assert replica.status(created).controllers == (Principal(USER),)
    assert replica.status(created).cycles == 500_000_000_000
    with pytest.raises(CallRejected, match="only 7 cycles were received"):
        replica.manage("create_canister", {}, USER, cycles=7)
    for method in ("canister_status", "stop_canister"):
        with pytest.raises(CallRejected, match="Only the controllers of the canister"):
            replica.manage(method, {"canister_id": canister})
    with pytest.raises(UsageError, match="there is no method 'dance'"):
        replica.manage("dance")
    with pytest.raises(CandidError, match="canister_id"):
        replica.manage("canister_status", {"canister_id": 5})
    assert replica.unaccounted_cycles() == 0

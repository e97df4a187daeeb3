"""Calls, errors, figures, names and life of a canister under test."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from basilisk import Principal
from basilisk.errors import CallRejected, UsageError
from basilisk.testing import (
    AmbiguousName,
    ArgumentError,
    Canister,
    LocalReplica,
    UnknownMethod,
    expect_reject,
    expect_trap,
    identity,
)
from tests.unit.testing.conftest import DID, WASM


def test_unknown_methods_are_told(canister: Canister) -> None:
    """With what was probably meant, and as an attribute that is not there."""
    with pytest.raises(UnknownMethod, match="no method 'nothin'; did you mean 'nothing'") as error:
        canister.nothin()
    assert "accept" in str(error.value.remedy)
    assert not hasattr(canister, "zebra")
    with pytest.raises(UnknownMethod):
        canister.call("zebra")
    assert "echo_tree" in dir(canister)
    assert dir(canister.methods) == sorted(dir(canister.methods))


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        (({"value": "x", "children": []},), "args[0].value", "expected an int for int, got a str"),
        (
            ({"value": 1, "children": [{"value": 2}]},),
            "args[0].children[0]",
            "the field 'children' is missing",
        ),
        (({"value": 1, "children": [], "left": 1},), "args[0]", "has no field 'left'"),
        ((1, 2), None, "takes 1 argument, 2 were given"),
        ((), None, "takes 1 argument, 0 were given"),
    ],
)
def test_wrong_arguments_name_the_place(
    canister: Canister, arguments: tuple[object, ...], path: str | None, message: str
) -> None:
    """Path, reason and the method's types; nothing is sent."""
    with pytest.raises(ArgumentError) as error:
        canister.echo_tree(*arguments)
    assert error.value.path == path
    assert message in str(error.value)
    assert "echo_tree takes (Tree), where Tree is record {" in str(error.value)
    assert isinstance(error.value, TypeError)


def test_traps_and_rejects(canister: Canister) -> None:
    """What the blocks accept, and what they hand out."""
    with expect_trap("no cake") as trap:
        canister.trap()
    assert (trap.code, trap.error_code) == (5, "IC0503")
    assert "no cake today" in trap.message
    with expect_reject("no cake", code=4) as reject:
        canister.refuse()
    assert isinstance(reject.error, CallRejected)


@pytest.mark.parametrize(
    ("block", "method", "message"),
    [
        (expect_trap(), "nothing", "a trap was expected, but every call was answered"),
        (expect_trap(), "refuse", "a trap was expected, but the reject code is 4"),
        (expect_trap("no pie"), "trap", "matches 'no pie'"),
        (expect_reject(code=4), "trap", "with code 4 was expected, but the reject code is 5"),
        (expect_reject(error_code="IC0502"), "trap", "with error code IC0502 was expected, but .* IC0503"),
    ],
)
def test_failed_expectations_say_why(canister: Canister, block: object, method: str, message: str) -> None:
    """An AssertionError; the reject itself is part of it."""
    with pytest.raises(AssertionError, match=message), block:  # type: ignore[attr-defined]
        canister.call(method)


def test_other_errors_pass_through(canister: Canister) -> None:
    """A mistake of the test is no reject, and there is no error before there was one."""
    expected = expect_reject()
    with pytest.raises(ArgumentError), expected:
        canister.nothing(1)
    with pytest.raises(AssertionError, match="nothing was rejected so far"):
        _ = expected.error


def test_modes(canister: Canister) -> None:
    """A query can be executed by all nodes, an update not by one."""
    assert canister.update.echo_pair((1, "a")) == (1, "a")
    assert canister.query.echo_pair((1, "a")) == (1, "a")
    with expect_reject(error_code="IC0536"):
        canister.query.nothing()


def test_cycles_travel_through_a_wallet(canister: Canister, local: LocalReplica) -> None:
    """70 are accepted and the rest comes back; rejects come through as they are."""
    before = canister.cycles
    canister.with_cycles(100).accept()
    assert canister.last.refunded == 30
    assert canister.last.instructions > 0
    assert canister.cycles == before + 70 - canister.last.cycles
    canister.accept(cycles=70)
    assert canister.last.refunded == 0
    with expect_trap("no cake"):
        canister.trap(cycles=1)
    assert canister.last.refunded == 1
    with expect_reject("no cake", code=4):
        canister.with_cycles(5).refuse()
    assert local.wallet() == local.wallet(Principal.anonymous()) != local.wallet(identity("alice"))
    with pytest.raises(UsageError, match="cannot carry cycles"):
        canister.with_cycles(1).query.echo_pair((1, "a"))
    with pytest.raises(UsageError, match="128 bits"):
        canister.accept(cycles=1 << 128)


def test_a_name_of_two_things(canister: Canister) -> None:
    """The canister has a method `status`: neither is guessed."""
    with pytest.raises(AmbiguousName, match=r"\.methods\.status"):
        _ = canister.status
    assert canister.methods.status() is None
    assert canister.control.status.status == "running"
    assert canister.with_caller(identity("bob")).cycles > 0


def test_a_call_under_way(canister: Canister) -> None:
    """Sent, executed later, asked for its result; a reject is raised there."""
    first, second = canister.submit("nothing"), canister.submit("refuse")
    assert not first.answered
    assert "received" in repr(first)
    assert first.result() is None
    assert first.answered
    with expect_reject("no cake"):
        second.result()


def test_life(canister: Canister, local: LocalReplica) -> None:
    """Stop, start, upgrade to another interface, reinstall, uninstall."""
    canister.stop()
    with expect_reject(error_code="IC0508"):
        canister.nothing()
    canister.start()
    canister.upgrade((WASM, "service : { nothing : () -> () }"))
    assert dir(canister.methods) == ["nothing"]
    canister.reinstall((WASM, DID))
    assert canister.methods.status() is None
    canister.upgrade()
    assert canister.interface.service is not None
    canister.uninstall()
    with pytest.raises(UsageError, match="is empty"):
        canister.nothing()
    assert repr(canister) == f"<canister canister {canister.canister_id}>"


def test_the_interface_follows_the_state(canister: Canister, local: LocalReplica) -> None:
    """After a rollback the interface is that of the code which is installed again."""
    with local.rollback():
        canister.upgrade((WASM + b"\0\2\1x", "service : { nothing : () -> () }"))
        assert dir(canister.methods) == ["nothing"]
        local.deploy((WASM, DID))
        assert len(local.canisters) == 2
    assert len(local.canisters) == 1
    assert canister.echo_pair((1, "a")) == (1, "a")


def test_only_controllers_upgrade(local: LocalReplica) -> None:
    """Whoever installs becomes the controller; another caller is refused."""
    alice = identity("alice")
    canister = local.deploy((WASM, DID), caller=alice)
    assert canister.control.status.controllers == (alice,)
    with expect_reject(error_code="IC0512"):
        canister.with_caller(identity("bob")).upgrade()
    canister.upgrade()


def test_logs(canister: Canister) -> None:
    """Lines and records."""
    canister.print()
    assert canister.logs == ["no cake"]
    assert canister.log_records[0].context == "update"


def test_time(local: LocalReplica) -> None:
    """Seconds, timedeltas and moments."""
    start = local.now
    local.advance(1.5)
    local.advance(timedelta(minutes=1))
    assert timedelta(seconds=61) < local.now - start < timedelta(seconds=62)
    local.advance_to(datetime(2040, 2, 3, tzinfo=timezone.utc))
    assert (local.now.year, local.now.month, local.now.day) == (2040, 2, 3)
    with pytest.raises(UsageError, match="no time zone"):
        local.advance_to(datetime(2041, 1, 1))
    with pytest.raises(UsageError, match="backwards"):
        local.advance_to(0)


def test_files(local: LocalReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with its interface beside it, given by path, given as text, or missing."""
    (tmp_path / "a.wasm").write_bytes(WASM)
    with pytest.raises(UsageError, match="carries no interface"):
        local.deploy(tmp_path / "a.wasm")
    with pytest.raises(UsageError, match="carries no interface"):
        local.deploy(WASM)
    (tmp_path / "b.did").write_text(DID)
    assert local.deploy(tmp_path / "a.wasm", did=tmp_path / "b.did").nothing() is None
    assert local.deploy(WASM, did=DID).nothing() is None
    (tmp_path / "a.did").write_text(DID)
    local.folders = (tmp_path,)
    assert local.deploy("a.wasm").nothing() is None
    with pytest.raises(UsageError, match=r"no\.wasm cannot be read"):
        local.deploy("no.wasm")
    (tmp_path / "c.wasm").write_bytes(b"nonsense")
    with pytest.raises(UsageError, match="is not a WebAssembly module"):
        local.deploy(tmp_path / "c.wasm")


def test_a_canister_by_its_id(canister: Canister, local: LocalReplica) -> None:
    """The interface is known, given, or carried by the module."""
    again = local.canister(canister.canister_id)
    assert again == canister
    assert again.nothing() is None
    bare = local.create_canister()
    local.install_code(bare, WASM)
    with pytest.raises(UsageError, match=r"interface of .* is not known"):
        local.canister(bare).nothing()
    assert local.canister(bare, DID).nothing() is None

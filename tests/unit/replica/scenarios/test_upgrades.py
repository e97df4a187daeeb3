"""Changing code: what is kept, what is dropped, and that a failure changes nothing."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.scenarios.canisters import REPLY, STATE, Builder, add, deploy, state_of
from tests.unit.replica.wat import number, reply_i64

MARK = '(@custom "icp:private enhanced-orthogonal-persistence" "")'


def program(step: int = 1, fail: str = "", marked: bool = False, start: bool = False) -> bytes:
    """A canister whose hooks count in heap and stable memory; ``fail`` names a hook that traps.

    Stable memory at 0 counts pre_upgrade, at 4 post_upgrade; the heap's counter grows by ``step``.
    """
    builder = Builder()

    def bump(at: int) -> str:
        return f"""(call $stable_read (i32.const 300) (i32.const {at}) (i32.const 4))
            (i32.store (i32.const 300) (i32.add (i32.load (i32.const 300)) (i32.const 1)))
            (call $stable_write (i32.const {at}) (i32.const 300) (i32.const 4))"""

    def trap(hook: str) -> str:
        return "unreachable" if hook == fail else ""

    builder.function("canister_init", f"(drop (call $stable_grow (i32.const 1))) {trap('init')}")
    builder.function(
        "canister_pre_upgrade",
        f"{bump(0)} (i64.store (i32.const 308) (call $canister_version)) "
        "(call $stable_write (i32.const 8) (i32.const 308) (i32.const 8))" + trap("pre"),
    )
    builder.function(
        "canister_post_upgrade",
        f"{bump(4)} (i64.store (i32.const 308) (call $canister_version)) "
        "(call $stable_write (i32.const 16) (i32.const 308) (i32.const 8))" + trap("post"),
    )
    data = builder.data(b"certified")
    builder.function(
        "canister_update go",
        f"""{add(step)} (drop (call $global_timer_set (i64.const 99999999999999999)))
        (call $certified_data_set (i32.const {data[0]}) (i32.const {data[1]})) {REPLY}""",
    )
    builder.function("canister_query version", reply_i64("(call $canister_version)"))
    extra = MARK if marked else ""
    if start or fail == "start":
        extra += f"(func $begin {add(1000)} {trap('start')}) (start $begin)"
    return builder.build(extra)


def hooks(replica: Replica, canister: Principal) -> tuple[int, int]:
    """How often pre_upgrade and post_upgrade ran, by the stable memory."""
    raw = replica.stable_memory(canister)
    return number(raw[:4]), number(raw[4:8])


def test_an_upgrade_keeps_stable_memory_and_certified_data_and_drops_the_rest(paid: Replica) -> None:
    canister = deploy(paid, program())
    paid.update(canister, "go")
    assert paid.status(canister).timer
    paid.install_code(canister, program(2), b"", mode="upgrade")
    status = paid.status(canister)
    assert hooks(paid, canister) == (1, 1)
    assert state_of(paid, canister) == 0
    assert (status.timer, status.certified_data) == (0, b"certified")
    paid.update(canister, "go")
    assert state_of(paid, canister) == 2


def test_a_reinstall_drops_everything(paid: Replica) -> None:
    canister = deploy(paid, program())
    paid.update(canister, "go")
    paid.install_code(canister, program(), b"", mode="reinstall")
    status = paid.status(canister)
    assert hooks(paid, canister) == (0, 0)
    assert (state_of(paid, canister), status.timer, status.certified_data) == (0, 0, b"")


def test_an_install_needs_an_empty_canister(paid: Replica) -> None:
    canister = deploy(paid, program())
    with pytest.raises(CallRejected, match="cannot be installed because the canister is not empty") as caught:
        paid.install_code(canister, program(), b"")
    assert caught.value.error_code == "IC0514"


def test_an_upgrade_needs_code(paid: Replica) -> None:
    with pytest.raises(CallRejected) as caught:
        paid.install_code(paid.create_canister(), program(), b"", mode="upgrade")
    assert caught.value.error_code == "IC0537"


def test_pre_upgrade_may_be_skipped(paid: Replica) -> None:
    canister = deploy(paid, program(fail="pre"))
    with pytest.raises(CallRejected, match="unreachable"):
        paid.install_code(canister, program(), b"", mode="upgrade")
    paid.install_code(canister, program(), b"", mode="upgrade", skip_pre_upgrade=True)
    assert hooks(paid, canister) == (0, 1)


def test_the_heap_may_be_kept(paid: Replica) -> None:
    canister = deploy(paid, program(marked=True))
    paid.update(canister, "go")
    with pytest.raises(CallRejected, match="Missing upgrade option") as caught:
        paid.install_code(canister, program(marked=True), b"", mode="upgrade")
    assert caught.value.error_code == "IC0504"
    paid.install_code(canister, program(marked=True), b"", mode="upgrade", wasm_memory_persistence="keep")
    assert state_of(paid, canister) == 1
    with pytest.raises(CallRejected, match="Invalid upgrade option"):
        paid.install_code(canister, program(), b"", mode="upgrade", wasm_memory_persistence="keep")
    paid.install_code(canister, program(), b"", mode="upgrade", wasm_memory_persistence="replace")
    assert state_of(paid, canister) == 0


def test_the_start_function_runs_before_the_hooks(paid: Replica) -> None:
    canister = deploy(paid, program(start=True))
    assert state_of(paid, canister) == 1000
    paid.update(canister, "go")
    paid.install_code(canister, program(start=True), b"", mode="upgrade")
    assert state_of(paid, canister) == 1000


@pytest.mark.parametrize("hook", ["pre", "start", "post"])
def test_an_upgrade_that_fails_changes_nothing_but_cycles(paid: Replica, hook: str) -> None:
    old = program(fail="pre") if hook == "pre" else program()
    canister = deploy(paid, old)
    paid.update(canister, "go")
    before, memory = paid.status(canister), paid.stable_memory(canister)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        paid.install_code(canister, program(5, fail=hook), b"", mode="upgrade")
    after = paid.status(canister)
    spent = before.cycles - after.cycles
    assert spent == paid.last.cycles == 5_000_000 + paid.last.instructions + paid.last.compilation
    for field in ("module_hash", "version", "timer", "certified_data", "heap_bytes", "stable_bytes"):
        assert getattr(after, field) == getattr(before, field)
    assert paid.stable_memory(canister) == memory
    paid.update(canister, "go")
    assert state_of(paid, canister) == 2
    assert paid.unaccounted_cycles() == 0


def test_an_install_that_fails_leaves_the_canister_empty(paid: Replica) -> None:
    canister = paid.create_canister()
    with pytest.raises(CallRejected, match="unreachable"):
        paid.install_code(canister, program(fail="init"), b"")
    status = paid.status(canister)
    assert (status.module_hash, status.version, status.stable_bytes) == (None, 0, 0)
    paid.install_code(canister, program(), b"")


def test_a_module_that_breaks_the_rules_is_refused(paid: Replica) -> None:
    canister = deploy(paid, program())
    before = paid.status(canister).module_hash
    for wasm in (b"", b"\0asm", b"\x1f\x8b\x08" + bytes(20), program()[:-5]):
        with pytest.raises(CallRejected) as caught:
            paid.install_code(canister, wasm, b"", mode="upgrade")
        assert caught.value.error_code == "IC0505"
    assert paid.status(canister).module_hash == before


def test_the_version_of_a_canister(paid: Replica) -> None:
    """It grows with code, settings, status and executed messages; pre_upgrade sees the old one."""
    canister = deploy(paid, program())
    assert number(paid.query(canister, "version")) == 1
    paid.update(canister, "go")
    assert number(paid.query(canister, "version")) == 2
    paid.update_settings(canister, freezing_threshold=1)
    paid.stop_canister(canister)
    paid.start_canister(canister)
    version = paid.status(canister).version
    assert version == 2 + 1 + 2 + 1, "settings, stopping, stopped, running"
    paid.install_code(canister, program(), b"", mode="upgrade")
    raw = paid.stable_memory(canister)
    assert (number(raw[8:16]), number(raw[16:24])) == (version, version + 1)
    assert number(paid.query(canister, "version")) == version + 1


def test_only_controllers_change_code(paid: Replica) -> None:
    canister = deploy(paid, program())
    with pytest.raises(CallRejected, match="Only the controllers of the canister") as caught:
        paid.install_code(canister, program(), b"", mode="upgrade", sender=b"\x01\x02")
    assert caught.value.error_code == "IC0512"


def test_the_counter_lives_in_the_heap() -> None:
    """The scenarios above rely on it: the counter lies below the data of the module."""
    assert STATE < 4096

"""Install, reinstall and upgrade; what a module must be like."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace

import pytest
import wasmtime

from basilisk.engine import Engine
from basilisk.errors import CallRejected, ModuleRefused, UsageError
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i32, reply_i64

# init and post_upgrade store their argument in the heap, with a mark of who did it; pre_upgrade saves it.
APP = module(
    f"""
    (global $starts (mut i32) (i32.const 0))
    (func $start (global.set $starts (i32.add (global.get $starts) (i32.const 1))))
    (start $start)
    (func $arg (call $msg_arg_data_copy (i32.const 100) (i32.const 0) (call $msg_arg_data_size)))
    (func (export "canister_init") (i32.store8 (i32.const 99) (i32.const 0x49)) (call $arg)
        (i64.store (i32.const 300) (call $canister_version)))
    (func (export "canister_pre_upgrade")
        (drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 0) (i64.const 99) (i64.const 8))
        (i64.store (i32.const 308) (call $canister_version))
        (call $stable64_write (i64.const 8) (i64.const 308) (i64.const 8))
        (drop (call $global_timer_set (i64.const 77))))
    (func (export "canister_post_upgrade") (i32.store8 (i32.const 99) (i32.const 0x50)) (call $arg)
        (i64.store (i32.const 300) (call $canister_version))
        (if (i32.eq (i32.load8_u (i32.const 100)) (i32.const 33)) (then unreachable)))
    (func (export "canister_query heap") {reply_bytes(99, 8)})
    (func (export "canister_query starts") {reply_i32("(global.get $starts)")})
    (func (export "canister_query version") {reply_i64("(i64.load (i32.const 300))")})
    (func (export "canister_update arm") (drop (call $global_timer_set (i64.const 55)))
        (call $certified_data_set (i32.const 99) (i32.const 3)) (call $msg_reply))
    """
)


def heap(replica: Replica, canister: Principal) -> bytes:
    return replica.query(canister, "heap")


def test_install_runs_start_and_init_with_the_argument(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    assert heap(replica, canister) == b"Ifirst\0\0"
    assert number(replica.query(canister, "starts")) == 1
    assert replica.status(canister).module_hash == hashlib.sha256(APP).digest()


def test_an_installed_canister_is_not_installed_again(replica: Replica, install: Install) -> None:
    canister = install(APP)
    with pytest.raises(CallRejected) as caught:
        replica.install_code(canister, APP)
    assert caught.value.error_code == "IC0514"
    assert caught.value.message == (
        f"Canister {canister} cannot be installed because the canister is not empty. "
        "Try installing with mode='reinstall' instead.\n"
        "Check that you want to overwrite the canister and, if so, use mode='reinstall'. See documentation: https://internetcomputer.org/docs/current/references/"
        "execution-errors#canister-not-empty"
    )


def test_reinstall_starts_from_nothing(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    replica.install_code(canister, APP, b"x", mode="upgrade")
    replica.update(canister, "arm")
    replica.install_code(canister, APP, b"again", mode="reinstall")
    assert heap(replica, canister) == b"Iagain\0\0"
    status = replica.status(canister)
    assert (status.stable_bytes, status.certified_data, status.timer) == (0, b"", 0)


def test_reinstall_works_on_an_empty_canister(replica: Replica) -> None:
    canister = replica.create_canister()
    replica.install_code(canister, APP, b"x", mode="reinstall")
    assert heap(replica, canister) == b"Ix" + bytes(6)


def test_upgrade_keeps_stable_memory_and_replaces_the_heap(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    replica.update(canister, "arm")
    replica.install_code(canister, APP, b"second", mode="upgrade")
    assert heap(replica, canister) == b"Psecond\0"
    assert replica.stable_memory(canister, 0, 8) == b"Ifirst\0\0"
    status = replica.status(canister)
    assert status.timer == 0, "timers do not survive an upgrade, wherever they were set"
    assert status.certified_data == b"Ifi", "certified data does (specification)"
    assert number(replica.query(canister, "starts")) == 1


def test_versions_as_seen_by_the_hooks(replica: Replica, install: Install) -> None:
    """pre_upgrade sees the old version, init and post_upgrade the new one."""
    canister = install(APP)
    assert number(replica.query(canister, "version")) == 1
    replica.install_code(canister, APP, b"", mode="upgrade")
    assert number(replica.query(canister, "version")) == 2
    assert number(replica.stable_memory(canister, 8, 8)) == 1
    assert replica.status(canister).version == 2


def test_pre_upgrade_can_be_skipped(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    replica.install_code(canister, APP, b"second", mode="upgrade", skip_pre_upgrade=True)
    assert replica.status(canister).stable_bytes == 0


def test_upgrade_needs_code(replica: Replica) -> None:
    canister = replica.create_canister()
    with pytest.raises(CallRejected, match="the canister contains no Wasm module") as caught:
        replica.install_code(canister, APP, mode="upgrade")
    assert caught.value.error_code == "IC0537"


def everything(replica: Replica, canister: Principal) -> object:
    return (heap(replica, canister), replica.stable_memory(canister), replica.status(canister))


def test_a_trap_in_post_upgrade_undoes_the_upgrade(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    replica.update(canister, "arm")
    before = everything(replica, canister)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.install_code(canister, APP, b"!", mode="upgrade")
    assert everything(replica, canister) == before
    replica.install_code(canister, APP, b"ok", mode="upgrade")
    assert heap(replica, canister) == b"Pok" + bytes(5)


TRAPS_BEFORE = module(
    f"""(func (export "canister_pre_upgrade") (i32.store (i32.const 0) (i32.const 1))
        (drop (call $stable64_grow (i64.const 1))) unreachable)
        (func (export "canister_query heap") {reply_bytes(0, 4)})"""
)


def test_a_trap_in_pre_upgrade_undoes_the_upgrade(replica: Replica, install: Install) -> None:
    canister = install(TRAPS_BEFORE)
    before = everything(replica, canister)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.install_code(canister, APP, mode="upgrade")
    assert everything(replica, canister) == before
    replica.install_code(canister, APP, mode="upgrade", skip_pre_upgrade=True)


def test_a_trap_in_start_undoes_the_upgrade(replica: Replica, install: Install) -> None:
    canister = install(APP, b"first")
    before = everything(replica, canister)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.install_code(canister, module("(func $s unreachable) (start $s)"), mode="upgrade")
    assert everything(replica, canister) == before


@pytest.mark.parametrize("mode", ["install", "reinstall"])
def test_a_trap_in_init_leaves_the_canister_as_it_was(replica: Replica, mode: str) -> None:
    canister = replica.create_canister()
    bad = module(
        '(func (export "canister_init") (call $debug_print (i32.const 0) (i32.const 0)) unreachable)'
    )
    if mode == "reinstall":
        replica.install_code(canister, APP, b"first")
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.install_code(canister, bad, mode=mode)  # type: ignore[arg-type]
    assert (replica.status(canister).module_hash is None) == (mode == "install")
    if mode == "reinstall":
        assert heap(replica, canister) == b"Ifirst\0\0"
    assert [line.text for line in replica.logs(canister)] == ["", "[TRAP]: unreachable"]


def test_only_controllers_install(replica: Replica) -> None:
    canister = replica.create_canister(controller=b"\x01\x01")
    with pytest.raises(CallRejected) as caught:
        replica.install_code(canister, APP, sender=b"\x02\x02")
    assert caught.value.error_code == "IC0512"
    assert caught.value.message.startswith(
        f"Only the controllers of the canister {canister} can control it.\n"
        f"Canister's controllers: {Principal(bytes([1, 1]))}\nSender's ID: {Principal(bytes([2, 2]))}\n"
        "Execute this call from a controller of the target canister or add the current caller as a "
        "controller. See documentation: "
    )
    replica.install_code(canister, APP, sender=b"\x01\x01")


def test_an_unknown_mode_is_refused(replica: Replica, install: Install) -> None:
    with pytest.raises(UsageError, match="unknown mode 'upgarde'"):
        replica.install_code(install(APP), APP, mode="upgarde")  # type: ignore[arg-type]


def test_the_init_argument_is_the_whole_budget(engine: Engine) -> None:
    """Start and init share one budget of instructions."""
    from basilisk.replica import Limits
    from basilisk.replica.charges import MAINNET

    # Compilation is charged to the same budget; here it costs nothing.
    limits = Limits(install_instructions=10_000, charges=replace(MAINNET, compiled_operator=0))
    replica = Replica(engine=engine, validate=False, limits=limits)
    loop = """(local $n i32) (loop (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get $n) (i32.const 800))))"""
    both = module(f'(func $s {loop}) (start $s) (func (export "canister_init") {loop})')
    one = module(f'(func (export "canister_init") {loop})')
    replica.install_code(replica.create_canister(), one)
    with pytest.raises(CallRejected) as caught:
        replica.install_code(replica.create_canister(), both)
    assert caught.value.error_code == "IC0522"


# ---- heap that survives ------------------------------------------------------------------------------


def with_section(wasm: bytes, name: str, content: bytes = b"") -> bytes:
    from basilisk.wasm.module import Module, custom_section

    parsed = Module.parse(wasm)
    return Module((*parsed.sections, custom_section(name, content))).encode()


KEEPING = with_section(
    module(
        f"""(data (i32.const 0) "data of the module")
        (func (export "canister_update write")
            (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size)) (call $msg_reply))
        (func (export "canister_query read") {reply_bytes(0, 18)})"""
    ),
    "icp:private enhanced-orthogonal-persistence",
)


def test_the_heap_can_be_kept(replica: Replica, install: Install) -> None:
    canister = install(KEEPING)
    replica.update(canister, "write", b"changed")
    replica.install_code(canister, KEEPING, mode="upgrade", wasm_memory_persistence="keep")
    assert replica.query(canister, "read") == b"changedthe module"[:7] + b" the module"
    replica.update(canister, "write", b"again")
    assert replica.query(canister, "read")[:7] == b"agained"
    replica.install_code(canister, KEEPING, mode="upgrade", wasm_memory_persistence="replace")
    assert replica.query(canister, "read") == b"data of the module"


def test_a_heap_that_could_be_kept_needs_a_decision(replica: Replica, install: Install) -> None:
    canister = install(KEEPING)
    with pytest.raises(CallRejected, match="Missing upgrade option"):
        replica.install_code(canister, KEEPING, mode="upgrade")
    with pytest.raises(CallRejected, match="Invalid upgrade option"):
        replica.install_code(canister, APP, mode="upgrade", wasm_memory_persistence="keep")


# ---- modules -----------------------------------------------------------------------------------------


def test_gzip_modules(replica: Replica, install: Install) -> None:
    packed = gzip.compress(APP)
    canister = install(packed, b"first")
    assert heap(replica, canister) == b"Ifirst\0\0"
    assert replica.status(canister).module_hash == hashlib.sha256(packed).digest()


@pytest.mark.parametrize(
    ("wasm", "text"),
    [
        (b"", "unsupported canister module format"),
        (b"\x7fELF" + bytes(20), "unsupported canister module format"),
        (b"\x1f\x8b\x08", "unsupported canister module format"),
        (gzip.compress(b"no module at all", mtime=0), "unsupported canister module format"),
        (gzip.compress(APP, mtime=0)[:-20] + bytes(20), "the gzip stream is damaged"),
        (gzip.compress(APP, mtime=0)[:-1] + b"\x7f", "too large"),
        (APP[:-3], "section"),
    ],
    ids=["empty", "elf", "gzip-head", "gzip-of-text", "gzip-cut", "gzip-size", "cut"],
)
def test_uploads_that_are_no_modules(replica: Replica, install: Install, wasm: bytes, text: str) -> None:
    with pytest.raises(CallRejected, match=text) as caught:
        install(wasm)
    assert caught.value.error_code == "IC0505"
    assert ": Canister's Wasm module is not valid: " in caught.value.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('(import "env" "f" (func))', "imports function 'f' from 'env' that is not exported by the runtime"),
        ('(import "ic0" "nothing" (func))', "imports function 'nothing' from 'ic0'"),
        ('(import "wasi_snapshot_preview1" "fd_write" (func))', "'fd_write' from 'wasi_snapshot_preview1'"),
        ('(import "ic0" "time" (func (result i32)))', "invalid function signature"),
        ('(import "ic0" "msg_reply" (func (param f32)))', ""),
        ('(import "env" "m" (memory 1))', ""),
        ('(import "ic0" "stable_size" (func (result i32))) (memory i64 1)', "'stable_size' from 'ic0'"),
        (
            '(func (export "canister_foo"))',
            "Exporting reserved function 'canister_foo' with \"canister_\" prefix",
        ),
        ('(func (export "canister_start"))', "Exporting reserved function"),
        (
            '(func (export "canister_query a")) (func (export "canister_update a"))',
            "Duplicate function 'a' exported multiple times",
        ),
        ('(memory 1) (data (i32.const 65535) "ab")', "invalid data section"),
        ("(func (drop (i32.add (i64.const 1) (i32.const 1))))", ""),
    ],
)
def test_modules_that_break_a_rule(replica: Replica, install: Install, text: str, reason: str) -> None:
    """The checks the replica makes by itself, without the validator."""
    if "i64.const 1) (i32" in text:
        wasm = bytes.fromhex(
            "0061736d010000000104016000000302010007010a0a01080042014101 6a1a0b".replace(" ", "")
        )
    else:
        wasm = bytes(wasmtime.wat2wasm(f"(module {text})"))
    with pytest.raises(CallRejected) as caught:
        install(wasm)
    assert caught.value.error_code == "IC0505"
    assert reason in caught.value.message


def test_the_validator_is_asked(engine: Engine) -> None:
    def refuse(wasm: bytes) -> None:
        raise ModuleRefused(f"{len(wasm)} bytes are too many")

    replica = Replica(engine=engine, validate=refuse)
    canister = replica.create_canister()
    with pytest.raises(
        CallRejected, match=f"Wasm module is not valid: {len(APP)} bytes are too many"
    ) as caught:
        replica.install_code(canister, gzip.compress(APP))
    assert caught.value.error_code == "IC0505"


def test_64_bit_memories(replica: Replica, install: Install) -> None:
    body = """(data (i64.const 0) "sixty-four")
        (func (export "canister_query q")
            (call $msg_reply_data_append (i64.const 0) (i64.const 10)) (call $msg_reply))"""
    canister = install(module(body, memory="(memory i64 1)", address="i64"))
    assert replica.query(canister, "q") == b"sixty-four"


def test_metadata(replica: Replica, install: Install) -> None:
    wasm = with_section(with_section(APP, "icp:public candid:service", b"service : {}"), "other", b"x")
    assert replica.status(install(wasm)).metadata == {"candid:service": b"service : {}"}
    with pytest.raises(CallRejected, match="invalid custom section"):
        install(with_section(APP, "icp:secret x"))


def test_the_heap_limit_of_the_settings(replica: Replica) -> None:
    """An update may not grow the heap beyond wasm_memory_limit; a query may."""
    canister = replica.create_canister(wasm_memory_limit=3 * 65_536)
    replica.install_code(
        canister,
        module(
            f"""(func $grow (drop (memory.grow (i32.const 3))) {reply_i32("(memory.size)")})
            (func (export "canister_update u") (call $grow))
            (func (export "canister_query q") (call $grow))"""
        ),
    )
    assert number(replica.query(canister, "q")) == 4
    with pytest.raises(CallRejected) as caught:
        replica.update(canister, "u")
    assert caught.value.error_code == "IC0539"
    assert (
        "Canister exceeded its current Wasm memory limit of 196608 bytes. "
        "The peak Wasm memory usage was 262144 bytes. " in caught.value.message
    )
    assert replica.status(canister).heap_bytes == 65_536


def test_memory_grow_fails_at_the_maximum(engine: Engine) -> None:
    from basilisk.replica import Limits

    replica = Replica(engine=engine, validate=False, limits=Limits(heap_bytes=4 * 65_536))
    canister = replica.create_canister()
    body = f"""(func (export "canister_query q") {reply_i32("(memory.grow (i32.const 4))")})
        (func (export "canister_query r") {reply_i32("(memory.grow (i32.const 3))")})"""
    replica.install_code(canister, module(body))
    assert number(replica.query(canister, "q")) == 2**32 - 1
    assert number(replica.query(canister, "r")) == 1

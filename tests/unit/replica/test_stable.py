"""Stable memory: sizes, bounds, the 32-bit and the 64-bit calls, persistence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.engine import WASM_PAGE, Engine
from basilisk.errors import CallRejected
from basilisk.replica import Limits, Replica
from basilisk.replica.stable import StableLayer, StableMemory
from tests.unit.replica.wat import Install, module, number, reply_i32, reply_i64

STABLE = module(
    f"""
    (func $arg (param i32) (result i64)
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 24))
        (i64.load (i32.mul (local.get 0) (i32.const 8))))
    (func $small (param i32) (result i32) (i32.wrap_i64 (call $arg (local.get 0))))
    (func (export "canister_query size") {reply_i64("(call $stable64_size)")})
    (func (export "canister_query size32") {reply_i32("(call $stable_size)")})
    (func (export "canister_update grow") {reply_i64("(call $stable64_grow (call $arg (i32.const 0)))")})
    (func (export "canister_update grow32") {reply_i32("(call $stable_grow (call $small (i32.const 0)))")})
    (func (export "canister_update write")
        (call $stable64_write (call $arg (i32.const 0)) (call $arg (i32.const 1)) (call $arg (i32.const 2)))
        (call $msg_reply))
    (func (export "canister_update write32")
        (call $stable_write
            (call $small (i32.const 0)) (call $small (i32.const 1)) (call $small (i32.const 2)))
        (call $msg_reply))
    (func (export "canister_query read")
        (call $stable64_read (i64.const 100) (call $arg (i32.const 0)) (call $arg (i32.const 1)))
        (call $msg_reply_data_append (i32.const 100) (call $small (i32.const 1))) (call $msg_reply))
    (func (export "canister_query read_to")
        (call $stable64_read (call $arg (i32.const 0)) (call $arg (i32.const 1)) (call $arg (i32.const 2)))
        (call $msg_reply))
    (func (export "canister_query read32")
        (call $stable_read (i32.const 100) (call $small (i32.const 0)) (call $small (i32.const 1)))
        (call $msg_reply_data_append (i32.const 100) (call $small (i32.const 1))) (call $msg_reply))
    (data (i32.const 5000) "stable content")
    """
)


def words(*values: int) -> bytes:
    """Three little-endian 64-bit words."""
    return b"".join(value.to_bytes(8, "little") for value in (*values, 0, 0, 0)[:3])


def test_growing_returns_the_previous_size(replica: Replica, install: Install) -> None:
    canister = install(STABLE)
    assert number(replica.update(canister, "grow", words(2))) == 0
    assert number(replica.update(canister, "grow", words(0))) == 2
    assert number(replica.update(canister, "grow32", words(1))) == 2
    assert number(replica.query(canister, "size")) == 3
    assert number(replica.query(canister, "size32")) == 3


@pytest.mark.parametrize(("write", "read"), [("write", "read"), ("write32", "read32"), ("write", "read32")])
def test_what_is_written_is_read(replica: Replica, install: Install, write: str, read: str) -> None:
    canister = install(STABLE)
    replica.update(canister, "grow", words(1))
    replica.update(canister, write, words(4090, 5000, 14))
    assert replica.query(canister, read, words(4090, 14)) == b"stable content"
    assert replica.query(canister, read, words(4080, 30)) == bytes(10) + b"stable content" + bytes(6)
    assert replica.stable_memory(canister, 4090, 14) == b"stable content"


@pytest.mark.parametrize(
    ("method", "arguments", "text"),
    [
        ("write", (WASM_PAGE, 0, 1), "stable memory out of bounds"),
        ("write", (WASM_PAGE - 1, 0, 2), "stable memory out of bounds"),
        ("write", (2**64 - 1, 0, 2), "stable memory out of bounds"),
        ("write32", (2**32 - 1, 0, 2), "stable memory out of bounds"),
        ("write", (0, WASM_PAGE - 1, 2), "heap out of bounds"),
        ("write", (0, 2**64 - 1, 2), "heap out of bounds"),
        ("read_to", (0, WASM_PAGE, 1), "stable memory out of bounds"),
        ("read_to", (WASM_PAGE - 1, 0, 2), "heap out of bounds"),
        ("read32", (WASM_PAGE, 1), "stable memory out of bounds"),
    ],
)
def test_bounds(
    replica: Replica, install: Install, method: str, arguments: tuple[int, ...], text: str
) -> None:
    canister = install(STABLE)
    replica.update(canister, "grow", words(1))
    with pytest.raises(CallRejected, match=f"Canister trapped: {text}") as caught:
        replica.update(canister, method, words(*arguments))
    assert caught.value.error_code == "IC0502"


@pytest.mark.parametrize("method", ["write", "write32", "read_to"])
def test_nothing_may_be_read_and_written_anywhere(replica: Replica, install: Install, method: str) -> None:
    replica.update(install(STABLE), method, words(10**9, 10**9, 0))


def test_the_32_bit_calls_stop_at_4_gib(replica: Replica, install: Install) -> None:
    canister = install(STABLE)
    assert number(replica.update(canister, "grow32", words(65_537))) == 2**32 - 1
    assert number(replica.update(canister, "grow32", words(65_536))) == 0
    assert number(replica.update(canister, "grow32", words(1))) == 2**32 - 1
    assert number(replica.update(canister, "grow", words(1))) == 65_536
    for method in ("size32", "grow32", "write32", "read32"):
        with pytest.raises(CallRejected, match="32 bit stable memory api used on a memory larger than 4GB"):
            replica.update(canister, method, words())


def test_memory_is_used_only_where_it_is_written(replica: Replica, install: Install) -> None:
    canister = install(STABLE)
    replica.update(canister, "grow", words(8_000_000))
    replica.update(canister, "write", words(400 << 30, 5000, 14))
    assert replica.query(canister, "read", words(400 << 30, 14)) == b"stable content"


def test_growing_fails_beyond_the_limit(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, limits=Limits(stable_pages=10))
    canister = replica.create_canister()
    replica.install_code(canister, STABLE)
    assert number(replica.update(canister, "grow", words(11))) == 2**64 - 1
    assert number(replica.update(canister, "grow", words(10))) == 0
    assert number(replica.update(canister, "grow", words(1))) == 2**64 - 1


@given(
    writes=st.lists(
        st.tuples(st.integers(0, WASM_PAGE), st.binary(min_size=1, max_size=9000), st.booleans()), max_size=8
    )
)
def test_layers_behave_like_a_byte_array(writes: list[tuple[int, bytes, bool]]) -> None:
    """Any series of writes, each committed or dropped, leaves what it would leave in a flat array."""
    memory, flat = StableMemory(), bytearray(2 * WASM_PAGE)
    memory.pages = 2
    for offset, data, keep in writes:
        layer = StableLayer(StableLayer(memory))
        layer.write(offset, data)
        assert layer.read(offset, len(data)) == data
        if keep:
            layer.commit()
            layer._below.commit()  # type: ignore[attr-defined]
            flat[offset : offset + len(data)] = data
        assert memory.read(0, 2 * WASM_PAGE) == flat

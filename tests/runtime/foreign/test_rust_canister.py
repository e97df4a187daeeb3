"""A canister made with the usual Rust kit runs in the replica as on the network.

The crate in ``canister`` is built by the toolchain that builds the runtime, for wasm32-unknown-unknown; the
result is found again by a hash of its sources.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk.candid.did_parser import parse_did
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister
from tests.oracles.crates import build

_RECIPE = """\
cd "$SOURCE/tests/runtime/foreign/canister"
export CARGO_TARGET_DIR="$TARGET" CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$WASM_LD"
"$CARGO" build --locked --release --target wasm32-unknown-unknown
cp "$TARGET/wasm32-unknown-unknown/release/foreign_canister.wasm" "$OUT/foreign.wasm"
"""
_INTERFACE = parse_did("""
    type Note = record { text : text; at : nat64 };
    service : (nat64) -> {
        count : () -> (nat64) query;
        note : (text) -> (nat64);
        notes : () -> (vec Note) query;
        relay : (principal, text, nat) -> (variant { Ok : nat64; Err : text });
        panic_after_await : (principal) -> ();
        accept : (nat) -> (nat);
        later : (nat64) -> ();
        balance : () -> (nat) query;
    }
""")
ME = Principal.anonymous()


@pytest.fixture(scope="module")
def wasm() -> bytes:
    path: Path = build("foreign", ["tests/runtime/foreign/canister"], _RECIPE, "foreign.wasm")
    return path.read_bytes()


@pytest.fixture
def replica() -> Replica:
    return Replica()


@pytest.fixture
def canister(replica: Replica, wasm: bytes) -> LocalCanister:
    """A canister that starts counting at 7."""
    return start(replica, wasm, 7)


def start(replica: Replica, wasm: bytes, count: int) -> LocalCanister:
    made = LocalCanister(replica, wasm, _INTERFACE)
    made.change_code("install", [count], ME)
    return made


def call(canister: LocalCanister, method: str, *arguments: object) -> object:
    results = canister.call(method, arguments, ME)
    return results[0] if results else None


def test_state_and_upgrades(replica: Replica, canister: LocalCanister) -> None:
    assert call(canister, "count") == 7
    assert replica.status(canister.principal).certified_data == (7).to_bytes(8, "big")
    assert call(canister, "note", "first") == 1
    before = replica.clock.now()
    replica.advance(100)
    assert call(canister, "note", "second") == 2
    replica.install_code(canister.principal, canister._wasm, b"DIDL\0\0", mode="upgrade")
    notes = call(canister, "notes")
    assert [(note["text"], note["at"] > before) for note in notes] == [  # type: ignore[attr-defined]
        ("first", False),
        ("second", True),
    ]
    assert call(canister, "count") == 7


def test_calls_with_cycles(replica: Replica, wasm: bytes, canister: LocalCanister) -> None:
    """Candid of an argument that is missing traps in the callee; what was attached comes back."""
    other = start(replica, wasm, 100)
    assert call(canister, "relay", other.principal, "count", 1_000) == {"Ok": 15}
    assert call(canister, "count") == 108
    answer = call(canister, "relay", other.principal, "accept", 5_000_000)
    assert "call rejected: 5" in str(answer)
    assert "Canister called `ic0.trap`" in str(answer)
    assert replica.unaccounted_cycles() == 0


def test_a_panic_after_an_await(replica: Replica, wasm: bytes, canister: LocalCanister) -> None:
    other = start(replica, wasm, 100)
    with pytest.raises(CallRejected, match="after the await") as caught:
        call(canister, "panic_after_await", other.principal)
    assert caught.value.error_code == "IC0503"
    assert call(canister, "count") == 8, "the first addition stays, the second does not"
    assert call(canister, "relay", other.principal, "count", 0) == {"Ok": 15}, "it goes on working"


def test_timers(replica: Replica, canister: LocalCanister) -> None:
    call(canister, "later", 30)
    replica.advance(29)
    replica.tick(3)
    assert call(canister, "count") == 7
    replica.advance(2)
    replica.tick(5)
    assert call(canister, "count") == 1_007


def test_the_balance_is_that_of_the_replica(replica: Replica, canister: LocalCanister) -> None:
    assert call(canister, "balance") == replica.status(canister.principal).cycles


def test_many_rounds_with_checkpoints(replica: Replica, canister: LocalCanister) -> None:
    checkpoint = replica.checkpoint()
    for number in range(5):
        assert call(canister, "note", "x" * number) == number + 1
    replica.restore(checkpoint)
    assert call(canister, "notes") == []

"""The comparison itself: it sees what it should see."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.build.pipeline import Built
from tests.determinism.compare import first_difference
from tests.determinism.player import Log, Player, Step
from tests.determinism.record import RecordingEngine, heap_state
from tests.determinism.v8 import V8

NAN = "import struct\nx = float('inf')\nshow(struct.pack('<d', x - x))"
TRACE = [
    Step("call", "execute", "table['k'] = 7\nvector.append(3)\na = [*range(1000)]\nshow(ic.time())"),
    Step("call", "look", "show(len(a), len(vector))"),
    Step("call", "execute", "raise KeyError('k')"),
]

json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def played(interpreter: Built, cranelift: RecordingEngine) -> tuple[Player, Log]:
    """A player and the log of a trace."""
    player = Player(cranelift, interpreter.wasm.read_bytes(), interpreter.did.read_text("utf-8"))
    return player, player.play(TRACE)


def shown(v8: V8, engine: RecordingEngine, player: Player) -> None:
    v8.show(engine)
    assert v8.replay(player.installation) == []
    v8.keep()


def test_the_log_has_all_of_a_message(played: tuple[Player, Log]) -> None:
    """Entry, calls, instruction counts, what the host read, states."""
    _, log = played
    first, query, failed = log["runs"]
    names = [call["name"] for call in first["calls"]]
    assert {"msg_arg_data_copy", "stable64_write", "time", "msg_reply_data_append", "msg_reply"} <= set(names)
    assert first["start"] != first["end"] and first["stable"] != first["stable end"]
    assert int(first["limit"]) > int(first["left"]) > 0
    assert query["start"] == first["end"]  # it was committed
    assert failed["start"] == first["end"] != query["end"]  # the query was rolled back
    assert failed["outcome"].startswith("host: ExecutionError: Canister called `ic0.trap`")


def test_states_are_those_of_the_whole_memory(played: tuple[Player, Log]) -> None:
    """What is hashed page by page as it changes is the hash of all of it."""
    player, log = played
    player.play(TRACE[:1])
    (canister,) = player._replica._canisters.values()
    assert canister.code is not None
    memory, globals_ = canister.code.committed_state()
    assert heap_state(memory, globals_) == log["runs"][0]["end"]


def test_all_ends_of_a_run(v8: V8, cranelift: RecordingEngine, played: tuple[Player, Log]) -> None:
    """Out of instructions, in wasm code and in the host; memory that grows; a trap; deep recursion."""
    player, _ = played
    texts = [
        "while True:\n    pass",
        "show('x' * 3_100_000)",
        "a = bytearray(30_000_000)",
        "ic.trap('enough')",
        "def f():\n    return f()\nf()",
    ]
    log = player.play([Step("call", "execute", text) for text in texts])
    loop, long, grown, trapped, deep = log["runs"]
    assert loop["outcome"] == long["outcome"] == "trap: OUT_OF_INSTRUCTIONS"
    assert not loop["calls"][-1]["ended"] and long["calls"][-1]["ended"]
    assert grown["outcome"] == "returned" and "grown" in [call["name"] for call in grown["calls"]]
    assert trapped["outcome"].startswith("host: ") and "RecursionError" in deep["outcome"]
    shown(v8, cranelift, player)
    assert v8.replay(log["runs"]) == []


def _altered(log: Log, change: str) -> list[Any]:
    runs: list[Any] = copy.deepcopy(log["runs"])
    first = runs[0]
    if change == "a call more":
        first["calls"].append(first["calls"][-1])
    elif change == "arguments":
        first["calls"][1]["arguments"][0] += "1"
    elif change == "instructions at a call":
        first["calls"][2]["left"] = str(int(first["calls"][2]["left"]) + 1)
    elif change == "instructions at the end":
        first["left"] = str(int(first["left"]) - 1)
    elif change == "memory that was read":
        call = next(item for item in first["calls"] if item["name"] == "msg_reply_data_append")
        call["reads"][0][1] = "00" + call["reads"][0][1][2:]
    elif change == "stable memory that was read":
        call = next(item for item in first["calls"] if item["name"] == "stable64_read" and item["writes"])
        call["writes"][0][1] = (
            "0123456789abcdef"[int(call["writes"][0][1][0], 16) ^ 1] + call["writes"][0][1][1:]
        )
    elif change == "outcome":
        runs[1]["outcome"] = "trap: UNREACHABLE"
    else:
        first[change] = "0" * 64
    return runs


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("a call more", "number of calls"),
        ("arguments", "arguments"),
        ("instructions at a call", "instructions left"),
        ("instructions at the end", "instructions left"),
        ("memory that was read", "memory at"),
        ("stable memory that was read", "content"),
        ("outcome", "outcome"),
        ("end", "heap and globals"),
        ("stable end", "stable memory"),
        ("start", "never reached"),
        ("stable", "never reached"),
    ],
)
def test_v8_finds_what_differs(
    change: str, words: str, v8: V8, cranelift: RecordingEngine, played: tuple[Player, Log]
) -> None:
    """A log that was altered in one place is not confirmed, and the untouched one is, afterwards too."""
    player, log = played
    shown(v8, cranelift, player)
    found = v8.replay(_altered(log, change))
    assert len(found) == 1 and words in found[0], found
    assert v8.replay(log["runs"]) == []


def test_nan_bits_need_the_canonical_copy(
    node: Path, cranelift: RecordingEngine, played: tuple[Player, Log]
) -> None:
    """Without it V8 gives the processor's NaN, whose bits a canister can see."""
    player, _ = played
    log = player.play([Step("call", "execute", NAN)])
    assert r"\\x00\\xf8\\x7f" in log["answers"][0][0]
    found = {}
    for canonical in (True, False):
        engine = V8(node, canonical=canonical)
        shown(engine, cranelift, player)
        found[canonical] = engine.replay(log["runs"])
        engine.close()
    assert found[True] == []
    assert len(found[False]) == 1


@given(json_values, json_values)
@settings(max_examples=200, deadline=None)
def test_first_difference(left: Any, right: Any) -> None:
    """There is a place exactly when two values differ."""
    assert (first_difference(left, right) is None) == (left == right)


FLOATS = """
(module (memory (export "memory") 1)
  {functions}
  (func (export "canister_update run") {calls}))
"""


def test_every_float_operation_is_canonical(node: Path, tmp_path: Path) -> None:
    """NaNs with odd bits through each operation that may give one: wasmtime and V8 leave the same memory."""
    from basilisk.replica import Replica

    unary = ["ceil", "floor", "trunc", "nearest", "sqrt", "abs", "neg"]
    binary = ["add", "sub", "mul", "div", "min", "max", "copysign"]
    values = {
        "f64": ["-nan:0x4000000000001", "nan:0x8000000000000", "inf", "-inf", "0", "-0", "1.5"],
        "f32": ["-nan:0x200001", "nan:0x400000", "inf", "-inf", "0", "-0", "1.5"],
    }
    results = []
    for kind, constants in values.items():
        for one in constants:
            results += [(kind, f"({kind}.{name} ({kind}.const {one}))") for name in unary]
            results += [
                (kind, f"({kind}.{name} ({kind}.const {one}) ({kind}.const {other}))")
                for name in binary
                for other in constants
            ]
            other_kind, name = ("f32", "demote_f64") if kind == "f64" else ("f64", "promote_f32")
            results.append((other_kind, f"({other_kind}.{name} ({kind}.const {one}))"))
    stores = [
        f"(func $f{number} ({kind}.store (i32.const {number * 8}) {expression}))"
        for number, (kind, expression) in enumerate(results)
    ]
    calls = " ".join(f"(call $f{number})" for number in range(len(results)))
    wasm = bytes(wasmtime.wat2wasm(FLOATS.format(functions="\n".join(stores), calls=calls)))
    outcomes = {}
    for canonical in (True, False):
        engine = RecordingEngine(cache=False)
        replica = Replica(engine=engine, validate=False)
        canister = replica.create_canister()
        replica.install_code(canister, wasm, b"")
        try:
            replica.update(canister, "run", b"")
        except Exception as error:
            assert "did not reply" in str(error)
        v8 = V8(node, canonical=canonical)
        v8.show(engine)
        outcomes[canonical] = v8.replay(engine.take())
        v8.close()
    assert outcomes[True] == []
    assert outcomes[False] != []

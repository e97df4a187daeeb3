"""Functions whose counts were worked out by hand from the rules, exact to the unit, on two engines.

Each case is a body (or a whole module), and the sum in the order in which the code pays: the entry of a
function costs 1; a segment pays for all its instructions when it begins.  ``end``, ``else``, ``block`` and
``loop`` cost nothing.
"""

from __future__ import annotations

import pytest
import wasmtime

from basilisk.engine import Engine, TrapKind
from basilisk.wasm.shell import split
from tests.unit.metering.conftest import run_on

ENTRY = 1
CONST = LOCAL = ADD = DROP = LOAD = STORE = 1
CALL, INDIRECT, GLOBAL, BRANCH, IF = 5, 10, 2, 2, 2

# name → (body, count); a body that begins with "(module" is the whole module
CASES: dict[str, tuple[str, int]] = {
    "empty": ("", ENTRY),
    "nop": ("nop", ENTRY + 1),
    "three nops": ("nop nop nop", ENTRY + 3),
    "constant": ("(drop (i32.const 7))", ENTRY + CONST + DROP),
    "constants of all types": (
        "(drop (i32.const 7)) (drop (i64.const 7)) (drop (f32.const 7)) (drop (f64.const 7))",
        ENTRY + 4 * (CONST + DROP),
    ),
    "vector constant": ("(drop (v128.const i64x2 1 2))", ENTRY + 1 + DROP),
    "local": ("(local i32) (local.set 0 (local.tee 0 (local.get 0)))", ENTRY + 3 * LOCAL),
    "return": ("return", ENTRY + 1),
    "dead code": ("return nop nop", ENTRY + 1),  # what follows is a segment that never begins
    "nop before return": ("nop return nop", ENTRY + 1 + 1),
    "add": ("(drop (i32.add (i32.const 1) (i32.const 2)))", ENTRY + 2 * CONST + ADD + DROP),
    "divisions": (
        "(drop (i32.div_s (i32.const 9) (i32.const 2))) (drop (i64.rem_u (i64.const 9) (i64.const 2)))",
        ENTRY + 2 * (2 * CONST + 10 + DROP),
    ),
    "integer unary": (
        "(drop (i32.clz (i32.const 1))) (drop (i64.popcnt (i64.const 1))) (drop (i32.eqz (i32.const 1)))",
        ENTRY + 3 * (CONST + 1 + DROP),
    ),
    "widths": (
        "(drop (i32.wrap_i64 (i64.extend_i32_s (i32.const 1)))) (drop (i32.extend8_s (i32.const 1)))",
        ENTRY + (CONST + 1 + 1 + DROP) + (CONST + 1 + DROP),
    ),
    "select": (
        "(drop (select (i32.const 1) (i32.const 2) (i32.const 0)))",
        ENTRY + 3 * CONST + 1 + DROP,
    ),
    "f32 add": ("(drop (f32.add (f32.const 1) (f32.const 2)))", ENTRY + 2 * CONST + 2 + DROP),
    "f64 mul": ("(drop (f64.mul (f64.const 1) (f64.const 2)))", ENTRY + 2 * CONST + 2 + DROP),
    "f32 div": ("(drop (f32.div (f32.const 1) (f32.const 2)))", ENTRY + 2 * CONST + 3 + DROP),
    "f64 div": ("(drop (f64.div (f64.const 1) (f64.const 2)))", ENTRY + 2 * CONST + 5 + DROP),
    "square roots": (
        "(drop (f32.sqrt (f32.const 2))) (drop (f64.sqrt (f64.const 2)))",
        ENTRY + (CONST + 5 + DROP) + (CONST + 8 + DROP),
    ),
    "min and max": (
        "(drop (f32.min (f32.const 1) (f32.const 2))) (drop (f64.max (f64.const 1) (f64.const 2)))",
        ENTRY + 2 * (2 * CONST + 18 + DROP),
    ),
    "abs and neg": (
        "(drop (f32.abs (f32.const 1))) (drop (f64.neg (f64.const 1)))",
        ENTRY + 2 * (CONST + 1 + DROP),
    ),
    "rounding": (
        "(drop (f32.ceil (f32.const 1))) (drop (f64.nearest (f64.const 1)))",
        ENTRY + 2 * (CONST + 2 + DROP),
    ),
    "copysign": (
        "(drop (f32.copysign (f32.const 1) (f32.const 2))) (drop (f64.copysign (f64.const 1) (f64.const 2)))",
        ENTRY + (2 * CONST + 2 + DROP) + (2 * CONST + 3 + DROP),
    ),
    "float comparisons": (
        "(drop (f32.lt (f32.const 1) (f32.const 2))) (drop (f64.eq (f64.const 1) (f64.const 2)))",
        ENTRY + 2 * (2 * CONST + 3 + DROP),
    ),
    "conversions of signed": (
        "(drop (f32.convert_i32_s (i32.const 1))) (drop (f64.convert_i64_s (i64.const 1)))",
        ENTRY + 2 * (CONST + 3 + DROP),
    ),
    "conversions of unsigned": (
        "(drop (f32.convert_i64_u (i64.const 1))) (drop (f64.convert_i32_u (i32.const 1)))",
        ENTRY + 2 * (CONST + 16 + DROP),
    ),
    "truncations": (
        "(drop (i32.trunc_f64_s (f64.const 1))) (drop (i64.trunc_sat_f32_u (f32.const 1)))",
        ENTRY + 2 * (CONST + 20 + DROP),
    ),
    "promote, demote, reinterpret": (
        "(drop (f64.promote_f32 (f32.const 1))) (drop (f32.demote_f64 (f64.const 1)))"
        " (drop (i32.reinterpret_f32 (f32.const 1)))",
        ENTRY + 3 * (CONST + 1 + DROP),
    ),
    "loads and stores": (
        "(i32.store (i32.const 0) (i32.load8_u (i32.const 4)))"
        " (i64.store (i32.const 8) (i64.load (i32.const 0)))",
        ENTRY + 2 * (2 * CONST + LOAD + STORE),
    ),
    "64-bit loads and stores": (
        """(module (memory i64 1) (func (export "run")
            (i32.store (i64.const 0) (i32.load8_u (i64.const 4)))
            (v128.store (i64.const 0) (v128.load (i64.const 16)))))""",
        ENTRY + 2 * (2 * CONST + 2 + 2),
    ),
    "vector memory": (
        "(v128.store (i32.const 0) (v128.load32_splat (i32.const 16)))",
        ENTRY + 2 * CONST + 1 + 1,
    ),
    "vector arithmetic": (
        """(local v128) (local.set 0 (i32x4.mul (local.get 0) (local.get 0)))
        (local.set 0 (i64x2.mul (local.get 0) (local.get 0)))
        (local.set 0 (f64x2.sqrt (local.get 0))) (local.set 0 (f32x4.div (local.get 0) (local.get 0)))
        (local.set 0 (i8x16.popcnt (local.get 0))) (local.set 0 (i32x4.add (local.get 0) (local.get 0)))""",
        ENTRY + (3 + 2) + (3 + 4) + (2 + 14) + (3 + 10) + (2 + 3) + (3 + 1),
    ),
    "vector shuffles and shifts": (
        """(local v128) (local.set 0 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
            (local.get 0) (local.get 0)))
        (local.set 0 (i64x2.shr_s (local.get 0) (i32.const 1)))
        (local.set 0 (i16x8.shr_u (local.get 0) (i32.const 1)))""",
        ENTRY + (3 + 3) + (3 + 3) + (3 + 2),
    ),
    "globals": (
        '(module (global $g (mut i32) (i32.const 0)) (func (export "run") (global.set $g (global.get $g))))',
        ENTRY + 2 * GLOBAL,
    ),
    "memory.size": ("(drop (memory.size))", ENTRY + 20 + DROP),
    "memory.grow": ("(drop (memory.grow (i32.const 1)))", ENTRY + CONST + 300 + DROP),
    "memory.grow that fails": ("(drop (memory.grow (i32.const 9)))", ENTRY + CONST + 300 + DROP),
    "64-bit memory.grow": (
        '(module (memory i64 1 2) (func (export "run") (drop (memory.grow (i64.const 1)))))',
        ENTRY + CONST + 300 + DROP,
    ),
    "memory.fill": (
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 1000))",
        ENTRY + 3 * CONST + 100 + 1000,
    ),
    "memory.fill of nothing": (
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0))",
        ENTRY + 3 * CONST + 100,
    ),
    "memory.copy": ("(memory.copy (i32.const 0) (i32.const 9) (i32.const 77))", ENTRY + 3 * CONST + 100 + 77),
    "64-bit memory.copy": (
        '(module (memory i64 1) (func (export "run")'
        " (memory.copy (i64.const 0) (i64.const 9) (i64.const 77))))",
        ENTRY + 3 * CONST + 100 + 77,
    ),
    "memory.init": (
        '(module (memory 1) (data "abcdef") (func (export "run")'
        " (memory.init 0 (i32.const 0) (i32.const 1) (i32.const 4)) (data.drop 0)))",
        ENTRY + 3 * CONST + 100 + 4 + 300,
    ),
    "64-bit memory.init": (
        '(module (memory i64 1) (data "abcdef") (func (export "run")'
        " (memory.init 0 (i64.const 0) (i32.const 1) (i32.const 4))))",
        ENTRY + 3 * CONST + 100 + 4,
    ),
    "table instructions": (
        """(module (table 4 funcref) (elem $e funcref (ref.func $f)) (func $f) (func (export "run")
            (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))
            (table.copy (i32.const 1) (i32.const 0) (i32.const 2))
            (table.fill (i32.const 0) (ref.null func) (i32.const 3))
            (drop (table.size)) (elem.drop $e)))""",
        ENTRY + (3 + 100 + 1) + (3 + 100 + 2) + (3 + 100 + 3) + (100 + DROP) + 300,
    ),
    "references": (
        """(module (table 1 funcref) (elem declare func $f) (func $f) (func (export "run")
            (drop (ref.is_null (ref.func $f))) (drop (ref.is_null (ref.null func)))
            (drop (ref.is_null (table.get (i32.const 0))))))""",
        ENTRY + (130 + 5 + DROP) + (1 + 5 + DROP) + (CONST + 5 + 5 + DROP),
    ),
    "call": ('(module (func $f nop) (func (export "run") (call $f)))', ENTRY + CALL + (ENTRY + 1)),
    "two calls": (
        '(module (func $f) (func (export "run") (call $f) nop (call $f) nop))',
        ENTRY + 2 * (CALL + 1) + 2 * ENTRY,
    ),
    "call with arguments": (
        """(module (func $f (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "run") (drop (call $f (i32.const 1) (i32.const 2)))))""",
        ENTRY + 2 * CONST + CALL + DROP + (ENTRY + 2 * LOCAL + ADD),
    ),
    "call_indirect": (
        '(module (table funcref (elem $f)) (func $f) (func (export "run") (call_indirect (i32.const 0))))',
        ENTRY + CONST + INDIRECT + ENTRY,
    ),
    "return_call": (
        '(module (func $f nop) (func (export "run") (return_call $f)))',
        ENTRY + 3 + (ENTRY + 1),
    ),
    "return_call_indirect": (
        "(module (table funcref (elem $f)) (func $f)"
        ' (func (export "run") (return_call_indirect (i32.const 0))))',
        ENTRY + CONST + 60 + ENTRY,
    ),
    "start function": (
        '(module (func $s nop) (start $s) (func (export "run")))',
        (ENTRY + 1) + ENTRY,
    ),
    "block": ("(block nop) nop", ENTRY + 1 + 1),
    "branch out of a block": ("(block nop (br 0) nop) nop", ENTRY + 1 + BRANCH + 1),
    "br_if taken": ("(block (br_if 0 (i32.const 1)) nop nop) nop", ENTRY + CONST + BRANCH + 1),
    "br_if not taken": ("(block (br_if 0 (i32.const 0)) nop nop) nop", ENTRY + CONST + BRANCH + 2 + 1),
    "br_table": (
        "(block (block (br_table 0 1 (i32.const 1))) nop nop nop) nop",
        ENTRY + CONST + BRANCH + 1,
    ),
    "br_table, default": (
        "(block (block (br_table 1 0 (i32.const 7))) nop nop nop) nop",
        ENTRY + CONST + BRANCH + 3 + 1,
    ),
    "if taken": ("(if (i32.const 1) (then nop nop))", ENTRY + CONST + IF + 2),
    "if not taken": ("(if (i32.const 0) (then nop nop)) nop", ENTRY + CONST + IF + 1),
    "else": ("(if (i32.const 0) (then nop nop) (else nop)) nop", ENTRY + CONST + IF + 1 + 1),
    "then of if and else": ("(if (i32.const 1) (then nop nop) (else nop)) nop", ENTRY + CONST + IF + 2 + 1),
    "nested ifs": (
        "(if (i32.const 1) (then nop (if (i32.const 0) (then nop) (else nop nop)) nop)) nop",
        ENTRY + (CONST + IF) + (1 + CONST + IF) + 2 + 1 + 1,
    ),
    "if with a value": (
        "(drop (if (result i32) (i32.const 1) (then (i32.const 1)) (else (i32.const 2))))",
        ENTRY + (CONST + IF) + CONST + DROP,
    ),
    "return from an if": ("(if (i32.const 1) (then return)) nop", ENTRY + CONST + IF + 1),
    "loop once": ("(loop nop)", ENTRY + 1),
    "loop ten times": (
        """(local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 10))))""",
        ENTRY + 10 * ((LOCAL + CONST + ADD + LOCAL) + (LOCAL + CONST + 1) + BRANCH),
    ),
    "loop with an exit": (
        """(local i32) (block (loop (br_if 1 (i32.eq (local.get 0) (i32.const 3)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br 0))) nop""",
        ENTRY + 4 * (LOCAL + CONST + 1 + BRANCH) + 3 * (LOCAL + CONST + ADD + LOCAL + BRANCH) + 1,
    ),
    "loop in a loop": (
        """(local i32 i32) (loop (local.set 1 (i32.const 0))
            (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get 1) (i32.const 5))))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 3))))""",
        ENTRY + 3 * ((CONST + LOCAL) + 5 * (4 + 3 + BRANCH) + (4 + 3 + BRANCH)),
    ),
    "loop that calls": (
        """(module (func $f) (func (export "run") (local i32)
            (loop (call $f) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
                (i32.const 4))))))""",
        ENTRY + 4 * (CALL + (LOCAL + CONST + ADD + LOCAL + CONST + 1) + BRANCH) + 4 * ENTRY,
    ),
    "recursion": (
        """(module (func $f (param i32) (if (local.get 0) (then
            (call $f (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "run") (call $f (i32.const 6))))""",
        ENTRY + CONST + CALL + 7 * (ENTRY + LOCAL + IF) + 6 * (LOCAL + CONST + 1 + CALL),
    ),
    "fill in a loop": (
        """(local i32) (loop (memory.fill (i32.const 0) (i32.const 0) (local.get 0))
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 4))))""",
        ENTRY + 4 * ((2 * CONST + LOCAL + 100) + (LOCAL + CONST + ADD + LOCAL + CONST + 1) + BRANCH) + 6,
    ),
}

#: Cases that end in a trap: the whole segment is paid for, whatever of it was executed.
TRAPS: dict[str, tuple[str, TrapKind, int]] = {
    "unreachable": ("unreachable", TrapKind.UNREACHABLE, ENTRY + 1),
    "what follows is a segment": ("nop unreachable nop nop", TrapKind.UNREACHABLE, ENTRY + 2),
    "division": (
        "(drop (i32.div_s (i32.const 1) (i32.const 0))) nop nop",
        TrapKind.INTEGER_DIVISION_BY_ZERO,
        ENTRY + 2 * CONST + 10 + DROP + 2,
    ),
    "load": (
        "(block (drop (i32.load (i32.const -1))) nop (br 0)) nop",
        TrapKind.MEMORY_OUT_OF_BOUNDS,
        ENTRY + CONST + LOAD + DROP + 1 + BRANCH,
    ),
    "in a callee": (
        '(module (func $f unreachable) (func (export "run") (call $f) nop))',
        TrapKind.UNREACHABLE,
        ENTRY + CALL + 1 + (ENTRY + 1),
    ),
    "fill beyond the memory": (
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const -1)) nop",
        TrapKind.OUT_OF_INSTRUCTIONS,  # the size is paid for first, and is more than there is
        ENTRY + 3 * CONST + 100 + 1 + 0xFFFF_FFFF,
    ),
    "fill a little beyond the memory": (
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65537)) nop",
        TrapKind.MEMORY_OUT_OF_BOUNDS,
        ENTRY + 3 * CONST + 100 + 1 + 65_537,
    ),
}


def module(text: str) -> str:
    return text if text.startswith("(module") else f'(module (memory 1 2) (func (export "run") {text}))'


def test_there_are_enough() -> None:
    assert len(CASES) + len(TRAPS) >= 60


@pytest.mark.parametrize("name", CASES)
def test_count(engine: Engine, name: str) -> None:
    text, expected = CASES[name]
    run = run_on(engine, module(text))
    assert run.trap is None
    assert run.instructions == expected


@pytest.mark.parametrize("name", TRAPS)
def test_count_until_a_trap(engine: Engine, name: str) -> None:
    text, kind, expected = TRAPS[name]
    run = run_on(engine, module(text))
    assert run.trap is kind
    assert run.instructions == expected


@pytest.mark.parametrize("name", [*CASES, *TRAPS])
def test_the_interpreter_counts_the_same(engine: Engine, interpreter: Engine, name: str) -> None:
    """Compiled to machine code and interpreted, a run costs, changes and ends the same."""
    text = CASES[name][0] if name in CASES else TRAPS[name][0]
    assert run_on(engine, module(text)) == run_on(interpreter, module(text))


# ---- the end of the instructions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "limit", "spent"),
    [
        ("(loop (br 0))", 1000, 1001),  # entry 1, rounds of 2
        ("(loop (br 0))", 1001, 1003),  # 0 left is not below zero, the next round is
        ("nop", 1, 2),
    ],
)
def test_code_stops_where_it_is_checked(engine: Engine, body: str, limit: int, spent: int) -> None:
    run = run_on(engine, module(body), limit=limit)
    assert run.trap is TrapKind.OUT_OF_INSTRUCTIONS
    assert run.instructions == spent


def test_a_segment_that_is_not_checked_is_finished(engine: Engine) -> None:
    """Between function entries and loops code goes on below zero, and a trap there keeps its own name."""
    text = module("(block (br_if 0 (i32.const 1))) (i32.store (i32.const 0) (i32.const 5)) nop nop")
    run = run_on(engine, text, limit=5)
    assert (run.trap, run.memory[0], run.instructions) == (None, 5, ENTRY + CONST + BRANCH + 3 + 2)
    text = module("(block (br_if 0 (i32.const 1))) nop nop unreachable")
    assert run_on(engine, text, limit=5).trap is TrapKind.UNREACHABLE


def test_the_counter_does_not_wrap_around(engine: Engine) -> None:
    """2^63 bytes are asked for, from a counter that is low: it stays as low as can be."""
    text = """(module (memory i64 1) (func (export "run") (memory.fill (i64.const 0) (i32.const 0)
        (i64.const 0x7fffffffffffffff)) (loop (br 0))))"""
    run = run_on(engine, text, limit=10**6)
    assert run.trap is TrapKind.OUT_OF_INSTRUCTIONS
    assert run.instructions == 1 + 3 + 100 + 0x7FFF_FFFF_FFFF_FFFF
    text = text.replace("0x7fff", "0xffff")  # as a signed number it is -1
    run = run_on(engine, text, limit=10**6)
    assert (run.trap, run.instructions) == (TrapKind.OUT_OF_INSTRUCTIONS, 10**6 + 2**63)


def test_operators_as_the_network_compiles_them(engine: Engine) -> None:
    """Ten at the entry of a function and of a loop, four for another segment that costs something, three for
    an operand of 32 bits and for memory.grow, one for an operand of 64 bits, two for a global."""

    def operators(text: str) -> int:
        return engine.compile(split(bytes(wasmtime.wat2wasm(module(text)))).shell).operators

    assert operators("") == 1 + 10
    assert operators("(block (br_if 0 (i32.const 1))) nop") == 6 + 10 + 4
    assert operators("(loop nop)") == 4 + 10 + 10
    assert operators("(drop (memory.grow (i32.const 1)))") == 4 + 10 + 3
    assert operators("(memory.fill (i32.const 0) (i32.const 1) (i32.const 2))") == 5 + 10 + 3
    fill = "(memory.fill (i64.const 0) (i32.const 1) (i64.const 2))"
    assert operators(f'(module (memory i64 1) (func (export "run") {fill}))') == 5 + 10 + 1
    assert operators("(module (global i32 (i32.const 1)) (global (mut i64) (i64.const 1)))") == 4

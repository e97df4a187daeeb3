"""The validator: every rule refuses what breaks it, and nothing else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.errors import ModuleRefused
from basilisk.toolbox import MAINNET, Toolbox
from basilisk.wasm.module import Module
from tests.unit.wasm.strategies import Generated, modules

from .cases import SNAPSHOT, TRUNCATED, VIOLATIONS, WARNINGS, Case, named_function, wat

SOURCES = Path(__file__).resolve().parents[3] / "toolbox_crate" / "src" / "validate"


@pytest.mark.parametrize("rule", sorted(VIOLATIONS))
def test_refused(toolbox: Toolbox, rule: str) -> None:
    """The module breaks this rule, and the message says what and how much."""
    case = VIOLATIONS[rule]
    report = toolbox.validate(case.make(), limits=case.limits)
    (finding,) = [finding for finding in report.violations if finding.rule not in case.also]
    assert finding.rule == rule
    assert case.says in finding.message
    with pytest.raises(ModuleRefused, match=re.escape(rule)):
        report.require()


@pytest.mark.parametrize("rule", sorted(WARNINGS))
def test_warned(toolbox: Toolbox, rule: str) -> None:
    """The module is accepted with a warning."""
    case = WARNINGS[rule]
    report = toolbox.validate(case.make(), limits=case.limits)
    assert report.ok
    assert [finding.rule for finding in report.warnings] == [rule]
    assert case.says in report.warnings[0].message


@pytest.mark.parametrize("rule", sorted(SNAPSHOT))
def test_no_snapshot(toolbox: Toolbox, rule: str) -> None:
    """The toolbox says why no snapshot of the module can be taken."""
    case = SNAPSHOT[rule]
    report = toolbox.validate(case.make())
    assert [finding.rule for finding in report.snapshot] == [rule]
    assert case.says in report.snapshot[0].message
    with pytest.raises(ModuleRefused, match="cannot be turned into a snapshot"):
        report.require_snapshot()


def test_every_rule_has_a_case() -> None:
    """The rules named in the validator's sources are those that the tables here have cases for."""
    text = (SOURCES / "features.rs").read_text()
    features = set(re.findall(r'^    [A-Z0-9_]+ "([a-z0-9-]+)" "', text, re.M))
    assert features
    named = {f"feature.{name}" for name in features}
    groups = "wasm|module|code|function|global|table|memory|data|instruction|import|export|custom|snapshot"
    for path in SOURCES.glob("*.rs"):
        named |= set(re.findall(rf'"((?:{groups})\.[a-z0-9-]+)"', path.read_text()))
    instructions = {"table.set", "table.grow", "table.fill", "table.copy", "table.init", "memory.discard"}
    named -= instructions
    assert named == VIOLATIONS.keys() | SNAPSHOT.keys() | WARNINGS.keys()


ACCEPTED = {
    "bulk memory": "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
    "passive data": '(module (memory 1) (data "x")'
    " (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)))",
    "reference types": "(module (table 1 funcref) (func (drop (ref.is_null (table.get (i32.const 0))))))",
    "table.size": "(module (table 1 funcref) (func (drop (table.size))))",
    "elem.drop": "(module (func $f) (elem func $f) (func (elem.drop 0)))",
    "ref.func": "(module (func $f) (elem declare func $f) (func (drop (ref.func $f))))",
    "tail calls": "(module (func $f (return_call $f)))",
    "memory64": '(module (memory i64 1) (data (i64.const 8) "x"))',
    "memory64 imports": '(module (import "ic0" "trap" (func (param i64 i64))) (memory i64 1))',
    "simd": "(module (global v128 (v128.const i64x2 0 0))"
    " (func (param v128) (drop (i8x16.popcnt (local.get 0)))))",
    "multi-value": "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))",
    "sign extension": "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
    "saturating": "(module (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))",
    "mutable globals": '(module (global (export "g") (mut i32) (i32.const 0)))',
    "entry points": "(module (func "
    + " ".join(
        f'(export "{name}")'
        for name in (
            "canister_init",
            "canister_pre_upgrade",
            "canister_post_upgrade",
            "canister_inspect_message",
            "canister_heartbeat",
            "canister_global_timer",
            "canister_on_low_wasm_memory",
            "canister_query a",
            "canister_update b",
            "canister_composite_query c",
            "canister_query with more spaces",
            "other",
        )
    )
    + "))",
    "imports": '(module (import "ic0" "time" (func (result i64)))'
    ' (import "ic0" "msg_reply" (func)) (import "ic0" "stable_write" (func (param i32 i32 i32))))',
    "start": "(module (func $f) (start $f))",
    "data to the last byte": '(module (memory 1) (data (i32.const 65535) "x"))',
}


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_accepted(toolbox: Toolbox, name: str) -> None:
    """What the Internet Computer accepts is not refused."""
    report = toolbox.validate(wat(ACCEPTED[name]))
    assert report.violations == []
    assert report.warnings == []


@pytest.mark.parametrize("operation", ["grow", "fill", "copy", "init", "set"])
def test_each_change_of_a_table_is_refused(toolbox: Toolbox, operation: str) -> None:
    """All five instructions that change a table are found, and named in the message."""
    bodies = {
        "set": "(table.set (i32.const 0) (ref.null func))",
        "grow": "(drop (table.grow (ref.null func) (i32.const 1)))",
        "fill": "(table.fill (i32.const 0) (ref.null func) (i32.const 1))",
        "copy": "(table.copy (i32.const 0) (i32.const 1) (i32.const 1))",
        "init": "(table.init $e (i32.const 0) (i32.const 0) (i32.const 1))",
    }
    report = toolbox.validate(
        wat(f"(module (table 4 funcref) (elem $e func $f) (func $f) (func {bodies[operation]}))")
    )
    assert [finding.rule for finding in report.violations] == ["instruction.table"]
    assert f"table.{operation}" in report.violations[0].message


WEIGHTS = {
    "(block)": 50 + 1,
    "(loop)": 50 + 1,
    "(if (i32.const 1) (then))": 1 + 50 + 1,
    "(br 0)": 50,
    "(br_if 0 (i32.const 1))": 51,
    "(br_table 0 (i32.const 1))": 51,
    "(call $f)": 50,
    "(call_indirect (type $action) (i32.const 0))": 51,
    "(drop (memory.grow (i32.const 0)))": 52,
    "(drop (table.get (i32.const 0)))": 16,
    "(drop (ref.func $f))": 9,
    "(drop (ref.is_null (ref.null func)))": 8,
    "(drop (i32.trunc_f32_s (f32.const 0)))": 7,
    "(drop (f64.convert_i64_u (i64.const 0)))": 7,
    "(drop (i64.extend_i32_s (i32.const 0)))": 7,
    "(drop (f32.demote_f64 (f64.const 0)))": 7,
    "(drop (f32.neg (f32.const 0)))": 6,
    "(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))": 7,
    "(drop (i32.div_s (i32.const 1) (i32.const 1)))": 6,
    "(drop (i32.load8_u (i32.const 0)))": 5,
    "(drop (f64.copysign (f64.const 0) (f64.const 0)))": 6,
    "(drop (f64.eq (f64.const 0) (f64.const 0)))": 6,
    "(drop (f32.eq (f32.const 0) (f32.const 0)))": 5,
    "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))": 6,
    "(drop (i32.trunc_sat_f32_s (f32.const 0)))": 5,
    "(i64.store (i32.const 0) (i64.const 0))": 4,
    "(global.set 0 (global.get 0))": 4,
    "(drop (select (i32.const 0) (i32.const 0) (i32.const 0)))": 6,
    "(drop (i32.popcnt (i32.const 0)))": 4,
    "(drop (memory.size))": 3,
    "(drop (i64.lt_u (i64.const 0) (i64.const 0)))": 5,
    "(drop (f64.sqrt (f64.const 0)))": 4,
    "(drop (i32.reinterpret_f32 (f32.const 0)))": 4,
    "(drop (i32.wrap_i64 (i64.const 0)))": 4,
    "(drop (i32.extend16_s (i32.const 0)))": 4,
    "(drop (f64.promote_f32 (f32.const 0)))": 4,
    "(drop (i32.add (i32.const 1) (i32.const 2)))": 4,
    "(nop)": 1,
    "(return)": 1,
}


@pytest.mark.parametrize("body", sorted(WEIGHTS))
def test_weights(toolbox: Toolbox, body: str) -> None:
    """The complexity of a function is the sum of its instructions' weights; its final end counts one."""
    module = wat(
        "(module (type $action (func)) (memory 1) (table 1 funcref) (global (mut i32) (i32.const 0))"
        f" (elem declare func $f) (func {body}) (func $f (type $action)))"
    )
    first = toolbox.validate(module).by_complexity[0]
    assert (first.index, first.complexity) == (0, WEIGHTS[body] + 1)


@settings(deadline=None, max_examples=40)
@given(module=modules(), data=st.data())
def test_damaged_modules_get_a_report(toolbox: Toolbox, module: Generated, data: st.DataObject) -> None:
    """Whatever bytes change or are cut off, the validator answers; it refuses what wasmtime refuses."""
    import wasmtime

    broken = bytearray(module.wasm)
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(4, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(4, len(broken)))])
    report = toolbox.validate(cut)
    try:
        wasmtime.Module.validate(wasmtime.Engine(), cut)
    except wasmtime.WasmtimeError:
        assert not report.ok


def test_many_violations_are_collected(toolbox: Toolbox) -> None:
    """One report has all rules that are broken, a few findings each, and the error tells their number."""
    exports = "".join(f'(export "canister_x{n}")' for n in range(50))
    report = toolbox.validate(
        wat(f'(module (import "env" "a" (func)) (memory 1) (data (i32.const 65536) "x") (func {exports}))')
    )
    rules = [finding.rule for finding in report.violations]
    assert set(rules) == {"import.module", "data.range", "export.name"}
    assert rules.count("export.name") == 20
    with pytest.raises(ModuleRefused, match="in 22 places"):
        report.require()


def test_functions_are_named(toolbox: Toolbox) -> None:
    """Names come from the name section or from the caller, and are part of the message."""
    case = VIOLATIONS["function.ops"]
    module = wat("(module (func $worker nop nop))")
    report = toolbox.validate(module, limits=case.limits)
    assert report.violations[0].name == "worker"
    assert report.violations[0].message == "function 0 (worker) has 3 instructions, at most 2 are accepted"
    assert (report.violations[0].value, report.violations[0].limit) == (3, 2)
    report = toolbox.validate(module, limits=case.limits, names={0: "other"})
    assert str(report.by_ops[0]) == "other (function 0)"
    assert str(toolbox.validate(case.make(), limits=case.limits).by_ops[0]) == "function 0"


def test_measures_and_shares(toolbox: Toolbox) -> None:
    """Sizes and counts, and how much of each limit they use up."""
    module = wat(
        '(module (import "ic0" "msg_reply" (func)) (memory 3) (table 7 funcref) (global i32 (i32.const 1))'
        ' (data (i32.const 0) "abc") (data "de") (func (export "canister_query ab") nop (call 0)) (func))'
    )
    report = toolbox.validate(module)
    expected = {
        "module_size": len(module),
        "imports": 1,
        "functions": 2,
        "globals": 1,
        "exports": 1,
        "methods": 1,
        "method_names": 2,
        "memory_pages": 3,
        "table_elements": 7,
        "data_segments": 2,
        "data_bytes": 5,
    }
    assert {key: report.measures[key] for key in expected} == expected
    assert report.ops == 4
    largest = report.by_ops[0]
    assert (largest.index, largest.ops, largest.complexity) == (1, 3, 52)
    shares = {share.label: share for share in report.shares()}
    assert shares["functions"].value == 2
    assert shares["functions"].limit == MAINNET.functions
    assert shares["functions"].fraction == 2 / 50_000
    assert shares["largest function, complexity"].value == 52


def test_a_long_name_within_the_limit_is_accepted(toolbox: Toolbox) -> None:
    """The limit of names is that of the Internet Computer, not that of a reader."""
    report = toolbox.validate(named_function(1_048_576))
    assert report.ok
    assert report.measures["longest_name"] == 1_048_576


def test_what_is_cut_short_is_refused(toolbox: Toolbox) -> None:
    """A module that ends within a section gives a report, not an exception."""
    report = toolbox.validate(TRUNCATED)
    assert [finding.rule for finding in report.violations] == ["wasm.invalid"]


def test_gzipped_modules_are_looked_into(toolbox: Toolbox) -> None:
    """Rules apply to the module inside of a gzip stream as well, with those of the stream itself."""
    case: Case = VIOLATIONS["export.name"]
    data = gzip.compress(case.make()) + b"\0"
    rules = {finding.rule for finding in toolbox.validate(data).violations}
    assert rules == {"encoding.single", "encoding.isize", "export.name"} or "encoding.size" in rules
    report = toolbox.validate(gzip.compress(wat("(module)")))
    assert report.ok
    assert report.measures["module_size"] == 8


def test_a_large_module_is_validated(toolbox: Toolbox) -> None:
    """4 MB of code, as much as a canister has."""
    body = "(drop (i32.add (i32.load (i32.const 4)) (i32.const 5)))" * 400
    module = Module.parse(wat(f"(module (memory 1) {f'(func {body})' * 1000})")).encode()
    assert len(module) > 3_500_000
    assert toolbox.validate(module).ok

"""Descriptions of modules, and function names."""

from __future__ import annotations

from hypothesis import given, settings

from basilisk.wasm.describe import describe
from basilisk.wasm.module import Module, custom_section
from basilisk.wasm.names import function_names
from basilisk.wasm.sections import Limits

from .strategies import Generated, modules, wat

TEXT = """(module $m
  (import "ic0" "stable_write" (func (param i32 i32 i32)))
  (import "env" "g" (global i64))
  (memory (export "memory") 2 9)
  (table 3 funcref)
  (global (mut f64) (f64.const 1))
  (func $first (export "canister_query greet"))
  (func $second (result i32 v128) unreachable)
  (export "second" (func $second))
  (data (i32.const 0) "abc")
  (data "de")
  (@custom "icp:public candid:service" "service : {}")
  (@custom "other" "x"))"""


def test_a_module_described() -> None:
    """Imports and exports with their types, sizes, counts, custom sections."""
    wasm = wat(TEXT)
    found = describe(wasm)
    assert [(item.name, item.kind, item.type) for item in found.imports] == [
        ("ic0.stable_write", "function", "(i32, i32, i32) -> ()"),
        ("env.g", "global", "global"),
    ]
    assert [(item.name, item.kind, item.type) for item in found.exports] == [
        ("memory", "memory", "memory 0"),
        ("canister_query greet", "function", "() -> ()"),
        ("second", "function", "() -> (i32, v128)"),
    ]
    assert found.memory == Limits(2, 9)
    assert found.table is not None
    assert found.table.limits.minimum == 3
    assert (found.functions, found.data_segments, found.data_bytes) == (2, 2, 5)
    assert len(found.globals) == 1
    assert found.customs == {"icp:public candid:service": b"service : {}"}
    assert found.names == {1: "first", 2: "second"}


@settings(deadline=None)
@given(modules())
def test_sections_cover_the_file(module: Generated) -> None:
    """Sections follow each other from the head of the file to its end."""
    position = 8
    for section in describe(module.wasm).sections:
        assert section.offset == position
        position += section.size
    assert position == len(module.wasm)


def test_names_that_cannot_be_read_are_left_out() -> None:
    """A damaged name section costs the names, not the description."""
    for content in (b"\x01", b"\x01\x05\x01", b"\x01\x03\x01\x00\x05", b"\x01\x04\x01\x00\x01\xff"):
        assert function_names(Module((custom_section("name", content),))) == {}


def test_names_behind_other_subsections_are_found() -> None:
    """The name of the module comes first."""
    content = b"\x00\x02\x01m" + b"\x01\x05\x01\x07\x02ab"
    assert function_names(Module((custom_section("name", content),))) == {7: "ab"}

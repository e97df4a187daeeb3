"""Modules that break exactly one rule each, and helpers to make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import wasmtime

from basilisk.toolbox import MAINNET, Limits
from basilisk.wasm.leb128 import encode_unsigned
from basilisk.wasm.module import HEADER, Module, Section, SectionId, custom_section
from basilisk.wasm.sections import encode_name

PAGE = 65_536


def wat(text: str) -> bytes:
    """A module from its text form."""
    return bytes(wasmtime.wat2wasm(text))


def with_customs(*sections: Section) -> bytes:
    """An empty module with these custom sections."""
    return Module(sections).encode()


def named_function(length: int) -> bytes:
    """A module whose function 0 has a name of this length in the name section."""
    module = Module.parse(wat("(module (func))"))
    entry = b"\x01" + b"\x00" + encode_name("f" * length)
    part = b"\x01" + encode_unsigned(len(entry)) + entry
    return module.replaced({}, [custom_section("name", part)]).encode()


def sections(*parts: tuple[SectionId, bytes]) -> bytes:
    """A module of raw sections."""
    return Module(tuple(Section(number, payload) for number, payload in parts)).encode()


@dataclass(frozen=True)
class Case:
    """A module, the limits to check it with, and what the message must say."""

    make: Callable[[], bytes]
    says: str
    limits: Limits = MAINNET
    also: frozenset[str] = frozenset()  #: rules that cannot be kept when this one is broken


def text(source: str, says: str, **limits: int) -> Case:
    """A case from a module's text form, with some limits changed."""
    return Case(lambda: wat(source), says, replace(MAINNET, **limits))


_MANY = "\n".join("(func)" for _ in range(4))
_TABLE = "(module (table 4 funcref) (elem declare func $f) (elem $e func $f) (func $f) (func {body}))"


def table(body: str, says: str) -> Case:
    """A case with a function that uses a table."""
    return text(_TABLE.format(body=body), says)


#: Rule → a module that breaks it and, but for ``also``, no other rule.
VIOLATIONS: dict[str, Case] = {
    "wasm.invalid": text("(module (func (result i32)))", "not valid WebAssembly"),
    "feature.multi-memory": text("(module (memory 1) (memory 1))", "more than one memory"),
    "feature.relaxed-simd": text(
        "(module (func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0)))))", "relaxed SIMD"
    ),
    "feature.extended-const": text(
        "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", "arithmetic in constant expressions"
    ),
    "feature.threads": text(
        "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", "atomic instructions"
    ),
    "feature.exceptions": text("(module (tag))", "exception handling"),
    "feature.legacy-exceptions": text("(module (func try catch_all end))", "legacy form"),
    "feature.function-references": text(
        "(module (type $t (func)) (func (param (ref $t))))", "typed function references"
    ),
    "feature.gc": text("(module (type (struct)))", "garbage-collected types"),
    "feature.wide-arithmetic": text(
        "(module (func (param i64 i64 i64 i64) (result i64 i64)"
        " (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
        "wide arithmetic",
    ),
    "feature.custom-page-sizes": text("(module (memory 1 (pagesize 1)))", "pages of another size"),
    "feature.memory-control": text(
        "(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))", "memory.discard"
    ),
    "feature.stack-switching": text("(module (type $f (func)) (type (cont $f)))", "stack switching"),
    "feature.shared-everything-threads": text(
        "(module (global (shared i32) (i32.const 1)))", "shared tables, globals and functions"
    ),
    "feature.component-model": text("(component)", "components"),
    "module.size": text("(module)", "the module has 8 bytes, at most 7", module_size=7),
    "code.size": text("(module (func) (func))", "the code section has", code_size=5),
    "function.count": text(f"(module {_MANY})", "defines 4 functions, at most 3", functions=3),
    "function.ops": text("(module (func nop nop))", "function 0 has 3 instructions", function_ops=2),
    "function.complexity": text(
        "(module (func (block)))", "a complexity of 52, at most 51", function_complexity=51
    ),
    "function.name": Case(lambda: named_function(1_048_577), "1,048,577 bytes, at most 1,048,576"),
    "global.count": text(
        "(module (global i32 (i32.const 1)) (global (mut i64) (i64.const 1)))", "2 globals", globals=1
    ),
    "global.type": text("(module (global funcref (ref.null func)))", "global 0 is of type funcref"),
    "table.count": text("(module (table 1 funcref) (table 1 funcref))", "2 tables, at most 1"),
    "table.type": text("(module (table 1 externref))", "only funcref"),
    "table.size": text("(module (table 1000001 funcref))", "1,000,001 elements"),
    "memory.size": text("(module (memory i64 98305))", "98,305 pages, at most 98,304"),
    "data.offset": Case(
        lambda: wat('(module (import "ic0" "g" (global i32)) (memory 1) (data (global.get 0) "x"))'),
        "is not one constant",
        also=frozenset({"import.kind"}),
    ),
    "data.range": text(
        '(module (memory 1) (data (i32.const 65535) "ab"))', "ends at 65,537, beyond the 65,536"
    ),
    "instruction.table": table("(table.set (i32.const 0) (ref.null func))", "function 1 uses table.set"),
    "import.kind": text('(module (import "ic0" "g" (global i32)))', "imports the global ic0.g"),
    "import.module": text('(module (import "env" "time" (func (result i64))))', "imports env.time"),
    "import.name": text('(module (import "ic0" "tiem" (func (result i64))))', "no function ic0.tiem"),
    "import.signature": text('(module (import "ic0" "time" (func (result i32))))', "the wrong type"),
    "import.memory64": text(
        '(module (import "ic0" "stable_size" (func (result i32))) (memory i64 1))', "64-bit memory"
    ),
    "export.reserved": text('(module (func (export "canister_start")))', "is reserved"),
    "export.name": text('(module (func (export "canister_foo")))', "is no entry point"),
    "export.signature": text(
        '(module (func (export "canister_init") (param i32)))', "not a function without parameters"
    ),
    "export.duplicate": text(
        '(module (func (export "canister_query x") (export "canister_update x")))', "method `x`"
    ),
    "export.methods": text(
        '(module (func (export "canister_query a") (export "canister_update b")))', "2 methods", methods=1
    ),
    "export.method-names": text(
        '(module (func (export "canister_query abc")))', "3 bytes, at most 2", method_names=2
    ),
    "custom.name": Case(lambda: with_customs(custom_section("icp:x", b"")), "neither `icp:public NAME`"),
    "custom.duplicate": Case(
        lambda: with_customs(custom_section("icp:public a", b""), custom_section("icp:private a", b"")),
        "two custom sections of the name `a`",
    ),
    "custom.count": Case(
        lambda: with_customs(*(custom_section(f"icp:public {n}", b"") for n in range(17))),
        "17 icp: custom sections, at most 16",
    ),
    "custom.size": Case(
        lambda: with_customs(custom_section("icp:private a", bytes(1_048_576))),
        "1,048,577 bytes, at most 1,048,576",
    ),
}

#: Warning → a module that gets it and breaks no rule.
WARNINGS: dict[str, Case] = {
    "code.size": text("(module (func))", "older replicas", code_size_warning=2),
    "function.complexity": text(
        "(module (func (block)))", "close to the limit", function_complexity_warning=51
    ),
}

_DATA = '(module (memory 1) (data $p "x") (data $a (i32.const 0) "y") (elem $e func 0) {body})'

#: Reason against a snapshot → a module that has it.
SNAPSHOT: dict[str, Case] = {
    "snapshot.table": table("(drop (table.grow (ref.null func) (i32.const 1)))", "uses table.grow"),
    "snapshot.elem-drop": text(_DATA.format(body="(func (elem.drop $e))"), "uses elem.drop"),
    "snapshot.data-drop": text(_DATA.format(body="(func (data.drop $p))"), "uses data.drop"),
    "snapshot.memory-init": text(
        _DATA.format(body="(func (memory.init $a (i32.const 0) (i32.const 0) (i32.const 0)))"),
        "memory.init of the active data segment 1",
    ),
}

TRUNCATED = HEADER + b"\x0a\x05\x01"

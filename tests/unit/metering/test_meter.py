"""The pass as such: what it adds, and what it is given besides good modules."""

from __future__ import annotations

import pytest
import wasmtime

from basilisk.engine import Engine, Instance, refuse_all_but
from basilisk.errors import ArtefactError
from basilisk.toolbox import default_toolbox
from basilisk.wasm.module import Module, SectionId
from basilisk.wasm.shell import split

MODULE = """(module (import "ic0" "time" (func $time (result i64))) (memory 1) (table funcref (elem $f))
    (global $g (mut i32) (i32.const 1)) (func $f (drop (call $time))) (func (export "run") (call $f)))"""


def shell(text: str = MODULE) -> bytes:
    return split(bytes(wasmtime.wat2wasm(text))).shell


def test_nothing_is_renumbered() -> None:
    """Imports and elements are the same bytes; types, functions and globals are continued."""
    plain, metered = Module.parse(shell()), Module.parse(default_toolbox().meter(shell()))
    for section in (SectionId.IMPORT, SectionId.MEMORY, SectionId.ELEMENT):
        assert bytes(metered.payload(section)) == bytes(plain.payload(section))
    for section in (SectionId.TYPE, SectionId.FUNCTION, SectionId.TABLE, SectionId.GLOBAL, SectionId.EXPORT):
        before, after = bytes(plain.payload(section)), bytes(metered.payload(section))
        assert after[1:].startswith(before[1:])
        assert after[0] > before[0]


def test_the_result_is_the_same_each_time() -> None:
    toolbox = default_toolbox()
    assert toolbox.meter(shell()) == toolbox.meter(shell())


@pytest.mark.parametrize("damaged", [b"", b"\0asm\x01\0\0\0\x0a\x05\x01\x03\0", shell()[:-3]])
def test_what_is_no_module_is_refused(damaged: bytes) -> None:
    with pytest.raises(ArtefactError):
        default_toolbox().meter(damaged)


def test_an_invalid_module_never_reaches_the_meter() -> None:
    invalid = shell().replace(b"\x1a", b"\x6a", 1)  # i32.add in the place of drop
    with pytest.raises(wasmtime.WasmtimeError):
        Engine(cache=False).compile(invalid)


def test_machine_code_of_another_meter_is_another_entry() -> None:
    assert Engine(cache=False).key(shell()) != Engine(cache=False, meter=False).key(shell())


def test_code_that_is_not_metered_leaves_the_counter_alone() -> None:
    engine = Engine(cache=False, meter=False)
    parts = split(bytes(wasmtime.wat2wasm(MODULE)))
    imports = refuse_all_but({"time": lambda: 1})
    with Instance(engine, engine.compile(parts.shell), imports, parts.image) as instance:
        instance.instructions_left = 5
        instance.call(parts.image.exports["run"])
        assert instance.instructions_left == 5

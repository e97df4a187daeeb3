"""Functions that lose their code."""

from __future__ import annotations

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.wasm.blank import blank_functions
from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.index_map import FunctionIndexMap
from basilisk.wasm.module import Module, SectionId

from .strategies import ENGINE, wat

COUNT = 200  #: enough for numbers of two bytes
_IMPORTED = 1


def _module() -> bytes:
    functions = "\n".join(
        f'(func (export "f{number}") (result i32) (local i64) i32.const {number * 1000})'
        for number in range(COUNT)
    )
    text = f"""(module
        (import "host" "said" (func $said))
        {functions}
        (func (export "instead") (call $said)))"""
    return wat(text)


MODULE = _module()


@settings(deadline=None)
@given(st.sets(st.integers(0, COUNT - 1)))
def test_the_others_answer_as_before(blank: set[int]) -> None:
    """Blank functions call the one in their place and then trap; every other function is as it was."""
    module = Module.parse(MODULE)
    total = _IMPORTED + COUNT + 1
    code = blank_functions(
        module.payload(SectionId.CODE),
        _IMPORTED,
        {number + _IMPORTED for number in blank},
        _IMPORTED + COUNT,
        FunctionIndexMap.identity(total),
    )
    changed = module.replaced({SectionId.CODE: code}).encode()
    said: list[str] = []
    store = wasmtime.Store(ENGINE)
    host = wasmtime.Func(store, wasmtime.FuncType([], []), lambda: said.append("x"))
    exports = wasmtime.Instance(store, wasmtime.Module(ENGINE, changed), [host]).exports(store)
    for number in range(COUNT):
        function = exports[f"f{number}"]
        assert isinstance(function, wasmtime.Func)
        if number not in blank:
            assert function(store) == number * 1000
            continue
        said.clear()
        with pytest.raises(wasmtime.Trap, match="unreachable"):
            function(store)
        assert said == ["x"]


@pytest.mark.parametrize("number", [0, COUNT + 2, COUNT + 1])
def test_what_cannot_be_blank_is_refused(number: int) -> None:
    """An import, a function that is not there, the one that takes the place of others."""
    code = Module.parse(MODULE).payload(SectionId.CODE)
    with pytest.raises(ValueError, match=r"cannot lose it|own place"):
        blank_functions(code, _IMPORTED, {number}, COUNT + 1, FunctionIndexMap.identity(COUNT + 2))


def test_cut_code_is_refused() -> None:
    """A body that ends behind the section is damage."""
    with pytest.raises(MalformedModule):
        blank_functions(b"\1\5\0\0\x0b", 0, {0}, 7, FunctionIndexMap.identity(8))

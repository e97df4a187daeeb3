"""Splitting modules and linking canisters."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk.wasm.errors import MalformedModule, UnsafeModule
from basilisk.wasm.link import link
from basilisk.wasm.module import Module, SectionId
from basilisk.wasm.sections import Kind, read_exports, read_memories
from basilisk.wasm.shell import split

from .strategies import BITS, PAGE, Generated, Running, memories, modules, restore, start, wat

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def global_bits(draw: st.DrawFn, module: Generated) -> dict[int, int]:
    """Values for all mutable globals of a module."""
    return {
        number: draw(st.integers(0, (1 << BITS[kind]) - 1))
        for number, (kind, mutable) in enumerate(module.globals)
        if mutable
    }


@st.composite
def linked(draw: st.DrawFn) -> tuple[Generated, bytes, dict[int, int], dict[str, str]]:
    """A runtime and all that is linked with it."""
    module = draw(modules())
    limits = read_memories(Module.parse(module.wasm).payload(SectionId.MEMORY))[0]
    memory = draw(memories(limits.minimum, limits.maximum or 6))
    names = draw(st.lists(st.sampled_from(["a", "b", "canister_init", "canister_query x"]), unique=True))
    exports = {name: f"run{draw(st.integers(0, module.functions - 1))}" for name in names}
    return module, memory, global_bits(draw, module), exports


@quick
@given(linked())
def test_every_canister_of_a_runtime_has_the_runtimes_shell(
    case: tuple[Generated, bytes, dict[int, int], dict[str, str]],
) -> None:
    """split(link(runtime, state)) gives the shell of split(runtime) and the state that was put in."""
    runtime, memory, values, exports = case
    original = split(runtime.wasm)
    canister = split(link(runtime.wasm, memory, values, exports, {"icp:public candid:service": b"x"}))
    assert canister.shell == original.shell
    assert canister.image.memory() == memory
    assert canister.image.globals == values
    assert canister.image.start is None
    assert canister.image.exports == {
        name: original.image.exports[target] for name, target in exports.items()
    }


@quick
@given(linked())
def test_linking_a_canister_again_changes_nothing(
    case: tuple[Generated, bytes, dict[int, int], dict[str, str]],
) -> None:
    """A canister linked with its own state and exports is the same bytes: link has one form of each state."""
    runtime, memory, values, exports = case
    once = link(runtime.wasm, memory, values, exports)
    assert link(once, memory, values, {name: name for name in exports}) == once


def observe(running: Running, names: list[str], addresses: list[int]) -> list[object]:
    """Call functions; the results, the calls to the host and the memory after them."""
    seen: list[object] = []
    for name in names:
        running.call(name)
    seen += [running.bytes()[address] for address in addresses]
    return [*seen, running.bytes(), list(running.calls)]


@quick
@given(modules(), st.data())
def test_shell_and_image_behave_like_the_module(module: Generated, data: st.DataObject) -> None:
    """A module instantiated as it is and its shell with the image applied: same memory, globals, results."""
    parts = split(module.wasm)
    direct, restored = start(module.wasm, "mem"), restore(parts.shell, parts.image)
    assert direct.bytes() == restored.bytes()
    order = data.draw(st.lists(st.integers(0, module.functions - 1), max_size=4))
    addresses = data.draw(st.lists(st.integers(0, module.pages * PAGE - 1), max_size=3))
    names = [f"run{number}" for number in order]
    indices = [f"f{parts.image.exports[name]}" for name in names]
    assert observe(direct, names, addresses) == observe(restored, indices, addresses)


@quick
@given(modules(), st.data())
def test_a_snapshot_goes_on_where_the_module_stopped(module: Generated, data: st.DataObject) -> None:
    """init + call == init + snapshot + link + call, on memory, globals and calls to the host."""
    parts = split(module.wasm)
    running = restore(parts.shell, parts.image)
    before = data.draw(st.lists(st.integers(0, module.functions - 1), max_size=3))
    for number in before:
        running.call(f"f{parts.image.exports[f'run{number}']}")
    exports = running.instance.exports(running.store)
    values = {
        number: bits_of(exports[f"g{number}"].value(running.store), kind)  # type: ignore[union-attr]
        for number, kind in parts.image.types.items()
    }
    names = {f"run{n}": f"run{n}" for n in range(module.functions)}
    canister = link(module.wasm, running.bytes(), values, names)
    direct = start(canister, "memory")
    assert direct.bytes() == running.bytes()
    running.calls.clear()
    for number in data.draw(st.lists(st.integers(0, module.functions - 1), max_size=3)):
        running.call(f"f{parts.image.exports[f'run{number}']}")
        direct.call(f"run{number}")
        assert direct.bytes() == running.bytes()
    assert direct.calls == running.calls


def bits_of(value: float, kind: str) -> int:
    """The bits of a global's value."""
    letter = {"i32": "i", "i64": "q", "f32": "f", "f64": "d"}[kind]
    return int.from_bytes(struct.pack("<" + letter, value), "little")


def test_a_canister_exports_what_was_asked_and_nothing_else() -> None:
    """The canister's exports are its memory and the given names, in the order of names."""
    runtime = wat('(module (memory 1) (func (export "one")) (func (export "two")))')
    canister = Module.parse(link(runtime, bytes(PAGE), {}, {"z": "one", "a": "two"}))
    exports = read_exports(canister.payload(SectionId.EXPORT))
    assert [(item.name, item.kind, item.index) for item in exports] == [
        ("memory", Kind.MEMORY, 0),
        ("a", Kind.FUNCTION, 1),
        ("z", Kind.FUNCTION, 0),
    ]


def test_custom_sections_are_replaced() -> None:
    """The runtime's custom sections are dropped, the canister's come last in the order of names."""
    runtime = wat('(module (@custom "basilisk:stdlib" "abc") (memory 1))')
    canister = Module.parse(link(runtime, bytes(PAGE), {}, {}, {"icp:b": b"2", "icp:a": b"1"}))
    assert [(name, bytes(content)) for name, content in canister.customs()] == [
        ("icp:a", b"1"),
        ("icp:b", b"2"),
    ]
    assert canister.sections[-1].name == "icp:b"


def test_exported_constants_are_in_the_image() -> None:
    """Immutable globals keep their value in the shell and are told by name."""
    image = split(wat('(module (memory 1) (global (export "mailbox") i32 (i32.const 4711)))')).image
    assert image.constants == {"mailbox": 4711}
    assert image.globals == {}


def test_a_module_without_memory_splits() -> None:
    """A module need not have a memory to be installed."""
    parts = split(wat('(module (func (export "canister_query x")))'))
    assert parts.image.memory_pages == 0
    assert parts.image.exports == {"canister_query x": 0}


def test_wide_memories() -> None:
    """Modules with 64-bit addresses split and link as others do."""
    runtime = wat('(module (memory i64 1) (global (mut i64) (i64.const -1)) (data (i64.const 9) "ab"))')
    image = split(runtime).image
    assert image.segments == ((9, b"ab"),)
    assert image.globals == {0: 2**64 - 1}
    canister = link(runtime, image.memory(), image.globals, {})
    assert start(canister, "memory").bytes() == image.memory()
    assert split(canister).shell == split(runtime).shell


# ------------------------------------------------------------------------------------------- refusals

UNSAFE = {
    "imported-memory": '(module (import "env" "memory" (memory 1)))',
    "imported-global": '(module (import "env" "g" (global i32)) (memory 1))',
    "imported-table": '(module (import "env" "table" (table 1 funcref)) (memory 1))',
    "imported-tag": '(module (import "env" "t" (tag)) (memory 1))',
    "multiple-memories": "(module (memory 1) (memory 1))",
    "multiple-tables": "(module (memory 1) (table 1 funcref) (table 1 funcref))",
    "shared-memory": "(module (memory 1 2 shared))",
    "tags": "(module (memory 1) (tag))",
    "global-type": "(module (memory 1) (global (mut funcref) (ref.null func)))",
    "computed-global": "(module (memory 1) (global i32 (i32.const 1)) (global (mut i32) (global.get 0)))",
    "computed-offset": '(module (memory 1) (global i32 (i32.const 1)) (data (global.get 0) "x"))',
}


@pytest.mark.parametrize("rule", sorted(UNSAFE))
def test_state_beyond_a_snapshot_is_refused(rule: str) -> None:
    """Each construct that memory and globals do not capture is refused by name, by split and by link."""
    module = wat(UNSAFE[rule])
    with pytest.raises(UnsafeModule) as refusal:
        split(module)
    assert refusal.value.rule == rule
    with pytest.raises(UnsafeModule):
        link(module, bytes(PAGE), {}, {})


def test_linking_needs_a_memory() -> None:
    """A runtime without a memory is refused."""
    with pytest.raises(UnsafeModule) as refusal:
        link(wat("(module)"), b"", {}, {})
    assert refusal.value.rule == "no-memory"


def test_state_of_another_runtime_is_refused() -> None:
    """Sizes, globals and names that do not fit the runtime are errors, not wrong canisters."""
    runtime = wat('(module (memory 2 3) (global (mut i32) (i32.const 0)) (func (export "f")))')
    good = bytes(2 * PAGE)
    with pytest.raises(ValueError, match="whole number of pages"):
        link(runtime, good + b"x", {0: 0}, {})
    with pytest.raises(ValueError, match="outside the runtime's limits"):
        link(runtime, bytes(PAGE), {0: 0}, {})
    with pytest.raises(ValueError, match="outside the runtime's limits"):
        link(runtime, bytes(4 * PAGE), {0: 0}, {})
    with pytest.raises(ValueError, match="the mutable globals are"):
        link(runtime, good, {}, {})
    with pytest.raises(ValueError, match="does not fit i32"):
        link(runtime, good, {0: 1 << 32}, {})
    with pytest.raises(ValueError, match="taken by the memory"):
        link(runtime, good, {0: 0}, {"memory": "f"})
    with pytest.raises(MalformedModule, match="exports no function g"):
        link(runtime, good, {0: 0}, {"canister_init": "g"})

"""Generated modules, memories and ways to run them, for the tests of the wasm passes."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import wasmtime
from hypothesis import strategies as st

from basilisk.wasm.shell import Image

PAGE = 65_536
BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64}

ENGINE = wasmtime.Engine()


def wat(text: str) -> bytes:
    """A module from its text form."""
    return bytes(wasmtime.wat2wasm(text))


@dataclass(frozen=True)
class Generated:
    """A generated module: its bytes and what is in it."""

    wasm: bytes
    globals: list[tuple[str, bool]]
    functions: int
    pages: int


def _escaped(content: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in content)


def _body(draw: st.DrawFn, globals_: list[tuple[str, bool]], functions: int, passive: list[int]) -> str:
    """A function body that reads and writes memory and globals, may call, and never traps."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["store", "add", "global", "call", "init", "indirect"]))
        address = draw(st.integers(0, PAGE - 8))
        if kind == "store":
            lines.append(f"(i32.store (i32.const {address}) (i32.const {draw(st.integers(-99, 99))}))")
        elif kind == "add":
            other = draw(st.integers(0, PAGE - 8))
            lines.append(
                f"(i32.store (i32.const {address}) (i32.add (i32.load (i32.const {other})) (i32.const 7)))"
            )
        elif kind == "global":
            mutable = [i for i, (name, changes) in enumerate(globals_) if changes and name == "i32"]
            if mutable:
                number = draw(st.sampled_from(mutable))
                lines.append(
                    f"(global.set {number} (i32.add (global.get {number}) (i32.load (i32.const {address}))))"
                )
        elif kind == "call" and functions:
            lines.append(f"(call $f{draw(st.integers(0, functions - 1))})")
        elif kind == "indirect":
            lines.append(f"(call_indirect (type $action) (i32.const {draw(st.integers(0, 1))}))")
        elif kind == "init" and passive:
            number = draw(st.sampled_from(passive))
            lines.append(f"(memory.init {number} (i32.const {address}) (i32.const 0) (i32.const 1))")
    return "\n    ".join(lines)


@st.composite
def modules(draw: st.DrawFn) -> Generated:
    """A module with one memory, a table, globals of all numeric types, data, a start function, exports."""
    pages = draw(st.integers(1, 3))
    globals_ = draw(
        st.lists(st.tuples(st.sampled_from(["i32", "i64", "f32", "f64"]), st.booleans()), max_size=5)
    )
    segments: list[str] = []
    passive: list[int] = []
    for number in range(draw(st.integers(0, 5))):
        content = draw(st.binary(min_size=1, max_size=40))
        if draw(st.integers(0, 3)) == 0:
            passive.append(number)
            segments.append(f'(data "{_escaped(content)}")')
        else:
            address = draw(st.integers(0, pages * PAGE - len(content)))
            segments.append(f'(data (i32.const {address}) "{_escaped(content)}")')
    count = draw(st.integers(1, 4))
    functions = [
        f"(func $f{i} (type $action)\n    {_body(draw, globals_, i, passive)})" for i in range(count)
    ]
    declared = "\n  ".join(
        f"(global {f'(mut {name})' if mutable else name} ({name}.const {draw(st.integers(0, 1000))}))"
        for name, mutable in globals_
    )
    start = f"(start $f{draw(st.integers(0, count - 1))})" if draw(st.booleans()) else ""
    maximum = draw(st.sampled_from(["", str(pages), str(pages + 7)]))
    exports = "\n  ".join(f'(export "run{i}" (func $f{i}))' for i in range(count))
    text = f"""(module
  (type $action (func))
  (type $reader (func (param i32) (result i32)))
  (func $host (import "ic0" "host") (type $action))
  (table 2 funcref)
  (elem (i32.const 0) $host $host)
  (memory (export "mem") {pages} {maximum})
  {declared}
  (func $read (type $reader) (i32.load8_u (local.get 0)))
  {chr(10).join(functions)}
  (export "read" (func $read))
  {exports}
  {start}
  {chr(10).join(segments)}
)"""
    return Generated(wat(text), globals_, count, pages)


class Memory(bytes):
    """A memory whose representation, in the report of a failing test, is that of its non-zero runs."""

    def __repr__(self) -> str:
        runs = [f"{found.start()}: {found.group()[:20]!r}" for found in re.finditer(rb"[^\0]+", self)]
        return f"<{len(self)} bytes {{{', '.join(runs[:20])}}}>"


@st.composite
def memories(draw: st.DrawFn, minimum: int = 1, maximum: int = 6) -> Memory:
    """A memory of whole pages: mostly zero, with runs of every kind and near the edges of pages."""
    pages = draw(st.integers(minimum, max(minimum, maximum)))
    memory = bytearray(pages * PAGE)
    for _ in range(draw(st.integers(0, 12))):
        content = draw(
            st.one_of(
                st.binary(min_size=1, max_size=80),
                st.builds(lambda n: b"\x01" + bytes(n) + b"\x02", st.integers(0, 70_000)),
            )
        )
        edge = draw(st.sampled_from([0, PAGE, 4 * PAGE, pages * PAGE])) + draw(st.integers(-90, 90))
        start = draw(st.one_of(st.just(edge), st.integers(0, pages * PAGE - 1)))
        if 0 <= start < len(memory):
            memory[start : start + len(content)] = content[: len(memory) - start]
    return Memory(memory)


@dataclass
class Running:
    """An instance with everything that makes up its state."""

    store: wasmtime.Store
    instance: wasmtime.Instance
    memory: wasmtime.Memory
    calls: list[str] = field(default_factory=list)

    def bytes(self) -> bytes:
        return bytes(self.memory.read(self.store))

    def call(self, name: str, *arguments: int) -> object:
        function = self.instance.exports(self.store)[name]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *arguments)


def start(wasm: bytes, memory: str) -> Running:
    """Instantiate a module; imported functions do nothing but leave a note."""
    module = wasmtime.Module(ENGINE, wasm)
    store = wasmtime.Store(ENGINE)
    calls: list[str] = []
    imports = [
        wasmtime.Func(store, item.type, lambda *_, name=item.name: calls.append(name))  # type: ignore[arg-type]
        for item in module.imports
    ]
    instance = wasmtime.Instance(store, module, imports)
    exported = instance.exports(store)[memory]
    assert isinstance(exported, wasmtime.Memory)
    return Running(store, instance, exported, calls)


def restore(shell: bytes, image: Image) -> Running:
    """Instantiate a shell and apply an image, as the description of ``Image`` says."""
    running = start(shell, "m")
    store, exports = running.store, running.instance.exports(running.store)
    if image.memory_pages:
        running.memory.grow(store, image.memory_pages)
    for address, content in image.segments:
        running.memory.write(store, bytes(content), address)
    for number, bits in image.globals.items():
        item = exports[f"g{number}"]
        assert isinstance(item, wasmtime.Global)
        item.set_value(store, value_of(image.types[number], bits))
    if image.start is not None:
        running.call(f"f{image.start}")
    return running


def value_of(kind: str, bits: int) -> wasmtime.Val:
    """A wasmtime value from its bits."""
    raw = bits.to_bytes(BITS[kind] // 8, "little")
    letter = {"i32": "i", "i64": "q", "f32": "f", "f64": "d"}[kind]
    value = struct.unpack("<" + letter, raw)[0]
    return getattr(wasmtime.Val, kind)(value)  # type: ignore[no-any-return]

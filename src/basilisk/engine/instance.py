"""A live instance: compiled shell + memory image.

The instance owns a store of its own, because wasmtime frees nothing before the store is freed.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wasmtime import FuncType, Store, ValType, WasmtimeError
from wasmtime import Trap as _Trap
from wasmtime import _ffi as ffi
from wasmtime._trap import Frame, FrameList

from basilisk.engine import host
from basilisk.engine.heap import OS_PAGE, Heap, new_heap
from basilisk.engine.memory import WASM_PAGE, GuestMemory
from basilisk.engine.traps import TrapKind, WasmFrame, WasmTrap

if TYPE_CHECKING:
    from basilisk.engine.engine import CompiledModule, Engine
    from basilisk.wasm.shell import Image

__all__ = ["MAX_INSTRUCTIONS", "Checkpoint", "Grown", "Instance"]

#: The largest value of the counter of instructions.
MAX_INSTRUCTIONS = (1 << 63) - 1

#: Is told after memory has grown: previous size and growth in pages of 64 KiB.  What it raises ends the run.
Grown = Callable[[int, int], None]

_SHOWN_FRAMES = 50

_GLOBAL_WIDTH = {0: 4, 1: 8, 2: 4, 3: 8, 4: 16}  # wasmtime value kind → bytes


@dataclass(frozen=True)
class Checkpoint:
    """A state between two commits: size of the memory in bytes, what was written, globals."""

    size: int
    changes: tuple[tuple[int, bytes], ...]
    globals: dict[int, int]


class Instance:
    """An instantiated shell with its memory, its globals and its counter of instructions.

    ``heap`` is the committed memory; without one, ``image`` makes it.  ``globals_`` replaces the initial
    globals of the image (used when an instance is made again from committed state).
    ``grown`` is told when the code's ``memory.grow`` succeeds, if the code is metered.
    Raises WasmTrap when the image does not fit the memory, WasmtimeError when linking fails and KeyError
    when ``imports`` does not know an import.
    """

    def __init__(
        self,
        engine: Engine,
        module: CompiledModule,
        imports: host.Imports,
        image: Image,
        *,
        heap: Heap | None = None,
        globals_: Mapping[int, int] | None = None,
        heap_kind: str | None = None,
        memory_limit: int = 4 << 30,
        grown: Grown | None = None,
    ) -> None:
        self.engine = engine
        self.module = module
        self.image = image
        self._pending: list[BaseException] = []
        self._bound: list[host.Frame] = []
        self._functions: dict[int, ffi.wasmtime_func_t] = {}
        self._store = Store(engine.wasmtime)
        self._store.set_limits(memory_limit, 1_000_000, 1, 2, 1)
        self._open_context: Any = self._store._context()
        self._instance = ffi.wasmtime_instance_t()
        self._instantiate(imports)
        self._left = MAX_INSTRUCTIONS
        self._counter = self._exhausted = None
        if module.metered:
            self._connect_meter(grown)
            self._counter = self._export("c").of.global_
            self._exhausted = self._export("x").of.global_
        self.instructions_left = MAX_INSTRUCTIONS
        self._globals = {number: self._export(f"g{number}").of.global_ for number in image.globals}
        memory = self._find("m")
        self.memory = GuestMemory(self._context, memory.of.memory if memory is not None else None)
        self.heap = heap if heap is not None else self._heap_of_image(heap_kind)
        if self.heap.size:
            self.memory.grow(self.heap.size // WASM_PAGE)
            self.heap.attach(self.memory.address, self.memory.size)
        self._committed_globals = dict(image.globals if globals_ is None else globals_)
        self.set_globals(self._committed_globals)

    # ---- running -------------------------------------------------------------------------------------

    def call(self, function: int) -> None:
        """Run function number ``function``, which takes and returns nothing.

        Raises WasmTrap, or whatever a host function raised.
        """
        self.engine.thread.run(self._run, self._function(function), None)

    def call_table(self, index: int, argument: int) -> None:
        """Run the function in table slot ``index`` with one integer argument.

        Raises IndexError when there is no such function, TypeError when it takes other arguments, WasmTrap
        and what host functions raise.
        """
        function = self._table_function(index)
        width = self._parameter_width(function)
        words = (ctypes.c_uint64 * 2)(argument & ((1 << width) - 1), 0)
        self.engine.thread.run(self._run, function, words)

    @property
    def instructions_left(self) -> int:
        """Instructions of the network that may still be executed; below 0 when more were executed.

        Code that is not metered leaves it as it was set.
        """
        return self._left if self._counter is None else int(self._read(self._counter).of.i64)

    @instructions_left.setter
    def instructions_left(self, amount: int) -> None:
        self._left = amount
        if self._counter is not None:
            self._write(
                self._counter,
                ffi.wasmtime_val_t(kind=ffi.WASMTIME_I64.value, of=ffi.wasmtime_valunion(i64=amount)),
            )

    def charge(self, amount: int) -> None:
        """Count ``amount`` instructions for something that the host does.

        Raises WasmTrap (OUT_OF_INSTRUCTIONS) when they are more than is left; they are counted all the same.
        """
        left = self.instructions_left
        if left >= 0:
            left = max(left - amount, -MAX_INSTRUCTIONS)
            self.instructions_left = left
        if left < 0:
            raise _out_of_instructions()

    # ---- state ---------------------------------------------------------------------------------------

    def globals(self) -> dict[int, int]:
        """Bits of every mutable global, unsigned, by number."""
        found = {}
        for number, handle in self._globals.items():
            value = self._read(handle)
            raw = ctypes.string_at(ctypes.addressof(value.of), _width(value))
            found[number] = int.from_bytes(raw, "little")
        return found

    def set_globals(self, values: Mapping[int, int]) -> None:
        """Set mutable globals to the given bits."""
        for number, bits in values.items():
            handle = self._globals[number]
            value = self._read(handle)
            width = _width(value)
            ctypes.memmove(ctypes.addressof(value.of), bits.to_bytes(width, "little"), width)
            self._write(handle, value)

    @property
    def committed_globals(self) -> dict[int, int]:
        """Globals as of the last commit."""
        return dict(self._committed_globals)

    def dirty_pages(self, since: Checkpoint | None = None) -> int:
        """OS pages (4 KiB) of memory that are not as they were at the last commit, or at ``since``, a later
        checkpoint."""
        if since is None:
            return self.heap.dirty_pages(self.memory.address, self.memory.size)
        earlier = dict(_pages(since.changes))
        return sum(
            content != (earlier.get(offset) or self.heap.read(offset, OS_PAGE).ljust(OS_PAGE, b"\0"))
            for offset, content in _pages(self.heap.changes(self.memory.address, self.memory.size))
        )

    def checkpoint(self) -> Checkpoint:
        """The state as it is now, as the difference to the committed one."""
        memory = self.memory
        changes = self.heap.changes(memory.address, memory.size)
        return Checkpoint(memory.size, tuple(changes), self.globals())

    def apply(self, checkpoint: Checkpoint) -> None:
        """Bring an instance that is in the committed state to that of ``checkpoint``."""
        missing = checkpoint.size - self.memory.size
        if missing > 0:
            self.memory.grow(missing // WASM_PAGE)
        for offset, data in checkpoint.changes:
            self.memory.write(offset, data)
        self.set_globals(checkpoint.globals)

    def commit(self) -> None:
        """Make memory and globals as they are now the state that ``rollback`` returns to."""
        self.heap.commit(self.memory.address, self.memory.size)
        self._committed_globals = self.globals()

    def rollback(self) -> bool:
        """Return to the committed state.

        False when the memory grew, which cannot be undone in place: drop the instance and make another one
        from ``heap`` and ``committed_globals``.
        """
        if not self.heap.rollback(self.memory.address, self.memory.size):
            return False
        self.set_globals(self._committed_globals)
        return True

    def close(self) -> None:
        """Free the live memory.  The heap, the committed content, stays."""
        self._open_context = None
        self.memory.detach()
        with contextlib.suppress(ValueError):
            self._store.close()
        self._bound.clear()

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Half of the modules may be gone when the interpreter ends, so nothing but a plain try is safe.
        try:
            self.close()
        except Exception:
            pass

    # ---- inside --------------------------------------------------------------------------------------

    @property
    def _context(self) -> Any:
        if self._open_context is None:
            raise ValueError("the instance is closed")
        return self._open_context

    def _instantiate(self, imports: host.Imports) -> None:
        wanted = self.module.imports
        externs = (ffi.wasmtime_extern_t * len(wanted))()
        for position, signature in enumerate(wanted):
            function = imports(signature.module, signature.name)
            frame, extern = host.bind(self._context, signature, function, self._pending)
            self._bound.append(frame)
            externs[position] = extern
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        _raise_error(
            ffi.wasmtime_instance_new(
                self._context,
                self.module.wasmtime.ptr(),
                externs,
                len(wanted),
                ctypes.byref(self._instance),
                ctypes.byref(trap),
            )
        )
        if trap:
            raise _trap(trap)

    def _connect_meter(self, grown: Grown | None) -> None:
        """Give the code the host's function that it calls when memory has grown."""
        address = ValType.i64() if self.module.wide else ValType.i32()
        failed = (1 << (64 if self.module.wide else 32)) - 1

        def answer(previous: int, pages: int) -> int:
            if grown is not None and previous != failed:
                grown(previous, pages)
            return previous

        signature = host.ImportSignature("meter", "grown", FuncType([address, address], [address]))
        frame, extern = host.bind(self._context, signature, answer, self._pending)
        self._bound.append(frame)
        value = ffi.wasmtime_val_t(
            kind=ffi.WASMTIME_FUNCREF.value, of=ffi.wasmtime_valunion(funcref=extern.of.func)
        )
        table = self._export("h").of.table
        _raise_error(ffi.wasmtime_table_set(self._context, ctypes.byref(table), 0, ctypes.byref(value)))

    def _heap_of_image(self, kind: str | None) -> Heap:
        size = self.image.memory_pages * WASM_PAGE
        heap = new_heap(kind)
        heap.resize(size)
        for offset, data in self.image.segments:
            if offset + len(data) > size:
                raise WasmTrap(TrapKind.MEMORY_OUT_OF_BOUNDS, "a data segment lies outside the memory")
            heap.write(offset, data)
        return heap

    def _find(self, name: str) -> Any:
        found = ffi.wasmtime_extern_t()
        raw = name.encode()
        there = ffi.wasmtime_instance_export_get(
            self._context,
            ctypes.byref(self._instance),
            ctypes.create_string_buffer(raw),
            len(raw),
            ctypes.byref(found),
        )
        return found if there else None

    def _export(self, name: str) -> Any:
        found = self._find(name)
        if found is None:
            raise KeyError(f"the shell does not export {name}")
        return found

    def _function(self, number: int) -> ffi.wasmtime_func_t:
        function = self._functions.get(number)
        if function is None:
            function = self._export(f"f{number}").of.func
            self._functions[number] = function
        return function

    def _table_function(self, index: int) -> ffi.wasmtime_func_t:
        table = self._find("t")
        value = ffi.wasmtime_val_t()
        if table is None or not ffi.wasmtime_table_get(
            self._context, ctypes.byref(table.of.table), index, ctypes.byref(value)
        ):
            raise IndexError(index)
        if not value.of.funcref.store_id:
            raise IndexError(index)
        return value.of.funcref

    def _parameter_width(self, function: ffi.wasmtime_func_t) -> int:
        type_ = FuncType._from_ptr(ffi.wasmtime_func_type(self._context, ctypes.byref(function)), None)
        params = [str(item) for item in type_.params]
        if type_.results or params not in (["i32"], ["i64"]):
            raise TypeError("the function does not take one integer and return nothing")
        return 32 if params == ["i32"] else 64

    def _read(self, handle: Any) -> Any:
        """The value of a global."""
        value = ffi.wasmtime_val_t()
        ffi.wasmtime_global_get(self._context, ctypes.byref(handle), ctypes.byref(value))
        return value

    def _write(self, handle: Any, value: Any) -> None:
        _raise_error(ffi.wasmtime_global_set(self._context, ctypes.byref(handle), ctypes.byref(value)))

    def _was_stopped(self) -> bool:
        """Whether the code ended itself for want of instructions; forgets it."""
        if self._exhausted is None:
            return False
        mark = self._read(self._exhausted)
        if not mark.of.i32:
            return False
        mark.of.i32 = 0
        self._write(self._exhausted, mark)
        return True

    def _run(self, function: ffi.wasmtime_func_t, words: Any) -> None:
        self._pending.clear()
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = ffi.wasmtime_func_call_unchecked(
            self._context,
            ctypes.byref(function),
            ctypes.cast(words, ctypes.POINTER(ffi.wasmtime_val_raw_t)) if words is not None else None,
            2 if words is not None else 0,
            ctypes.byref(trap),
        )
        # What a host function raised comes back as an error or as a trap, depending on the release; either
        # way the Python exception is the real story.
        ended: Exception | None = None
        if error:
            ended = WasmtimeError._from_ptr(error)
        elif trap:
            ended = _trap(trap)
            if ended.kind is TrapKind.UNREACHABLE and self._was_stopped():
                ended = _out_of_instructions()
        if self._pending:
            raise self._pending.pop()
        if ended is not None:
            raise ended


def _pages(changes: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Runs of OS pages, page by page."""
    for start, run in changes:
        for offset in range(0, len(run), OS_PAGE):
            yield start + offset, run[offset : offset + OS_PAGE]


def _out_of_instructions() -> WasmTrap:
    return WasmTrap(TrapKind.OUT_OF_INSTRUCTIONS, "all instructions are used up")


def _width(value: Any) -> int:
    return _GLOBAL_WIDTH[value.kind]


def _raise_error(error: Any) -> None:
    if error:
        raise WasmtimeError._from_ptr(error)


def _trap(pointer: Any) -> WasmTrap:
    trap = _Trap._from_ptr(pointer)
    code = trap.trap_code
    try:
        kind = TrapKind(code.value) if code is not None else TrapKind.OTHER
    except ValueError:
        kind = TrapKind.OTHER
    return WasmTrap(kind, trap.message, _frames(trap))


def _frames(trap: _Trap) -> tuple[WasmFrame, ...]:
    # A stack that overflowed has a hundred thousand frames: look at the innermost ones only.
    stack = FrameList(trap)
    ffi.wasm_trap_trace(trap.ptr(), ctypes.byref(stack.vec))
    found = []
    for index in range(min(stack.vec.size, _SHOWN_FRAMES)):
        frame = Frame._from_ptr(stack.vec.data[index], stack)
        found.append(WasmFrame(frame.func_index, frame.func_name))
    return tuple(found)

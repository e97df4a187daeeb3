"""An engine that writes down what its instances do: an engine-neutral log of every run of wasm code.

A run is one call of the replica into a canister: a method, a hook, a callback.  Its entry in the log says in
which state it began, what it called with which arguments and which instruction count, what the host read from
its memory and wrote there, how it ended, and in which state it left heap, globals and stable memory.  Two
engines that agree on all this are the same engine to a canister.

States are hashes, so a log does not depend on how a replica commits, rolls back, upgrades or copies heaps.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from basilisk.engine import (
    WASM_PAGE,
    CompiledModule,
    Engine,
    Grown,
    GuestMemory,
    Heap,
    HostFunction,
    Imports,
    Instance,
    WasmTrap,
)
from basilisk.replica.canister import Code
from basilisk.replica.stable import StableLayer

if TYPE_CHECKING:
    from basilisk.wasm.shell import Image

__all__ = ["RecordingEngine", "Run", "heap_state", "stable_state"]

#: One run as JSON: see ``RecordingInstance._recorded``.
Run = dict[str, Any]


def heap_state(memory: bytes, globals_: Mapping[int, int]) -> str:
    """Hash of a linear memory and the bits of the mutable globals."""
    starts = range(0, len(memory), WASM_PAGE)
    return _state([_digest(memory[start : start + WASM_PAGE]) for start in starts], globals_)


def _digest(page: bytes) -> bytes:
    return hashlib.sha256(page).digest()


def _state(pages: list[bytes], globals_: Mapping[int, int]) -> str:
    names = ",".join(f"{number}={globals_[number]}" for number in sorted(globals_))
    return hashlib.sha256(b"".join([*pages, b"|", names.encode()])).hexdigest()


def stable_state(stable: StableLayer) -> str:
    """Hash of the content of stable memory and its size."""
    whole = hashlib.sha256(str(stable.pages).encode())
    for number in sorted(stable.written()):
        page = stable.page(number)
        if any(page):
            whole.update(number.to_bytes(8, "little"))
            whole.update(page)
    return whole.hexdigest()


class RecordingEngine(Engine):
    """An engine whose instances add their runs to ``runs``."""

    def __init__(self, target: str | None = None, cache: Path | bool | None = None) -> None:
        super().__init__(cache=cache, target=target)
        self.runs: list[Run] = []
        self.shells: dict[str, str] = {}
        #: The first states of canisters that were installed: hash → (plain shell, image).
        self.images: dict[str, tuple[bytes, Image]] = {}
        self._plain: dict[str, bytes] = {}

    def compile(self, shell: bytes) -> CompiledModule:
        """Machine code for ``shell``, whose hash is remembered: the log names it."""
        compiled = super().compile(shell)
        self.shells[compiled.key] = hashlib.sha256(shell).hexdigest()
        self._plain[compiled.key] = shell
        return compiled

    def instantiate(
        self,
        module: CompiledModule,
        imports: Imports,
        image: Image,
        *,
        heap: Heap | None = None,
        globals_: Mapping[int, int] | None = None,
        memory_limit: int = 4 << 30,
        grown: Grown | None = None,
    ) -> Instance:
        """A recording instance."""
        # The replica hands over a method of the code that the instance belongs to.
        code = getattr(imports, "__self__", None)
        assert isinstance(code, Code)
        watch = _Watch(code)
        instance = RecordingInstance(
            self,
            module,
            watch.imports(imports),
            image,
            heap=heap,
            globals_=globals_,
            memory_limit=memory_limit,
            grown=None if grown is None else watch.function("grown", grown),
        )
        instance.watch(watch)
        if heap is None:
            self.images[instance.state()] = (self._plain[module.key], image)
        return instance

    def take(self) -> list[Run]:
        """The runs since the last time."""
        runs, self.runs = self.runs, []
        return runs


class _Watch:
    """Notes the calls of one instance to the host; holds neither the instance nor its code."""

    def __init__(self, code: Code) -> None:
        self._code = weakref.ref(code)
        self.instance: weakref.ref[Instance] | None = None
        self.calls: list[dict[str, Any]] = []
        self.reads: list[list[Any]] | None = None
        self.writes: list[list[Any]] = []

    def stable(self) -> StableLayer:
        """Stable memory as the execution under way sees it."""
        code = self._code()
        assert code is not None
        assert code.execution is not None
        return code.execution.stable

    def imports(self, find: Imports) -> Imports:
        """The same imports, watched."""
        return lambda module, name: self.function(name, find(module, name))

    def function(self, name: str, function: Callable[..., Any]) -> HostFunction:
        """``function``, watched."""

        def call(*arguments: int) -> Any:
            with self._noted(name, arguments) as entry:
                result = function(*arguments)
                if result is not None:
                    entry["result"] = str(result)
                entry["ended"] = False
                return result

        return call

    @contextmanager
    def _noted(self, name: str, arguments: tuple[int, ...]) -> Iterator[dict[str, Any]]:
        instance = self.instance() if self.instance is not None else None
        assert instance is not None
        self.reads, self.writes = [], []
        entry = {
            "name": name,
            "arguments": [str(argument) for argument in arguments],
            "left": str(instance.instructions_left),
            "ended": True,  # until the function has returned
        }
        self.calls.append(entry)
        try:
            yield entry
        finally:
            if self.reads:
                entry["reads"] = self.reads
            if self.writes:
                entry["writes"] = self.writes
            self.reads = None
            entry["left after"] = str(instance.instructions_left)


class _WatchedMemory(GuestMemory):
    """Notes what a host function reads and writes."""

    def __init__(self, memory: GuestMemory, watch: _Watch) -> None:
        super().__init__(memory._context, memory._handle)
        self._watch = watch

    def read(self, offset: int, length: int) -> bytes:
        """A copy of ``length`` bytes."""
        data = super().read(offset, length)
        if self._watch.reads is not None:
            self._watch.reads.append([offset, data.hex()])
        return data

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Copy ``data`` into the memory."""
        super().write(offset, data)
        if self._watch.reads is not None:
            self._watch.writes.append([offset, bytes(data).hex()])


class RecordingInstance(Instance):
    """An instance whose runs are written to the log of its engine."""

    _watch: _Watch
    _committed: list[bytes]

    def watch(self, watch: _Watch) -> None:
        """Begin to record."""
        self._watch = watch
        watch.instance = weakref.ref(self)
        self._committed = []
        self.memory = _WatchedMemory(self.memory, watch)
        self._committed = self._digests()

    def call(self, function: int) -> None:
        """Run a function, recorded."""
        self._recorded({"function": function}, lambda: super(RecordingInstance, self).call(function))

    def call_table(self, index: int, argument: int) -> None:
        """Run a function of the table, recorded."""
        entry = {"slot": index, "argument": argument & 0xFFFF_FFFF}
        self._recorded(entry, lambda: super(RecordingInstance, self).call_table(index, argument))

    def commit(self) -> None:
        """Commit; what was committed need not be hashed again."""
        self._committed = self._digests()
        super().commit()

    def state(self) -> str:
        """Hash of heap and globals as they are now."""
        return _state(self._digests(), self.globals())

    def _digests(self) -> list[bytes]:
        """Hashes of the pages: of those alone that have changed since the last commit."""
        memory = self.memory
        digests = self._committed[: memory.pages]
        changed = set(range(len(digests), memory.pages))
        for offset, data in self.heap.changes(memory.address, memory.size):
            changed.update(range(offset // WASM_PAGE, -(-(offset + len(data)) // WASM_PAGE)))
        digests.extend(b"" for _ in range(len(digests), memory.pages))
        for number in changed:
            digests[number] = _digest(GuestMemory.read(memory, number * WASM_PAGE, WASM_PAGE))
        return digests

    def _recorded(self, entry: dict[str, int], run: Callable[[], None]) -> None:
        watch, engine = self._watch, self.engine
        assert isinstance(engine, RecordingEngine)
        watch.calls = []
        record: Run = {
            "shell": engine.shells[self.module.key],
            "entry": entry,
            "start": self.state(),
            "stable": stable_state(watch.stable()),
            "limit": str(self.instructions_left),
        }
        outcome = "returned"
        try:
            run()
        except WasmTrap as trap:
            outcome = f"trap: {trap.kind.name}"
            raise
        except Exception as error:
            outcome = f"host: {type(error).__name__}: {error}"
            raise
        finally:
            record["outcome"] = outcome
            record["calls"] = watch.calls
            record["left"] = str(self.instructions_left)
            record["end"] = self.state()
            record["stable end"] = stable_state(watch.stable())
            engine.runs.append(record)

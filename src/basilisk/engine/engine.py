"""The wasm engine: meters and compiles shells once, runs them on a thread with enough stack."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import wasmtime

from basilisk.engine import config
from basilisk.engine.cache import CompileCache
from basilisk.engine.heap import Heap
from basilisk.engine.host import Imports, ImportSignature, signatures
from basilisk.engine.instance import Grown, Instance
from basilisk.engine.thread import WasmThread

if TYPE_CHECKING:
    from basilisk.wasm.shell import Image

__all__ = ["CompiledModule", "Engine", "Meter", "default_engine"]


class Meter(Protocol):
    """Makes modules count what they execute; see ``basilisk.toolbox.Toolbox``."""

    @property
    def digest(self) -> str:
        """Tells apart meters that give different modules."""
        ...

    def meter(self, module: bytes) -> bytes:
        """The metered module."""
        ...


class CompiledModule:
    """Machine code of a shell together with the signatures of its imports.

    ``operators`` is the number of operators that the network compiles for this shell, 0 without metering;
    ``wide`` tells that addresses have 64 bits.
    """

    def __init__(self, module: wasmtime.Module, key: str, from_cache: bool) -> None:
        self.wasmtime = module
        self.key = key
        self.from_cache = from_cache
        self.imports: list[ImportSignature] = signatures(module)
        self.metered = False
        self.operators = 0
        self.wide = False
        for export in module.exports:
            if export.name == "c":
                self.metered = True
            elif export.name[0] == "o":
                self.operators = int(export.name[1:])
            elif isinstance(export.type, wasmtime.MemoryType):
                self.wide = export.type.is_64


class Engine:
    """A configured wasmtime with its compile cache.

    ``cache`` is the folder for machine code: None for the user's cache folder, False for none.
    ``target`` selects another code generator (``pulley64``).  ``meter`` is what makes code count its
    instructions: None for the toolbox of the process, False for code that does not count.
    """

    def __init__(
        self,
        cache: Path | bool | None = None,
        target: str | None = None,
        meter: Meter | Literal[False] | None = None,
    ) -> None:
        self.wasmtime = wasmtime.Engine(config.build_config(target))
        self.thread = WasmThread()
        self._fingerprint = config.fingerprint(target)
        self._cache = None if cache is False else CompileCache(None if cache is True else cache)
        self._meter = meter
        self._modules: dict[str, CompiledModule] = {}
        self._lock = threading.Lock()

    def key(self, shell: bytes) -> str:
        """Name of the machine code of ``shell`` in the cache."""
        meter = self.meter
        parts = [self._fingerprint, hashlib.sha256(shell).digest()]
        if meter is not None:
            parts.append(meter.digest.encode())
        return hashlib.sha256(b"".join(parts)).hexdigest()

    @property
    def meter(self) -> Meter | None:
        """What meters the code, None for code that does not count its instructions.

        Raises ArtefactError or UsageError when there is no toolbox.
        """
        if self._meter is None:
            from basilisk.toolbox import default_toolbox

            self._meter = default_toolbox()
        return self._meter or None

    def compile(self, shell: bytes) -> CompiledModule:
        """Machine code for ``shell``, from memory, the cache on disk or the compiler, in this order.

        Raises wasmtime.WasmtimeError when ``shell`` is not valid, ValueError when it imports anything else
        than functions on integers.
        """
        key = self.key(shell)
        with self._lock:
            known = self._modules.get(key)
            if known is not None:
                return known
            module = self._cache.load(self.wasmtime, key) if self._cache is not None else None
            found = module is not None
            if module is None:
                module = wasmtime.Module(self.wasmtime, self.metered(shell))
                if self._cache is not None:
                    self._cache.store(key, module)
            compiled = CompiledModule(module, key, found)
            self._modules[key] = compiled
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
        """A live instance for a canister; see :class:`Instance`.  Engines that watch what runs replace it."""
        return Instance(
            self,
            module,
            imports,
            image,
            heap=heap,
            globals_=globals_,
            memory_limit=memory_limit,
            grown=grown,
        )

    def metered(self, shell: bytes) -> bytes:
        """``shell`` as it is compiled: with metering, if this engine has a meter.

        Raises wasmtime.WasmtimeError when ``shell`` is not valid.
        """
        meter = self.meter
        if meter is None:
            return shell
        self.validate(shell)  # metering takes this for granted
        return meter.meter(shell)

    def validate(self, module: bytes) -> None:
        """Raise wasmtime.WasmtimeError unless ``module`` is valid with the features that are on."""
        wasmtime.Module.validate(self.wasmtime, module)


_default_lock = threading.Lock()
_default: Engine | None = None


def default_engine() -> Engine:
    """The engine that everything in this process shares unless told otherwise."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Engine()
        return _default

"""Running the toolbox module: machine code is kept in the user's cache, results come back as bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import wasmtime

from basilisk.engine.cache import CompileCache
from basilisk.engine.config import wasmtime_version
from basilisk.errors import ArtefactError

__all__ = ["INTERFACE", "Instance", "Machine"]

#: Version of the module's interface that this code speaks (``abi.rs``).
INTERFACE = 2


class Machine:
    """The compiled toolbox.  ``cache`` is the folder for machine code (None: the user's cache)."""

    def __init__(self, module: bytes, cache: Path | None = None) -> None:
        self.digest = hashlib.sha256(module).hexdigest()
        self._engine = wasmtime.Engine()
        self._module = self._compile(module, CompileCache(cache))

    def _compile(self, module: bytes, cache: CompileCache) -> wasmtime.Module:
        key = f"toolbox-{wasmtime_version()}-{self.digest[:32]}"
        compiled = cache.load(self._engine, key)
        if compiled is None:
            try:
                compiled = wasmtime.Module(self._engine, module)
            except wasmtime.WasmtimeError as error:
                raise _damaged(f"it cannot be compiled: {error}") from error
            if compiled.imports:
                raise _damaged("it has imports")
            cache.store(key, compiled)
        return compiled

    def start(self) -> Instance:
        """A fresh instance; it may be used by one thread at a time."""
        return Instance(self._engine, self._module)


class Instance:
    """One instance of the toolbox, with a memory of its own that lives as long as the instance."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self._store = wasmtime.Store(engine)
        self._exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        memory = self._exports.get("memory")
        if not isinstance(memory, wasmtime.Memory) or self._call("version") != INTERFACE:
            raise _damaged("its interface is another one")
        self._memory = memory

    def check(self, module: bytes, limits: bytes, bodies: bool) -> bytes:
        """The validator's report on ``module`` as JSON (``abi.rs``: ``check``)."""
        figures = self._give(limits)
        code = self._give(module)
        return self._take(self._call("check", code, len(module), figures, len(limits), int(bodies)))

    def meter(self, module: bytes) -> bytes:
        """``module`` with a counter of what it executes (``abi.rs``: ``meter``)."""
        code = self._give(module)
        return self._take(self._call("meter", code, len(module)))

    def compress(self, history: bytes, data: bytes, level: int) -> bytes:
        """``data`` as a piece of a raw deflate stream in which ``history`` comes right before it."""
        buffer, length = self._give(history + data), len(history) + len(data)
        result = self._take(self._call("compress", buffer, length, len(history), level))
        self._call("release", buffer, length)
        return result

    def _give(self, data: bytes) -> int:
        address = self._call("allocate", len(data)) & 0xFFFF_FFFF
        self._memory.write(self._store, data, address)
        return address

    def _take(self, result: int) -> bytes:
        address, length = result >> 32 & 0xFFFF_FFFF, result & 0xFFFF_FFFF
        data = bytes(self._memory.read(self._store, address, address + length))
        self._call("release", address, length)
        if not data:
            raise _damaged("it did not accept its arguments")
        return data

    def _call(self, name: str, *arguments: int) -> int:
        function: Any = self._exports.get(name)
        if not isinstance(function, wasmtime.Func):
            raise _damaged(f"it has no function {name}")
        try:
            return function(self._store, *arguments) or 0
        except wasmtime.Trap as error:
            raise ArtefactError(
                f"the toolbox failed in {name}: {error.message.splitlines()[0]}",
                cause="a defect of the toolbox, or not enough memory for this module",
                remedy="report it with the module that was being built",
            ) from error


def _damaged(why: str) -> ArtefactError:
    return ArtefactError(
        f"the toolbox module cannot be used: {why}",
        cause="the runtime artefact belongs to another release of basilisk, or is damaged",
        remedy="reinstall basilisk; in a source checkout, make the runtime anew with `make runtime`",
    )

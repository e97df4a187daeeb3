"""A crate that answers requests of bytes with bytes, compiled to WebAssembly, run in wasmtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wasmtime

from basilisk.engine.cache import CompileCache
from basilisk.engine.config import wasmtime_version

__all__ = ["Crate", "Panicked", "Refused", "joined", "split"]


class Refused(Exception):
    """The crate's reason for not doing what was asked."""


class Panicked(Refused):
    """The crate panicked, ran out of fuel or wanted too much memory."""


def joined(parts: tuple[bytes, ...]) -> bytes:
    """Byte strings with their lengths before them."""
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def split(data: bytes, position: int = 0) -> list[bytes]:
    """What was joined, from a position on."""
    parts = []
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        parts.append(data[position + 4 : position + 4 + size])
        position += 4 + size
    return parts


class Crate:
    """One instance at a time; a panic of the crate ends it, and the next request starts another.

    ``fuel`` bounds the instructions of a request, ``memory`` the bytes of the instance.
    """

    def __init__(self, path: Path, *, fuel: int | None = None, memory: int | None = None) -> None:
        config = wasmtime.Config()
        config.consume_fuel = fuel is not None
        self._fuel, self._most = fuel, memory
        self._engine = wasmtime.Engine(config)
        cache = CompileCache(None)
        key = f"oracle-{wasmtime_version()}-{path.parent.name}-{'fuel' if fuel else 'free'}"
        module = cache.load(self._engine, key)
        if module is None:
            module = wasmtime.Module(self._engine, path.read_bytes())
            cache.store(key, module)
        self._module = module
        self._linker = wasmtime.Linker(self._engine)
        self._linker.define_wasi()
        self._instance: tuple[wasmtime.Store, Any] | None = None

    def ask(self, operation: bytes, *parts: bytes) -> list[bytes]:
        """Performs an operation; raises Refused."""
        request = operation + joined(parts)
        store, exports = self._instance or self._start()
        if self._fuel is not None:
            store.set_fuel(self._fuel)
        memory = exports["memory"]
        try:
            address = exports["oracle_allocate"](store, len(request))
            memory.write(store, request, address)
            found = exports["oracle_answer"](store, address, len(request))
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            self._instance = None
            raise Panicked(f"the crate panicked: {str(error).splitlines()[0]}") from error
        exports["oracle_release"](store, address, len(request))
        address, length = found >> 32 & 0xFFFF_FFFF, found & 0xFFFF_FFFF
        answer = bytes(memory.read(store, address, address + length))
        exports["oracle_release"](store, address, length)
        answered = split(answer, 1)
        if answer[0] == 0:
            raise Refused(answered[0].decode())
        return answered

    def _start(self) -> tuple[wasmtime.Store, Any]:
        store = wasmtime.Store(self._engine)
        if self._fuel is not None:
            store.set_fuel(self._fuel)
        if self._most is not None:
            store.set_limits(memory_size=self._most)
        store.set_wasi(wasmtime.WasiConfig())
        exports = self._linker.instantiate(store, self._module).exports(store)
        if "_initialize" in exports:
            exports["_initialize"](store)
        self._instance = store, exports
        return self._instance

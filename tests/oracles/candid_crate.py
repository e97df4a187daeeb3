"""The crates ``candid`` and ``candid_parser``, the reference implementation, run in wasmtime."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import wasmtime

from basilisk import candid
from basilisk.candid.types import Argument, Environment, Func, Interface, Service, Type
from basilisk.engine.cache import CompileCache
from basilisk.engine.config import wasmtime_version

from .crates import build

__all__ = ["CandidCrate", "Refused", "interface_text", "start"]

_CRATE = "tests/oracles/candid_crate"
_RECIPE = f"""\
cd "$SOURCE/{_CRATE}"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --release --target wasm32-wasip1
cp "$TARGET/wasm32-wasip1/release/candid_oracle.wasm" "$OUT/"
"""


class Refused(Exception):
    """The crate's reason for not doing what was asked."""


def interface_text(environment: Environment, **methods: list[Type]) -> str:
    """An interface whose methods take arguments of the given types, printed by our printer."""
    functions = sorted(
        (name, Func(tuple(Argument(type_) for type_ in types), ())) for name, types in methods.items()
    )
    return candid.format_did(Interface(environment, (), Service(tuple(functions))))


@functools.cache
def start() -> CandidCrate:
    """The crate, compiled when it is not in the cache."""
    return CandidCrate(build("candid-crate", [_CRATE], _RECIPE, "candid_oracle.wasm"))


class CandidCrate:
    """One instance at a time; a panic of the crate ends it, and the next request starts another."""

    def __init__(self, path: Path) -> None:
        self._engine = wasmtime.Engine()
        cache, key = CompileCache(None), f"oracle-{wasmtime_version()}-{path.parent.name}"
        module = cache.load(self._engine, key)
        if module is None:
            module = wasmtime.Module(self._engine, path.read_bytes())
            cache.store(key, module)
        self._module = module
        self._linker = wasmtime.Linker(self._engine)
        self._linker.define_wasi()
        self._instance: tuple[wasmtime.Store, Any] | None = None

    def decode(self, interface: str, method: str, message: bytes) -> tuple[bytes, str]:
        """The message read at the types of the method's arguments: written anew, and as text."""
        written, text = self._ask(b"D", interface.encode(), method.encode(), message)
        return written, text.decode()

    def encode(self, interface: str, method: str, values: str) -> bytes:
        """Values in the text format as a message."""
        return self._ask(b"E", interface.encode(), method.encode(), values.encode())[0]

    def subtypes(self, interface: str, below: str, above: str) -> list[bool]:
        """Whether each argument of one method has a subtype of the other's."""
        return [one == 1 for one in self._ask(b"S", interface.encode(), below.encode(), above.encode())[0]]

    def print(self, interface: str) -> str:
        """The interface as the crate prints it."""
        return self._ask(b"P", interface.encode())[0].decode()

    def check_equal(self, one: str, other: str) -> None:
        """Raises Refused with the reason when two interfaces do not mean the same."""
        self._ask(b"Q", one.encode(), other.encode())

    def _ask(self, operation: bytes, *parts: bytes) -> list[bytes]:
        request = operation + b"".join(len(part).to_bytes(4, "little") + part for part in parts)
        store, exports = self._instance or self._start()
        memory = exports["memory"]
        address = exports["oracle_allocate"](store, len(request))
        memory.write(store, request, address)
        try:
            found = exports["oracle_answer"](store, address, len(request))
        except wasmtime.WasmtimeError as error:
            self._instance = None
            raise Refused(f"the crate panicked: {str(error).splitlines()[0]}") from error
        except wasmtime.Trap as error:
            self._instance = None
            raise Refused(f"the crate panicked: {error.message.splitlines()[0]}") from error
        exports["oracle_release"](store, address, len(request))
        address, length = found >> 32 & 0xFFFF_FFFF, found & 0xFFFF_FFFF
        answer = bytes(memory.read(store, address, address + length))
        exports["oracle_release"](store, address, length)
        parts_found, position = [], 1
        while position < len(answer):
            size = int.from_bytes(answer[position : position + 4], "little")
            parts_found.append(answer[position + 4 : position + 4 + size])
            position += 4 + size
        if answer[0] == 0:
            raise Refused(parts_found[0].decode())
        return parts_found

    def _start(self) -> tuple[wasmtime.Store, Any]:
        store = wasmtime.Store(self._engine)
        store.set_wasi(wasmtime.WasiConfig())
        exports = self._linker.instantiate(store, self._module).exports(store)
        if "_initialize" in exports:
            exports["_initialize"](store)
        self._instance = store, exports
        return self._instance

"""Engines of two kinds, and a way to run a function and see what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import wasmtime

from basilisk.engine import Engine, Instance, TrapKind, WasmTrap, refuse_all_but
from basilisk.wasm.shell import split

LIMIT = 1_000_000_000


@dataclass(frozen=True)
class Run:
    """What a run left behind: instructions, the first bytes of memory, globals, why it trapped."""

    instructions: int
    memory: bytes
    globals: dict[int, int]
    trap: TrapKind | None


Runner = Callable[..., Run]


def run_on(engine: Engine, text: str, function: str = "run", limit: int = LIMIT) -> Run:
    """Run the exported ``function`` of a module, its start function first."""
    parts = split(bytes(wasmtime.wat2wasm(text)))
    with Instance(engine, engine.compile(parts.shell), refuse_all_but({}), parts.image) as instance:
        instance.instructions_left = limit
        trap = None
        try:
            if parts.image.start is not None:
                instance.call(parts.image.start)
            instance.call(parts.image.exports[function])
        except WasmTrap as ended:
            trap = ended.kind
        return Run(
            limit - instance.instructions_left,
            instance.memory.read(0, min(4096, instance.memory.size)),
            instance.globals(),
            trap,
        )


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Cranelift, metered."""
    return Engine(cache=False)


@pytest.fixture(scope="session")
def interpreter() -> Engine:
    """Pulley, wasmtime's interpreter, metered."""
    return Engine(cache=False, target="pulley64")


@pytest.fixture(scope="session")
def plain() -> Engine:
    """Cranelift, not metered."""
    return Engine(cache=False, meter=False)

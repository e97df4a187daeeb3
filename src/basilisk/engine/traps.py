"""Why a run of wasm code ended early."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from basilisk.errors import BasiliskError

__all__ = ["HostRefusal", "TrapKind", "WasmFrame", "WasmTrap"]


class TrapKind(enum.Enum):
    """Causes of a trap; the values are wasmtime's trap codes (wasmtime/trap.h)."""

    STACK_OVERFLOW = 0
    MEMORY_OUT_OF_BOUNDS = 1
    HEAP_MISALIGNED = 2
    TABLE_OUT_OF_BOUNDS = 3
    INDIRECT_CALL_TO_NULL = 4
    BAD_SIGNATURE = 5
    INTEGER_OVERFLOW = 6
    INTEGER_DIVISION_BY_ZERO = 7
    BAD_CONVERSION_TO_INTEGER = 8
    UNREACHABLE = 9
    INTERRUPT = 10
    OTHER = -1
    OUT_OF_INSTRUCTIONS = -2  # not one of wasmtime's: the counter of metered code fell below zero


@dataclass(frozen=True)
class WasmFrame:
    """One function on the wasm stack: its index in the module and its name, if the module has names."""

    function: int
    name: str | None


class WasmTrap(Exception):
    """Wasm code trapped.  ``frames`` is the wasm stack, innermost first."""

    def __init__(self, kind: TrapKind, message: str, frames: tuple[WasmFrame, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.frames = frames


class HostRefusal(BasiliskError):
    """Code used a function of the Internet Computer where none is available."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(
            f"{module}.{name} was called while the canister was being built",
            cause="there is no Internet Computer at build time",
            remedy="call it from a method or a hook of the canister",
        )
        self.function = name

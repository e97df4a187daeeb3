"""Registry of system calls and access to the canister's memory with the replica's error texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from basilisk.replica.errors import toolchain_violation
from basilisk.replica.execution import Execution

__all__ = ["REGISTRY", "copy_out", "function", "read", "write_cycles"]

#: Name of a system call → implementation.
REGISTRY: dict[str, Callable[..., Any]] = {}

F = TypeVar("F", bound=Callable[..., Any])


def function(implementation: F) -> F:
    """Register a function under its own name."""
    REGISTRY[implementation.__name__] = implementation
    return implementation


def check(context: str, offset: int, length: int, size: int) -> None:
    """Raise the error for ``offset + length`` beyond ``size``."""
    if offset + length > size:
        raise toolchain_violation(f"{context}: src={offset} + length={length} exceeds the slice size={size}")


def read(execution: Execution, context: str, source: int, size: int) -> bytes:
    """Bytes of the canister's memory; ``context`` names the call in the error."""
    memory = execution.memory
    check(context, source, size, memory.size)
    return memory.read(source, size)


def copy_out(
    execution: Execution, name: str, part: str, data: bytes, target: int, offset: int, size: int
) -> None:
    """``data[offset:offset + size]`` into the canister's memory at ``target``."""
    memory = execution.memory
    check(f"ic0.{name} heap", target, size, memory.size)
    check(f"ic0.{name} {part}", offset, size, len(data))
    memory.write(target, data[offset : offset + size])


def write_cycles(execution: Execution, name: str, amount: int, target: int) -> None:
    """A 128-bit amount, little endian, at ``target``."""
    memory = execution.memory
    if target + 16 > memory.size:
        raise toolchain_violation(
            f"ic0_{name} failed because dst + size is out of bounds."
            f"Found dst = {target} and size = 16 while must be <= {memory.size}"
        )
    memory.write(target, amount.to_bytes(16, "little"))

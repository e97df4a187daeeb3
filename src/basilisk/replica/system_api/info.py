"""About the canister and its surroundings; printing and trapping."""

from __future__ import annotations

from basilisk.replica.errors import called_trap, invalid_principal, toolchain_violation
from basilisk.replica.execution import Execution
from basilisk.replica.system_api.base import copy_out, function, read

_MAX_PRINCIPAL = 29


@function
def canister_self_size(execution: Execution) -> int:
    return len(execution.canister.id)


@function
def canister_self_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "canister_self_copy", "id", execution.canister.id, target, offset, size)


@function
def canister_status(execution: Execution) -> int:
    return execution.canister.status.value


@function
def canister_version(execution: Execution) -> int:
    return execution.version


@function
def subnet_self_size(execution: Execution) -> int:
    return len(execution.environment.subnet)


@function
def subnet_self_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "subnet_self_copy", "id", execution.environment.subnet, target, offset, size)


@function
def root_key_size(execution: Execution) -> int:
    return len(execution.environment.root_key)


@function
def root_key_copy(execution: Execution, target: int, offset: int, size: int) -> None:
    copy_out(execution, "root_key_copy", "bytes", execution.environment.root_key, target, offset, size)


@function
def time(execution: Execution) -> int:
    return execution.time


@function
def global_timer_set(execution: Execution, timestamp: int) -> int:
    previous = execution.canister.timer if execution.timer is None else execution.timer
    execution.timer = timestamp
    return previous


@function
def performance_counter(execution: Execution, kind: int) -> int:
    if kind == 0:
        return execution.count()
    if kind == 1:
        earlier = execution.call_context.instructions if execution.call_context is not None else 0
        return earlier + execution.count()
    raise toolchain_violation(f"Error getting performance counter type {kind}")


@function
def is_controller(execution: Execution, source: int, size: int) -> int:
    raw = read(execution, "ic0.is_controller", source, size)
    if size > _MAX_PRINCIPAL:
        raise invalid_principal()
    return int(raw in execution.canister.controllers)


@function
def in_replicated_execution(execution: Execution) -> int:
    return int(execution.context.replicated)


@function
def debug_print(execution: Execution, source: int, size: int) -> None:
    memory = execution.memory
    size = min(size, execution.environment.limits.message_text_bytes)
    if source + size > memory.size:
        execution.print(b"(debug_print message out of memory bounds)")
    else:
        execution.print(memory.read(source, size))


@function
def trap(execution: Execution, source: int, size: int) -> None:
    memory = execution.memory
    size = min(size, execution.environment.limits.message_text_bytes)
    if source + size > memory.size:
        raise called_trap("(trap message out of memory bounds)")
    raise called_trap(memory.read(source, size).decode("utf-8", "replace"))

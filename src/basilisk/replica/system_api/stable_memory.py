"""Stable memory (specification, "Stable memory"): the 32-bit calls and the 64-bit ones."""

from __future__ import annotations

from basilisk.engine import OS_PAGE, WASM_PAGE
from basilisk.replica import errors, growth
from basilisk.replica.contexts import INSTALLING
from basilisk.replica.execution import Execution
from basilisk.replica.system_api.base import function

_PAGES32 = (4 << 30) // WASM_PAGE
_FAILED = -1


@function
def stable64_size(execution: Execution) -> int:
    return execution.stable.pages


@function
def stable64_grow(execution: Execution, pages: int) -> int:
    previous = execution.stable.grow(pages, execution.environment.limits.stable_pages)
    if previous == _FAILED:
        return _FAILED
    try:
        growth.admit(execution, pages * WASM_PAGE)
    except errors.ExecutionError as error:
        if error.code is not errors.ErrorCode.CANISTER_OUT_OF_MEMORY:
            raise
        execution.stable.pages = previous
        execution.memory_usage -= pages * WASM_PAGE
        return _FAILED
    return previous


@function
def stable64_read(execution: Execution, target: int, offset: int, size: int) -> None:
    if size == 0:
        return
    memory = execution.memory
    if offset + size > execution.stable.size:
        raise errors.trapped(errors.STABLE_OUT_OF_BOUNDS)
    if target + size > memory.size:
        raise errors.trapped(errors.HEAP_OUT_OF_BOUNDS)
    memory.write(target, execution.stable.read(offset, size))
    _check_access(execution, "accessed", execution.stable.accessed_pages)


@function
def stable64_write(execution: Execution, offset: int, source: int, size: int) -> None:
    if size == 0:
        return
    memory = execution.memory
    if offset + size > execution.stable.size:
        raise errors.trapped(errors.STABLE_OUT_OF_BOUNDS)
    if source + size > memory.size:
        raise errors.trapped(errors.HEAP_OUT_OF_BOUNDS)
    fresh = execution.stable.clean_pages(offset, size)
    execution.charge(fresh * execution.environment.limits.charges.stable_page)
    execution.stable.write(offset, memory.read(source, size))
    _check_access(execution, "modified", execution.stable.dirty_pages)


@function
def stable_size(execution: Execution) -> int:
    _check_32bit(execution)
    return execution.stable.pages


@function
def stable_grow(execution: Execution, pages: int) -> int:
    _check_32bit(execution)
    if execution.stable.pages + pages > _PAGES32:
        return _FAILED
    return stable64_grow(execution, pages)


@function
def stable_read(execution: Execution, target: int, offset: int, size: int) -> None:
    _check_32bit(execution)
    stable64_read(execution, target, offset, size)


@function
def stable_write(execution: Execution, offset: int, source: int, size: int) -> None:
    _check_32bit(execution)
    stable64_write(execution, offset, source, size)


def _check_access(execution: Execution, verb: str, pages: int) -> None:
    limits = execution.environment.limits
    allowed = limits.stable_access_bytes
    if execution.context in INSTALLING:
        allowed = limits.stable_access_install_bytes
    elif not execution.context.keeps_state:
        allowed = limits.stable_access_query_bytes
    if pages * OS_PAGE > allowed:
        raise errors.stable_access_limit_exceeded(
            verb,
            limits.stable_access_bytes,
            limits.stable_access_install_bytes,
            limits.stable_access_query_bytes,
        )


def _check_32bit(execution: Execution) -> None:
    if execution.stable.pages > _PAGES32:
        raise errors.trapped(errors.STABLE_TOO_BIG)

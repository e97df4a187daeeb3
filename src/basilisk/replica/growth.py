"""Growing memory: limits of the canister and the subnet, and the cycles that more storage takes.

The network checks at each ``memory.grow`` and ``stable64_grow``.  Metered code has :func:`admit_heap` called
there; for code that is not metered it is called when the message ends, which has the same outcome, since all
that the message did is undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from basilisk.replica import errors
from basilisk.replica.contexts import INSTALLING, Context

if TYPE_CHECKING:
    from basilisk.replica.execution import Execution

__all__ = ["admit", "admit_heap"]

# Whether the balance must stay above the freezing limit.  Installing code checks at its end; callbacks may
# always go on; what queries allocate is discarded.
_KEEPS_FREEZING_LIMIT = frozenset({Context.UPDATE, Context.HEARTBEAT, Context.TIMER, Context.LOW_MEMORY})

# Installing code claims all its memory at the end.
_TAKES_MEMORY = frozenset(context for context in Context if context.keeps_state) - INSTALLING


def admit_heap(execution: Execution) -> None:
    """Account for the heap's present size.  Raises ExecutionError (IC0539, IC0507, IC0532, IC0534)."""
    size = execution.memory.size
    added = size - execution.admitted_heap
    if added <= 0:
        return
    execution.admitted_heap = size
    limit = execution.canister.wasm_memory_limit
    if limit and size > limit and execution.context.limits_heap:
        raise errors.wasm_memory_limit_exceeded(size, limit)
    admit(execution, added)


def admit(execution: Execution, added: int) -> None:
    """Account for ``added`` bytes of memory.  Raises ExecutionError (IC0507, IC0532, IC0534)."""
    canister, accounting = execution.canister, execution.environment.accounting
    before = max(execution.memory_usage, canister.memory_allocation)
    execution.memory_usage += added
    after = max(execution.memory_usage, canister.memory_allocation)
    if after <= before:
        return
    if execution.context in _KEEPS_FREEZING_LIMIT:
        threshold = accounting.freezing_limit(
            canister, memory=execution.memory_usage, reserved=execution.reserved
        )
        if execution.balance < threshold:
            missing = threshold - execution.balance if execution.reveals_cycles else None
            raise errors.insufficient_cycles_in_memory_grow(after - before, missing)
    if execution.context in _TAKES_MEMORY:
        _take_from_subnet(execution, after - before)


def _take_from_subnet(execution: Execution, added: int) -> None:
    environment, canister = execution.environment, execution.canister
    limits, accounting = environment.limits, environment.accounting
    used = accounting.subnet_memory() + execution.taken_from_subnet
    if used + added > limits.subnet_memory_bytes:
        raise errors.out_of_memory()
    execution.taken_from_subnet += added
    reserve = accounting.reservation(used, added)
    if reserve == 0:
        return
    if execution.reserved + reserve > canister.reserved_cycles_limit:
        raise errors.reserved_cycles_limit_in_memory_grow(
            added, execution.reserved + reserve, canister.reserved_cycles_limit
        )
    if reserve > execution.balance:
        missing = reserve - execution.balance if execution.reveals_cycles else None
        raise errors.insufficient_cycles_in_memory_grow(added, missing)
    execution.balance -= reserve
    execution.reserved += reserve

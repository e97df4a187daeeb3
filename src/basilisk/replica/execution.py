"""One message execution: its inputs, its effects, and the run itself.

Everything a message changes besides heap and globals is collected here and takes effect only when the
execution is committed (specification, "Abstract canisters": a trap undoes all changes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from basilisk.engine import WASM_PAGE, Checkpoint, GuestMemory, WasmTrap
from basilisk.replica import errors, growth
from basilisk.replica.contexts import Context
from basilisk.replica.errors import ExecutionError
from basilisk.replica.fees import Fees
from basilisk.replica.ledger import UseCase
from basilisk.replica.limits import Limits
from basilisk.replica.message import CallContext, Closure, Reject, Result
from basilisk.replica.stable import StableLayer

if TYPE_CHECKING:
    from basilisk.replica.accounting import Accounting
    from basilisk.replica.canister import Canister, Code

__all__ = ["Environment", "Execution", "PreparedCall", "run"]


class Environment(Protocol):
    """What an execution may know of the replica around it."""

    limits: Limits
    fees: Fees
    accounting: Accounting
    root_key: bytes
    subnet: bytes


@dataclass
class PreparedCall:
    """A call that ``call_new`` began; ``call_perform`` moves it to the execution's list."""

    callee: bytes
    method: str
    reply: Closure
    reject: Closure
    cleanup: Closure | None = None
    argument: bytearray = field(default_factory=bytearray)
    cycles: int = 0
    timeout_seconds: int | None = None
    prepaid_execution: int = 0
    prepaid_transmission: int = 0


@dataclass
class Execution:
    """Inputs and effects of one execution."""

    environment: Environment
    canister: Canister
    code: Code
    context: Context
    time: int
    instruction_limit: int
    stable: StableLayer
    caller: bytes = b""
    argument: bytes = b""
    method: str = ""
    call_context: CallContext | None = None
    reject: Reject | None = None
    reject_code: int = 0
    refund: int = 0
    deadline: int = 0
    certificate: Callable[[], bytes] | None = None
    version: int = 0
    before: Checkpoint | None = None  # the heap it starts from, if that is not the committed one
    # effects
    reply_data: bytearray = field(default_factory=bytearray)
    result: Result | None = None
    accepted: bool = False
    preparing: PreparedCall | None = None
    calls: list[PreparedCall] = field(default_factory=list)
    balance: int = 0
    available: int = 0
    certified_data: bytes | None = None
    timer: int | None = None
    prints: list[bytes] = field(default_factory=list)
    printed: int = 0  # bytes of all prints
    reserved: int = 0
    consumed: dict[UseCase, int] = field(default_factory=dict)
    minted: int = 0
    memory_usage: int = 0
    admitted_heap: int = 0
    taken_from_subnet: int = 0
    # figures, known when it has ended: instructions as the network counts them, OS pages of heap changed
    instructions: int = 0
    dirty_heap_pages: int = 0

    def __post_init__(self) -> None:
        self.balance = self.canister.cycles
        self.reserved = self.canister.reserved_cycles
        self.memory_usage = self.canister.memory_usage
        self.admitted_heap = self.code.committed_pages * WASM_PAGE
        self.version = self.canister.version
        if self.call_context is not None:
            self.available = self.call_context.available

    @property
    def memory(self) -> GuestMemory:
        """The canister's linear memory."""
        return self.code.instance.memory

    @property
    def responded(self) -> bool:
        """Whether the call was answered, in this execution or an earlier one for the same call."""
        earlier = self.call_context is not None and self.call_context.responded
        return earlier or self.result is not None

    @property
    def max_reply(self) -> int:
        """Largest answer in bytes."""
        limits = self.environment.limits
        return limits.replicated_reply_bytes if self.context.replicated else limits.query_reply_bytes

    @property
    def reveals_cycles(self) -> bool:
        """Whether errors may tell how many cycles are missing: the caller controls the canister."""
        return self.caller in self.canister.controllers

    @property
    def freezing_limit(self) -> int:
        """Cycles that must be left, with the memory and the calls of this execution so far."""
        slots = self.canister.response_slots + sum(call.timeout_seconds is None for call in self.calls)
        return self.environment.accounting.freezing_limit(
            self.canister, self.memory_usage, slots, self.reserved
        )

    @property
    def liquid(self) -> int:
        """Cycles that may be spent."""
        return max(0, self.balance - self.freezing_limit)

    def spend(self, use: UseCase, amount: int) -> None:
        """Consume cycles of the balance, if this execution is committed."""
        self.balance -= amount
        self.consumed[use] = self.consumed.get(use, 0) + amount

    def abandon_call(self) -> None:
        """Drop a call that was begun but not performed; its cycles come back."""
        if self.preparing is not None:
            self.balance += self.preparing.cycles
            self.preparing = None

    def print(self, line: bytes) -> None:
        """Keep a line of ``debug_print`` for the log."""
        self.prints.append(line)
        self.printed += len(line)

    def settle_cycles(self) -> None:
        """Write the effects on cycles to the canister."""
        self.abandon_call()
        canister, accounting = self.canister, self.environment.accounting
        canister.cycles, canister.reserved_cycles = self.balance, self.reserved
        for use, amount in self.consumed.items():
            accounting.note(canister, use, amount)
        accounting.ledger.mint(self.minted)

    def count(self) -> int:
        """Instructions executed so far; they may be more than the limit by the rest of a segment."""
        return max(0, self.instruction_limit - self.code.instance.instructions_left)

    def charge(self, instructions: int) -> None:
        """Count instructions.  Raises WasmTrap (OUT_OF_INSTRUCTIONS) when that exceeds the limit."""
        self.code.instance.charge(instructions)

    def charge_call(self, name: str, arguments: tuple[int, ...]) -> None:
        """Count the instructions of the system call ``name``; raises like ``charge``."""
        charges = self.environment.limits.charges
        amount = charges.calls[name].of(arguments)
        if name in ("debug_print", "trap"):
            amount += charges.logged(arguments[1], self.printed)
        self.charge(amount)


def run(execution: Execution, target: int | Closure) -> ExecutionError | None:
    """Run a function (by number) or a closure; None when it returned.

    Heap and globals are left as they are: the caller commits or rolls back.
    """
    instance = execution.code.instance
    execution.code.execution = execution
    instance.instructions_left = execution.instruction_limit
    error: ExecutionError | None = None
    try:
        if isinstance(target, Closure):
            instance.call_table(target.function, target.environment)
        else:
            instance.call(target)
    except ExecutionError as raised:
        error = raised
    except WasmTrap as trap:
        error = errors.wasm_trap(trap.kind, execution.instruction_limit)
    except IndexError:
        error = errors.function_not_found(target.function if isinstance(target, Closure) else target)
    except TypeError:
        error = errors.toolchain_violation("function invocation does not match its signature")
    except (
        Exception
    ) as fault:  # a fault of ours must not look like one of the canister, nor crash the replica
        error = errors.engine_fault(f"{type(fault).__name__}: {fault}")
    finally:
        _settle(execution)
        execution.code.execution = None
    try:
        growth.admit_heap(execution)
    except ExecutionError as raised:
        return raised
    return error


def _settle(execution: Execution) -> None:
    # The heap pages are charged when all is over, even after a trap; whoever exceeds the limit by them has
    # used it up and is not stopped any more.
    execution.dirty_heap_pages = execution.code.instance.dirty_pages(execution.before)
    executed = execution.count()
    if execution.context.pays_for_heap:
        charges = execution.environment.limits.charges
        executed += charges.heap(execution.dirty_heap_pages, execution.code.module.address == "i64")
    execution.instructions = min(executed, execution.instruction_limit)

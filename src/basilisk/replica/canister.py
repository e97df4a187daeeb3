"""A canister: its code with the live instance, and everything else that belongs to its state."""

from __future__ import annotations

import enum
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from basilisk.engine import WASM_PAGE, Checkpoint, Engine, Grown, Heap, HostFunction, Instance
from basilisk.replica.errors import Rejection
from basilisk.replica.execution import Execution, PreparedCall
from basilisk.replica.growth import admit_heap
from basilisk.replica.ledger import Ledger
from basilisk.replica.limits import Limits
from basilisk.replica.log import CanisterLog
from basilisk.replica.managed import Managed
from basilisk.replica.message import (
    Callback,
    CallContext,
    CanisterOrigin,
    Message,
    Origin,
    Request,
    Task,
    TaskKind,
)
from basilisk.replica.module import CanisterModule
from basilisk.replica.stable import StableMemory
from basilisk.replica.system_api import bind

__all__ = ["Canister", "Code", "Status", "StopWaiter"]

#: Seconds; the default of the setting ``freezing_threshold`` (30 days).
DEFAULT_FREEZING_THRESHOLD = 2_592_000

#: Cycles; the default of the setting ``reserved_cycles_limit``.
DEFAULT_RESERVED_CYCLES_LIMIT = 5_000_000_000_000


class Status(enum.Enum):
    """Life cycle; the values are those of ``ic0.canister_status``."""

    RUNNING = 1
    STOPPING = 2
    STOPPED = 3


@dataclass(frozen=True)
class StopWaiter:
    """Somebody who waits for the canister to stop, until ``deadline`` (nanoseconds)."""

    deadline: int
    done: Callable[[Rejection | None], None]


class Code:
    """An installed module with its heap and globals.

    The instance is made when first needed and kept; its state between executions is the committed one.
    """

    def __init__(
        self,
        engine: Engine,
        module: CanisterModule,
        limits: Limits,
        heap: Heap | None = None,
        globals_: dict[int, int] | None = None,
    ) -> None:
        self.module = module
        self.execution: Execution | None = None
        self._engine = engine
        self._limits = limits
        self._memory_limit = limits.heap64_bytes if module.address == "i64" else limits.heap_bytes
        self._heap = heap
        self._globals = globals_
        self._instance: Instance | None = None

    @property
    def instance(self) -> Instance:
        """The live instance.  Raises WasmTrap when the module's data does not fit its memory."""
        if self._instance is None:
            self._instance = self._engine.instantiate(
                self.module.compiled,
                self._import,
                self.module.image,
                heap=self._heap,
                globals_=self._globals,
                memory_limit=self._memory_limit,
                grown=_watcher(self),
            )
            self._heap = self._instance.heap
            self._globals = self._instance.committed_globals
        return self._instance

    @property
    def committed_pages(self) -> int:
        """Committed heap in pages of 64 KiB."""
        return self._heap.size // WASM_PAGE if self._heap is not None else self.module.image.memory_pages

    @property
    def memory_bytes(self) -> int:
        """Bytes that count as memory of the canister: heap, globals (8 bytes each), module, its metadata."""
        module = self.module
        return self.committed_pages * WASM_PAGE + module.global_bytes + module.size + module.metadata_bytes

    def committed_state(self) -> tuple[bytes, dict[int, int]]:
        """The committed heap, and the bits of the mutable globals by number."""
        state = self.instance.committed_globals
        heap = self._heap
        return (heap.read(0, heap.size) if heap is not None else b""), state

    def __deepcopy__(self, _memo: dict[int, object]) -> Code:
        """The same code with a copy of the committed heap and globals, without a live instance."""
        heap = self._heap.copy() if self._heap is not None else None
        numbers = dict(self._globals) if self._globals is not None else None
        return Code(self._engine, self.module, self._limits, heap, numbers)

    def commit(self) -> None:
        """Make heap and globals permanent."""
        if self._instance is not None:
            self._instance.commit()
            self._globals = self._instance.committed_globals
            self._renew()

    def rollback(self) -> None:
        """Undo what happened to heap and globals since the last commit."""
        if self._instance is not None and not self._instance.rollback():
            self.suspend()
        self._renew()

    def _renew(self) -> None:
        # Every message starts with all data segments (the network makes a new instance for each), but what
        # data.drop did to an instance cannot be seen or undone.
        if self.module.passive_data:
            self.suspend()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Return to a state that was reached after the last commit."""
        self.rollback()
        self.instance.apply(checkpoint)

    def suspend(self) -> None:
        """Free the live instance; the next use makes a new one from the committed state."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def close(self) -> None:
        """Free everything."""
        self.suspend()
        if self._heap is not None:
            self._heap.close()
            self._heap = None

    def _import(self, module: str, name: str) -> HostFunction:
        assert module == "ic0"  # the module was checked when it was installed
        return bind(self, name)


def _watcher(code: Code) -> Grown:
    """Has memory that grows accounted for by the execution under way."""
    # The instance belongs to the code: holding the code would keep both for ever.
    find = weakref.ref(code)

    def grown(_previous: int, _pages: int) -> None:
        owner = find()
        if owner is not None and owner.execution is not None:
            admit_heap(owner.execution)

    return grown


class Canister:
    """State of one canister.  Principals are bytes, cycles integers, times nanoseconds."""

    def __init__(
        self, id_: bytes, controllers: set[bytes], cycles: int, limits: Limits, log: CanisterLog
    ) -> None:
        self.id = id_
        self.controllers = controllers
        self.cycles = cycles
        self.log = log
        self.status = Status.RUNNING
        self.version = 0
        self.code: Code | None = None
        self.stable = StableMemory()
        self.certified_data = b""
        self.timer = 0
        self.environment: dict[str, str] = {}
        self.wasm_memory_limit = limits.wasm_memory_limit
        self.wasm_memory_threshold = 0
        self.freezing_threshold = DEFAULT_FREEZING_THRESHOLD
        self.memory_allocation = 0
        self.compute_allocation = 0
        self.reserved_cycles = 0
        self.reserved_cycles_limit = DEFAULT_RESERVED_CYCLES_LIMIT
        self.minimum_incoming_cycles = 0
        #: What the management canister keeps with it.
        self.managed = Managed()
        #: Memory besides heap, stable memory and module: chunks, snapshots, history (bytes).
        self.other_memory = 0
        self.charged_at = 0
        self.ledger = Ledger()
        #: The hook for low memory was due, but the canister could not pay for it.
        self.missed_low_memory = False
        self._told_low_memory = False
        self.stop_waiters: list[StopWaiter] = []
        self.contexts: dict[int, CallContext] = {}
        self.callbacks: dict[int, Callback] = {}
        self._next_number = 1
        # One queue for each sender keeps the order between a pair of canisters; the senders take turns.
        self._inputs: OrderedDict[bytes, deque[Message]] = OrderedDict()

    # ---- queues --------------------------------------------------------------------------------------

    def push(self, sender: bytes, message: Message) -> None:
        """Add a message to the input queue of ``sender``."""
        self._inputs.setdefault(sender, deque()).append(message)

    def push_first(self, sender: bytes, message: Message) -> None:
        """Add a message that comes before all others."""
        self._inputs.setdefault(sender, deque()).appendleft(message)
        self._inputs.move_to_end(sender, last=False)

    def pop(self) -> Message | None:
        """The next message, the senders taking turns."""
        if not self._inputs:
            return None
        sender, queue = next(iter(self._inputs.items()))
        message = queue.popleft()
        del self._inputs[sender]
        if queue:
            self._inputs[sender] = queue
        return message

    @property
    def has_input(self) -> bool:
        """Whether a message waits."""
        return bool(self._inputs)

    def messages(self) -> Iterator[Message]:
        """All messages that wait."""
        for queue in self._inputs.values():
            yield from queue

    # ---- memory --------------------------------------------------------------------------------------

    @property
    def wide(self) -> bool:
        """Whether the module has a 64-bit memory, whose instructions cost more."""
        return self.code is not None and self.code.module.address == "i64"

    @property
    def memory_usage(self) -> int:
        """Bytes that the canister pays storage for."""
        code = self.code.memory_bytes if self.code is not None else 0
        return code + self.stable.pages * WASM_PAGE + self.other_memory

    @property
    def response_slots(self) -> int:
        """Responses that must arrive, to this canister or from it, each with memory set aside."""
        expected = sum(not callback.deadline for callback in self.callbacks.values())
        owed = sum(
            isinstance(context.origin, CanisterOrigin) and not context.responded and not context.deadline
            for context in self.contexts.values()
        )
        waiting = sum(isinstance(item, Request) and not item.deadline for item in self.messages())
        return expected + owed + waiting

    def may_send(self, callee: bytes, pending: Sequence[PreparedCall], limits: Limits) -> bool:
        """Whether one more call to ``callee`` fits the queues; ``pending`` ones are not yet sent."""
        in_flight = sum(callback.callee == callee for callback in self.callbacks.values())
        in_flight += sum(call.callee == callee for call in pending)
        return in_flight < limits.queue_messages

    def memory_runs_low(self, limits: Limits) -> bool:
        """Whether the heap has just come close to its limit; True once until that is over.

        Without a limit of its own a canister has that of its kind of memory (specification, "On low wasm
        memory hook").
        """
        used = self.code.committed_pages * WASM_PAGE if self.code is not None else 0
        maximum = limits.heap64_bytes if self.wide else limits.heap_bytes
        low = (self.wasm_memory_limit or maximum) - used < self.wasm_memory_threshold
        news = low and not self._told_low_memory
        self._told_low_memory = low
        return news

    @property
    def low_memory_hook(self) -> str:
        """Status of the hook for low memory, as snapshots name it."""
        if self.missed_low_memory or self.has_task(TaskKind.LOW_MEMORY):
            return "ready"
        return "executed" if self._told_low_memory else "condition_not_satisfied"

    @low_memory_hook.setter
    def low_memory_hook(self, status: str) -> None:
        self._told_low_memory = status != "condition_not_satisfied"
        self.missed_low_memory = status == "ready"

    def has_task(self, kind: TaskKind) -> bool:
        """Whether a task of that kind waits already."""
        return any(isinstance(item, Task) and item.kind is kind for item in self.messages())

    # ---- call contexts -------------------------------------------------------------------------------

    def open_context(
        self, origin: Origin, caller: bytes, cycles: int, deadline: int = 0, responded: bool = False
    ) -> CallContext:
        """A new call context."""
        context = CallContext(self._number(), origin, caller, cycles, responded, deadline)
        self.contexts[context.id] = context
        return context

    def register(self, callback: Callback) -> int:
        """Keep a callback and count it in its context; the number under which the answer arrives."""
        number = self._number()
        self.callbacks[number] = callback
        self.contexts[callback.context].outstanding += 1
        return number

    def _number(self) -> int:
        number = self._next_number
        self._next_number += 1
        return number

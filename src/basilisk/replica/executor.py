"""Executing calls, responses and tasks in replicated mode.

Commits or rolls back, sends what was to be sent, and settles call contexts (specification, "Message
execution" and "Call context starvation").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from basilisk.engine import WASM_PAGE
from basilisk.replica import errors
from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister, Status
from basilisk.replica.contexts import Context
from basilisk.replica.errors import ErrorCode, ExecutionError, RejectCode, Rejection
from basilisk.replica.execution import Environment, Execution, PreparedCall, run
from basilisk.replica.ids import MANAGEMENT, principal_text
from basilisk.replica.message import (
    Callback,
    CallContext,
    CanisterOrigin,
    Closure,
    IngressOrigin,
    Origin,
    Reject,
    Reply,
    Request,
    Response,
    Result,
    Task,
    TaskKind,
    TaskOrigin,
)
from basilisk.replica.stable import StableLayer

__all__ = ["Executor", "LastExecution"]

_TASK_CONTEXT = {
    TaskKind.HEARTBEAT: Context.HEARTBEAT,
    TaskKind.TIMER: Context.TIMER,
    TaskKind.LOW_MEMORY: Context.LOW_MEMORY,
}
_SECOND = 1_000_000_000
_HISTORY = 1_000


@dataclass(frozen=True)
class LastExecution:
    """Figures of an execution: instructions, OS pages of heap and of stable memory that it wrote."""

    canister: bytes
    context: str
    instructions: int
    dirty_heap_pages: int
    dirty_stable_pages: int
    error: str | None


class Executor:
    """Runs messages on canisters.

    ``send`` takes requests of canisters, ``answer`` the results of calls: (canister, origin, result, refund,
    instructions of the whole call).  ``history`` holds figures of the latest executions, the last one last.
    """

    def __init__(
        self,
        environment: Environment,
        send: Callable[[Request], None],
        answer: Callable[[Canister, Origin, Result, int, int], None],
    ) -> None:
        self._environment = environment
        self._send = send
        self._answer = answer
        self.history: deque[LastExecution] = deque(maxlen=_HISTORY)

    @property
    def _accounting(self) -> Accounting:
        return self._environment.accounting

    # ---- calls ---------------------------------------------------------------------------------------

    def call(
        self,
        canister: Canister,
        origin: IngressOrigin | CanisterOrigin,
        caller: bytes,
        method: str,
        argument: bytes,
        cycles: int,
        deadline: int,
        time: int,
    ) -> None:
        """Execute a method and settle its call."""
        limit = self._environment.limits.update_instructions
        prepaid = 0
        try:
            self._admit(canister, origin, cycles)
            # The response to a canister has its slot from the moment the call arrived.
            owed = isinstance(origin, CanisterOrigin) and not deadline
            slots = canister.response_slots + owed
            prepaid = self._accounting.prepay(canister, limit, caller, slots=slots)
            kind, function = self._method(canister, method)
        except Rejection as rejection:
            # The base price stays with the network when the canister got as far as looking for the method.
            self._accounting.refund_unused(canister, prepaid, limit, 0)
            self._answer(canister, origin, Reject.of(rejection), cycles, 0)
            return
        context = canister.open_context(origin, caller, cycles, deadline)
        execution = self._execution(
            canister, Context.UPDATE if kind == "update" else Context.REPLICATED_QUERY, time, context
        )
        execution.argument = argument
        error = run(execution, function)
        self._finish(execution, error)
        self._accounting.refund_unused(canister, prepaid, limit, execution.instructions)
        self._settle(canister, context, execution.result, error)

    def task(self, canister: Canister, kind: TaskKind, time: int) -> None:
        """Execute a heartbeat, timer or hook; nobody waits for an answer.

        A canister that cannot pay in advance does nothing; its timer stays set and the hook is tried again.
        """
        code = canister.code
        if code is None or canister.status is not Status.RUNNING or kind.value not in code.module.hooks:
            return
        limit = self._environment.limits.update_instructions
        try:
            prepaid = self._accounting.prepay(canister, limit)
        except Rejection:
            canister.missed_low_memory |= kind is TaskKind.LOW_MEMORY
            return
        if kind is TaskKind.TIMER:
            canister.timer = 0
        context = canister.open_context(TaskOrigin(kind), MANAGEMENT, 0, responded=True)
        execution = self._execution(canister, _TASK_CONTEXT[kind], time, context)
        error = run(execution, code.module.hooks[kind.value])
        self._finish(execution, error)
        self._accounting.refund_unused(canister, prepaid, limit, execution.instructions)
        self._settle(canister, context, None, error)

    def response(self, canister: Canister, response: Response, time: int) -> None:
        """Execute the callback for an answer, and its cleanup if that traps."""
        callback = canister.callbacks.pop(response.callback, None)
        if callback is None:
            # Answered before: the deadline of the call had passed.  What it would have returned is lost.
            self._accounting.drop(response.refund)
            return
        self._accounting.credit(canister, response.refund)
        self._accounting.refund_transmission(canister, callback.prepaid_transmission, response.result)
        context = canister.contexts[callback.context]
        context.outstanding -= 1
        if context.deleted or canister.code is None:
            self._accounting.refund_unexecuted(canister, callback.prepaid_execution)
            self._drop_if_done(canister, context)
            return
        execution = self._callback_execution(canister, context, callback, response, time)
        closure = callback.reply if isinstance(response.result, Reply) else callback.reject
        error = run(execution, closure)
        self._finish(execution, error)
        result, executed = execution.result, execution.instructions
        if error is not None and callback.cleanup is not None:
            cleanup, error = self._cleanup(canister, context, callback.cleanup, execution, error)
            executed += cleanup.instructions
        limit = self._environment.limits.update_instructions
        self._accounting.refund_unused(canister, callback.prepaid_execution, limit, executed)
        self._settle(canister, context, result, error)

    def _callback_execution(
        self, canister: Canister, context: CallContext, callback: Callback, response: Response, time: int
    ) -> Execution:
        replied = isinstance(response.result, Reply)
        execution = self._execution(canister, Context.REPLY if replied else Context.REJECT, time, context)
        execution.refund = response.refund
        if isinstance(response.result, Reply):
            execution.argument = response.result.data
        else:
            execution.reject = response.result.seen_by_canister()
            execution.reject_code = int(response.result.code)
        return execution

    def _cleanup(
        self,
        canister: Canister,
        context: CallContext,
        closure: Closure,
        failed: Execution,
        error: ExecutionError,
    ) -> tuple[Execution, ExecutionError]:
        execution = self._execution(canister, Context.CLEANUP, failed.time, context)
        execution.reject_code = failed.reject_code
        execution.instruction_limit = max(1, failed.instruction_limit - failed.instructions)
        second = run(execution, closure)
        self._finish(execution, second)
        return execution, error if second is None else errors.with_cleanup_failure(error, second)

    # ---- around an execution -------------------------------------------------------------------------

    def _execution(
        self, canister: Canister, context: Context, time: int, call: CallContext | None
    ) -> Execution:
        assert canister.code is not None
        return Execution(
            environment=self._environment,
            canister=canister,
            code=canister.code,
            context=context,
            time=time,
            instruction_limit=self._environment.limits.update_instructions,
            stable=StableLayer(canister.stable),
            caller=call.caller if call is not None else b"",
            call_context=call,
            deadline=call.deadline if call is not None else 0,
        )

    def _admit(self, canister: Canister, origin: Origin, cycles: int) -> None:
        """Raise the Rejection for a call that is not even paid for."""
        check_running(canister)
        least = canister.minimum_incoming_cycles
        if isinstance(origin, CanisterOrigin) and cycles < least and origin.sender != canister.id:
            raise Rejection(
                ErrorCode.INSUFFICIENT_CYCLES_IN_CALL,
                f"Canister {principal_text(canister.id)} requires at least {least} cycles to be attached "
                f"to calls from other canisters, but {cycles} were.",
            )

    def _method(self, canister: Canister, method: str) -> tuple[str, int]:
        name = principal_text(canister.id)
        if canister.code is None:
            raise errors.no_module().rejection(name)
        found = canister.code.module.methods.get(method)
        if found is None:
            raise errors.method_not_found("update", method).rejection(name)
        if found[0] == "composite_query":
            raise Rejection(
                ErrorCode.COMPOSITE_QUERY_CALLED_IN_REPLICATED_MODE,
                "Composite query cannot be called in replicated mode",
            )
        used = canister.code.committed_pages * WASM_PAGE
        if found[0] == "update" and 0 < canister.wasm_memory_limit < used:
            raise errors.wasm_memory_limit_exceeded(used, canister.wasm_memory_limit).rejection(name)
        return found

    def _finish(self, execution: Execution, error: ExecutionError | None) -> None:
        """Make the effects permanent, or none of them; logs and instruction counts always stay."""
        canister, code = execution.canister, execution.code
        self._record(execution, error)
        if execution.call_context is not None:
            execution.call_context.instructions += execution.instructions
        if error is not None:
            code.rollback()
            return
        if execution.context is Context.REPLICATED_QUERY:
            code.rollback()
        else:
            code.commit()
            execution.stable.commit()
            if execution.certified_data is not None:
                canister.certified_data = execution.certified_data
            if execution.timer is not None:
                canister.timer = execution.timer
            if canister.memory_runs_low(self._environment.limits):
                canister.push_first(MANAGEMENT, Task(canister.id, TaskKind.LOW_MEMORY))
        execution.settle_cycles()
        canister.version += 1
        if execution.call_context is not None:
            execution.call_context.available = execution.available
            for call in execution.calls:
                self._send_call(canister, execution.call_context, call, execution.time)

    def _record(self, execution: Execution, error: ExecutionError | None) -> None:
        write_log(execution, error)
        self.history.append(
            LastExecution(
                canister=execution.canister.id,
                context=execution.context.mode,
                instructions=execution.instructions,
                dirty_heap_pages=execution.dirty_heap_pages,
                dirty_stable_pages=execution.stable.dirty_pages,
                error=error.text if error is not None else None,
            )
        )

    def _send_call(self, canister: Canister, context: CallContext, call: PreparedCall, time: int) -> None:
        deadline = 0
        if call.timeout_seconds is not None:
            deadline = (time // _SECOND + call.timeout_seconds) * _SECOND
        number = canister.register(
            Callback(
                context.id,
                call.callee,
                call.reply,
                call.reject,
                call.cleanup,
                call.cycles,
                deadline,
                call.prepaid_execution,
                call.prepaid_transmission,
            )
        )
        self._send(
            Request(
                canister.id, call.callee, call.method, bytes(call.argument), number, call.cycles, deadline
            )
        )

    # ---- call contexts -------------------------------------------------------------------------------

    def _settle(
        self, canister: Canister, context: CallContext, result: Result | None, error: ExecutionError | None
    ) -> None:
        """Answer the caller if this execution did, or if nothing else ever could."""
        if not context.responded:
            answer: Result | None = result if error is None else None
            if answer is None and context.outstanding == 0:
                answer = self._no_answer(canister, context, error)
            if isinstance(answer, Reject) and answer.error_code is None:
                answer = Reject(answer.code, answer.message, ErrorCode.CANISTER_REJECTED_MESSAGE.text)
            if answer is not None:
                refund, context.available, context.responded = context.available, 0, True
                self._answer(canister, context.origin, answer, refund, context.instructions)
        self._drop_if_done(canister, context)

    @staticmethod
    def _no_answer(canister: Canister, context: CallContext, error: ExecutionError | None) -> Reject:
        name = principal_text(canister.id)
        if error is not None:
            return Reject.of(error.rejection(name))
        code = ErrorCode.CANISTER_DID_NOT_REPLY
        if isinstance(context.origin, CanisterOrigin):
            return Reject(code.reject_code, "No response", code.text)
        return Reject(code.reject_code, f"Canister {name} did not reply to the call", code.text)

    @staticmethod
    def _drop_if_done(canister: Canister, context: CallContext) -> None:
        if context.outstanding == 0 and (context.responded or context.deleted):
            canister.contexts.pop(context.id, None)

    def delete_contexts(self, canister: Canister, message: str) -> None:
        """The code is gone: callers get a reject, later answers are ignored (specification, "uninstall")."""
        for context in list(canister.contexts.values()):
            if not context.responded:
                context.responded = True
                refund, context.available = context.available, 0
                reject = Reject(RejectCode.CANISTER_REJECT, message, ErrorCode.CANISTER_REJECTED_MESSAGE.text)
                self._answer(canister, context.origin, reject, refund, context.instructions)
            context.deleted = True
            self._drop_if_done(canister, context)


def check_running(canister: Canister) -> None:
    """Raise the Rejection for calls to a canister that does not run."""
    name = principal_text(canister.id)
    if canister.status is Status.STOPPED:
        raise Rejection(ErrorCode.CANISTER_STOPPED, f"Canister {name} is stopped")
    if canister.status is Status.STOPPING:
        raise Rejection(ErrorCode.CANISTER_STOPPING, f"Canister {name} is stopping")


def write_log(execution: Execution, error: ExecutionError | None) -> None:
    """Move what was printed, and the trap, to the canister's log."""
    canister, context = execution.canister, execution.context
    for line in execution.prints:
        canister.log.add(execution.time, line, context.mode)
    if error is not None and error.log is not None:
        canister.log.add(execution.time, error.log.encode(), context.mode)

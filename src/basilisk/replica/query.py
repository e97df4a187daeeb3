"""Queries: executed outside of rounds, with no lasting effect.

A composite query may call queries of other canisters.  What it does to its own heap is visible to its later
callbacks and discarded at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from time import monotonic as clock

from basilisk.engine import Checkpoint
from basilisk.replica import errors
from basilisk.replica.canister import Canister, Code
from basilisk.replica.contexts import Context
from basilisk.replica.errors import ErrorCode, ExecutionError, Rejection
from basilisk.replica.execution import Environment, Execution, PreparedCall, run
from basilisk.replica.executor import check_running, write_log
from basilisk.replica.ids import MANAGEMENT, principal_text
from basilisk.replica.message import CallContext, Closure, Reject, Reply, Result, TaskKind, TaskOrigin
from basilisk.replica.stable import StableLayer

__all__ = ["QueryRunner"]

#: Answers a query to the management canister: (caller, method, argument).
ManagementQuery = Callable[[bytes, str, bytes], Result]

#: Gives the data certificate for a canister (id, certified data), or None.
Certifier = Callable[[bytes, bytes], "bytes | None"]

#: Signs the data certificate of a canister (id, certified data, time).
Signer = Callable[[bytes, bytes, int], bytes]


class CallGraphEnded(Rejection):
    """The whole composite query fails, not one of its calls."""


@dataclass
class _Budget:
    """Instructions left for the whole call graph, those used, and when it began (seconds of this machine)."""

    left: int
    used: int = 0
    started: float = field(default_factory=clock)

    def take(self, amount: int) -> None:
        self.left -= amount
        self.used += amount


class QueryRunner:
    """Runs queries and composite queries."""

    def __init__(
        self, environment: Environment, canisters: dict[bytes, Canister], certifier: Certifier | None = None
    ) -> None:
        self._environment = environment
        self._canisters = canisters
        self.certifier = certifier
        self.signer: Signer | None = None
        self.management: ManagementQuery | None = None
        self.instructions = 0
        self.dirty_heap_pages = 0

    def query(self, canister: Canister, caller: bytes, method: str, argument: bytes, time: int) -> Result:
        """Answer a query call from outside."""
        budget = _Budget(self._environment.limits.query_instructions)
        try:
            certificate = self._certificate(canister, time)
            return self._run(canister, caller, method, argument, time, certificate, budget, [])
        except Rejection as rejection:
            return Reject.of(rejection)
        finally:
            self.instructions = budget.used

    def _certificate(self, canister: Canister, time: int) -> Callable[[], bytes] | None:
        """What makes the certificate once a canister asks for it: few do, and signing takes its time."""
        data = canister.certified_data
        if self.certifier is not None:
            made = self.certifier(canister.id, data)
            return None if made is None else lambda: made
        signer = self.signer
        return None if signer is None else cache(lambda: signer(canister.id, data, time))

    def transform(self, canister: Canister, method: str, argument: bytes, time: int) -> Result:
        """Have a query of a canister transform the response of an HTTP outcall."""
        budget = _Budget(self._environment.limits.query_instructions)
        try:
            return self._run(
                canister, MANAGEMENT, method, argument, time, None, budget, [], Context.TRANSFORM
            )
        except Rejection as rejection:
            return Reject.of(rejection)

    def inspect(self, canister: Canister, caller: bytes, method: str, argument: bytes, time: int) -> None:
        """Run ``canister_inspect_message`` if there is one.  Raises Rejection unless it accepts."""
        code = canister.code
        if code is None:
            raise errors.no_module().rejection(principal_text(canister.id))
        hook = code.module.hooks.get("canister_inspect_message")
        if hook is None:
            return
        execution = self.execution(canister, code, Context.INSPECT, time, caller, argument)
        execution.method = method
        execution.instruction_limit = self._environment.limits.inspect_instructions
        error = run(execution, hook)
        write_log(execution, error)
        code.rollback()
        name = principal_text(canister.id)
        if error is not None:
            raise error.rejection(name)
        if not execution.accepted:
            raise errors.message_rejected().rejection(name)

    def _run(
        self,
        canister: Canister,
        caller: bytes,
        method: str,
        argument: bytes,
        time: int,
        certificate: Callable[[], bytes] | None,
        budget: _Budget,
        stack: list[bytes],
        context: Context = Context.QUERY,
    ) -> Result:
        name = principal_text(canister.id)
        check_running(canister)
        if canister.code is None:
            raise errors.no_module().rejection(name)
        if self._environment.accounting.is_frozen(canister):
            raise errors.frozen(name)
        found = canister.code.module.methods.get(method)
        if found is None or found[0] == "update":
            raise errors.method_not_found("query", method).rejection(name)
        if found[0] == "composite_query":
            if context is Context.TRANSFORM:
                raise errors.method_not_found("query", method).rejection(name)
            context = Context.COMPOSITE_QUERY
        execution = self.execution(canister, canister.code, context, time, caller, argument)
        execution.certificate = certificate
        try:
            return _Node(self, execution, budget, [*stack, canister.id]).result(found[1])
        finally:
            if not stack:
                self.dirty_heap_pages = canister.code.instance.dirty_pages()
            canister.code.rollback()

    def call(
        self, call: PreparedCall, caller: bytes, time: int, budget: _Budget, stack: list[bytes]
    ) -> Result:
        """Answer a call that a composite query made."""
        budget.take(self._environment.limits.query_call_charge)
        if call.callee == MANAGEMENT and self.management is not None:
            return self.management(caller, call.method, bytes(call.argument))
        callee = self._canisters.get(call.callee)
        try:
            if callee is None:
                text = f"Canister {principal_text(call.callee)} not found"
                raise Rejection(ErrorCode.CANISTER_NOT_FOUND, text)
            with self._afresh(callee, stack):
                return self._run(callee, caller, call.method, bytes(call.argument), time, None, budget, stack)
        except CallGraphEnded:
            raise
        except Rejection as rejection:
            return Reject.of(rejection)

    @staticmethod
    @contextmanager
    def _afresh(canister: Canister, stack: list[bytes]) -> Iterator[None]:
        """A canister that is called again starts from its committed state, as on the network."""
        code = canister.code
        if code is None or canister.id not in stack:
            yield
            return
        before = code.instance.checkpoint()
        code.rollback()
        try:
            yield
        finally:
            code.restore(before)

    def check_graph(self, budget: _Budget, stack: list[bytes]) -> None:
        """Raise CallGraphEnded when the canister last on the ``stack`` may not go on with its calls."""
        if len(stack) > self._environment.limits.query_call_depth:
            raise CallGraphEnded(
                ErrorCode.QUERY_CALL_GRAPH_TOO_DEEP, "Composite query calls exceeded the maximum call depth."
            )
        if budget.left <= 0:
            raise CallGraphEnded(
                ErrorCode.QUERY_CALL_GRAPH_TOTAL_INSTRUCTION_LIMIT_EXCEEDED,
                "Composite query calls exceeded the instruction limit.",
            )
        limit = self._environment.limits.query_seconds
        if limit and clock() - budget.started > limit:
            raise CallGraphEnded(
                ErrorCode.QUERY_TIME_LIMIT_EXCEEDED, "Composite query call exceeded the time limit."
            )

    def execution(
        self, canister: Canister, code: Code, context: Context, time: int, caller: bytes, argument: bytes
    ) -> Execution:
        return Execution(
            environment=self._environment,
            canister=canister,
            code=code,
            context=context,
            time=time,
            instruction_limit=self._environment.limits.query_instructions,
            stable=StableLayer(canister.stable),
            caller=caller,
            argument=argument,
        )


class _Node:
    """One query with the callbacks of the calls it makes."""

    def __init__(
        self, runner: QueryRunner, execution: Execution, budget: _Budget, stack: list[bytes]
    ) -> None:
        self._runner = runner
        self._first = execution
        self._code = execution.code
        self._budget = budget
        self._stack = stack
        self._stable = execution.stable
        self._calls: deque[PreparedCall] = deque()
        self._context = CallContext(0, TaskOrigin(TaskKind.TIMER), execution.caller, 0, responded=False)
        self._answer: Result | None = None

    def result(self, function: int) -> Result:
        """Run the query and all that follows from it.  Raises Rejection."""
        canister = self._first.canister
        name = principal_text(canister.id)
        self._first.stable = StableLayer(self._stable)
        self._first.call_context = self._context
        error = self._step(self._first, function, None)
        while self._calls and error is None:
            self._runner.check_graph(self._budget, self._stack)
            call = self._calls.popleft()
            answer = self._runner.call(call, canister.id, self._first.time, self._budget, self._stack)
            failure = self._callback(call, answer)
            if failure is not None and not self._calls:
                error = failure
        if self._answer is None:
            if error is not None:
                raise error.rejection(name)
            raise Rejection(ErrorCode.CANISTER_DID_NOT_REPLY, f"Canister {name} did not reply to the call")
        if isinstance(self._answer, Reject) and self._answer.error_code is None:
            code = ErrorCode.CANISTER_REJECTED_MESSAGE.text
            return Reject(self._answer.code, self._answer.message, code)
        return self._answer

    def _callback(self, call: PreparedCall, answer: Result) -> ExecutionError | None:
        before = self._code.instance.checkpoint()
        if isinstance(answer, Reply):
            execution = self._later(Context.COMPOSITE_REPLY)
            execution.argument = answer.data
            error = self._step(execution, call.reply, before)
        else:
            execution = self._later(Context.COMPOSITE_REJECT)
            execution.reject, execution.reject_code = answer.seen_by_canister(), int(answer.code)
            error = self._step(execution, call.reject, before)
        if error is not None and call.cleanup is not None:
            second = self._step(self._later(Context.COMPOSITE_CLEANUP), call.cleanup, before)
            if second is not None:
                error = errors.with_cleanup_failure(error, second)
        return error

    def _later(self, context: Context) -> Execution:
        first = self._first
        execution = self._runner.execution(first.canister, self._code, context, first.time, first.caller, b"")
        execution.stable = StableLayer(self._stable)
        execution.call_context = self._context
        return execution

    def _step(
        self, execution: Execution, target: int | Closure, before: Checkpoint | None
    ) -> ExecutionError | None:
        """Run one function; when it fails, undo what it did and nothing else."""
        execution.instruction_limit = max(1, self._budget.left)
        execution.before = before
        error = run(execution, target)
        self._budget.take(execution.instructions)
        self._context.instructions += execution.instructions
        write_log(execution, error)
        if error is not None:
            if before is not None:
                self._code.restore(before)
            return error
        execution.stable.commit()
        self._calls.extend(execution.calls)
        if execution.result is not None:
            self._answer, self._context.responded = execution.result, True
        return None

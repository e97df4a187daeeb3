"""Rounds: which message runs next, where messages and answers go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from basilisk.replica.canister import Canister, Status
from basilisk.replica.clock import Clock
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.execution import Environment
from basilisk.replica.executor import Executor
from basilisk.replica.ids import MANAGEMENT, principal_text
from basilisk.replica.lifecycle import Lifecycle
from basilisk.replica.message import (
    CanisterOrigin,
    Ingress,
    IngressOrigin,
    IngressState,
    IngressStatus,
    Message,
    Origin,
    Reject,
    Reply,
    Request,
    Response,
    Result,
    Task,
    TaskKind,
)

__all__ = ["Scheduler"]

_INGRESS = b"\xff ingress"
_SYSTEM = b"\xff system"


class Management(Protocol):
    """The management canister: takes calls, works them off in rounds, answers with ``Scheduler.respond``."""

    def __call__(self, request: Request) -> None: ...

    def submit(self, message: Ingress) -> None: ...

    def begin_round(self) -> None: ...

    def work(self) -> int: ...

    @property
    def busy(self) -> bool: ...

    @property
    def deadline(self) -> int | None: ...


@dataclass
class SchedulerState:
    """What the scheduler remembers: answers that are in no queue yet, and all calls from outside."""

    later: list[Response] = field(default_factory=list)
    ingress: dict[int, IngressState] = field(default_factory=dict)


class Scheduler:
    """Input queues, rounds and the status of ingress messages."""

    def __init__(
        self,
        environment: Environment,
        clock: Clock,
        canisters: dict[bytes, Canister],
        management: Management,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._canisters = canisters
        self._management = management
        self.state = SchedulerState()
        self.executor = Executor(environment, self.send, self.answer)
        self.lifecycle = Lifecycle(environment, canisters, self.executor)

    # ---- ingress -------------------------------------------------------------------------------------

    def submit(
        self, sender: bytes, receiver: bytes, method: str, argument: bytes, cycles_before: int = 0
    ) -> int:
        """Queue a call from outside; the number under which its status can be asked for.

        ``cycles_before`` is kept for the figures of the call (see ``IngressState``).
        """
        message = Ingress(len(self.state.ingress) + 1, sender, receiver, method, argument)
        self.state.ingress[message.id] = IngressState(message, cycles_before=cycles_before)
        if receiver == MANAGEMENT:
            self._management.submit(message)
        else:
            self._canisters[receiver].push(_INGRESS, message)
        return message.id

    def status(self, message: int) -> IngressState:
        """Status of an ingress message.  Raises KeyError for an unknown number."""
        return self.state.ingress[message]

    # ---- rounds --------------------------------------------------------------------------------------

    def round(self) -> int:
        """Execute one round; the number of messages that were executed.

        Due timers and heartbeats come first.  Then every canister in turn takes one message, until all
        queues are empty or the round is full.
        """
        now = self._clock.next_round()
        self._management.begin_round()
        self._deliver_later()
        self._expire_calls(now)
        self._queue_tasks(now)
        done = 0
        busy = True
        while busy and done < self._environment.limits.round_messages:
            busy = False
            for canister in list(self._canisters.values()):
                message = canister.pop()
                if message is not None:
                    busy = True
                    done += 1
                    self._execute(canister, message, now)
            served = self._management.work()
            busy = busy or served > 0
            done += served
        self.lifecycle.finish_stopping(now)
        self.lifecycle.charge_all(now)
        return done

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be executed."""
        waiting = any(item.has_input for item in self._canisters.values())
        return not (self.state.later or self._management.busy or waiting)

    @property
    def deadline(self) -> int | None:
        """The next time at which a call that has a deadline, or the wait for a canister to stop, expires."""
        times = [
            callback.deadline
            for canister in self._canisters.values()
            for callback in canister.callbacks.values()
            if callback.deadline
        ]
        times += [
            waiter.deadline for canister in self._canisters.values() for waiter in canister.stop_waiters
        ]
        if self._management.deadline is not None:
            times.append(self._management.deadline)
        return min(times, default=None)

    def _execute(self, canister: Canister, message: Message, now: int) -> None:
        if isinstance(message, Ingress):
            self.state.ingress[message.id].status = IngressStatus.PROCESSING
            self.executor.call(
                canister,
                IngressOrigin(message.id),
                message.sender,
                message.method,
                message.argument,
                cycles=0,
                deadline=0,
                time=now,
            )
        elif isinstance(message, Request):
            if message.deadline and message.deadline < now:
                # The caller was told already that the outcome is unknown; its cycles are lost.
                self._environment.accounting.drop(message.cycles)
                return
            self.executor.call(
                canister,
                CanisterOrigin(message.sender, message.callback),
                message.sender,
                message.method,
                message.argument,
                message.cycles,
                message.deadline,
                now,
            )
        elif isinstance(message, Response):
            self.executor.response(canister, message, now)
        else:
            self.executor.task(canister, message.kind, now)

    def _queue_tasks(self, now: int) -> None:
        for canister in self._canisters.values():
            code = canister.code
            if code is None or canister.status is not Status.RUNNING:
                continue
            hooks = code.module.hooks
            if canister.missed_low_memory:
                canister.missed_low_memory = False
                canister.push_first(_SYSTEM, Task(canister.id, TaskKind.LOW_MEMORY))
            due = TaskKind.TIMER.value in hooks and 0 < canister.timer <= now
            if due and not canister.has_task(TaskKind.TIMER):
                canister.push(_SYSTEM, Task(canister.id, TaskKind.TIMER))
            if TaskKind.HEARTBEAT.value in hooks and not canister.has_task(TaskKind.HEARTBEAT):
                canister.push(_SYSTEM, Task(canister.id, TaskKind.HEARTBEAT))

    def _expire_calls(self, now: int) -> None:
        code = ErrorCode.DEADLINE_EXPIRED
        expired = Reject(code.reject_code, "Call deadline has expired.", code.text)
        for canister in self._canisters.values():
            for number, callback in list(canister.callbacks.items()):
                if callback.deadline and callback.deadline < now:
                    response = Response(canister.id, callback.callee, number, expired, 0)
                    canister.push(callback.callee, response)

    # ---- messages between canisters ------------------------------------------------------------------

    def send(self, request: Request) -> None:
        """Take a request of a canister to its receiver, or answer that there is none."""
        receiver = self._canisters.get(request.receiver)
        if receiver is not None:
            receiver.push(request.sender, request)
            return
        if request.receiver != MANAGEMENT:
            text = f"Canister {principal_text(request.receiver)} not found"
            self.respond(request, Reject.of(Rejection(ErrorCode.CANISTER_NOT_FOUND, text)), request.cycles)
            return
        self._management(request)

    def respond(self, request: Request, result: Result, refund: int) -> None:
        """Answer a call in the name of the system.

        The answer arrives in the next round: raw_rand must not be known in the round of the call.
        """
        self.state.later.append(Response(request.sender, request.receiver, request.callback, result, refund))

    def settle(self, message: int, result: Result) -> None:
        """Answer a call from outside in the name of the system."""
        self._conclude(message, result, 0)

    def _conclude(self, message: int, result: Result, instructions: int) -> None:
        state = self.state.ingress[message]
        state.result, state.instructions = result, instructions
        replied = isinstance(result, Reply)
        state.status = IngressStatus.REPLIED if replied else IngressStatus.REJECTED

    @property
    def on_the_way(self) -> tuple[Response, ...]:
        """Answers that are in no queue yet."""
        return tuple(self.state.later)

    def answer(
        self, canister: Canister, origin: Origin, result: Result, refund: int, instructions: int
    ) -> None:
        """Take the result of a call to whoever made it."""
        if isinstance(origin, IngressOrigin):
            self._conclude(origin.message, result, instructions)
        elif isinstance(origin, CanisterOrigin):
            response = Response(origin.sender, canister.id, origin.callback, result, refund)
            self._deliver(response)

    def _deliver_later(self) -> None:
        waiting, self.state.later = self.state.later, []
        for response in waiting:
            self._deliver(response)

    def _deliver(self, response: Response) -> None:
        caller = self._canisters.get(response.receiver)
        if caller is not None:
            caller.push(response.respondent, response)
        else:
            self._environment.accounting.drop(response.refund)

"""Runs coroutines and generators from one wait to the next.

The bridge runs a method's coroutine until it waits for the first time and hands it over (:func:`begin`).
Answers to calls arrive in messages of their own (:func:`replied`, :func:`rejected`); each of them runs
whatever can go on then.  The first task of a call is its *root*: its result is the answer of the method, an
exception that leaves it ends in a trap.  After a trap the system has undone the message, and :func:`closed`
ends what was under way, so that ``finally`` blocks and context managers run.

What a coroutine can wait for: a call, a task, and in generators also further generators and coroutines.
"""

from __future__ import annotations

from _contextvars import copy_context

from basilisk.calls import Call, Outcome, not_sent, notified, seconds
from basilisk.rejects import CallRejected
from basilisk.results import CallResult, rejection
from basilisk.system import system as _system
from basilisk.tasks import CLOSED, DONE, FAILED, RUNNING, Gathering, Task, ready, routine_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Context
    from typing import Any

__all__ = ["begin", "closed", "install", "rejected", "replied"]

# The interpreter specialises an instruction at its second run; a few more settle the caches.
_ROUNDS = 3
# A finally block that waits again and again while it is closed is left alone after this many times.
_MOST_REFUSALS = 100


class CallAborted(RuntimeError):
    """Another part of the same call ended in a trap."""


def install(system: Any) -> None:
    """Makes the bridge use this module."""
    system.set_driver(begin, replied, rejected, closed, Outcome, seconds, notified)
    for _ in range(_ROUNDS):
        _practise()


def _practise() -> None:
    """Runs the driver without a call, so that the snapshot holds its specialised bytecode."""

    async def inner() -> int:
        return 1

    def outer() -> Any:
        yield inner()
        return (yield inner())

    routine = outer()
    begin(routine, copy_context(), next(routine))
    for wants_value in (True, False):
        routine = outer()
        next(routine).close()
        task: Task[Any] = Task(routine, copy_context())
        task._root = task
        replied(task, None, wants_value)


def begin(routine: Any, context: Context, waited: object) -> None:
    """A method's coroutine waits for the first time."""
    root: Task[Any] = Task(routine, context)
    root._root = root
    following = _wait(root, waited)
    if following is not None:
        _advance(root, *following)
    if ready:
        _run_ready(root)


def replied(task: Task[Any], value: object, wants_value: bool) -> None:
    """The answer to a call has come."""
    _go_on(task, value if wants_value else CallResult(value), None)


def rejected(task: Task[Any], name: str, code: int, message: str, wants_value: bool) -> None:
    """A call was rejected; code 0: its answer does not have the declared type."""
    if code == 0:
        place = message.removeprefix("argument")  # as the codec calls what it decodes
        text = f"the answer of {name!r} does not have the declared type: answer{place}"
        error: Exception = _system.CandidError(text)
        result: CallResult[Any] = CallResult(Err=text)
    else:
        error = CallRejected(code, message)
        result = rejection(error)
    if wants_value:
        _go_on(task, None, error)
    else:
        _go_on(task, result, None)


def _go_on(task: Task[Any], value: object, error: BaseException | None) -> None:
    root: Any = task._root
    if root._state == CLOSED:
        raise CallAborted(
            "this call was ended by a trap in another part of it, whose text is in the canister's log"
        )
    _advance(task, value, error)
    if ready:
        _run_ready(root)


def _run_ready(root: Task[Any]) -> None:
    """Runs what can go on; everything in a message belongs to one call."""
    while ready:
        batch = ready[:]
        ready.clear()
        for task, value, error in batch:
            if task._root is None:
                task._root = root
                if root._children is None:
                    root._children = {}
                root._children[task] = None
            _advance(task, value, error)


def _advance(task: Task[Any], value: Any, error: BaseException | None) -> None:
    """Runs a task until it waits or ends."""
    run = task._context.run
    while True:
        try:
            if error is None:
                waited = run(task._routine.send, value)
            else:
                waited = run(task._routine.throw, error)
        except StopIteration as stop:
            value, error = stop.value, None
        except BaseException as raised:
            value, error = None, raised
        else:
            following = _wait(task, waited)
            if following is None:
                return
            value, error = following
            continue
        if not task._outer:
            break
        task._routine = task._outer.pop()
    if error is None:
        _end(task, value)
    else:
        try:
            _fail(task, error)
        finally:
            error = None  # an exception that refers to its own frame would wait for the collector


def _wait(task: Task[Any], waited: Any) -> tuple[Any, BaseException | None] | None:
    """Sees to what a task waits for: None, or with what the task goes on at once."""
    try:
        if waited.__class__ is Call:
            status = waited.perform(task)
            if status == 0:
                return None
            error = not_sent(status)
            return (None, error) if waited.wants_value else (rejection(error), None)
        if isinstance(waited, Task):
            if waited._state != RUNNING:
                return waited._value, waited._error
            if waited._waiters is None:
                waited._waiters = []
            waited._waiters.append(task)
            return None
        routine = _routine(waited)
        if task._outer is None:
            task._outer = []
        task._outer.append(task._routine)
        task._routine = routine
        return None, None
    except Exception as raised:
        return None, raised.with_traceback(None)


def _routine(waited: Any) -> Any:
    if type(waited).__name__ in ("coroutine", "generator"):
        return waited
    if isinstance(waited, Gathering):
        return routine_of(waited, values=False)
    raise TypeError(
        f"a method cannot wait for {type(waited).__name__}: it can wait for calls to canisters, "
        "ic.gather, tasks and coroutines that wait for these"
    )


def _end(task: Task[Any], value: Any) -> None:
    task._state = DONE
    task._value = value
    root: Any = task._root
    if task is root:
        _system.finish(value)
    else:
        del root._children[task]
        _wake(task, value, None)


def _fail(task: Task[Any], error: BaseException) -> None:
    task._state = FAILED
    task._error = error
    root: Any = task._root
    if task is root:
        raise error
    del root._children[task]
    _wake(task, None, error)


def _wake(task: Task[Any], value: Any, error: BaseException | None) -> None:
    waiters = task._waiters
    if waiters is not None:
        task._waiters = None
        for waiter in waiters:
            ready.append((waiter, value, error))


# After a trap


def closed(task: Task[Any]) -> None:
    """The callback that ``task`` waited for trapped: ends the whole call it belongs to."""
    root: Any = task._root
    if root._state != RUNNING:
        return
    root._state = CLOSED
    for child in reversed(list(root._children or ())):
        child._state = CLOSED
        _close(child)
    _close(root)


def _close(task: Task[Any]) -> None:
    routines = [task._routine, *reversed(task._outer or ())]
    for routine in routines:
        error: BaseException = GeneratorExit()
        for _ in range(_MOST_REFUSALS):
            try:
                task._context.run(routine.throw, error)
            except (GeneratorExit, StopIteration):
                break
            except BaseException as raised:
                _report(raised)
                break
            error = _system.ContextError(
                "nothing can be awaited here: the call ended in a trap, and finally blocks and context "
                "managers run in its cleanup callback"
            )


def _report(error: BaseException) -> None:
    from basilisk._guest.tracebacks import format_exception

    _system.print("while a call was closed after a trap:\n" + format_exception(error))

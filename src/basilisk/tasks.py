"""Coroutines side by side: :func:`gather` and :class:`TaskGroup`.

All of them belong to the call in whose course they were started: ``ic.caller()`` and ``ic.reply`` mean the
same in each.  A call that was sent cannot be taken back, so nothing here cancels anything: whoever starts
tasks waits for all of them, and learns of failures when the last one has ended.
"""

from __future__ import annotations

import builtins
from _contextvars import copy_context

from basilisk.calls import Call, Outcome

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def overload(function):
        """Marks signatures that only type checkers read."""
        return function


if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator
    from contextvars import Context
    from types import TracebackType
    from typing import Any, Generic, Literal, TypeVar, overload

    _T = TypeVar("_T")

    class _Of(Generic[_T]):
        """Carries the type of the result for type checkers."""

else:

    class _Of:
        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls

    _T = None

__all__ = ["Gathering", "Task", "TaskGroup", "gather", "routine_of"]

# States of a task.
RUNNING, DONE, FAILED, CLOSED = range(4)

# Tasks that can go on, with the value or exception to go on with.  Empty at the end of every message.
ready: list[tuple[Task[Any], Any, BaseException | None]] = []

_ROUTINES: Any = ("coroutine", "generator")
_Group: Any = getattr(builtins, "ExceptionGroup", None)  # Python 3.11


class Task(_Of[_T]):
    """A coroutine that runs by itself.  Awaiting it gives its result or raises its exception."""

    __slots__ = (
        "_children",
        "_context",
        "_error",
        "_outer",
        "_root",
        "_routine",
        "_state",
        "_value",
        "_waiters",
    )

    def __init__(self, routine: Any, context: Context) -> None:
        self._routine = routine
        self._context = context
        self._state = RUNNING
        self._value: Any = None
        self._error: BaseException | None = None
        # Generators that wait for the routine (`x = yield helper()`), outermost first.
        self._outer: list[Any] | None = None
        # Tasks that wait for this one.
        self._waiters: list[Task[Any]] | None = None
        # The task of the method; known once this one has started.
        self._root: Task[Any] | None = None
        # Of the root: the tasks of the same call that have started and not ended.
        self._children: dict[Task[Any], None] | None = None

    def done(self) -> bool:
        """Whether it has ended."""
        return self._state != RUNNING

    def result(self) -> _T:
        """Its result.  Raises its exception, or RuntimeError while it still runs."""
        if self._state == RUNNING:
            raise RuntimeError("the task has not ended; await it first")
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[no-any-return]

    def exception(self) -> BaseException | None:
        """The exception it ended with, or None.  Raises RuntimeError while it still runs."""
        if self._state == RUNNING:
            raise RuntimeError("the task has not ended; await it first")
        return self._error

    def __await__(self) -> Generator[Any, Any, _T]:
        return (yield self)  # type: ignore[no-any-return]

    __iter__ = __await__


def start(awaitable: Any, *, values: bool) -> Task[Any]:
    """A task that goes on as soon as the running coroutine waits."""
    task: Task[Any] = Task(routine_of(awaitable, values=values), copy_context())
    ready.append((task, None, None))
    return task


def routine_of(awaitable: Any, *, values: bool = True) -> Any:
    """What runs for something that can be awaited; for a call the value or, without ``values``, the result.

    Raises TypeError for everything else.
    """
    if type(awaitable).__name__ in _ROUTINES:
        return awaitable
    if not values and isinstance(awaitable, (Call, Gathering)):
        return _yielding(awaitable)
    if not hasattr(type(awaitable), "__await__"):
        raise TypeError(
            f"{type(awaitable).__name__} cannot be awaited; give a call, a coroutine or a generator"
        )
    return _awaiting(awaitable)


async def _awaiting(awaitable: Any) -> Any:
    return await awaitable


def _yielding(awaitable: Any) -> Generator[Any, Any, Any]:
    return (yield from awaitable)


class Gathering(_Of[_T]):
    """What :func:`gather` gives back, to be awaited or yielded once."""

    __slots__ = ("_awaitables", "_exceptions")

    def __init__(self, awaitables: tuple[Any, ...], exceptions: bool) -> None:
        self._awaitables = awaitables
        self._exceptions = exceptions

    def __await__(self) -> Generator[Any, Any, list[_T]]:
        return self._run(True)

    def __iter__(self) -> Generator[Any, Any, list[_T]]:
        return self._run(False)

    def _run(self, values: bool) -> Generator[Any, Any, list[_T]]:
        tasks = [start(awaitable, values=values) for awaitable in self._awaitables]
        results: list[Any] = []
        first: BaseException | None = None
        for task in tasks:
            try:
                results.append((yield task))
            except Exception as error:
                results.append(error)
                first = first or error
        if first is not None and not self._exceptions:
            try:
                raise first
            finally:
                first = None  # an exception that refers to its own frame would wait for the collector
        return results


@overload
def gather(*awaitables: Awaitable[_T], return_exceptions: Literal[False] = False) -> Gathering[_T]: ...
@overload
def gather(*awaitables: Awaitable[_T], return_exceptions: bool) -> Gathering[_T | BaseException]: ...
@overload
def gather(*awaitables: Generator[Any, Any, _T], return_exceptions: bool = False) -> Gathering[_T]: ...
def gather(*awaitables: Any, return_exceptions: bool = False) -> Any:
    """Runs calls, coroutines and generators side by side; awaited, it gives the list of their results.

    All calls are sent before the first answer is waited for.  It ends when all have ended; then it raises
    the first exception in the order of its arguments, or with ``return_exceptions=True`` puts exceptions
    into the list.  In a generator, ``results = yield ic.gather(…)`` gives a CallResult for each call.
    """
    return Gathering(awaitables, return_exceptions)


class TaskGroup:
    """Runs coroutines side by side and waits for all of them at the end of its block::

        async with ic.TaskGroup() as group:
            first = group.create_task(ledger.balance_of(a))
            second = group.create_task(report(b))
        print(first.result(), second.result())

    If the block or a task fails, the others still run to their end; then an ``ExceptionGroup`` with all
    the exceptions is raised.
    """

    __slots__ = ("_open", "_tasks")

    def __init__(self) -> None:
        self._tasks: list[Task[Any]] = []
        self._open = False

    def create_task(self, awaitable: Coroutine[Any, Any, _T] | Call[_T] | Outcome[Any]) -> Task[_T]:
        """Starts a coroutine or sends a call, as soon as the running coroutine waits."""
        if not self._open:
            raise RuntimeError("tasks are created inside of the group's 'async with' block")
        task = start(awaitable, values=True)
        self._tasks.append(task)
        return task

    async def __aenter__(self) -> TaskGroup:
        if self._open or self._tasks:
            raise RuntimeError("a task group can be used once")
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, Exception):
            self._open = False
            return
        failures = [] if error is None else [error]
        index = 0
        while index < len(self._tasks):  # a task may create further ones
            try:
                await self._tasks[index]
            except Exception as failure:
                failures.append(failure)
            index += 1
        self._open = False
        if failures:
            try:
                raise _Group("tasks of a group failed", failures)
            finally:
                failures = []

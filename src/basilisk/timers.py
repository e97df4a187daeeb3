"""Timers: any number of them over the one timer that the system has.

A due timer runs in a message of its own, which the canister sends to itself, so an exception in one undoes
what that one did and leaves the others alone.  Timers live in the heap: an upgrade ends them, and
``@post_upgrade`` (like ``@init``) is the place to set them again.
"""

from __future__ import annotations

from _heapq import heapify, heappop, heappush

from basilisk.calls import call_raw, nanoseconds
from basilisk.principal import Principal
from basilisk.rejects import CallRejected
from basilisk.system import system as _system
from basilisk.tasks import gather, routine_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import Any

__all__ = ["METHOD", "clear_timer", "fire", "only_self", "run", "set_timer", "set_timer_interval"]

#: Name of the update method that runs one timer.  It is not part of the interface.
METHOD = "<basilisk> timer"

_LATEST = 2**64 - 1
# Interface specification, "Reject codes": SYS_TRANSIENT.
_TRANSIENT = 2
# When the message to the canister itself cannot be sent, the timer is tried again after a second.
_RETRY = 1_000_000_000


class _Timer:
    """``due`` in nanoseconds since 1970; ``interval`` in nanoseconds, 0 for a timer that runs once."""

    __slots__ = ("callback", "due", "interval")

    def __init__(self, callback: Callable[[], Any], due: int, interval: int) -> None:
        self.callback = callback
        self.due = due
        self.interval = interval


_timers: dict[int, _Timer] = {}
# (due, number); entries of timers that were cleared stay until they come up.
_queue: list[tuple[int, int]] = []
_latest = 0


def set_timer(delay: float | timedelta, callback: Callable[[], Any]) -> int:
    """Runs a function once, after ``delay``: seconds (int or float) or a ``timedelta``.

    The function takes no arguments; it may be ``async`` or a generator.  Returns the number for
    :func:`clear_timer`.  The time is the earliest one: blocks come about once in a second.
    """
    return _set(delay, callback, "the delay of a timer", repeat=False)


def set_timer_interval(interval: float | timedelta, callback: Callable[[], Any]) -> int:
    """Runs a function every ``interval``: seconds (int or float) or a ``timedelta``, more than 0.

    The times are multiples of the interval from now on, however long a run takes; when the canister was
    stopped, the runs that were missed are left out.  A coroutine that waits longer than the interval runs
    several times at once.
    """
    return _set(interval, callback, "the interval of a timer", repeat=True)


def clear_timer(timer_id: int) -> None:
    """Cancels a timer.  One that has run, was cancelled or never existed is no error."""
    _timers.pop(timer_id, None)
    if len(_queue) > 2 * len(_timers) + 16:
        _queue[:] = [entry for entry in _queue if _is_current(*entry)]
        heapify(_queue)


def _set(delay: float | timedelta, callback: Any, what: str, *, repeat: bool) -> int:
    global _latest
    span = nanoseconds(delay, what)
    if repeat and span == 0:
        raise ValueError(f"{what} is more than 0 seconds")
    if not callable(callback):
        hint = "; give the function itself, without calling it" if hasattr(callback, "send") else ""
        raise TypeError(f"a timer needs a function, not {type(callback).__name__}{hint}")
    due = _system.time() + span
    if due > _LATEST:
        raise ValueError(f"{what} is too long: the system's clock ends in the year 2554")
    # Before anything changes here, because it raises where timers cannot be set.
    _system.global_timer_set(min(due, _queue[0][0]) if _queue else due)
    _latest += 1
    _timers[_latest] = _Timer(callback, due, span if repeat else 0)
    heappush(_queue, (due, _latest))
    return _latest


def _is_current(due: int, number: int) -> bool:
    timer = _timers.get(number)
    return timer is not None and timer.due == due


def fire() -> Any:
    """The entry point ``global_timer``: sends a message for each due timer and sets the system's timer.

    Returns a coroutine that waits for what came of them, unless there is nothing to do.
    """
    now = _system.time()
    due: list[int] = []
    while _queue and _queue[0][0] <= now:
        time, number = heappop(_queue)
        timer = _timers.get(number)
        if timer is None or timer.due != time:
            continue
        due.append(number)
        if timer.interval:
            timer.due = time + timer.interval * ((now - time) // timer.interval + 1)
            heappush(_queue, (timer.due, number))
        else:
            timer.due = 0  # it is on its way; clear_timer still finds it
    if _queue:
        _system.global_timer_set(_queue[0][0])
    work: list[Any] = [_send(number) for number in due]
    if _system.entropy_wanted():
        from basilisk.randomness import seed_by_itself

        work.append(seed_by_itself())
    if len(work) > 1:
        return _all(work)
    return work[0] if work else None


async def _all(work: list[Any]) -> None:
    await gather(*work)


async def _send(number: int) -> None:
    data = b"DIDL\0\1\x78" + number.to_bytes(8, "little")  # Candid: (number : nat64)
    try:
        await call_raw(Principal(_system.id()), METHOD, data)
    except CallRejected as error:
        timer = _timers.get(number)
        if error.code == _TRANSIENT and timer is not None and timer.due == 0:
            timer.due = _system.time() + _RETRY
            heappush(_queue, (timer.due, number))
            _system.global_timer_set(_queue[0][0])
            return
    timer = _timers.get(number)
    if timer is not None and timer.due == 0:
        del _timers[number]


def run(number: int) -> Any:
    """The method ``METHOD``: runs one timer; a coroutine that it returns is driven by the bridge."""
    timer = _timers.get(number)
    if timer is None:
        return None  # cleared since it fell due
    result = timer.callback()
    waits = hasattr(type(result), "__await__") or type(result).__name__ == "generator"
    return routine_of(result) if waits else None


def only_self() -> Any:
    """The guard of ``METHOD``."""
    if _system.caller() == _system.id():
        return True
    return {"Err": "only the canister itself can run its timers"}

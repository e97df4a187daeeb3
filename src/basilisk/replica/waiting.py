"""Waiting for an answer: which rounds to execute, and when there is no more point in it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister, Status
from basilisk.replica.clock import Clock
from basilisk.replica.message import TaskKind
from basilisk.replica.scheduler import Scheduler

__all__ = ["Waiting"]

#: Rounds in which nothing but heartbeats runs before a call counts as never answered.
_HEARTBEATS = 1_000

#: Seconds that a clock that follows the machine is waited for at once.
_NAP = 0.05
_SECOND = 1_000_000_000


class Waiting:
    """Executes rounds as long as they can change anything."""

    def __init__(
        self, clock: Clock, canisters: Mapping[bytes, Canister], scheduler: Scheduler, accounting: Accounting
    ) -> None:
        self._clock = clock
        self._canisters = canisters
        self._scheduler = scheduler
        self._accounting = accounting
        self._heartbeats = 0

    def step(self) -> bool:
        """One more round; False when no round can change anything any more.

        A clock that stands is set to the next deadline, but not to the next timer: a test that wants a timer
        to fire lets the time pass.  A clock that ticks or follows the machine gets there by itself.
        """
        if not self._scheduler.idle:
            self._heartbeats = 0
        elif not self._wait():
            self._heartbeats = 0
            return False
        self._scheduler.round()
        return True

    def _wait(self) -> bool:
        now = self._clock.now()
        timer, deadline = self._next_timer(), self._scheduler.deadline
        if timer is not None and timer <= now + 1:
            return True
        times = [item for item in (timer, deadline) if item is not None]
        if self._clock.mode == "standing":
            if deadline is not None:
                self._clock.set(max(now, deadline))
                return True
        elif times:
            if self._clock.mode == "real":
                time.sleep(min(_NAP, max(0, min(times) - now) / _SECOND))
            return True
        self._heartbeats += 1
        return self._beats() and self._heartbeats <= _HEARTBEATS

    def _next_timer(self) -> int | None:
        """The next time at which a timer fires."""
        times = [
            item.timer
            for item in self._canisters.values()
            if item.timer and _runs(item, TaskKind.TIMER) and self._accounting.can_execute(item)
        ]
        return min(times, default=None)

    def _beats(self) -> bool:
        return any(
            _runs(item, TaskKind.HEARTBEAT) and self._accounting.can_execute(item)
            for item in self._canisters.values()
        )


def _runs(canister: Canister, kind: TaskKind) -> bool:
    code = canister.code
    return code is not None and canister.status is Status.RUNNING and kind.value in code.module.hooks

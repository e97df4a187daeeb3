"""The replica's clock: nanoseconds since 1970, under the control of the test."""

from __future__ import annotations

import time
from typing import Literal

from basilisk.errors import UsageError

__all__ = ["GENESIS", "Clock"]

#: 2021-05-06 19:17:10 UTC, shortly before the network's genesis; where local replicas start.
GENESIS = 1_620_328_630_000_000_000

_SECOND = 1_000_000_000

Mode = Literal["standing", "ticking", "real"]


class Clock:
    """Time of the replica.

    ``standing``: time passes only when told to, but for the nanosecond by which each round comes after the
    one before.  ``ticking``: every round takes ``tick_ns``.  ``real``: the clock of this machine.  Time
    never runs backwards.
    """

    def __init__(self, now: int = GENESIS, mode: Mode = "standing", tick_ns: int = _SECOND) -> None:
        if mode not in ("standing", "ticking", "real"):
            raise UsageError(f"unknown mode of the clock: {mode!r}", remedy="use standing, ticking or real")
        self._now = now
        self.mode: Mode = mode
        self.tick_ns = tick_ns

    def now(self) -> int:
        """Nanoseconds since 1970."""
        if self.mode == "real":
            self._now = max(self._now, time.time_ns())
        return self._now

    def next_round(self) -> int:
        """Begin a round: time moves by at least one nanosecond."""
        step = self.tick_ns if self.mode == "ticking" else 1
        self._now += max(1, step)
        return self.now()

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass.  Raises UsageError for a negative number."""
        if seconds < 0:
            raise UsageError("time does not run backwards")
        self._now += round(seconds * _SECOND)

    def set(self, nanoseconds: int) -> None:
        """Set the time.  Raises UsageError for a time in the past."""
        if nanoseconds < self._now:
            raise UsageError("time does not run backwards", cause="that time has passed already")
        self._now = nanoseconds

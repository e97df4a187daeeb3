"""Where the time of a build goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Timings"]


class Timings:
    """Seconds of wall time by stage, in the order in which the stages began.

    ``observer`` is called with the name of each stage that begins.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.observer: Callable[[str], object] | None = None
        self._began = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        self.seconds.setdefault(name, 0.0)
        if self.observer is not None:
            self.observer(name)
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began

    @property
    def total(self) -> float:
        """Seconds since this object was made."""
        return time.perf_counter() - self._began

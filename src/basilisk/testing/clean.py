"""Errors without the frames of Basilisk: a failing test shows the test, not the replica's inside."""

from __future__ import annotations

from types import TracebackType

from basilisk.errors import BasiliskError

__all__ = ["Clean"]


class Clean:
    """A block whose errors of Basilisk lose the traceback they have so far, and their causes.

    Written as a class: a generator would add frames of ``contextlib`` to what the user sees.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if isinstance(error, BasiliskError):
            raise error.with_traceback(None) from None

"""What canisters print, and why they trapped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CanisterLog", "LogRecord"]


@dataclass(frozen=True)
class LogRecord:
    """One line of a canister's log.  ``time`` in nanoseconds; ``context`` names the kind of message."""

    index: int
    time: int
    content: bytes
    context: str

    @property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")


class CanisterLog:
    """The last records of a canister, at most ``capacity`` bytes of content."""

    def __init__(self, capacity: int, listener: Callable[[LogRecord], None] | None = None) -> None:
        self._capacity = capacity
        self._records: deque[LogRecord] = deque()
        self._size = 0
        self._next = 0
        self._listener = listener

    def add(self, time: int, content: bytes, context: str) -> None:
        """Append a record; the oldest ones make room for it."""
        record = LogRecord(self._next, time, content, context)
        self._next += 1
        self._records.append(record)
        self._size += len(content)
        while self._size > self._capacity and len(self._records) > 1:
            self._size -= len(self._records.popleft().content)
        if self._listener is not None:
            self._listener(record)

    def clear(self) -> None:
        """Forget all records; the numbering goes on."""
        self._records.clear()
        self._size = 0

    def records(self) -> list[LogRecord]:
        """All records that are kept, oldest first."""
        return list(self._records)

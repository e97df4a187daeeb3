"""One value, and a priority queue, in stable memory."""

from __future__ import annotations

from basilisk.stable.declaration import Generic, Structure, parts
from basilisk.system import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")
else:
    _T = "type"

__all__ = ["StableCell", "StableMinHeap"]


class StableCell(Structure, Generic[_T]):
    """One value in stable memory; ``default`` of the declaration until it is set."""

    __slots__ = ()
    KIND = 5

    if TYPE_CHECKING:

        def __init__(self, memory_id: int, *, default: _T | None = None) -> None: ...

    def get(self) -> _T:
        """The value."""
        found = system.structure_load(self._number)
        return _copied(self.declaration.default) if found is None else found[0]  # type: ignore[no-any-return]

    def set(self, value: _T) -> _T:
        """Sets the value; returns the one before."""
        old = self.get()
        system.structure_store(self._number, value)
        return old

    @property
    def value(self) -> _T:
        """The value, for reading and setting."""
        return self.get()

    @value.setter
    def value(self, value: _T) -> None:
        system.structure_store(self._number, value)


def _copied(value: Any) -> Any:
    """A default that the program may change without changing what others will get."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


class StableMinHeap(Structure, Generic[_T]):
    """A priority queue in stable memory: the smallest element comes first."""

    __slots__ = ()
    KIND = 6

    if TYPE_CHECKING:

        def __init__(self, memory_id: int) -> None: ...

    def __len__(self) -> int:
        return system.structure_len(self._number)  # type: ignore[no-any-return]

    def len(self) -> int:
        """Number of elements."""
        return len(self)

    def is_empty(self) -> bool:
        """Whether there are no elements."""
        return len(self) == 0

    def push(self, element: _T) -> None:
        """Adds an element."""
        system.structure_push(self._number, parts(self, element))

    def pop(self) -> _T | None:
        """Removes and returns the smallest element; None if there is none."""
        return self._restored(system.structure_pop(self._number))  # type: ignore[no-any-return]

    def peek(self) -> _T | None:
        """The smallest element, or None."""
        return self._restored(system.structure_peek(self._number))  # type: ignore[no-any-return]

    def clear(self) -> None:
        """Removes all elements.  The memory that they took stays with the heap."""
        system.structure_clear(self._number)

    def _restored(self, found: Any) -> Any:
        if found is None or self._from is None:
            return None if found is None else found[0]
        return self._from(found[0])

"""Lists and logs in stable memory."""

from __future__ import annotations

from _collections_abc import Sequence

from basilisk.stable.declaration import Structure, objects
from basilisk.system import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar, overload

    _T = TypeVar("_T")
else:
    _T = "type"

__all__ = ["StableLog", "StableVec"]


class _Items(Structure, Sequence[_T]):
    """What lists and logs have in common: reading by index."""

    __slots__ = ()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __len__(self) -> int:
        return system.structure_len(self._number)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return system.structure_len(self._number) != 0  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[_T]:
        return objects(self, 0)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> _T: ...
        @overload
        def __getitem__(self, index: slice) -> list[_T]: ...
        def __getitem__(self, index: Any) -> Any: ...

    else:

        def __getitem__(self, index):
            if isinstance(index, slice):
                return [self[number] for number in range(*index.indices(len(self)))]
            found = system.structure_item(self._number, self._index(index))
            if found is None:
                raise IndexError(f"index {index} is beyond the end")
            return found[0]

    def get(self, index: int) -> _T | None:
        """The item with that index, or None."""
        found = system.structure_item(self._number, index) if index >= 0 else None
        return None if found is None else found[0]

    def first(self) -> _T | None:
        """The first item, or None."""
        return self.get(0)

    def last(self) -> _T | None:
        """The last item, or None."""
        return self.get(len(self) - 1)

    def is_empty(self) -> bool:
        """Whether there are no items."""
        return not self

    def len(self) -> int:
        """Number of items."""
        return len(self)

    def append(self, value: _T) -> int:
        """Adds an item at the end; returns its index."""
        return system.structure_append(self._number, value)  # type: ignore[no-any-return]

    def extend(self, values: Iterable[_T]) -> None:
        """Adds items at the end."""
        for value in values:
            self.append(value)

    def _index(self, index: int) -> int:
        if index >= 0:
            return index
        index += len(self)
        if index < 0:
            raise IndexError(f"index {index - len(self)} is before the first item")
        return index


class StableVec(_Items[_T]):
    """A list in stable memory: items are added and removed at the end, and replaced anywhere."""

    __slots__ = ()
    KIND = 3

    if TYPE_CHECKING:

        def __init__(self, memory_id: int) -> None: ...

    def __setitem__(self, index: int, value: _T) -> None:
        if not system.structure_set_item(self._number, self._index(index), value):
            raise IndexError(f"index {index} is beyond the end")

    def set(self, index: int, value: _T) -> None:
        """Replaces an item; raises IndexError if there is none with that index."""
        self[index] = value

    def push(self, value: _T) -> None:
        """Adds an item at the end."""
        system.structure_append(self._number, value)

    def pop(self) -> _T | None:
        """Removes and returns the last item; None if there is none."""
        found = system.structure_pop(self._number)
        return None if found is None else found[0]

    def clear(self) -> None:
        """Removes all items.  The memory that they took stays with the list."""
        system.structure_clear(self._number)


class StableLog(_Items[_T]):
    """A log in stable memory: entries are added and never changed.  It takes two memories."""

    __slots__ = ()
    KIND = 4

    if TYPE_CHECKING:

        def __init__(self, memory_id: int, *, data_memory_id: int) -> None: ...

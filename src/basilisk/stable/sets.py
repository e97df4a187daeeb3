"""Sets in stable memory."""

from __future__ import annotations

from _collections_abc import MutableSet

from basilisk.stable.declaration import Structure, parts
from basilisk.stable.maps import KEYS, StableBTreeMap, View, scan
from basilisk.system import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar

    _T = TypeVar("_T")
else:
    _T = "type"

__all__ = ["StableBTreeSet"]


class StableBTreeSet(Structure, MutableSet[_T]):
    """A set in stable memory, in the order of its elements; it works as a set does."""

    __slots__ = ()
    KIND = 2

    if TYPE_CHECKING:

        def __init__(self, memory_id: int) -> None: ...

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other or NotImplemented

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        """What ``a & b`` and its like return: an ordinary set."""
        return set(it)

    def __len__(self) -> int:
        return system.structure_len(self._number)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return system.structure_len(self._number) != 0  # type: ignore[no-any-return]

    def __contains__(self, element: object) -> bool:
        return system.structure_contains(self._number, parts(self, element))  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[_T]:
        return scan(_as_map(self), KEYS)

    def __reversed__(self) -> Iterator[_T]:
        return scan(_as_map(self), KEYS, down=True)

    def add(self, value: _T) -> None:
        """Adds an element."""
        system.structure_set(self._number, parts(self, value), None)

    def insert(self, value: _T) -> bool:
        """Adds an element; returns whether it is new."""
        return system.structure_insert(self._number, parts(self, value), None, False) is False

    def discard(self, value: _T) -> None:
        """Removes an element if it is there."""
        system.structure_remove(self._number, parts(self, value), None)

    def remove(self, value: _T) -> bool:  # type: ignore[override]
        """Removes an element; returns whether it was there (as in Rust, and unlike Python's set)."""
        return system.structure_remove(self._number, parts(self, value), False) is None

    def contains(self, value: _T) -> bool:
        """Whether the element is there."""
        return value in self

    def is_empty(self) -> bool:
        """Whether there are no elements."""
        return not self

    def len(self) -> int:
        """Number of elements."""
        return len(self)

    def clear(self) -> None:
        """Removes all elements.  The memory that they took stays with the set."""
        system.structure_clear(self._number)

    def first(self) -> _T | None:
        """The smallest element, or None."""
        return next(scan(_as_map(self), KEYS, most=1), None)

    def last(self) -> _T | None:
        """The greatest element, or None."""
        return next(scan(_as_map(self), KEYS, down=True, most=1), None)

    def pop_first(self) -> _T | None:
        """Removes and returns the smallest element; None if there is none."""
        return self._popped(last=False)  # type: ignore[no-any-return]

    def pop_last(self) -> _T | None:
        """Removes and returns the greatest element; None if there is none."""
        return self._popped(last=True)  # type: ignore[no-any-return]

    def pop(self) -> _T:
        """Removes and returns the smallest element; raises KeyError if there is none."""
        entry = system.structure_pop_item(self._number, False)
        if entry is None:
            raise KeyError("pop from an empty set")
        return entry[0] if self._from is None else self._from(entry[0])  # type: ignore[no-any-return]

    def _popped(self, *, last: bool) -> Any:
        entry = system.structure_pop_item(self._number, last)
        if entry is None:
            return None
        return entry[0] if self._from is None else self._from(entry[0])

    def range(self, start: _T | None = None, end: _T | None = None, *, inclusive: bool = False) -> View[_T]:
        """The elements from ``start`` to before ``end``; with ``inclusive`` ``end`` as well."""
        return View(_as_map(self), KEYS, start, end, inclusive)


def _as_map(structure: Any) -> StableBTreeMap[Any, Any]:
    """A set is a map to nothing, and scanned as one."""
    return structure  # type: ignore[no-any-return]

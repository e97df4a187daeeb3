"""Maps in stable memory."""

from __future__ import annotations

from _collections_abc import MutableMapping

from basilisk.stable.declaration import Generic, Structure, parts
from basilisk.system import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    _K = TypeVar("_K")
    _V = TypeVar("_V")
    _T = TypeVar("_T")
else:
    _K = _V = _T = "type"

__all__ = ["KEYS", "StableBTreeMap", "View", "scan"]

#: Parts of entries that an iteration yields (``structure_scan`` in the bridge).
KEYS, VALUES, ITEMS, PREVIOUS_ITEMS = 1, 2, 3, 7
#: Entries that an iteration reads at once: few at first, because many iterations stop early.
FIRST_STEP, LARGEST_STEP = 8, 128

_MISSING: Any = object()


class StableBTreeMap(Structure, MutableMapping[_K, _V]):
    """A map in stable memory, in the order of its keys.

    It works as a dict does.  Keys are ordered as Python orders them: negative numbers before positive ones,
    texts and blobs by their bytes, tuples item by item; principals by length and then by their bytes.
    Iterating reads a few entries at a time, and sees changes that are made meanwhile.

    A change that cannot be completed (stable memory is full or damaged) traps, so that all of it rolls back.
    """

    __slots__ = ()
    KIND = 1

    # What is called most does the work of `parts` itself: a call would cost a tenth of the whole.
    TYPES = 2

    if TYPE_CHECKING:

        def __init__(
            self,
            memory_id: int,
            max_key_size: int | None = None,
            max_value_size: int | None = None,
            *,
            previous: Any = None,
        ) -> None: ...

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __len__(self) -> int:
        return system.structure_len(self._number)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return system.structure_len(self._number) != 0  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        into = self._into
        key = key if into is None else into(key)
        return system.structure_contains(self._number, key)  # type: ignore[no-any-return]

    def __getitem__(self, key: _K) -> _V:
        into = self._into
        value = system.structure_get(self._number, key if into is None else into(key), _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value  # type: ignore[no-any-return]

    def __setitem__(self, key: _K, value: _V) -> None:
        into = self._into
        system.structure_set(self._number, key if into is None else into(key), value)

    def __delitem__(self, key: _K) -> None:
        if system.structure_remove(self._number, parts(self, key), _MISSING) is _MISSING:
            raise KeyError(key)

    def __iter__(self) -> Iterator[_K]:
        return scan(self, KEYS)

    def __reversed__(self) -> Iterator[_K]:
        return scan(self, KEYS, down=True)

    if not TYPE_CHECKING:

        def get(self, key, default=None):
            """The value of a key, or the default."""
            into = self._into
            return system.structure_get(self._number, key if into is None else into(key), default)

    def insert(self, key: _K, value: _V) -> _V | None:
        """Sets the value of a key; returns the one it had, or None."""
        return system.structure_insert(self._number, parts(self, key), value, None)  # type: ignore[no-any-return]

    def remove(self, key: _K) -> _V | None:
        """Removes a key; returns its value, or None if it was not there."""
        return system.structure_remove(self._number, parts(self, key), None)  # type: ignore[no-any-return]

    def pop(self, key: _K, default: Any = _MISSING) -> Any:
        """Removes a key and returns its value, or the default; raises KeyError without one."""
        value = system.structure_remove(self._number, parts(self, key), default)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def contains_key(self, key: _K) -> bool:
        """Whether the key is there."""
        return key in self

    def is_empty(self) -> bool:
        """Whether there are no entries."""
        return not self

    def len(self) -> int:
        """Number of entries."""
        return len(self)

    def clear(self) -> None:
        """Removes all entries.  The memory that they took stays with the map."""
        system.structure_clear(self._number)

    def first(self) -> tuple[_K, _V] | None:
        """The entry with the smallest key, or None."""
        return next(scan(self, ITEMS, most=1), None)

    def last(self) -> tuple[_K, _V] | None:
        """The entry with the greatest key, or None."""
        return next(scan(self, ITEMS, down=True, most=1), None)

    def pop_first(self) -> tuple[_K, _V] | None:
        """Removes and returns the entry with the smallest key; None if there is none."""
        return _restored(self, system.structure_pop_item(self._number, False))  # type: ignore[no-any-return]

    def pop_last(self) -> tuple[_K, _V] | None:
        """Removes and returns the entry with the greatest key; None if there is none."""
        return _restored(self, system.structure_pop_item(self._number, True))  # type: ignore[no-any-return]

    def popitem(self) -> tuple[_K, _V]:
        """Removes and returns the entry with the greatest key; raises KeyError if there is none."""
        entry = self.pop_last()
        if entry is None:
            raise KeyError("popitem(): the map is empty")
        return entry

    if TYPE_CHECKING:

        def keys(self) -> View[_K]: ...  # type: ignore[override]
        def values(self) -> View[_V]: ...  # type: ignore[override]
        def items(self) -> View[tuple[_K, _V]]: ...  # type: ignore[override]
        def range(
            self, start: _K | None = None, end: _K | None = None, *, inclusive: bool = False
        ) -> View[tuple[_K, _V]]: ...

    else:

        def keys(self):
            """The keys."""
            return View(self, KEYS)

        def values(self):
            """The values, in the order of their keys."""
            return View(self, VALUES)

        def items(self):
            """The entries as (key, value)."""
            return View(self, ITEMS)

        def range(self, start=None, end=None, *, inclusive=False):
            """The entries with keys from ``start`` to before ``end``; with ``inclusive`` ``end`` as well."""
            return View(self, ITEMS, start, end, inclusive)

    def migrate(self, convert: Callable[[Any], _V]) -> int:
        """Converts every value from the type ``previous`` of the declaration; returns how many.

        Call it in ``@post_upgrade``.  Returns 0 if the memory holds the declared type already.  An exception
        in ``convert`` traps, so that the upgrade fails and nothing is changed.
        """
        if self.declaration.previous is None:
            raise TypeError(f"{self!r} is declared without previous=")
        if system.structure_is_current(self._number):
            return 0
        count = 0
        try:
            for key, value in scan(self, PREVIOUS_ITEMS, follow=False):
                system.structure_set(self._number, parts(self, key), convert(value))
                count += 1
            system.structure_note(self._number)
        except Exception as error:
            import traceback

            system.trap("".join(traceback.format_exception(error)))
        return count


class View(Generic[_T]):
    """Keys, values or entries of a map, read when they are needed; a sequence that is read only."""

    __slots__ = ("_map", "_parts", "_range")

    def __init__(
        self,
        map: StableBTreeMap[Any, Any],
        parts: int,
        start: Any = None,
        end: Any = None,
        inclusive: bool = False,
    ) -> None:
        self._map = map
        self._parts = parts
        self._range = (start, end, inclusive)

    def __iter__(self) -> Iterator[_T]:
        start, end, inclusive = self._range
        return scan(self._map, self._parts, _bound(self._map, start, True), _bound(self._map, end, inclusive))

    def __reversed__(self) -> Iterator[_T]:
        start, end, inclusive = self._range
        lower, upper = _bound(self._map, start, True), _bound(self._map, end, inclusive)
        return scan(self._map, self._parts, upper, lower, down=True)

    def __len__(self) -> int:
        if self._range[:2] == (None, None):
            return len(self._map)
        start, end, inclusive = self._range
        lower, upper = _bound(self._map, start, True), _bound(self._map, end, inclusive)
        return sum(1 for _ in scan(self._map, KEYS, lower, upper))

    def __contains__(self, item: object) -> bool:
        if self._parts == KEYS:
            return item in self._map
        return any(item == other for other in self)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __repr__(self) -> str:
        return f"{list(self)!r}"


def _bound(map: StableBTreeMap[Any, Any], key: Any, inclusive: bool) -> Any:
    return None if key is None else (system.structure_key(map._number, parts(map, key)), inclusive)


def _restored(map: StableBTreeMap[Any, Any], entry: Any) -> Any:
    if entry is None or map._from is None:
        return entry
    return map._from(entry[0]), entry[1]


def scan(
    map: StableBTreeMap[Any, Any],
    wanted: int,
    start: Any = None,
    end: Any = None,
    *,
    down: bool = False,
    most: int = FIRST_STEP,
    follow: bool = True,
) -> Iterator[Any]:
    """Yields parts of the entries of a range.  With ``follow``, what is changed meanwhile is seen."""
    number, restore = map._number, map._from
    scanned = wanted if wanted in (KEYS, PREVIOUS_ITEMS) else ITEMS
    place = start
    while True:
        found, last, changes = system.structure_scan(number, scanned, place, end, down, most)
        for item in found:
            key = item if wanted == KEYS else item[0]
            if wanted == VALUES:
                yield item[1]
            elif restore is None:
                yield item
            else:
                yield restore(key) if wanted == KEYS else (restore(key), item[1])
            if follow and system.structure_changes(number) != changes:
                place = (system.structure_key(number, key), False)
                break
        else:
            if last is None:
                return
            place = (last, False)
        most = min(2 * most, LARGEST_STEP)

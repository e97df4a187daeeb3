"""Names that programs import today and that are still to be built: using one says so.

Nothing here pretends to work: every use raises :class:`~basilisk.faults.NotAvailableYet`.
"""

from __future__ import annotations

from basilisk.faults import not_available_yet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar

    _K = TypeVar("_K")
    _V = TypeVar("_V")

    class StableBTreeMap(Generic[_K, _V]):
        """A map in stable memory (not available yet)."""

        def __init__(self, memory_id: int, max_key_size: int = ..., max_value_size: int = ...) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class StableBTreeSet(Generic[_V]):
        """A set in stable memory (not available yet)."""

        def __init__(self, memory_id: int) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class StableVec(Generic[_V]):
        """A list in stable memory (not available yet)."""

        def __init__(self, memory_id: int) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class StableLog(Generic[_V]):
        """A log in stable memory (not available yet)."""

        def __init__(self, memory_id: int) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class StableCell(Generic[_V]):
        """One value in stable memory (not available yet)."""

        def __init__(self, memory_id: int) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class StableMinHeap(Generic[_V]):
        """A priority queue in stable memory (not available yet)."""

        def __init__(self, memory_id: int) -> None: ...
        def __getattr__(self, name: str) -> Any: ...


__all__ = [
    "StableBTreeMap",
    "StableBTreeSet",
    "StableCell",
    "StableLog",
    "StableMinHeap",
    "StableVec",
]


class Pending:
    """Base class of the names in this module at run time: subscripts are accepted, instances are not."""

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> Pending:
        not_available_yet(cls.__name__)

    def __class_getitem__(cls, item: object) -> type[Pending]:
        return cls


if not TYPE_CHECKING:
    for _name in __all__:
        globals()[_name] = type(_name, (Pending,), {"__slots__": (), "__module__": "basilisk"})
    del _name

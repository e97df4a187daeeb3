"""A dictionary that survives upgrades: ``ic.stable_storage()`` of the older dialect.

It lives in the heap.  Its items are written to a memory of their own before an upgrade, and read before the
new program's ``@post_upgrade``, so it should stay small; a :class:`StableBTreeMap` has no such bound.
"""

from __future__ import annotations

import sys

from basilisk.faults import ProgramFault
from basilisk.stable.declaration import Declaration, Structure
from basilisk.stable.maps import StableBTreeMap
from basilisk.system import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MEMORY_ID", "StableStorage", "storages"]

#: The memory of the items: a map from names to Candid messages.
MEMORY_ID = 253

#: What ``ic.stable_storage()`` has returned; at most one.
storages: list[StableStorage] = []


class StableStorage(dict):  # type: ignore[type-arg]
    """The items, as the ``TypedDict`` of the annotation declares them; none until the program sets them."""

    __slots__ = ("_items", "_plans", "declaration")

    def __init__(self, frame: Any) -> None:
        super().__init__()
        typed: Any = StableBTreeMap[str, bytes]
        self.declaration = Declaration(typed, MEMORY_ID, None, None, None, frame)
        if Declaration.closed:
            raise self.fault(
                "is called while the canister runs", remedy="call it at the top level of a module"
            )
        if storages:
            first = storages[0].declaration
            raise self.fault(
                f"is called twice, first in {first.file}:{first.line}",
                remedy="keep one TypedDict with all items, and import it where it is needed",
            )
        storages.append(self)
        self._items: Structure | None = None
        self._plans: dict[str, int] | None = None

    def fault(self, message: str, *, cause: str | None = None, remedy: str | None = None) -> ProgramFault:
        """The error that points at the call."""
        place = self.declaration
        return ProgramFault(
            "structure",
            f"ic.stable_storage() {message}",
            cause=cause,
            remedy=remedy,
            module=place.module,
            file=place.file,
            line=place.line,
        )

    def use(self, items: Structure, plans: dict[str, int]) -> None:
        """What the build made of the annotation: the map of the items, and the plan of each."""
        self._items, self._plans = items, plans

    # Everything that adds an item says at once when the type has no such item: at the upgrade it is too late.

    def __setitem__(self, name: str, value: Any) -> None:
        if self._plans is not None and name not in self._plans:
            raise KeyError(f"the type of the stable storage has no item {name!r}")
        super().__setitem__(name, value)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The item; sets it to ``default`` if it is not there."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *others: Any, **named: Any) -> None:
        """Sets several items."""
        for name, value in dict(*others, **named).items():
            self[name] = value

    def __ior__(self, other: Any) -> StableStorage:  # type: ignore[misc]
        self.update(other)
        return self

    def save(self) -> None:
        """Writes the items; the system calls it after ``@pre_upgrade``."""
        number, plans = self._compiled()
        system.structure_clear(number)
        for name, value in self.items():
            try:
                system.structure_set(number, name, system.encode(plans[name], (value,)))
            except Exception as error:
                raise _unfit(name, error) from None

    def restore(self) -> None:
        """Reads the items; the system calls it before ``@post_upgrade``.

        Items that the type no longer has are left out, and so are gone with the next upgrade.
        """
        number, plans = self._compiled()
        for name, plan in plans.items():
            message = system.structure_get(number, name, None)
            if message is not None:
                try:
                    super().__setitem__(name, system.decode(plan, message)[0])
                except Exception as error:
                    raise _unfit(name, error) from None

    def _compiled(self) -> tuple[Any, dict[str, int]]:
        assert self._items is not None and self._plans is not None, "set by the build"
        return self._items._number, self._plans


def _unfit(name: str, error: Exception) -> TypeError:
    return TypeError(f"the item {name!r} of the stable storage does not fit its type: {error}")


def stable_storage() -> StableStorage:
    """See ``ic.stable_storage``; the caller's caller is the program."""
    return StableStorage(sys._getframe(2))

"""Whether a new version of a canister still serves the clients of the old one, and the other way round.

Source: Candid specification, "Upgrading and Subtyping": the new service type must be a subtype of the old.
"""

from __future__ import annotations

from basilisk.frozen import dataclass

from .equality import same_type
from .subtyping import Difference, subtype
from .types import Argument, Func, Interface, Service

__all__ = ["Break", "Comparison", "check_upgrade", "compare_interfaces"]


@dataclass(frozen=True)
class Break:
    """A method that clients of the old interface can no longer use as before.

    With ``fatal`` false calls keep working, but a value is always read as null.
    """

    method: str
    difference: Difference
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.method}: {self.difference}"


@dataclass(frozen=True)
class Comparison:
    """What replacing one interface by another means.

    * ``upgrade``: what clients of the old interface lose when the new one takes its place;
    * ``rollback``: what clients of the new interface lose when the old one comes back;
    * ``added``: names of the methods that only the new one has;
    * ``init``: why arguments made for the old init do not fit the new one, or None.  No client depends on
      init arguments, only whoever installs the canister; so they are compared like the arguments of a
      method, but are no part of ``compatible``;
    * ``same``: whether both interfaces mean the same but for the names of types and arguments.
    """

    upgrade: tuple[Break, ...]
    rollback: tuple[Break, ...]
    added: tuple[str, ...]
    init: Difference | None
    same: bool

    @property
    def compatible(self) -> bool:
        """True when the new service is a subtype of the old: no client of the old interface breaks."""
        return not any(item.fatal for item in self.upgrade)

    @property
    def reversible(self) -> bool:
        """True when the old service is a subtype of the new: going back breaks no client of the new one."""
        return not any(item.fatal for item in self.rollback)


def compare_interfaces(old: Interface, new: Interface) -> Comparison:
    """Compares two interfaces in both directions."""
    known = {name for name, _ in old.service.methods} if old.service is not None else set()
    methods = new.service.methods if new.service is not None else ()
    # As a function without results: what was passed to the old one must do for the new one.
    init = subtype(Func(new.init_args, ()), Func(old.init_args, ()), new.environment, old.environment)
    return Comparison(
        tuple(check_upgrade(old, new)),
        tuple(check_upgrade(new, old)),
        tuple(name for name, _ in methods if name not in known),
        init.difference,
        same_type(_whole(old), _whole(new), old.environment, new.environment),
    )


def _whole(interface: Interface) -> Func:
    """Init arguments and service as one type."""
    return Func(interface.init_args, (Argument(interface.service or Service(())),))


def check_upgrade(old: Interface, new: Interface) -> list[Break]:
    """The methods of ``old`` that ``new`` breaks, in the order of their names; empty if compatible."""
    breaks: list[Break] = []
    methods = dict(new.service.methods) if new.service is not None else {}
    for name, method in old.service.methods if old.service is not None else ():
        if name not in methods:
            breaks.append(Break(name, Difference("", "the method is gone")))
            continue
        verdict = subtype(methods[name], method, new.environment, old.environment)
        breaks += [Break(name, difference) for difference in verdict.differences]
        breaks += [Break(name, loss, fatal=False) for loss in verdict.losses]
    return breaks

"""Whether a new version of a canister still serves the clients of the old one.

Source: Candid specification, "Upgrading and Subtyping": the new service type must be a subtype of the old.
"""

from __future__ import annotations

from basilisk.frozen import dataclass

from .subtyping import Difference, subtype
from .types import Interface

__all__ = ["Break", "check_upgrade"]


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


def check_upgrade(old: Interface, new: Interface) -> list[Break]:
    """The methods of ``old`` that ``new`` breaks, in the order of their names; empty if compatible."""
    breaks: list[Break] = []
    methods = dict(new.service.methods) if new.service is not None else {}
    for name, method in old.service.methods if old.service is not None else ():
        if name not in methods:
            breaks.append(Break(name, Difference("", "the method is gone")))
            continue
        verdict = subtype(methods[name], method, new.environment, old.environment)
        if verdict.difference is not None:
            breaks.append(Break(name, verdict.difference))
        breaks += [Break(name, loss, fatal=False) for loss in verdict.losses]
    return breaks

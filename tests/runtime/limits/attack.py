"""One program after the other."""

from __future__ import annotations

from .attacked import COMPLETE, Attacked
from .cases import Case

__all__ = ["attack", "chosen"]


def attack(attacked: Attacked, case: Case) -> str:
    """Run it where exceptions are caught; in a complete run also where they are not, and at any depth."""
    outcome = attacked.send("caught", case.code)
    if COMPLETE:
        attacked.whole(objects=False)
        attacked.send("bare", case.code)
        attacked.whole(objects=False)
        attacked.send("caught", case.code, 1_000_000)
    attacked.whole(objects=False)
    return outcome.exception


def chosen(cases: list[Case]) -> list[Case]:
    """All, or those of the short run."""
    return [case for case in cases if COMPLETE or not case.complete]

"""Programs that go too far, as texts: a head ``== name: how it ends``, then the code.

``(complete)`` in a head keeps a case for the complete run: it takes long or needs much memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Case", "read"]


@dataclass(frozen=True)
class Case:
    """One program."""

    name: str
    ends: str
    code: str
    complete: bool

    def __str__(self) -> str:
        return self.name


def read(topic: str) -> list[Case]:
    """The programs of ``<topic>.txt``."""
    text = (Path(__file__).parent / f"{topic}.txt").read_text("utf-8")
    cases = []
    for block in ("\n" + text).split("\n== ")[1:]:
        head, _, code = block.partition("\n")
        name, _, ends = head.partition(": ")
        complete = ends.endswith(" (complete)")
        cases.append(Case(name, ends.removesuffix(" (complete)"), code, complete))
    assert len({case.name for case in cases}) == len(cases), "two cases have one name"
    return cases

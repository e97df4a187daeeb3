"""What of the runtime's code and data belongs to built-in modules alone: the base of ``--stdlib=used``.

The section comes with the runtime; ``tools/reachability`` makes it and says how it is known.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from basilisk.errors import ArtefactError

__all__ = ["Part", "Removable"]

Runs = tuple[tuple[int, int], ...]
"""First and count, each."""


@dataclass(frozen=True)
class Part:
    """What exactly these modules lead to: numbers of functions, addresses of static data."""

    modules: frozenset[str]
    functions: Runs = field(repr=False)
    data: Runs = field(repr=False)


@dataclass(frozen=True)
class Removable:
    """The built-in modules and the parts of the runtime that some of them alone lead to."""

    modules: frozenset[str]
    parts: tuple[Part, ...] = field(repr=False)

    @classmethod
    def parse(cls, data: bytes) -> Removable:
        """Read the runtime's section.  Raises :class:`ArtefactError` when it is missing or damaged."""
        try:
            raw = json.loads(data)
            names = [str(name) for name in raw["modules"]]
            parts = tuple(
                Part(frozenset(names[number] for number in modules), _runs(functions), _runs(content))
                for modules, functions, content in raw["parts"]
            )
            if not all(part.modules for part in parts):
                raise ValueError("a part without modules")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ArtefactError(
                "the runtime artefact does not say which code its built-in modules have",
                cause="it belongs to an older release, or it is damaged",
                remedy="make or install the runtime again, or build with --stdlib=full",
            ) from error
        return cls(frozenset(names), parts)

    def without(self, modules: Collection[str]) -> list[Part]:
        """The parts that nothing leads to once ``modules`` cannot be imported."""
        gone = frozenset(modules)
        return [part for part in self.parts if part.modules <= gone]


def _runs(numbers: list[int]) -> Runs:
    if len(numbers) % 2 or any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError("not a list of runs")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))

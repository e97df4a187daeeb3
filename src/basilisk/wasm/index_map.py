"""How functions are renumbered.

A pass that adds or moves functions makes one map; whatever names a function by its number (exports, the
start function, elements, names) is written through it.  A pass that leaves the numbers alone uses the
identity, so that call sites need no change when machine code for a canister's own functions is appended.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FunctionIndexMap"]


@dataclass(frozen=True, slots=True)
class FunctionIndexMap:
    """A map of function numbers of ``count`` functions, shifted as a whole.

    Imports come first in the index space of functions, so an added import shifts every function that is
    defined in the module: numbers from ``first`` on move by ``shift``.  Appended functions move nothing.
    """

    count: int
    first: int = 0
    shift: int = 0

    @classmethod
    def identity(cls, count: int) -> FunctionIndexMap:
        """The map of a pass that moves no function."""
        return cls(count)

    def __call__(self, index: int) -> int:
        """The new number of a function."""
        if not 0 <= index < self.count:
            raise IndexError(f"there is no function {index}, only {self.count} functions")
        return index + self.shift if index >= self.first else index

    @property
    def is_identity(self) -> bool:
        """Whether sections that hold function numbers may be copied as they are."""
        return self.shift == 0

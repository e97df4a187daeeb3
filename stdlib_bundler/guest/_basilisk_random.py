"""The generator behind ``random.random()`` and its siblings: seeded from entropy when it is used first.

CPython seeds it when ``random`` is imported, from the clock if there is no entropy.  In a canister that would
be the same sequence in every copy; here a draw before the canister has entropy raises instead.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any


def shared(random_class: type[random.Random]) -> random.Random:
    """An unseeded instance of a subclass of ``random_class``."""

    class SharedRandom(random_class):  # type: ignore[misc, valid-type]
        def __init__(self, x: Any = 0) -> None:
            super().__init__(x)
            self._seeded = False

        def seed(self, a: Any = None, version: int = 2) -> None:
            super().seed(a, version)
            self._seeded = True

        def random(self) -> Any:
            if not self._seeded:
                self.seed()
            return super().random()

        def getrandbits(self, k: int) -> Any:
            if not self._seeded:
                self.seed()
            return super().getrandbits(k)

        def setstate(self, state: Any) -> None:
            super().setstate(state)
            self._seeded = True

        def getstate(self) -> Any:
            if not self._seeded:
                self.seed()
            return super().getstate()

    return SharedRandom(0)

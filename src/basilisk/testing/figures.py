"""What a call cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CallFigures"]


@dataclass(frozen=True)
class CallFigures:
    """Figures of the last call or installation on a canister.

    ``instructions`` counts everything executed for it on the canister, ``cycles`` what the canister paid for
    it.  ``heap_pages`` and ``stable_pages`` are pages of 4 KiB written by the last execution.  ``refunded``
    is what came back of the cycles attached with ``with_cycles``.
    """

    instructions: int = 0
    cycles: int = 0
    heap_pages: int = 0
    stable_pages: int = 0
    refunded: int = 0

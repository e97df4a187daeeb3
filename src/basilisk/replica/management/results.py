"""Results of methods that are not there at once."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["LATER", "Later"]


class _Marker(enum.Enum):
    LATER = enum.auto()


#: Somebody else answers the call.
LATER: Final = _Marker.LATER


@dataclass(frozen=True)
class Later:
    """A result that is made in the next round (``make`` may raise Rejection)."""

    make: Callable[[], Any]

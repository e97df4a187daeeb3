"""How many random examples a property gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

__all__ = ["configured"]

#: How often each property's examples are multiplied, and new ones drawn.
TIMES = int(os.environ.get("BASILISK_FILES_TIMES", "0"))


def configured(examples: int) -> Callable[[Any], Any]:
    """Few examples and always the same ones in the gate; ``BASILISK_FILES_TIMES=N`` takes N times as many,
    and new ones."""
    return settings(
        max_examples=examples * max(1, TIMES),
        deadline=None,
        derandomize=not TIMES,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )

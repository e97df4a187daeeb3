"""How many random cases a property gets.

Few and always the same in the gate; ``./dev differential --cases N`` sets ``BASILISK_DIFFERENTIAL_CASES``,
which shares N among the properties of this folder and takes new ones each time.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from basilisk.candid.types import Environment, Type
from tests.unit.candid.strategies import environments, types, values

__all__ = ["Typed", "batches", "compared", "count", "property_settings"]

#: Types, a value of each, the environment of their names.
Typed = tuple[list[Type], list[Any], Environment]

#: Examples of each property in the gate.
FEW = 60
#: Properties that share the cases of a long run.
PROPERTIES = 10
#: Sequences of values that are drawn for the same types: drawing types costs most of the time.
BATCH = 12

_wanted = os.environ.get("BASILISK_DIFFERENTIAL_CASES", "")
_checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]

property_settings = settings(
    max_examples=-(-int(_wanted) // PROPERTIES // BATCH) if _wanted else FEW,
    derandomize=not _wanted,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=_checks,
)

#: Comparisons made so far, by property.
compared: Counter[str] = Counter()


def count(name: str) -> None:
    """Notes one comparison with another implementation."""
    compared[name] += 1


@st.composite
def batches(draw: st.DrawFn, references: bool = True) -> list[Typed]:
    """Several sequences of values of the same types."""
    environment = draw(environments(references))
    chosen = draw(st.lists(types(references, named=True), min_size=1, max_size=2))
    return [
        (chosen, [draw(values(type_, environment)) for type_ in chosen], environment) for _ in range(BATCH)
    ]

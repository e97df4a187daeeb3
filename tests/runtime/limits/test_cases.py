"""Size and conduct: each program ends in a reply, an exception or a limit, and leaves the canister whole."""

from __future__ import annotations

import pytest

from .attack import attack, chosen
from .attacked import Attacked
from .cases import Case, read


@pytest.mark.parametrize("case", chosen(read("sizes")), ids=str)
def test_sizes(case: Case, request: pytest.FixtureRequest) -> None:
    """Much memory and much work: MemoryError, OverflowError, or a limit of the network."""
    attacked = request.getfixturevalue("attacked_in_full" if case.complete else "attacked")
    assert attack(attacked, case) == case.ends


@pytest.mark.parametrize("case", chosen(read("conduct")), ids=str)
def test_conduct(attacked: Attacked, case: Case) -> None:
    """Code that changes things under the interpreter's feet, or tries to leave."""
    assert attack(attacked, case) == case.ends


def test_all_objects_are_whole_after_all_of_it(attacked: Attacked) -> None:
    """Types, sizes and counts of references of everything that the collector knows."""
    attacked.whole()

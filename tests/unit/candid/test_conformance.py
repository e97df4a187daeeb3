"""The Candid conformance suite, decoded by the host codec; its texts go through the text parser."""

from __future__ import annotations

import math

import pytest

from basilisk import candid
from basilisk.candid import CandidError

from .conformance import FOLDER, Assertion, Input, read_suite

SUITES = {"prim": 168, "construct": 164, "reference": 50, "overshoot": 10, "spacebomb": 17}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the conformance suite is not beside the repository"
)


def _assertions() -> list[Assertion]:
    if not FOLDER.is_dir():
        return []
    return [one for name in SUITES for one in read_suite(FOLDER / f"{name}.test.did")]


def _decode(given: Input, assertion: Assertion) -> list[object]:
    if given.is_text:
        return candid.parse_values(
            given.data.decode("utf-8"), assertion.types, assertion.environment, lenient=True
        )
    return candid.decode(given.data, assertion.types, assertion.environment)


def _same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return left == right


@pytest.mark.parametrize("assertion", _assertions(), ids=lambda one: one.name)
def test_assertion(assertion: Assertion) -> None:
    """Each assertion of the suite holds."""
    if assertion.operator == "!:":
        with pytest.raises(CandidError):
            _decode(assertion.left, assertion)
        return
    left = _decode(assertion.left, assertion)
    if assertion.right is not None:
        right = _decode(assertion.right, assertion)
        equal = len(left) == len(right) and all(map(_same, left, right))
        assert equal == (assertion.operator == "=="), (left, right)


@pytest.mark.parametrize(("name", "count"), SUITES.items())
def test_suite_is_complete(name: str, count: int) -> None:
    """The reader of the suite overlooks no assertion."""
    assert len(read_suite(FOLDER / f"{name}.test.did")) == count

"""The Candid conformance suite, decoded by the code that runs in a canister."""

from __future__ import annotations

from typing import Any

import pytest

from basilisk import candid
from tests.unit.candid.conformance import FOLDER, Assertion, read_suite

from .native import Codec, CodecError
from .plans import canister_value, plan_of

SUITES = ("prim", "construct", "reference", "overshoot", "spacebomb")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the conformance suite is not beside the repository"
)


def _messages() -> list[Assertion]:
    if not FOLDER.is_dir():
        return []
    assertions = [one for name in SUITES for one in read_suite(FOLDER / f"{name}.test.did")]
    return [one for one in assertions if not one.left.is_text]


def _types(assertion: Assertion) -> list[Any]:
    return [argument.type for argument in assertion.types]


def _expected(assertion: Assertion, codec: Codec, plan: int) -> tuple[Any, ...]:
    """The right side; texts are read by the host's parser."""
    assert assertion.right is not None
    if not assertion.right.is_text:
        return tuple(codec.call("decode", plan, assertion.right.data))
    text = assertion.right.data.decode("utf-8")
    values = candid.parse_values(text, assertion.types, assertion.environment, lenient=True)
    pairs = zip(values, _types(assertion))
    return tuple(canister_value(value, type_, assertion.environment) for value, type_ in pairs)


@pytest.mark.parametrize("assertion", _messages(), ids=lambda one: one.name)
def test_assertion(assertion: Assertion, codec: Codec) -> None:
    """Each assertion about a message holds."""
    plan = codec.plan(*plan_of(_types(assertion), assertion.environment))
    if assertion.operator == "!:":
        with pytest.raises(CodecError):
            codec.call("decode", plan, assertion.left.data)
        return
    values = tuple(codec.call("decode", plan, assertion.left.data))
    if assertion.right is not None:
        equal = values == _expected(assertion, codec, plan)
        assert equal == (assertion.operator == "=="), values

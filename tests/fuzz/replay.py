"""The inputs that the fuzzer found worth keeping, read by the host's codec as well."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from basilisk import candid
from tests.runtime.codec.native import Codec, CodecError
from tests.runtime.codec.native_build import native_codec
from tests.runtime.codec.plans import canister_value

from .seeds import Plan, Seeds

__all__ = ["disagreements"]

#: The two codecs bound work and depth differently (the host has no native stack to mind, and more budget).
#: Refusals for one of these reasons say nothing about the other side.
_BOUNDS = (
    "more work than its length justifies",
    "more work than its size allows",
    "elements cannot be in the bytes that are left",
    "nested too deeply",
    # Of a value of a later version's type; the host takes any number.
    "the number of references is out of range",
)


def disagreements(seeds: Seeds, corpus: Sequence[bytes]) -> list[tuple[bytes, str]]:
    """Inputs that one codec accepts and the other refuses, or that they read as different values."""
    codec = native_codec()
    found = []
    try:
        for data in corpus:
            plan = seeds.plans[data[0] % len(seeds.plans)] if data else None
            if plan is None or plan.types is None:
                continue
            here, there = _host(data[1:], plan), _canister(codec, data[1:], plan)
            if here != there and not any(bound in text for text in (here, there) for bound in _BOUNDS):
                found.append((data, f"is read by the host: {here:.200}, by the canister: {there:.200}"))
    finally:
        codec.close()
    return found


def _host(message: bytes, plan: Plan) -> str:
    assert plan.types is not None
    declared, environment = plan.types
    try:
        values = candid.decode(message, declared, environment)
    except candid.CandidError as error:
        return _refusal(str(error))
    # Text is only for comparing here, and integers in messages may be longer than Python likes to print.
    sys.set_int_max_str_digits(0)
    try:
        return repr([canister_value(value, type_, environment) for value, type_ in zip(values, declared)])
    except RecursionError:
        # The host's codec has no bound of its own there, but what compares the values has.
        return _refusal("nested too deeply")


def _canister(codec: Codec, message: bytes, plan: Plan) -> str:
    try:
        # repr: NaN is NaN
        return repr(list(codec.call("decode", codec.plan(*plan.nodes), message)))
    except CodecError as error:
        return _refusal(str(error))


def _refusal(reason: str) -> str:
    """All refusals are the same, except for reasons of bounds."""
    return next((f"refused: {bound}" for bound in _BOUNDS if bound in reason), "refused")

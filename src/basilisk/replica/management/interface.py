"""Types of the management canister's methods, from ``ic.did``."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from basilisk.candid import CandidError, decode, encode, parse_did
from basilisk.candid.types import Func, Interface
from basilisk.replica.errors import ErrorCode, Rejection

__all__ = ["arguments", "interface", "methods", "request", "response", "result"]


@lru_cache(maxsize=1)
def interface() -> Interface:
    """The interface as a whole."""
    text = files(__package__).joinpath("ic.did").read_text(encoding="utf-8")
    return parse_did(text, source="ic.did")


@lru_cache(maxsize=1)
def methods() -> dict[str, Func]:
    """All methods by name."""
    service = interface().service
    assert service is not None
    return {name: cast(Func, type_) for name, type_ in service.methods}


def arguments(method: str, data: bytes) -> dict[str, Any]:
    """The one record that a method takes; empty for a method without arguments.

    Raises Rejection (IC0408) for bytes that are no Candid message of that type.
    """
    try:
        values = decode(data, methods()[method].args, interface().environment)
    except CandidError as error:
        raise Rejection(
            ErrorCode.INVALID_MANAGEMENT_PAYLOAD, f"Error decoding candid: {error.what}"
        ) from None
    return cast("dict[str, Any]", values[0]) if values else {}


def result(method: str, *values: object) -> bytes:
    """The Candid message that answers a call."""
    return encode(methods()[method].results, values, interface().environment)


def request(method: str, value: dict[str, Any] | None = None) -> bytes:
    """The Candid message that calls a method; options that ``value`` leaves out are absent."""
    return encode(methods()[method].args, () if value is None else (value,), interface().environment)


def response(method: str, data: bytes) -> Any:
    """The value in an answer; None for a method that answers with nothing."""
    values = decode(data, methods()[method].results, interface().environment)
    return values[0] if values else None

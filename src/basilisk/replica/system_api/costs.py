"""Prices (specification, "Cycle cost calculation")."""

from __future__ import annotations

from basilisk.replica.errors import toolchain_violation
from basilisk.replica.execution import Execution
from basilisk.replica.system_api.base import function, read, write_cycles

_OK, _UNKNOWN_CURVE, _UNKNOWN_KEY = 0, 1, 2


@function
def cost_call(execution: Execution, name_size: int, payload_size: int, target: int) -> None:
    environment = execution.environment
    price = environment.fees.outgoing_call(
        name_size + payload_size, environment.limits.update_instructions, execution.canister.wide
    )
    write_cycles(execution, "cost_call", price, target)


@function
def cost_create_canister(execution: Execution, target: int) -> None:
    write_cycles(execution, "cost_create_canister", execution.environment.fees.canister_creation, target)


@function
def cost_http_request(execution: Execution, request: int, response: int, target: int) -> None:
    price = execution.environment.fees.http_request(request, response)
    write_cycles(execution, "cost_http_request", price, target)


@function
def cost_http_request_v2(execution: Execution, source: int, size: int, target: int) -> None:
    # The price model of version 2 is not published; refusing is better than an invented figure.
    raise toolchain_violation("ic0.cost_http_request_v2 is not available on this replica")


@function
def cost_sign_with_ecdsa(execution: Execution, source: int, size: int, curve: int, target: int) -> int:
    return _signature(execution, "cost_sign_with_ecdsa", source, size, curve, 1, target)


@function
def cost_sign_with_schnorr(execution: Execution, source: int, size: int, algorithm: int, target: int) -> int:
    return _signature(execution, "cost_sign_with_schnorr", source, size, algorithm, 2, target)


@function
def cost_vetkd_derive_key(execution: Execution, source: int, size: int, curve: int, target: int) -> int:
    return _signature(execution, "cost_vetkd_derive_key", source, size, curve, 1, target)


def _signature(
    execution: Execution, name: str, source: int, size: int, choice: int, choices: int, target: int
) -> int:
    raw = read(execution, f"ic0.{name} heap", source, size)
    try:
        key = raw.decode("utf-8")
    except UnicodeDecodeError:
        shown = raw.decode("utf-8", "replace")
        raise toolchain_violation(f"Failed to decode key name {shown}") from None
    if choice >= choices:
        return _UNKNOWN_CURVE
    price = execution.environment.fees.signature.get(key)
    if price is None:
        return _UNKNOWN_KEY
    write_cycles(execution, name, price, target)
    return _OK

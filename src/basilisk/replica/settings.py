"""Settings of canisters: what may be set, and to what (specification, "canister_settings")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import ANONYMOUS, PrincipalLike, principal_bytes
from basilisk.replica.limits import Limits

__all__ = ["SettingsChange", "apply_settings", "controller_set"]

_MAX_WASM_MEMORY = 1 << 48
_MAX64 = (1 << 64) - 1


class _Environment(Protocol):
    limits: Limits
    accounting: Accounting


@dataclass(frozen=True)
class SettingsChange:
    """New settings; None leaves a setting as it is.

    Sizes in bytes, ``freezing_threshold`` in seconds, ``compute_allocation`` in percent, cycles in cycles.  A
    ``wasm_memory_limit`` of 0 is none, a ``memory_allocation`` of 0 is best effort.
    """

    controllers: frozenset[bytes] | None = None
    environment: Mapping[str, str] | None = None
    wasm_memory_limit: int | None = None
    wasm_memory_threshold: int | None = None
    freezing_threshold: int | None = None
    memory_allocation: int | None = None
    compute_allocation: int | None = None
    reserved_cycles_limit: int | None = None
    minimum_incoming_cycles: int | None = None


def controller_set(value: PrincipalLike | Iterable[PrincipalLike] | None) -> set[bytes]:
    """One controller or several; None stands for the anonymous principal."""
    if value is None:
        return {ANONYMOUS}
    if isinstance(value, (bytes, str, Principal)):
        return {principal_bytes(value)}
    return {principal_bytes(item) for item in value}


def apply_settings(environment: _Environment, canister: Canister, change: SettingsChange) -> None:
    """Change settings, all of them or none; the canister's version does not change.

    Raises UsageError for settings that break a limit, Rejection (IC0530, IC0531, IC0540) for allocations
    that the canister's cycles do not allow.
    """
    _check(environment.limits, change)
    before = {name: getattr(canister, name) for name in _NUMBERS}
    try:
        for name in _NUMBERS:
            value = getattr(change, name)
            if value is not None:
                setattr(canister, name, value)
        _check_cycles(environment.accounting, canister, change, before)
    except Rejection:
        for name, value in before.items():
            setattr(canister, name, value)
        raise
    if change.controllers is not None:
        canister.controllers = set(change.controllers)
    if change.environment is not None:
        canister.environment = dict(change.environment)


# Settings that are a number: name → largest value.
_NUMBERS = {
    "wasm_memory_limit": _MAX_WASM_MEMORY,
    "wasm_memory_threshold": _MAX_WASM_MEMORY,
    "freezing_threshold": _MAX64,
    "memory_allocation": _MAX64,
    "compute_allocation": 100,
    "reserved_cycles_limit": (1 << 128) - 1,
    "minimum_incoming_cycles": (1 << 128) - 1,
}


def _check(limits: Limits, change: SettingsChange) -> None:
    for name, maximum in _NUMBERS.items():
        value = getattr(change, name)
        if value is not None and not 0 <= value <= maximum:
            raise UsageError(f"{name} must lie between 0 and {maximum:_}, not at {value:_}")
    if change.controllers is not None and len(change.controllers) > limits.controllers:
        raise UsageError(f"a canister has at most {limits.controllers} controllers")
    variables = change.environment or {}
    if len(variables) > limits.environment_variables:
        raise UsageError(f"a canister has at most {limits.environment_variables} environment variables")
    for name, text in variables.items():
        if len(name.encode()) > limits.environment_name_bytes:
            raise UsageError(f"the name of environment variable {name!r} is too long")
        if len(text.encode()) > limits.environment_value_bytes:
            raise UsageError(f"the value of environment variable {name!r} is too long")


def _check_cycles(
    accounting: Accounting, canister: Canister, change: SettingsChange, before: Mapping[str, int]
) -> None:
    if canister.reserved_cycles > canister.reserved_cycles_limit:
        raise Rejection(
            ErrorCode.RESERVED_CYCLES_LIMIT_IS_TOO_LOW,
            f"Cannot set the reserved cycles limit {canister.reserved_cycles_limit:_} below the reserved "
            f"cycles balance {canister.reserved_cycles:_} of the canister.",
        )
    missing = accounting.freezing_limit(canister) - canister.cycles
    if missing <= 0:
        return
    if canister.compute_allocation > before["compute_allocation"]:
        raise _insufficient(
            ErrorCode.INSUFFICIENT_CYCLES_IN_COMPUTE_ALLOCATION,
            f"compute allocation to {canister.compute_allocation}%",
            missing,
        )
    if canister.memory_allocation > before["memory_allocation"]:
        raise _insufficient(
            ErrorCode.INSUFFICIENT_CYCLES_IN_MEMORY_ALLOCATION,
            f"memory allocation to {canister.memory_allocation}",
            missing,
        )


def _insufficient(code: ErrorCode, what: str, missing: int) -> Rejection:
    return Rejection(
        code,
        f"Cannot increase {what} due to insufficient cycles. "
        f"At least {missing:_} additional cycles are required.",
    )

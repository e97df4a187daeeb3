"""Settings as the management canister takes and shows them (specification, "canister_settings")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from basilisk.principal import Principal
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode
from basilisk.replica.limits import Limits
from basilisk.replica.managed import Visibility
from basilisk.replica.management import refusals
from basilisk.replica.management.host import Environment
from basilisk.replica.settings import SettingsChange, apply_settings

__all__ = ["apply", "environment_hash", "shown"]

#: Percent of compute that all canisters together may reserve (config: half of three free threads).
_COMPUTE_CAPACITY = 150

_VIEWERS = 10  # specification: at most ten viewers
_MAX64 = (1 << 64) - 1

# Candid name → (name of the setting, largest value, text for what is larger)
_NUMBERS: dict[str, tuple[str, int, str]] = {
    "compute_allocation": (
        "compute_allocation",
        100,
        "ComputeAllocation expected to be in the range [0..100], got {}",
    ),
    "memory_allocation": (
        "memory_allocation",
        1 << 48,
        "MemoryAllocation expected to be in the range [0..281474976710656], got {}",
    ),
    "freezing_threshold": (
        "freezing_threshold",
        _MAX64,
        "Freezing threshold expected to be in the range of [0..2^64-1], got {}",
    ),
    "reserved_cycles_limit": (
        "reserved_cycles_limit",
        (1 << 128) - 1,
        "Reserved cycles limit expected to be in the range of [0..2^128-1], got {}",
    ),
    "minimum_incoming_canister_call_cycles": (
        "minimum_incoming_cycles",
        (1 << 128) - 1,
        "Minimum incoming canister call cycles expected to be in the range of [0..2^128-1], got {}",
    ),
    "wasm_memory_limit": (
        "wasm_memory_limit",
        1 << 48,
        "Wasm memory limit expected to be in the range of [0..2^64-1], got {}",
    ),
    "wasm_memory_threshold": (
        "wasm_memory_threshold",
        1 << 48,
        "Wasm memory threshold expected to be in the range of [0..2^64-1], got {}",
    ),
}
_VISIBILITIES = ("log_visibility", "snapshot_visibility", "status_visibility")


def apply(
    environment: Environment,
    canisters: Mapping[bytes, Canister],
    canister: Canister,
    settings: Mapping[str, Any],
) -> None:
    """Change the settings of a canister, all or none.  Raises Rejection."""
    change = _change(environment.limits, settings)
    visibilities = {name: _visibility(settings[name]) for name in _VISIBILITIES if settings.get(name)}
    _check_capacity(environment, canisters, canister, change)
    apply_settings(environment, canister, change)
    for name, value in visibilities.items():
        setattr(canister.managed, name, value)


def _change(limits: Limits, settings: Mapping[str, Any]) -> SettingsChange:
    numbers: dict[str, int] = {}
    for key, (name, largest, text) in _NUMBERS.items():
        value = settings.get(key)
        if value is None:
            continue
        if value > largest:
            raise refusals.invalid_settings(text.format(value))
        numbers[name] = value
    change = replace(SettingsChange(), **numbers)  # type: ignore[arg-type]
    controllers = settings.get("controllers")
    if controllers is not None:
        if len(controllers) > limits.controllers:
            raise _too_many("controllers", len(controllers), limits.controllers)
        change = replace(change, controllers=frozenset(item.bytes for item in controllers))
    variables = settings.get("environment_variables")
    if variables is not None:
        change = replace(change, environment=_variables(limits, variables))
    return change


def _variables(limits: Limits, variables: list[dict[str, str]]) -> dict[str, str]:
    named = {item["name"]: item["value"] for item in variables}
    if len(named) != len(variables):
        raise refusals.payload("Duplicate environment variables are not allowed")
    if len(named) > limits.environment_variables:
        raise refusals.payload(
            f"Too many environment variables: {len(named)} (max: {limits.environment_variables})"
        )
    for name, value in named.items():
        if len(name.encode()) > limits.environment_name_bytes:
            raise refusals.payload(
                f'Environment variable name "{name}" exceeds the maximum allowed length of '
                f"{limits.environment_name_bytes}."
            )
        if len(value.encode()) > limits.environment_value_bytes:
            raise refusals.payload(
                f'Environment variable value "{value}" exceeds the maximum allowed length of '
                f"{limits.environment_value_bytes}."
            )
    return named


def _visibility(value: Mapping[str, Any]) -> Visibility:
    ((kind, viewers),) = value.items()
    listed = tuple(item.bytes for item in viewers or ())
    if len(listed) > _VIEWERS:
        raise _too_many("allowed_viewers", len(listed), _VIEWERS)
    return Visibility(kind, listed)


def _too_many(name: str, given: int, most: int) -> Exception:
    # The network's decoder refuses such a list; its text names Rust types.
    return refusals.payload(
        f"Error decoding candid: {name}: the number of elements {given} exceeds the maximum allowed {most}"
    )


def _check_capacity(
    environment: Environment,
    canisters: Mapping[bytes, Canister],
    canister: Canister,
    change: SettingsChange,
) -> None:
    """Raise Rejection (IC0101) for allocations that the subnet cannot give."""
    others = [item for item in canisters.values() if item is not canister]
    compute = change.compute_allocation
    if compute is not None and compute > canister.compute_allocation:
        left = _COMPUTE_CAPACITY - sum(item.compute_allocation for item in others)
        if compute > left:
            raise refusals.advised(
                ErrorCode.SUBNET_OVERSUBSCRIBED,
                f"Canister requested a compute allocation of {compute}% which cannot be satisfied because "
                f"the Subnet's remaining compute capacity is {max(0, left)}%.",
                "Try moving to another subnet.",
                "subnet-compute-capacity-oversubscribed",
            )
    memory = change.memory_allocation
    if memory is not None and memory > canister.memory_allocation:
        taken = sum(max(item.memory_usage, item.memory_allocation) for item in others)
        left = environment.limits.subnet_memory_bytes - taken
        if memory > left:
            raise refusals.advised(
                ErrorCode.SUBNET_OVERSUBSCRIBED,
                f"Canister requested {_size(memory)} of memory but only {_size(max(0, left))} are available "
                "in the subnet.",
                "Try moving to another subnet.",
                "subnet-memory-capacity-oversubscribed",
            )


def _size(count: int) -> str:
    """Bytes with two decimals of the largest binary unit below, as the network writes them."""
    for unit, factor in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.2f} {unit}"
    return f"{count} B"


def shown(canister: Canister) -> dict[str, Any]:
    """All settings in the form of ``definite_canister_settings``."""
    settings: dict[str, Any] = {key: getattr(canister, name) for key, (name, _, _) in _NUMBERS.items()}
    settings["controllers"] = sorted(map(Principal, canister.controllers))
    for name in _VISIBILITIES:
        value: Visibility = getattr(canister.managed, name)
        viewers = [Principal(item) for item in value.viewers] if value.kind == "allowed_viewers" else None
        settings[name] = {value.kind: viewers}
    settings["environment_variables"] = [
        {"name": name, "value": value} for name, value in sorted(canister.environment.items())
    ]
    return settings


def environment_hash(variables: Mapping[str, str]) -> bytes:
    """Hash of environment variables as the history shows it: over the sorted pairs of hashes."""
    pairs = sorted(
        hashlib.sha256(name.encode()).digest() + hashlib.sha256(value.encode()).digest()
        for name, value in variables.items()
    )
    return hashlib.sha256(b"".join(pairs)).digest()

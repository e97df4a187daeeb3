"""Settings of canisters and their limits (specification, "update_settings")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica.ids import ANONYMOUS, PrincipalLike, principal_bytes
from basilisk.replica.limits import Limits

__all__ = ["check_settings", "controller_set"]


def controller_set(value: PrincipalLike | Iterable[PrincipalLike] | None) -> set[bytes]:
    """One controller or several; None stands for the anonymous principal."""
    if value is None:
        return {ANONYMOUS}
    if isinstance(value, (bytes, str, Principal)):
        return {principal_bytes(value)}
    return {principal_bytes(item) for item in value}


def check_settings(limits: Limits, controllers: set[bytes], environment: Mapping[str, str]) -> None:
    """Raise UsageError for settings that break a limit."""
    if len(controllers) > limits.controllers:
        raise UsageError(f"a canister has at most {limits.controllers} controllers")
    if len(environment) > limits.environment_variables:
        raise UsageError(f"a canister has at most {limits.environment_variables} environment variables")
    for name, value in environment.items():
        if len(name.encode()) > limits.environment_name_bytes:
            raise UsageError(f"the name of environment variable {name!r} is too long")
        if len(value.encode()) > limits.environment_value_bytes:
            raise UsageError(f"the value of environment variable {name!r} is too long")

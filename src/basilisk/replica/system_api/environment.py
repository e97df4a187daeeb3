"""Environment variables of the canister (specification, "Environment variables"), sorted by name."""

from __future__ import annotations

from basilisk.replica import errors
from basilisk.replica.execution import Execution
from basilisk.replica.system_api.base import copy_out, function, read


@function
def env_var_count(execution: Execution) -> int:
    return len(execution.canister.environment)


@function
def env_var_name_size(execution: Execution, index: int) -> int:
    return len(_name(execution, index))


@function
def env_var_name_copy(execution: Execution, index: int, target: int, offset: int, size: int) -> None:
    name = _name(execution, index)
    copy_out(execution, "env_var_name_copy", "name", name, target, offset, size)


@function
def env_var_name_exists(execution: Execution, source: int, size: int) -> int:
    name = _requested(execution, "env_var_name_exists", "heap", source, size)
    return int(name in execution.canister.environment)


@function
def env_var_value_size(execution: Execution, source: int, size: int) -> int:
    return len(_value(execution, _requested(execution, "env_var_value_size", "heap", source, size)))


@function
def env_var_value_copy(
    execution: Execution, source: int, name_size: int, target: int, offset: int, size: int
) -> None:
    value = _value(execution, _requested(execution, "env_var_value_copy", "name", source, name_size))
    copy_out(execution, "env_var_value_copy", "value", value, target, offset, size)


def _name(execution: Execution, index: int) -> bytes:
    names = sorted(execution.canister.environment)
    if index >= len(names):
        raise errors.environment_index(index, len(names))
    return names[index].encode()


def _requested(execution: Execution, function_name: str, part: str, source: int, size: int) -> str:
    if size > execution.environment.limits.environment_name_bytes:
        raise errors.user_violation(f"ic0.{function_name}: Variable name is too large.")
    raw = read(execution, f"ic0.{function_name} {part}", source, size)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise errors.user_violation(
            f"ic0.{function_name}: Variable name is not a valid UTF-8 string."
        ) from None


def _value(execution: Execution, name: str) -> bytes:
    value = execution.canister.environment.get(name)
    if value is None:
        raise errors.environment_name(name)
    return value.encode()

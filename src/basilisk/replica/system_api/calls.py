"""Calls to other canisters (specification, "Inter-canister method calls")."""

from __future__ import annotations

from basilisk.replica import errors
from basilisk.replica.execution import Execution, PreparedCall
from basilisk.replica.ids import principal_text
from basilisk.replica.message import Closure
from basilisk.replica.system_api.base import function, read
from basilisk.replica.system_api.cycles import join, liquid

_MAX_PRINCIPAL = 29
_QUEUED = 0
_NOT_QUEUED = 2
_TOO_LARGE = ("Check the canister for errors or redesign the target API to allow shorter messages",)


@function
def call_new(
    execution: Execution,
    callee: int,
    callee_size: int,
    name: int,
    name_size: int,
    reply: int,
    reply_environment: int,
    reject: int,
    reject_environment: int,
) -> None:
    if execution.preparing is not None:
        execution.balance += execution.preparing.cycles
        execution.preparing = None
    limit = execution.environment.limits.method_name_bytes
    if name_size > limit:
        raise errors.user_violation(
            f"Size of method_name {name_size} exceeds the allowed limit of {limit}.",
            "Use a shorter method name.",
            "canister-made-a-call-with-too-large-method-name",
        )
    method = read(execution, "ic0.call_new method_name", name, name_size).decode("utf-8", "replace")
    principal = read(execution, "ic0.call_new callee_src", callee, callee_size)
    if callee_size > _MAX_PRINCIPAL:
        raise errors.invalid_principal()
    execution.preparing = PreparedCall(
        principal, method, Closure(reply, reply_environment), Closure(reject, reject_environment)
    )


@function
def call_on_cleanup(execution: Execution, cleanup: int, environment: int) -> None:
    call = _preparing(execution, "call_on_cleanup")
    if call.cleanup is not None:
        raise errors.toolchain_violation(
            "ic0.call_on_cleanup can be called at most once between `ic0.call_new` and `ic0.call_perform`"
        )
    call.cleanup = Closure(cleanup, environment)


@function
def call_data_append(execution: Execution, source: int, size: int) -> None:
    call = _preparing(execution, "call_data_append")
    total = len(call.method.encode()) + len(call.argument) + size
    limit = execution.environment.limits.call_bytes
    if total > limit:
        raise errors.user_violation(
            f"Request to {principal_text(call.callee)}:{call.method} has a payload size of {total}, "
            f"which exceeds the allowed limit of {limit}.",
            *_TOO_LARGE,
            "canister-made-a-call-with-too-large-payload",
        )
    call.argument += read(execution, "ic0.call_data_append", source, size)


@function
def call_with_best_effort_response(execution: Execution, seconds: int) -> None:
    call = _preparing(execution, "call_with_best_effort_response")
    if call.timeout_seconds is not None:
        raise errors.toolchain_violation(
            "ic0_call_with_best_effort_response failed because a timeout is already set."
        )
    call.timeout_seconds = min(seconds, execution.environment.limits.call_timeout_seconds)


@function
def call_cycles_add128(execution: Execution, high: int, low: int) -> None:
    _add_cycles(execution, "ic0_call_cycles_add128", join(high, low))


@function
def call_cycles_add(execution: Execution, amount: int) -> None:
    _add_cycles(execution, "ic0_call_cycles_add", amount)


@function
def call_perform(execution: Execution) -> int:
    call = _preparing(execution, "call_perform")
    execution.preparing = None
    if not execution.canister.may_send(call.callee, execution.calls, execution.environment.limits):
        execution.balance += call.cycles
        return _NOT_QUEUED
    execution.calls.append(call)
    return _QUEUED


def _preparing(execution: Execution, name: str) -> PreparedCall:
    if execution.preparing is None:
        raise _none_prepared(f"ic0.{name}")
    return execution.preparing


def _none_prepared(name: str) -> errors.ExecutionError:
    return errors.toolchain_violation(f"{name} called when no call is under construction.")


def _add_cycles(execution: Execution, name: str, amount: int) -> None:
    if execution.preparing is None:
        raise _none_prepared(name)
    if amount > liquid(execution):
        raise errors.out_of_cycles(principal_text(execution.canister.id))
    execution.balance -= amount
    execution.preparing.cycles += amount

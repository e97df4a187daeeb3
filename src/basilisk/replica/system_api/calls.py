"""Calls to other canisters (specification, "Inter-canister method calls")."""

from __future__ import annotations

from basilisk.replica import errors
from basilisk.replica.contexts import Context
from basilisk.replica.execution import Execution, PreparedCall
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.message import Closure
from basilisk.replica.system_api.base import function, read
from basilisk.replica.system_api.cycles import join

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
    execution.abandon_call()
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
    if execution.context.composite:
        execution.preparing = None
        execution.calls.append(call)
        return _QUEUED
    limits = execution.environment.limits
    queued = execution.canister.may_send(call.callee, execution.calls, limits)
    if not queued or not _room_for_callback(execution) or not _pay(execution, call):
        execution.abandon_call()
        return _NOT_QUEUED
    execution.preparing = None
    execution.calls.append(call)
    return _QUEUED


def _room_for_callback(execution: Execution) -> bool:
    """A canister has a number of callbacks for itself; beyond that, all share those of the subnet."""
    limits = execution.environment.limits
    if len(execution.canister.callbacks) + len(execution.calls) < limits.guaranteed_callbacks:
        return True
    return execution.environment.accounting.open_calls() + len(execution.calls) < limits.callbacks


def _pay(execution: Execution, call: PreparedCall) -> bool:
    """Pay the fees of a call in advance; False when cycles or the memory for the response are missing."""
    fees, limits = execution.environment.fees, execution.environment.limits
    size = len(call.method.encode()) + len(call.argument)
    prepaid_execution = fees.execution(limits.update_instructions, execution.canister.wide)
    prepaid_transmission = fees.response_reserve()
    request = fees.request(size)
    price = request + prepaid_execution + prepaid_transmission
    if price > execution.liquid:
        return False
    if call.timeout_seconds is None and not _room_for_response(execution, price):
        return False
    execution.spend(UseCase.TRANSMISSION, request + prepaid_transmission)
    execution.spend(UseCase.INSTRUCTIONS, prepaid_execution)
    call.prepaid_execution, call.prepaid_transmission = prepaid_execution, prepaid_transmission
    return True


def _room_for_response(execution: Execution, price: int) -> bool:
    limits, accounting = execution.environment.limits, execution.environment.accounting
    slots = 1 + sum(call.timeout_seconds is None for call in execution.calls)
    if accounting.message_memory() + slots * limits.response_slot_bytes > limits.message_memory_bytes:
        return False
    if execution.context not in (Context.UPDATE, Context.HEARTBEAT, Context.TIMER, Context.LOW_MEMORY):
        return True  # callbacks need not keep the freezing limit when they allocate
    canister = execution.canister
    limit = accounting.freezing_limit(
        canister, execution.memory_usage, canister.response_slots + slots, execution.reserved
    )
    return execution.balance - price >= limit


def _preparing(execution: Execution, name: str) -> PreparedCall:
    if execution.preparing is None:
        raise _none_prepared(f"ic0.{name}")
    return execution.preparing


def _none_prepared(name: str) -> errors.ExecutionError:
    return errors.toolchain_violation(f"{name} called when no call is under construction.")


def _add_cycles(execution: Execution, name: str, amount: int) -> None:
    if execution.preparing is None:
        raise _none_prepared(name)
    spare = execution.liquid
    if amount > spare:
        missing = execution.freezing_limit + amount - execution.balance if execution.reveals_cycles else None
        raise errors.out_of_cycles(principal_text(execution.canister.id), missing)
    execution.balance -= amount
    execution.preparing.cycles += amount

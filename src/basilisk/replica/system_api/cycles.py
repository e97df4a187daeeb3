"""Cycles (specification, "Cycles"): balances, what came with a message, accepting and burning."""

from __future__ import annotations

from basilisk.replica import errors
from basilisk.replica.execution import Execution
from basilisk.replica.ids import MINTING_CANISTER, principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.system_api.base import function, write_cycles

_MAX64 = (1 << 64) - 1
_MAX128 = (1 << 128) - 1


def join(high: int, low: int) -> int:
    """A 128-bit amount from its halves."""
    return high << 64 | low


@function
def canister_cycle_balance128(execution: Execution, target: int) -> None:
    write_cycles(execution, "canister_cycle_balance128", execution.balance, target)


@function
def canister_liquid_cycle_balance128(execution: Execution, target: int) -> None:
    write_cycles(execution, "canister_liquid_cycle_balance128", execution.liquid, target)


@function
def canister_cycle_balance(execution: Execution) -> int:
    return _small(execution.balance)


@function
def msg_cycles_available128(execution: Execution, target: int) -> None:
    write_cycles(execution, "msg_cycles_available128", _available(execution), target)


@function
def msg_cycles_available(execution: Execution) -> int:
    return _small(_available(execution))


@function
def msg_cycles_refunded128(execution: Execution, target: int) -> None:
    write_cycles(execution, "msg_cycles_refunded128", execution.refund, target)


@function
def msg_cycles_refunded(execution: Execution) -> int:
    return _small(execution.refund)


@function
def msg_cycles_accept128(execution: Execution, high: int, low: int, target: int) -> None:
    write_cycles(execution, "msg_cycles_accept128", _accept(execution, join(high, low)), target)


@function
def msg_cycles_accept(execution: Execution, maximum: int) -> int:
    return _accept(execution, maximum)


@function
def cycles_burn128(execution: Execution, high: int, low: int, target: int) -> None:
    burned = min(join(high, low), execution.liquid)
    execution.spend(UseCase.BURNED_CYCLES, burned)
    write_cycles(execution, "cycles_burn128", burned, target)


@function
def mint_cycles128(execution: Execution, high: int, low: int, target: int) -> None:
    own = execution.canister.id
    if own != MINTING_CANISTER:
        raise errors.toolchain_violation(
            "ic0.mint_cycles128 cannot be executed on non Cycles Minting Canister: "
            f"{principal_text(own)} != {principal_text(MINTING_CANISTER)}"
        )
    minted = min(join(high, low), _MAX128 - execution.balance)
    execution.balance += minted
    execution.minted += minted
    write_cycles(execution, "mint_cycles128", minted, target)


def _available(execution: Execution) -> int:
    return 0 if execution.responded else execution.available


def _accept(execution: Execution, maximum: int) -> int:
    accepted = min(maximum, _available(execution), _MAX128 - execution.balance)
    execution.available -= accepted
    execution.balance += accepted
    return accepted


def _small(amount: int) -> int:
    if amount > _MAX64:
        raise errors.trapped(errors.CYCLES_TOO_BIG)
    return amount

"""Life of a canister besides its code: stopping, starting, uninstalling, deleting, running out of cycles.

The functions know nothing of who asks for it; permissions are checked by their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister, Status, StopWaiter
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.executor import Executor
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.limits import Limits
from basilisk.replica.stable import StableMemory

__all__ = ["Lifecycle"]

_SECOND = 1_000_000_000
_UNINSTALLED = "Canister has been uninstalled."


class _Environment(Protocol):
    limits: Limits
    accounting: Accounting


class Lifecycle:
    """Changes the status of the canisters of one replica."""

    def __init__(
        self, environment: _Environment, canisters: dict[bytes, Canister], executor: Executor
    ) -> None:
        self._environment = environment
        self._canisters = canisters
        self._executor = executor

    # ---- stopping and starting -----------------------------------------------------------------------

    def stop(self, canister: Canister, now: int, done: Callable[[Rejection | None], None]) -> None:
        """Ask a canister to stop.

        ``done`` is called once, with None when it has stopped (at once, or in a later round) or with the
        Rejection when it is started before that or five minutes pass.
        """
        if canister.status is Status.STOPPED:
            done(None)
            return
        if canister.status is Status.RUNNING:
            canister.status = Status.STOPPING
            canister.version += 1
        deadline = now + self._environment.limits.stop_timeout_seconds * _SECOND
        canister.stop_waiters.append(StopWaiter(deadline, done))

    def finish_stopping(self, now: int) -> None:
        """Answer those who wait for a canister that has stopped, or have waited too long."""
        for canister in list(self._canisters.values()):
            if canister.status is not Status.STOPPING:
                continue
            if not canister.contexts and not canister.callbacks and not canister.has_input:
                canister.status = Status.STOPPED
                canister.version += 1
                self._tell(canister, None)
                continue
            late = [waiter for waiter in canister.stop_waiters if waiter.deadline <= now]
            canister.stop_waiters = [waiter for waiter in canister.stop_waiters if waiter.deadline > now]
            for waiter in late:
                waiter.done(
                    Rejection(ErrorCode.STOP_CANISTER_REQUEST_TIMEOUT, "Stop canister request timed out")
                )

    def start(self, canister: Canister) -> None:
        """Let a canister run again; whoever waits for it to stop is told that this is off."""
        if canister.status is Status.RUNNING:
            return
        canister.status = Status.RUNNING
        canister.version += 1
        text = f"Canister {principal_text(canister.id)}'s stop request was cancelled."
        self._tell(canister, Rejection(ErrorCode.CANISTER_STOPPING_CANCELLED, text))

    @staticmethod
    def _tell(canister: Canister, outcome: Rejection | None) -> None:
        waiters, canister.stop_waiters = canister.stop_waiters, []
        for waiter in waiters:
            waiter.done(outcome)

    # ---- removing ------------------------------------------------------------------------------------

    def uninstall(self, canister: Canister) -> None:
        """Remove code, heap and stable memory; calls that are under way are rejected."""
        if canister.code is not None:
            canister.code.close()
        canister.code, canister.stable = None, StableMemory()
        canister.certified_data, canister.timer = b"", 0
        canister.version += 1
        self._executor.delete_contexts(canister, _UNINSTALLED)

    def starve(self, canister: Canister) -> None:
        """What becomes of a canister that cannot pay for its memory: it loses code and allocations."""
        self.uninstall(canister)
        canister.managed.lose_everything()
        canister.other_memory = canister.managed.size
        canister.compute_allocation = canister.memory_allocation = 0
        self._environment.accounting.burn_everything(canister, UseCase.UNINSTALL)

    def charge_all(self, now: int) -> None:
        """Charge every canister for its memory and compute allocation."""
        for canister in self._canisters.values():
            if not self._environment.accounting.charge_idle(canister, now):
                self.starve(canister)

    def delete(self, canister: Canister) -> None:
        """Delete a canister with its cycles.  Raises Rejection (IC0510) unless it is stopped."""
        if canister.status is not Status.STOPPED:
            raise Rejection(
                ErrorCode.CANISTER_NOT_STOPPED,
                f"Canister {principal_text(canister.id)} must be stopped before it is deleted.",
            )
        if canister.code is not None:
            canister.code.close()
        accounting = self._environment.accounting
        accounting.burn_everything(canister, UseCase.DELETED_CANISTERS)
        del self._canisters[canister.id]

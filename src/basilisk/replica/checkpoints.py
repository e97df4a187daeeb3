"""The whole state of a replica in memory, to return to it later.

Everything that is state is reachable from a handful of attributes and copied from there; the machinery that
works on it (scheduler, executor, engine) stays where it is.  Code and compiled modules are shared, the
committed heap of a canister is copied, and so are the written pages of its stable memory only as references,
because they never change in place.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from basilisk.replica.replica import Replica

__all__ = ["ReplicaCheckpoint", "capture", "reinstate"]


@dataclass(frozen=True)
class ReplicaCheckpoint:
    """A state of one replica; made by ``Replica.checkpoint``, used by ``Replica.restore``."""

    replica: int
    state: dict[str, Any]


def capture(replica: Replica) -> ReplicaCheckpoint:
    """A copy of the state as it is now."""
    scheduler = replica._scheduler
    live = {
        "canisters": replica._canisters,
        "created": replica._created,
        "last": replica.last,
        "clock": vars(replica.clock),
        "randomness": vars(replica.randomness),
        "ledger": replica.accounting.ledger,
        "scheduler": scheduler.state,
        "history": scheduler.executor.history,
        # Whatever the management canister keeps for itself; most of it belongs to the canisters.
        "management": getattr(replica.management, "state", None),
    }
    return ReplicaCheckpoint(id(replica), _copy(replica, live))


def reinstate(replica: Replica, checkpoint: ReplicaCheckpoint) -> None:
    """Make the replica what it was; the checkpoint can be used again."""
    state = _copy(replica, checkpoint.state)
    for canister in replica._canisters.values():
        if canister.code is not None:
            canister.code.close()
    replica._canisters.clear()
    replica._canisters.update(state["canisters"])
    replica._created = state["created"]
    replica.last = state["last"]
    vars(replica.clock).update(state["clock"])
    vars(replica.randomness).update(state["randomness"])
    replica.accounting.ledger = state["ledger"]
    replica._scheduler.state = state["scheduler"]
    history = replica._scheduler.executor.history
    history.clear()
    history.extend(state["history"])
    if state["management"] is not None:
        setattr(replica.management, "state", state["management"])  # noqa: B010 - optional attribute


def _copy(replica: Replica, value: dict[str, Any]) -> dict[str, Any]:
    scheduler = replica._scheduler
    machinery = (
        replica,
        replica.engine,
        replica.management,
        replica.accounting,
        replica._queries,
        replica._installer,
        replica._waiting,
        scheduler,
        scheduler.executor,
        scheduler.lifecycle,
    )
    # Callbacks that are part of the state (who waits for a canister to stop) go on pointing to the machinery.
    return copy.deepcopy(value, {id(item): item for item in machinery})

"""What the management canister keeps with each canister: history, chunks, snapshots, visibility."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from basilisk.engine import WASM_PAGE
from basilisk.replica.stable import StableMemory

__all__ = ["CHUNK_BYTES", "Change", "History", "Managed", "QueryStatistics", "Snapshot", "Visibility"]

#: Every chunk of the chunk store is paid for as if it had this size (specification, "upload_chunk").
CHUNK_BYTES = 1 << 20

#: Changes that are kept (specification, "Canister history").
_KEPT_CHANGES = 20

#: Bytes that a change takes besides its lists of principals; ours, the network counts its own structures.
_CHANGE_BYTES = 64


@dataclass(frozen=True)
class Visibility:
    """Who besides the controllers sees something: ``kind`` is the tag of the Candid type."""

    kind: str = "controllers"
    viewers: tuple[bytes, ...] = ()

    def admits(self, caller: bytes) -> bool:
        """Whether ``caller``, who is no controller, may look."""
        return self.kind == "public" or caller in self.viewers


@dataclass(frozen=True)
class Change:
    """An entry of the history; ``origin`` and ``details`` have the form of their Candid types."""

    time: int
    version: int
    origin: Mapping[str, Any]
    details: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes that the entry takes."""
        details = next(iter(self.details.values())) or {}
        return _CHANGE_BYTES + 29 * len(details.get("controllers", ()))


@dataclass
class History:
    """The latest changes, oldest first, and how many there ever were."""

    total: int = 0
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=_KEPT_CHANGES))

    def add(self, change: Change) -> None:
        """Append a change; the oldest one may go."""
        self.changes.append(change)
        self.total += 1

    @property
    def size(self) -> int:
        """Bytes that the history takes."""
        return sum(change.size for change in self.changes)


@dataclass
class Snapshot:
    """A copy of a canister's state.

    ``source`` is ``taken_from_canister`` or ``metadata_upload``.  ``globals``
    are the mutable globals in their order, each (type, bits).  ``timer`` in nanoseconds, 0 for inactive, None
    for unknown; ``low_memory`` is the status of the hook, None for unknown.
    """

    source: str
    taken_at: int
    version: int
    wasm: bytearray
    heap: bytearray
    stable: StableMemory
    globals: list[tuple[str, int]]
    certified_data: bytes
    chunks: dict[bytes, bytes]
    timer: int | None
    low_memory: str | None

    @property
    def size(self) -> int:
        """Bytes that storage is paid for."""
        chunks = CHUNK_BYTES * len(self.chunks)
        numbers = 8 * len(self.globals)
        fixed = len(self.wasm) + len(self.heap) + self.stable.pages * WASM_PAGE
        return fixed + chunks + numbers + len(self.certified_data)

    def __deepcopy__(self, _memo: dict[int, object]) -> Snapshot:
        """Snapshots that were taken do not change and are shared; uploaded ones are copied."""
        if self.source == "taken_from_canister":
            return self
        twin = Snapshot(**vars(self))
        twin.wasm, twin.heap, twin.stable = self.wasm[:], self.heap[:], copy.deepcopy(self.stable)
        twin.chunks = dict(self.chunks)
        return twin


@dataclass
class QueryStatistics:
    """Sums over all queries that were answered."""

    calls: int = 0
    instructions: int = 0
    request_bytes: int = 0
    response_bytes: int = 0


@dataclass
class Managed:
    """The management canister's part of a canister's state."""

    history: History = field(default_factory=History)
    log_visibility: Visibility = Visibility()
    snapshot_visibility: Visibility = Visibility()
    status_visibility: Visibility = Visibility()
    chunks: dict[bytes, bytes] = field(default_factory=dict)
    snapshots: dict[bytes, Snapshot] = field(default_factory=dict)
    snapshots_taken: int = 0
    queries: QueryStatistics = field(default_factory=QueryStatistics)

    def lose_everything(self) -> None:
        """Give up all memory: the canister cannot pay for it.  The number of changes stays."""
        self.history.changes.clear()
        self.chunks.clear()
        self.snapshots.clear()

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the chunk store as they are paid for."""
        return CHUNK_BYTES * len(self.chunks)

    @property
    def snapshot_bytes(self) -> int:
        """Bytes of all snapshots."""
        return sum(snapshot.size for snapshot in self.snapshots.values())

    @property
    def size(self) -> int:
        """Bytes that count as memory of the canister."""
        return self.history.size + self.chunk_bytes + self.snapshot_bytes

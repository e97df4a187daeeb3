"""What the replica tells about calls and canisters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from basilisk.engine import WASM_PAGE
from basilisk.principal import Principal
from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister

__all__ = ["CanisterStatus", "LastCall", "status_of"]


@dataclass(frozen=True)
class LastCall:
    """Figures of the last call that was made from outside.

    ``instructions`` counts wasm instructions of everything executed for it on the called canister;
    ``compilation`` is what the network charges besides for compiling the module that was installed;
    ``cycles`` is what the called canister consumed, for executions, messages and whatever it burned;
    ``dirty_heap_pages`` and ``dirty_stable_pages`` count pages of 4 KiB written by its last execution.
    """

    instructions: int
    dirty_heap_pages: int
    dirty_stable_pages: int
    cycles: int = 0
    compilation: int = 0


@dataclass(frozen=True)
class CanisterStatus:
    """What a controller can see of a canister.

    Sizes in bytes, ``timer`` in nanoseconds (0: not set).  ``memory_bytes`` is what storage is paid for;
    below ``freezing_limit`` cycles the canister is frozen.
    """

    status: str
    controllers: tuple[Principal, ...]
    module_hash: bytes | None
    version: int
    cycles: int
    heap_bytes: int
    stable_bytes: int
    certified_data: bytes
    timer: int
    metadata: Mapping[str, bytes]
    reserved_cycles: int = 0
    freezing_limit: int = 0
    idle_cycles_burned_per_day: int = 0
    memory_bytes: int = 0


def status_of(canister: Canister, accounting: Accounting) -> CanisterStatus:
    """The state of a canister as its controllers see it."""
    code = canister.code
    return CanisterStatus(
        status=canister.status.name.lower(),
        controllers=tuple(Principal(item) for item in sorted(canister.controllers)),
        module_hash=code.module.hash if code is not None else None,
        version=canister.version,
        cycles=canister.cycles,
        heap_bytes=code.committed_pages * WASM_PAGE if code is not None else 0,
        stable_bytes=canister.stable.pages * WASM_PAGE,
        certified_data=canister.certified_data,
        timer=canister.timer,
        metadata={name: item.content for name, item in code.module.metadata.items()} if code else {},
        reserved_cycles=canister.reserved_cycles,
        freezing_limit=accounting.freezing_limit(canister),
        idle_cycles_burned_per_day=accounting.idle_per_day(canister),
        memory_bytes=canister.memory_usage,
    )

"""How much longer metered code runs than code that does not count, as ratios within one run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from basilisk.engine import Engine
from basilisk.principal import Principal
from basilisk.replica import Replica

__all__ = ["Ratio", "measure"]

# Arguments in Candid: one nat32 each.
_CALLS = {"fib_recursive": 20, "fib_iterative": 10_000, "sum_to": 100_000}
_ROUNDS = 15


@dataclass(frozen=True)
class Ratio:
    """Processor time of one call, the best of several: seconds without metering, seconds with it."""

    name: str
    plain: float
    metered: float
    instructions: int


def measure(wasm: bytes, cache: Path | None = None) -> list[Ratio]:
    """Call methods of the benchmark program in turns with both kinds of code."""
    replicas = [_installed(Engine(cache, meter=meter), wasm) for meter in (False, None)]
    return [_compare(replicas, name, argument) for name, argument in _CALLS.items()]


def _installed(engine: Engine, wasm: bytes) -> tuple[Replica, Principal]:
    replica = Replica(engine=engine, validate=False)
    canister = replica.create_canister()
    replica.install_code(canister, wasm)
    return replica, canister


def _compare(replicas: Sequence[tuple[Replica, Principal]], name: str, argument: int) -> Ratio:
    raw = b"DIDL\0\x01\x79" + argument.to_bytes(4, "little")
    best = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for position, (replica, canister) in enumerate(replicas):
            start = time.process_time()
            replica.query(canister, name, raw)
            best[position] = min(best[position], time.process_time() - start)
    return Ratio(name, best[0], best[1], replicas[1][0].last.instructions)

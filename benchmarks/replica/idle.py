"""Many canisters of one module: their code is there once; what each of them takes besides."""

from __future__ import annotations

import os
from dataclasses import dataclass

from basilisk.engine import Engine
from basilisk.engine.heap import HeapFile, MappedHeap, new_heap
from basilisk.replica import Replica

__all__ = ["Idle", "measure"]


@dataclass(frozen=True)
class Idle:
    """``canisters`` that were installed and called once: how many compiled modules they use, and bytes for
    each: memory of the process, and content of the heap (in a file in memory)."""

    canisters: int
    modules: int
    process: int
    heap: int


def measure(wasm: bytes, method: str, argument: bytes, canisters: int) -> Idle:
    """Install ``canisters`` canisters and call a query of each."""
    replica = Replica(engine=Engine(), validate=False)
    ids = [replica.create_canister() for _ in range(canisters + 1)]
    # The first one brings the compiled code and is not counted.
    replica.install_code(ids[0], wasm)
    replica.query(ids[0], method, argument)
    process, heap = _process(), _heaps()
    for canister in ids[1:]:
        replica.install_code(canister, wasm)
        replica.query(canister, method, argument)
    modules = {id(item.code.module.compiled) for item in replica._canisters.values() if item.code is not None}
    return Idle(canisters, len(modules), (_process() - process) // canisters, (_heaps() - heap) // canisters)


def _process() -> int:
    """Bytes of memory that belong to this process alone; 0 where the system does not tell."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file if line.startswith("Anonymous:"))
    except OSError:
        return 0
    return int(lines["Anonymous"].split()[0]) * 1024


def _heaps() -> int:
    heap = new_heap()
    if not isinstance(heap, MappedHeap):
        return 0
    file: HeapFile = heap._file
    heap.close()
    return os.fstat(file.file).st_blocks * 512

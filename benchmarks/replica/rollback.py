"""What a query on a large heap costs beyond its execution: finding and taking back the pages it wrote."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import wasmtime

from basilisk.replica import Replica

__all__ = ["Cost", "measure"]

_ROUNDS = 30
_PAGE = 65_536
_MODULE = """
(module
    (import "ic0" "msg_reply" (func $reply))
    (memory {pages})
    (func (export "canister_init") (memory.fill (i32.const 0) (i32.const 1) (i32.const {bytes})))
    (func (export "canister_query read") (drop (i32.load (i32.const 0))) (call $reply))
    (func (export "canister_query write") (local $at i32)
        (loop
            (i32.store (local.get $at) (local.get $at))
            (local.set $at (i32.add (local.get $at) (i32.const {step})))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const {bytes}))))
        (call $reply)))
"""


@dataclass(frozen=True)
class Cost:
    """A query on a heap of ``megabytes`` that writes ``pages`` OS pages: median seconds as a whole, and of
    the same query on a heap of one page of 64 KiB."""

    megabytes: int
    pages: int
    large: float
    small: float


def measure(megabytes: int = 100) -> list[Cost]:
    """Queries that write nothing, and 100 pages all over the heap."""
    large, small = megabytes * 1_048_576 // _PAGE, 1
    found = []
    for name, written in (("read", 0), ("write", 100)):
        times = [_median(pages, name, written) for pages in (large, small)]
        found.append(Cost(megabytes, written, *times))
    return found


def _median(pages: int, name: str, written: int) -> float:
    size = pages * _PAGE
    step = max(8, size // max(1, written)) // 8 * 8
    text = _MODULE.format(pages=pages, bytes=size, step=step)
    replica = Replica(validate=False)
    canister = replica.create_canister()
    replica.install_code(canister, bytes(wasmtime.wat2wasm(text)), b"")
    replica.query(canister, name)
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        replica.query(canister, name)
        times.append(time.perf_counter() - start)
    return statistics.median(times)

"""``python -m benchmarks.replica``: costs of the local replica on this machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.errors import BasiliskError
from benchmarks.replica import idle, metering, rollback
from benchmarks.runner import PROGRAM

_PARTS = ("metering", "rollback", "idle")


def main() -> int:
    """Print the figures that were asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.replica", description=__doc__)
    parser.add_argument("--canisters", type=int, default=1_000, help="how many for the part `idle`")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)}; without any, all")
    arguments = parser.parse_args()
    parts = arguments.parts or _PARTS
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    try:
        wasm = _program() if {"metering", "idle"} & set(parts) else b""
        if "metering" in parts:
            _metering(wasm)
        if "rollback" in parts:
            _rollback()
        if "idle" in parts:
            _idle(wasm, arguments.canisters)
    except BasiliskError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _program() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return build(resolve(str(PROGRAM), name="benchmarks"), output=Path(folder)).gzip.read_bytes()


def _metering(wasm: bytes) -> None:
    print("metering: processor time of a query with counting code against code that does not count")
    for item in metering.measure(wasm):
        print(
            f"  {item.name:15} {item.instructions:>13,} instructions  {item.plain * 1e3:8.2f} ms"
            f"  {item.metered * 1e3:8.2f} ms  x {item.metered / item.plain:.2f}"
        )


def _rollback() -> None:
    print("rollback: a query on a large heap, and the same one on a heap of 64 KiB")
    for item in rollback.measure():
        print(
            f"  {item.megabytes} MB, {item.pages:3} pages written  {item.large * 1e3:8.2f} ms"
            f"  {item.small * 1e3:8.2f} ms  + {(item.large - item.small) * 1e3:.2f} ms"
        )


def _idle(wasm: bytes, canisters: int) -> None:
    print("idle: canisters of one runtime after one query each")
    item = idle.measure(wasm, "fib_iterative", b"DIDL\0\x01\x79\x01\0\0\0", canisters)
    print(
        f"  {item.canisters:,} canisters, {item.modules} compiled module; each {item.process / 1024:,.0f} KiB"
        f" of the process and {item.heap / 1024:,.0f} KiB of heap content"
    )


if __name__ == "__main__":
    sys.exit(main())

"""``./dev test-cpython [MODULE …]``: run CPython's tests in canisters and write docs/cpython-tests.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Interface
from cpython.pins import load_pins
from tests.upstream import table
from tests.upstream.suite import Report, listed, run_module

CANISTER = Path(__file__).parent / "canister"


def built(folder: Path) -> tuple[bytes, Interface]:
    """The module of the canister that runs tests, and its interface."""
    made = build(resolve(str(CANISTER)), output=folder)
    return made.gzip.read_bytes(), parse_did(made.did.read_text(encoding="utf-8"))


def _line(report: Report, seconds: float) -> str:
    numbers = ", ".join(f"{report.count(kind)} {kind}" for kind in ("passed", "skipped", "failed", "limit"))
    why = (report.skipped or report.error or "").strip().splitlines()[-1:]
    return f"{report.module}: {numbers} ({seconds:.0f} s) {why[0] if why else ''}"


def main() -> int:
    """The exit code is 1 when a test fails for which no reason is known."""
    parser = argparse.ArgumentParser(prog="./dev test-cpython", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", help="test_json, test_email.test_utils, test_unittest.* … (default: all)"
    )
    parser.add_argument("--show", action="store_true", help="print the text of each failure")
    options = parser.parse_args()
    known = table.reasons()
    unknown: list[str] = []
    version = load_pins().sources["cpython"].version
    with tempfile.TemporaryDirectory() as folder:
        wasm, interface = built(Path(folder))
    for name in listed(options.modules):
        start = time.monotonic()
        report = run_module(wasm, interface, name)
        print(_line(report, time.monotonic() - start), flush=True)
        for row in report.outcomes:
            if row.outcome in ("failed", "limit"):
                explained = table.reason(row.test, (row.text.strip().splitlines() or [""])[-1], known)
                if not explained:
                    unknown.append(row.test)
                if options.show:
                    print(f"  {row.outcome} {row.test}: {explained}\n{row.text}")
        table.save([report], version)
    if unknown:
        print(f"{len(unknown)} without a reason in {table.REASONS.name}:", *unknown, sep="\n  ")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())

"""``./dev test-packages``: what each package answers in a canister, what it adds, and its own tests there."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from basilisk.errors import BasiliskError

from . import canisters, suites


def main() -> int:
    """Print both tables; 1 when a package answers otherwise than on the host or one of its tests fails."""
    parser = argparse.ArgumentParser(prog="./dev test-packages", description=__doc__)
    parser.add_argument("packages", nargs="*", help="only these; a suite by the name of its project")
    parser.add_argument("--stdlib", choices=("full", "used"), default="full", help="profile of the canisters")
    parser.add_argument("--verbose", action="store_true", help="reasons of the tests that did not pass")
    options = parser.parse_args()
    chosen = options.packages or [*canisters.names(), *suites.SUITES]
    with tempfile.TemporaryDirectory() as folder:
        good = _cases(Path(folder), [name for name in canisters.names() if name in chosen], options.stdlib)
        good &= _suites(Path(folder), [name for name in suites.SUITES if name in chosen], options.verbose)
    return 0 if good else 1


def _cases(folder: Path, names: list[str], stdlib: str) -> bool:
    if not names:
        return True
    canisters.program(folder / "empty", None)
    empty = canisters.deployed(folder / "empty", stdlib)[2]
    good = True
    print("| package | version | in a canister | adds (KB, gzip) |\n|---|---|---|--:|")
    for name in names:
        try:
            found = canisters.outcome(folder / name, name, empty, stdlib)
        except BasiliskError as error:
            good &= name in canisters.KNOWN
            print(f"| {name} | | {canisters.KNOWN.get(name, error.what)} | |", flush=True)
            continue
        good &= found.same
        result = "answers as on the host" if found.same else "ANSWERS OTHERWISE"
        print(f"| {name} | {found.version} | {result} | {found.gzip / 1000:,.0f} |", flush=True)
    return good


def _suites(folder: Path, names: list[str], verbose: bool) -> bool:
    if not names:
        return True
    failed = 0
    print("\n| tests of | run | passed | failed | not for a canister | skipped |\n|---|--:|--:|--:|--:|--:|")
    details = []
    for name in names:
        found = suites.run(folder / f"suite-{name}", name)
        counts = [found.total, found.passed, len(found.failed), len(found.refused), len(found.skipped)]
        print(f"| {name} | {' | '.join(map(str, counts))} |", flush=True)
        failed += len(found.failed)
        for kind in ("failed", "refused", "skipped"):
            details += [f"{kind}: {label}: {text}" for label, text in getattr(found, kind).items()]
    if verbose or failed:
        print("\n".join(["", *(line for line in details if verbose or line.startswith("failed"))]))
    return not failed


if __name__ == "__main__":
    sys.exit(main())

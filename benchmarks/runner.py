"""Builds the benchmark program, makes the calls and counts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.candid.value_reader import parse_values
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister
from basilisk.testing.session import identity
from benchmarks.cases import Case

__all__ = ["Result", "measure"]

PROGRAM = Path(__file__).parent / "program"


@dataclass(frozen=True)
class Result:
    """Wasm instructions of one message, arguments decoded and reply encoded: first and second call."""

    case: Case
    first: int
    second: int


def measure(cases: Sequence[Case]) -> tuple[int, list[Result]]:
    """Instructions of the installation, and of each case.  The same numbers on every machine."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(resolve(str(PROGRAM), name="benchmarks"), output=Path(folder))
        interface = parse_did(built.did.read_text(encoding="utf-8"))
        wasm = built.gzip.read_bytes()
    caller = identity("anonymous")
    results = []
    installation = 0
    for case in cases:
        # Each case starts from a fresh canister: no case profits from what another one imported.
        canister = LocalCanister(Replica(validate=False), wasm, interface)
        canister.change_code("install", [], caller)
        installation = canister.instructions
        function = canister.method(case.method)
        assert function is not None, case.method
        arguments = parse_values(case.arguments, function.args, interface.environment)
        counts = []
        for _ in range(2):
            canister.call(case.method, arguments, caller)
            counts.append(canister.instructions)
        results.append(Result(case, *counts))
    return installation, results

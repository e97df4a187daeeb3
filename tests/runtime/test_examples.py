"""The examples, built and spoken to: interface files, sessions, imports, limits, sizes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from basilisk.build.pipeline import Built, build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.replica import Replica
from basilisk.testing import script, session
from basilisk.testing.local import LocalCanister
from basilisk.toolbox import validate
from basilisk.wasm.module import Module, SectionId
from basilisk.wasm.sections import read_imports
from benchmarks.cases import CASES
from benchmarks.runner import measure

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/main.py"))

# The canister of the smallest program carries the whole library; its size is a promise to the user.
LARGEST_COUNTER = 5_000_000
LARGEST_COMPLEXITY = 900_000
MOST_INSTRUCTIONS_OF_INIT = 10_000_000
MOST_INSTRUCTIONS_OF_A_QUERY = 8_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Builds an example once for all tests of this file."""

    @lru_cache
    def make(name: str) -> Built:
        return build(resolve(str(EXAMPLES / name)), output=tmp_path_factory.mktemp(name))

    return make


def _canister(result: Built) -> LocalCanister:
    interface = parse_did(result.did.read_text(encoding="utf-8"))
    return LocalCanister(Replica(), result.gzip.read_bytes(), interface)


@pytest.mark.parametrize("name", NAMES)
def test_the_interface_is_the_committed_one(name: str, built: Callable[[str], Built]) -> None:
    """The .did file that the build writes says the same as the one beside the program."""
    written = parse_did(built(name).did.read_text(encoding="utf-8"))
    committed = parse_did((EXAMPLES / name / f"{name}.did").read_text(encoding="utf-8"))
    assert written == committed


@pytest.mark.parametrize("name", NAMES)
def test_the_session_holds(name: str, built: Callable[[str], Built]) -> None:
    """Every call of session.txt is answered as written there."""
    steps = script.read(EXAMPLES / name / "session.txt")
    assert session.run(steps, _canister(built(name))) > 0


@pytest.mark.parametrize("name", NAMES)
def test_only_the_system_api_is_imported(name: str, built: Callable[[str], Built]) -> None:
    """No WASI import is left."""
    section = Module.parse(built(name).wasm.read_bytes()).find(SectionId.IMPORT)
    assert section is not None
    assert {item.module for item in read_imports(section.payload)} == {"ic0"}


@pytest.mark.parametrize("name", NAMES)
def test_the_network_would_accept_it(name: str, built: Callable[[str], Built]) -> None:
    """Every rule for canister modules holds, with room to spare for the largest function."""
    report = validate(built(name).wasm.read_bytes())
    assert report.ok, report.violations
    assert report.by_complexity[0].complexity < LARGEST_COMPLEXITY


def test_the_counter_is_small_and_starts_quickly(built: Callable[[str], Built]) -> None:
    """The whole library, compressed, and next to no work at installation."""
    result = built("counter")
    assert result.gzip.stat().st_size <= LARGEST_COUNTER
    canister = _canister(result)
    canister.change_code("install", [], session.identity("anonymous"))
    assert canister.instructions <= MOST_INSTRUCTIONS_OF_INIT


def test_a_query_costs_little(built: Callable[[str], Built]) -> None:
    """Entering the canister, decoding, calling Python and encoding the reply, all of it."""
    canister = _canister(built("counter"))
    caller = session.identity("anonymous")
    canister.change_code("install", [], caller)
    assert canister.call("get", [], caller) == [0]
    assert canister.instructions <= MOST_INSTRUCTIONS_OF_A_QUERY


def test_benchmarks_count_the_same_every_time() -> None:
    """Two runs of the benchmark program give the same instruction counts."""
    cases = [case for case in CASES if case.name in ("constant", "increment", "string_ops")]
    assert len(cases) == 3
    first, second = measure(cases), measure(cases)
    assert first == second
    assert all(0 < result.first <= 1_000_000 for result in first[1])

"""The canister that all tests here attack."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from basilisk.runtime import Found

from .attacked import Attacked, Program, build_program


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> Program:
    """The program, built once."""
    return build_program(tmp_path_factory.mktemp("limits"))


@pytest.fixture(scope="module")
def attacked(program: Program) -> Attacked:
    """One canister for a whole file, with a tenth of the instructions: what breaks stays broken."""
    return program.install(update_instructions=4_000_000_000)


@pytest.fixture(scope="module")
def attacked_in_full(program: Program) -> Attacked:
    """Another one for what takes much, with all the instructions that the network gives."""
    return program.install()


@pytest.fixture(autouse=True)
def freed() -> Iterator[None]:
    """Canisters of some gigabytes are in cycles: the next test must not wait for the collector's own time."""
    yield
    gc.collect()

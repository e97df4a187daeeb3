"""The interpreter canister, built once, and engines that record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from basilisk.build.pipeline import Built, build
from basilisk.build.project import resolve
from basilisk.runtime import find
from tests.determinism.record import RecordingEngine
from tests.determinism.v8 import V8, find_node

INTERPRETER = Path(__file__).with_name("interpreter")


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The canister that runs program texts."""
    assert find() is not None, "there is no runtime artefact; `./dev runtime` builds it"
    return build(resolve(str(INTERPRETER)), output=tmp_path_factory.mktemp("interpreter"))


@pytest.fixture(scope="session")
def cranelift() -> RecordingEngine:
    """The engine of the replica."""
    return RecordingEngine()


@pytest.fixture(scope="session")
def pulley() -> RecordingEngine:
    """wasmtime's interpreter."""
    return RecordingEngine("pulley64")


@pytest.fixture(scope="session")
def node() -> Path:
    """Node.js, which comes with the development packages."""
    found = find_node()
    if found is None:
        pytest.skip("there is no Node.js for this machine")
    return found


@pytest.fixture(scope="session")
def v8(node: Path) -> Iterator[V8]:
    """V8, with whatever earlier tests have shown it."""
    engine = V8(node)
    yield engine
    engine.close()

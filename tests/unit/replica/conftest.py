"""Fixtures: one engine with a cache of its own, fresh replicas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from basilisk.engine import Engine
from basilisk.principal import Principal
from basilisk.replica import Fees, Replica


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("compiled")
    engine = Engine(folder)
    yield engine
    engine.thread.close()


@pytest.fixture
def replica(engine: Engine) -> Replica:
    """A replica that charges nothing: most tests look at behaviour, not at prices."""
    return Replica(engine=engine, validate=False, fees=Fees.free())


@pytest.fixture
def paid(engine: Engine) -> Replica:
    """A replica with the limits and prices of the network."""
    return Replica(engine=engine, validate=False)


@pytest.fixture
def install(replica: Replica) -> Callable[..., Principal]:
    """Create a canister with a module."""

    def go(wasm: bytes, arg: bytes = b"", **settings: object) -> Principal:
        canister = replica.create_canister(**settings)  # type: ignore[arg-type]
        replica.install_code(canister, wasm, arg)
        return canister

    return go

"""Fixtures: a replica with the network's prices, and a proxy on it."""

from __future__ import annotations

import pytest

from basilisk.engine import Engine
from basilisk.replica import Replica
from tests.unit.replica.management.proxy import Proxy


@pytest.fixture
def replica(engine: Engine) -> Replica:
    return Replica(engine=engine, validate=False)


@pytest.fixture
def proxy(replica: Replica) -> Proxy:
    return Proxy(replica)

"""The codecs that are compared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.codec.native import Codec
from tests.runtime.codec.native_build import native_codec

from . import settings
from .candid_crate import CandidCrate, start


@pytest.fixture(scope="session")
def codec() -> Iterator[Codec]:
    """The canister's codec."""
    started = native_codec()
    yield started
    started.close()


@pytest.fixture(scope="session")
def crate() -> CandidCrate:
    """The reference implementation."""
    return start()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was compared."""
    for name, cases in sorted(settings.compared.items()):
        terminalreporter.write_line(f"{cases:9,} cases: {name}")
    if settings.compared:
        terminalreporter.write_line(
            f"{sum(settings.compared.values()):9,} cases compared with other implementations"
        )

"""Starts the Python that has loaded the codec."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .native import Codec
from .native_build import native_codec


@pytest.fixture(scope="session")
def codec() -> Iterator[Codec]:
    """The native codec."""
    started = native_codec()
    yield started
    started.close()

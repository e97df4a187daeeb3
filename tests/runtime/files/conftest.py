"""Fixtures of the tests of the file system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .native import Files, native_files


@pytest.fixture(scope="session")
def program() -> Iterator[Files]:
    """The file system as a program; shared by all tests, which begin with a new one."""
    files = native_files()
    yield files
    files.close()

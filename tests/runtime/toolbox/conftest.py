"""The toolbox under test: ``BASILISK_TOOLBOX`` or the runtime artefact's, with a cache of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from basilisk import runtime
from basilisk.toolbox import Toolbox
from basilisk.toolbox.locate import VARIABLE, find_module


@pytest.fixture(scope="session")
def toolbox_module() -> bytes:
    """The toolbox as a module."""
    if not os.environ.get(VARIABLE) and runtime.find() is None:
        pytest.skip("there is no runtime artefact; `make runtime` builds it")
    return find_module()


@pytest.fixture(scope="session")
def toolbox(toolbox_module: bytes, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """The toolbox, compiled once for all tests."""
    folder: Path = tmp_path_factory.mktemp("toolbox")
    return Toolbox(toolbox_module, folder)

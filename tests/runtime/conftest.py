"""Fixtures for tests that need the runtime artefact."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found, find
from basilisk.testing.local import LocalCanister

Deploy = Callable[[str], LocalCanister]


@pytest.fixture(scope="session")
def artefact() -> Found:
    """Where the runtime artefact is; without one the test is skipped, but fails where CI is set."""
    found = find()
    if found is None:
        reason = "there is no runtime artefact; `make runtime` builds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def deploy(tmp_path: Path, artefact: Found) -> Deploy:
    """Builds a program from its source text and installs it in a replica of its own."""

    def make(source: str) -> LocalCanister:
        folder = tmp_path / "program"
        folder.mkdir()
        (folder / "main.py").write_text(source, encoding="utf-8")
        built = build(resolve(str(folder)), output=tmp_path / "out")
        interface = parse_did(built.did.read_text(encoding="utf-8"))
        canister = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
        canister.change_code("install", [], Principal.anonymous())
        return canister

    return make

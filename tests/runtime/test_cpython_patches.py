"""Every patch of CPython is in the runtime: one check for each, run inside a canister."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister

PROGRAM = Path(__file__).parent / "programs" / "cpython_patches.py"
PATCHES = Path(__file__).resolve().parents[2] / "patches" / "cpython"
NOT_CHECKS = {"refused", "check"}
CHECKS = [
    node.name
    for node in ast.parse(PROGRAM.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name not in NOT_CHECKS
]


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory) -> LocalCanister:
    """The program with all checks, installed in a local replica."""
    built = build(resolve(str(PROGRAM)), output=tmp_path_factory.mktemp("patches"))
    interface = parse_did(built.did.read_text("utf-8"))
    installed = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
    installed.change_code("install", [], Principal.anonymous())
    return installed


def test_every_patch_has_its_check() -> None:
    """The header of each patch names a check of this file, or another test."""
    named = {
        name
        for path in [*PATCHES.glob("*.patch"), PATCHES.with_name("fixes.json")]
        for name in re.findall(r"test_cpython_patches\.py::\w+\[(\w+)\]", path.read_text("utf-8"))
    }
    assert named == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_patch_is_in_the_runtime(name: str, canister: LocalCanister) -> None:
    """The check passes; a module that the runtime refuses cannot be attacked, so its check does not apply."""
    (answer,) = canister.call("check", [name], Principal.anonymous())
    if str(answer).startswith("left out"):
        pytest.skip(str(answer))
    assert answer == "right"

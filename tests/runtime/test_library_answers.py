"""Modules of the library give in a canister the results that CPython 3.13 gives on a host."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister

PROGRAM = Path(__file__).parent / "programs" / "library_answers.py"
#: What `python3.13 tests/runtime/programs/library_answers.py` prints.
EXPECTED: dict[str, str] = json.loads(PROGRAM.with_suffix(".json").read_text(encoding="utf-8"))
CALLER = Principal.anonymous()


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory) -> LocalCanister:
    """The program with all expressions, installed in a local replica."""
    built = build(resolve(str(PROGRAM)), output=tmp_path_factory.mktemp("answers"))
    interface = parse_did(built.did.read_text("utf-8"))
    installed = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
    installed.change_code("install", [], CALLER)
    return installed


def test_no_expected_answer_is_an_error() -> None:
    """Two equal errors would prove nothing."""
    assert len(EXPECTED) > 80
    assert [answer for answer in EXPECTED.values() if "Error: " in answer] == []


@pytest.mark.parametrize("number", range(len(EXPECTED)), ids=map(str, range(len(EXPECTED))))
def test_the_answer_is_that_of_a_host(number: int, canister: LocalCanister) -> None:
    """Same expression, same text of the result."""
    (answer,) = canister.call("answers", [number], CALLER)
    assert isinstance(answer, list)
    expression, result = answer
    assert EXPECTED[expression] == result


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="the host is another Python")
def test_the_expected_answers_are_those_of_this_host() -> None:
    """The committed file is what CPython 3.13 prints."""
    import subprocess

    done = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, check=True)
    assert json.loads(done.stdout) == EXPECTED

"""docs/stable.md: each program runs, and each method returns what the comment behind its return says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "stable.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
RETURNS = re.compile(r"^def (\w+)\(.*?\)[^\n]*:\n(?:(?!^\S).*\n)*?\s+return [^\n]*  # (.+)$", re.M)
MIGRATED = next(number for number, program in enumerate(PROGRAMS) if "previous=" in program)


def check(canister: Canister, program: str) -> None:
    """Calls the methods whose results the program gives, in its order."""
    expected = RETURNS.findall(program)
    assert expected and len(expected) == program.count("  # ")
    for method, value in expected:
        assert canister.call(method) == eval(value, {}), method


@pytest.mark.parametrize("number", [n for n in range(len(PROGRAMS)) if n not in (MIGRATED - 1, MIGRATED)])
def test_a_program_does_what_its_comments_say(
    number: int, tmp_path: Path, artefact: Found, replica: LocalReplica
) -> None:
    file = tmp_path / "main.py"
    file.write_text(PROGRAMS[number], encoding="utf-8")
    canister = replica.deploy(file)
    check(canister, PROGRAMS[number])
    canister.upgrade()


def test_the_migration(tmp_path: Path, artefact: Found, replica: LocalReplica) -> None:
    file = tmp_path / "main.py"
    file.write_text(PROGRAMS[MIGRATED - 1], encoding="utf-8")
    canister = replica.deploy(file)
    canister.add()
    file.write_text(PROGRAMS[MIGRATED], encoding="utf-8")
    for _ in range(2):
        canister.upgrade(file)
        check(canister, PROGRAMS[MIGRATED])

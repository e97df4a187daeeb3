"""docs/calls.md: each program runs, and each method returns what the comment behind its return says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.runtime.calls.conftest import Install

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "calls.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
RETURNS = re.compile(r"^(?:async )?def (\w+)\(.*?\)[^\n]*:\n(?:(?!^\S).*\n)*?\s+return [^\n]*  # (.+)$", re.M)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_does_what_its_comments_say(install: Install, number: int) -> None:
    program = PROGRAMS[number]
    expected = RETURNS.findall(program)
    assert expected and len(expected) == program.count("  # ")
    canister = install(program)
    canister.replica.tick(5)
    for method, value in expected:
        assert canister.call(method) == ast.literal_eval(value), method


def test_the_trail_after_a_trap(install: Install) -> None:
    """The text below the second program."""
    canister = install(PROGRAMS[1])
    assert "ValueError: a trap" in canister.reject("fails_later").message
    assert canister.call("look") == ["before", "finally"]

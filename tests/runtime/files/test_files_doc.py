"""docs/files.md: each program runs, and its methods return what the comments behind their returns say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk.runtime import Found
from basilisk.testing import Canister, LocalReplica

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
SETTINGS = re.findall(r"^```toml\n(.*?)^```", TEXT, re.M | re.S)
RETURNS = re.compile(r"^def (\w+)\(.*?\)[^\n]*:\n(?:(?!^\S).*\n)*?\s+return [^\n]*  # (.+)$", re.M)


def check(canister: Canister, program: str) -> None:
    """Calls the methods whose results the program gives, in its order."""
    expected = RETURNS.findall(program)
    assert expected and len(expected) == program.count("  # ")
    for method, value in expected:
        assert canister.call(method) == eval(value, {}), method


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the settings and files that the page speaks of."""
    (settings,) = SETTINGS
    (tmp_path / "pyproject.toml").write_text(settings, "utf-8")
    (tmp_path / "words.txt").write_text("some words", "utf-8")
    for name, content in (("data/prices.json", '{"tea": 3}'), ("templates/page.html", "<p>")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def test_the_programs_do_what_their_comments_say(
    folder: Path, artefact: Found, replica: LocalReplica
) -> None:
    assert len(PROGRAMS) == 4
    canisters = []
    for program in PROGRAMS:
        (folder / "main.py").write_text(program, "utf-8")
        canisters.append(replica.deploy(folder))
    log, database, data, _ = canisters
    log.add_some()
    database.add_some()
    for canister, program in zip(canisters, PROGRAMS, strict=True):
        check(canister, program)
    (folder / "main.py").write_text(PROGRAMS[0], "utf-8")
    log.upgrade(folder)
    check(log, PROGRAMS[0])
    (folder / "main.py").write_text(PROGRAMS[1], "utf-8")
    database.upgrade(folder)
    check(database, PROGRAMS[1])
    assert log.total() == 10**20 + 3
    assert data.price("tea") == 3

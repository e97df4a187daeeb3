"""docs/candid.md: each program builds to the interface behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from basilisk import candid
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.runtime import Found

DOC = Path(__file__).resolve().parents[2] / "docs" / "candid.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n+^```candid\n(.*?)^```", re.M | re.S)
PAIRS = BLOCK.findall(DOC.read_text(encoding="utf-8"))


def test_every_block_is_tested() -> None:
    """No program without its interface, no interface without its program."""
    text = DOC.read_text(encoding="utf-8")
    assert len(PAIRS) == text.count("```python\n") == text.count("```candid\n") > 5


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_a_program_builds_to_its_interface(number: int, artefact: Found, tmp_path: Path) -> None:
    """The same types, names, methods and comments; layout is that of the printer."""
    program, interface = PAIRS[number]
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    did = build(resolve(str(tmp_path)), output=tmp_path / "out").did.read_text(encoding="utf-8")
    assert candid.parse_did(did) == candid.parse_did(interface), did
    assert re.findall(r"//.*", did) == re.findall(r"//.*", interface)

"""The validator's table of the System API agrees with the replica's."""

from __future__ import annotations

import re
from pathlib import Path

from basilisk.replica.contexts import FUNCTIONS

SOURCE = Path(__file__).resolve().parents[3] / "toolbox_crate" / "src" / "validate" / "imports.rs"
LETTERS = {"P": "I", "i": "i32", "l": "i64"}


def validators(table: str) -> dict[str, tuple[list[str], list[str]]]:
    """A table of the validator: function → parameters, results in the words of the specification."""
    start = SOURCE.read_text().index(f"const {table}")
    text = SOURCE.read_text()[start:]
    rows = re.findall(r'^    \("(\w+)", "(\w*)", "(\w*)"\),$', text[: text.index("];")], re.M)
    return {
        name: ([LETTERS[x] for x in params], [LETTERS[x] for x in results]) for name, params, results in rows
    }


def test_both_know_the_same_functions() -> None:
    """Names, types and the restriction to 32-bit memories are the same in both tables."""
    both, narrow = validators("SYSTEM_API"), validators("NARROW_API")
    assert {name for name, item in FUNCTIONS.items() if item.only32} == narrow.keys()
    known = {name: (list(item.params), list(item.results)) for name, item in FUNCTIONS.items()}
    assert known == {**both, **narrow}

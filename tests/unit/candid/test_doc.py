"""docs/candid.md: what it says about the library on the host is true."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from basilisk import candid

DOC = Path(__file__).resolve().parents[3] / "docs" / "candid.md"


def test_the_examples_print_what_they_say() -> None:
    """Every line of the interactive blocks."""
    blocks = re.findall(r"^```pycon\n(.*?)^```", DOC.read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        test = doctest.DocTestParser().get_doctest(block, {}, DOC.name, str(DOC), 0)
        report: list[str] = []
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
        assert result.attempted > 10 and not result.failed, "".join(report)


def test_the_table_of_functions_is_complete() -> None:
    """Every public name of the library is in the table or explained above it."""
    text = DOC.read_text(encoding="utf-8")
    unnamed = {
        "Break",
        "Comparison",
        "Difference",
        "Subtyping",
    }  # what the functions of the table answer with
    for name in set(candid.__all__) - unnamed:
        assert f"`{name}`" in text, name


def test_every_public_name_has_a_docstring() -> None:
    """Also the classes of types."""
    for name in candid.__all__:
        assert getattr(candid, name).__doc__, name
    for name in candid.types.__all__:
        kind = getattr(candid.types, name)
        if isinstance(kind, type):
            assert kind.__doc__, name

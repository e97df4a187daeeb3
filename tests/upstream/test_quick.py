"""A part of CPython's own tests, those marked in modules.txt; ``./dev test-cpython`` runs all of them."""

from __future__ import annotations

import pytest

from basilisk.candid.types import Interface
from cpython.pins import load_pins
from tests.upstream import table
from tests.upstream.__main__ import built
from tests.upstream.suite import listed, run_module

Program = tuple[bytes, Interface]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The canister that runs tests."""
    return built(tmp_path_factory.mktemp("cpython"))


@pytest.mark.parametrize("name", listed(quick=True))
def test_module(name: str, program: Program) -> None:
    """A test passes, is skipped or has a known reason; no fewer pass than the committed table says."""
    report = run_module(*program, name)
    assert (report.skipped, report.error) == (None, None)
    reasons = table.reasons()
    bad = [row for row in report.outcomes if row.outcome in ("failed", "limit")]
    assert [
        row for row in bad if not table.reason(row.test, row.text.strip().splitlines()[-1], reasons)
    ] == []
    committed = table.load()[name]
    assert report.count("passed") >= int(str(committed["passed"]))


def test_the_page_is_that_of_the_results() -> None:
    """docs/cpython-tests.md was written from results.json and reasons.json as they are."""
    version = load_pins().sources["cpython"].version
    assert table.PAGE.read_text(encoding="utf-8") == table.render(table.load(), version)


def test_every_test_that_does_not_pass_has_a_reason() -> None:
    """No row of the table is unexplained."""
    reasons = table.reasons()
    unexplained = []
    for module, entry in table.load().items():
        bad = entry["not_passed"]
        assert isinstance(bad, dict)
        rows = [*bad.items(), *([(module, ("", str(entry["reason"])))] if entry["reason"] else [])]
        unexplained += [test for test, (_, error) in rows if not table.reason(test, error, reasons)]
    assert unexplained == []

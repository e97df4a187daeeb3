"""CPython's own tests but the slowest modules, compared with the committed results test by test."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cpython.pins import load_pins
from tests.upstream import table
from tests.upstream.suite import Runner, excluded, library_tests, listed


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The canister that runs tests."""
    return Runner(tmp_path_factory.mktemp("cpython"))


@pytest.mark.parametrize("name", listed(quick=True))
def test_module(name: str, runner: Runner) -> None:
    """What passed according to results.json passes, what did not has a reason; no test has vanished."""
    report = table.applied(runner.run(name))
    committed = table.load()[name]
    assert {"skipped": report.skipped or "", "failed": report.error or ""} == committed["whole"]
    worse = [
        f"{row.outcome} {row.test}\n{row.text}"
        for row in report.outcomes
        if row.outcome in ("failed", "limit") and row.test not in committed["not_passed"]
    ]
    assert worse == []
    assert report.count("passed") >= committed["passed"]


def test_every_test_module_is_run_or_named_with_a_reason() -> None:
    """Each test module of ``Lib/test`` is in modules.txt or in excluded.txt, and none is in both."""
    there = {
        PurePosixPath(path).parts[1].removesuffix(".py")
        for path in library_tests()
        if PurePosixPath(path).match("test/test*.py") or PurePosixPath(path).match("test/test*/__init__.py")
    }
    run = {name.split(".")[1] for name in listed()}
    left_out = {name for name in excluded() if "." not in name}
    assert run & left_out == set()
    assert run | left_out == there


def test_the_page_is_that_of_the_results() -> None:
    """docs/cpython-tests.md was written from results.json and reasons.json as they are."""
    version = load_pins().sources["cpython"].version
    assert table.PAGE.read_text(encoding="utf-8") == table.render(table.load(), version)


def test_the_results_are_those_of_the_listed_modules() -> None:
    """No module is missing from results.json, and none is in it that is not run any more."""
    assert sorted(table.load()) == sorted(listed())


def test_every_test_that_does_not_pass_has_a_reason() -> None:
    """No failure is unexplained, and no reason is for tests that pass."""
    assert table.unexplained(table.load()) == []
    failing, known = table.failures(table.load()), table.reasons()
    idle = [
        pattern
        for why, patterns in known.items()
        for pattern in patterns
        if not any(table.reason(test, {why: [pattern]}) for test in failing)
    ]
    assert idle == []

"""The examples' own tests, with every run of wasm code replayed in V8."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field

import pytest

from basilisk.engine import engine as engines
from tests.determinism.record import RecordingEngine
from tests.determinism.sessions import EXAMPLES
from tests.determinism.v8 import V8

__all__ = ["Tested", "run_example_tests"]


@dataclass
class Tested:
    """How many tests there were, the runs behind them, differences (a test that fails is one)."""

    tests: int = 0
    runs: int = 0
    differences: list[str] = field(default_factory=list)


class _Replays:
    """A pytest plug-in: after each test, V8 replays what it did."""

    def __init__(self, engine: RecordingEngine, v8: V8, tested: Tested) -> None:
        self._engine = engine
        self._v8 = v8
        self._tested = tested

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._tested.differences.append(f"{report.nodeid} failed: {report.longreprtext[-500:]}")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        runs = self._engine.take()
        self._v8.show(self._engine)
        self._tested.tests += 1
        self._tested.runs += len(runs)
        self._tested.differences += [f"{nodeid}: {text}" for text in self._v8.replay(runs)]


def run_example_tests(engine: RecordingEngine, v8: V8) -> Tested:
    """Run them in this process on ``engine``."""
    tested = Tested()
    engine.take()
    before, engines._default = engines._default, engine
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            files = [str(path) for path in sorted(EXAMPLES.glob("*/test_*.py"))]
            pytest.main(
                ["-q", "--assert=plain", "-p", "no:cacheprovider", *files],
                plugins=[_Replays(engine, v8, tested)],
            )
    finally:
        engines._default = before
    return tested

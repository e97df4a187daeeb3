"""Generated traces and programs, and the examples' sessions, on all engines: the suite's short version."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from basilisk.build.pipeline import Built, build
from basilisk.build.project import resolve
from tests.determinism.engines import Engines, other_process
from tests.determinism.player import Step
from tests.determinism.programs import modules, session_of_a_module, traces
from tests.determinism.record import RecordingEngine
from tests.determinism.sessions import build_example, check_session, names
from tests.determinism.v8 import V8

TRACES = 40
PROGRAMS = 2

# The gate takes the same cases every time.
_settings = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def test_traces(
    interpreter: Built, cranelift: RecordingEngine, pulley: RecordingEngine, v8: V8, tmp_path: Path
) -> None:
    """Messages to the interpreter canister: no engine and no other process sees or leaves anything else.

    Pulley, which takes five times as long, plays every third trace.
    """
    wasm, did = interpreter.wasm.read_bytes(), interpreter.did.read_text("utf-8")
    again = other_process(interpreter.wasm, interpreter.did, tmp_path, lasts=TRACES // 2)
    engines = Engines(cranelift, wasm, did, pulley=pulley, v8=v8, again=again)
    assert engines.at_installation == []
    played = 0

    @settings(max_examples=TRACES, **_settings)  # type: ignore[arg-type]
    @given(traces())
    def check(steps: list[Step]) -> None:
        nonlocal played
        played += 1
        assert engines.check(steps, pulley=played % 3 == 0) == []

    check()
    assert engines.traces["V8"] == TRACES and engines.traces["Pulley"] == TRACES // 3
    assert again.processes >= 2
    again.close()
    engines.close()


def test_programs(cranelift: RecordingEngine, pulley: RecordingEngine, v8: V8, tmp_path: Path) -> None:
    """Canisters built from generated programs, called, upgraded and called again."""
    number = 0

    @settings(max_examples=PROGRAMS, **_settings)  # type: ignore[arg-type]
    @given(modules())
    def check(source: str) -> None:
        nonlocal number
        number += 1
        folder = tmp_path / f"program{number}"
        folder.mkdir()
        (folder / "main.py").write_text(source, encoding="utf-8")
        built = build(resolve(str(folder)), output=folder / "out")
        engines = Engines(
            cranelift, built.wasm.read_bytes(), built.did.read_text("utf-8"), pulley=pulley, v8=v8
        )
        assert engines.at_installation == []
        assert engines.check(session_of_a_module()) == []
        engines.close()

    check()


@pytest.mark.parametrize("name", names())
def test_sessions(name: str, cranelift: RecordingEngine, v8: V8, tmp_path: Path) -> None:
    """The session of an example."""
    outcome = check_session(name, build_example(name, tmp_path), cranelift, None, v8)
    assert outcome.calls > 0
    assert outcome.differences == []

"""The examples' scripted sessions on all engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from basilisk.build.pipeline import Built, build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.replica import Replica
from basilisk.testing import script, session
from basilisk.testing.local import LocalCanister
from tests.determinism.compare import first_difference
from tests.determinism.player import Log
from tests.determinism.record import RecordingEngine
from tests.determinism.v8 import V8

__all__ = ["EXAMPLES", "Outcome", "build_example", "check_session", "names"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass
class Outcome:
    """What a session came to: calls, runs behind them, differences."""

    calls: int
    runs: int
    differences: list[str]


def names() -> list[str]:
    """The examples that have a session."""
    return sorted(path.parent.name for path in EXAMPLES.glob("*/session.txt"))


def build_example(name: str, output: Path) -> Built:
    """The canister of an example."""
    return build(resolve(str(EXAMPLES / name)), output=output)


def check_session(
    name: str, built: Built, cranelift: RecordingEngine, pulley: RecordingEngine | None, v8: V8 | None
) -> Outcome:
    """Run the session of an example on all engines given."""
    calls, log = _play(name, built, cranelift)
    differences = []
    if v8 is not None:
        v8.show(cranelift)
        differences += [f"V8: {text}" for text in v8.replay(log["runs"])]
        v8.forget()
    if pulley is not None:
        found = first_difference(log, _play(name, built, pulley)[1])
        differences += [f"Pulley: {found}"] if found is not None else []
    return Outcome(calls, len(log["runs"]), differences)


def _play(name: str, built: Built, engine: RecordingEngine) -> tuple[int, Log]:
    engine.take()
    interface = parse_did(built.did.read_text(encoding="utf-8"))
    canister = LocalCanister(Replica(engine=engine), built.gzip.read_bytes(), interface)
    answers: list[str] = []
    steps = script.read(EXAMPLES / name / "session.txt")
    calls = session.run(steps, canister, lambda _step, answer: answers.append(answer))
    return calls, {"answers": answers, "runs": engine.take()}

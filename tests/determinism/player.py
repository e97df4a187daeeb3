"""Plays a trace of messages to one canister and says everything that can be seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from basilisk.candid.did_parser import parse_did
from basilisk.errors import BasiliskError
from basilisk.principal import Principal
from basilisk.replica import Limits, Replica
from basilisk.testing.local import LocalCanister
from tests.determinism.record import RecordingEngine, Run

__all__ = ["Log", "Player", "Step"]

#: What one trace left: {"answers": [...], "runs": [...]}, JSON.
Log = dict[str, Any]

#: Limit of a message: endless loops shall end soon.
MOST_INSTRUCTIONS = 150_000_000

Action = Literal["call", "advance", "upgrade"]


@dataclass(frozen=True)
class Step:
    """One step of a trace.

    ``call`` sends ``text`` to ``method``; ``advance`` lets ``seconds`` pass and runs what is due; ``upgrade``
    installs the same module again.
    """

    do: Action
    method: str = ""
    text: str = ""
    seconds: float = 0.0

    def json(self) -> dict[str, Any]:
        """The step for another process."""
        return asdict(self)


class Player:
    """One canister on an engine that records; each trace begins right after the installation."""

    def __init__(self, engine: RecordingEngine, wasm: bytes, did: str, seed: int = 0) -> None:
        self._engine = engine
        engine.take()
        limits = replace(
            Limits(), update_instructions=MOST_INSTRUCTIONS, query_instructions=MOST_INSTRUCTIONS
        )
        self._replica = Replica(engine=engine, limits=limits, seed=seed, validate=False)
        self._canister = LocalCanister(self._replica, wasm, parse_did(did))
        self._canister.change_code("install", [], Principal.anonymous())
        self._replica.tick(4)  # the generator of random numbers is seeded by a timer
        self.installation: list[Run] = engine.take()
        self._start = self._replica.checkpoint()

    def play(self, steps: list[Step]) -> Log:
        """The answers to all steps and the runs behind them."""
        self._replica.restore(self._start)
        self._engine.take()
        return {"answers": list(self._answers(steps)), "runs": self._engine.take()}

    def close(self) -> None:
        """Free the canister."""
        for canister in self._replica._canisters.values():
            if canister.code is not None:
                canister.code.close()

    def _answers(self, steps: list[Step]) -> Iterator[list[Any]]:
        for step in steps:
            self._replica.last = type(self._replica.last)(0, 0, 0)
            try:
                answer = self._do(step)
            except BasiliskError as error:  # a reject: its codes and words are part of the answer
                answer = f"{type(error).__name__} {vars(error)} {error}"
            yield [answer, str(self._replica.last)]

    def _do(self, step: Step) -> str:
        if step.do == "call":
            return repr(self._canister.call(step.method, [step.text], Principal.anonymous()))
        if step.do == "upgrade":
            self._canister.change_code("upgrade", [], Principal.anonymous())
        else:
            self._replica.clock.advance(step.seconds)
        self._replica.tick(3)
        return step.do

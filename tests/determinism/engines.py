"""All engines side by side: plays a trace on each and compares what it left.

Cranelift's log is the measure.  Pulley plays the same trace in a replica of its own, so that replies,
rejects, cycles and every run are compared; V8 replays the runs of Cranelift; a second process with
Cranelift, with other surroundings, plays the trace again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.determinism.compare import first_difference
from tests.determinism.player import Log, Player, Step
from tests.determinism.record import RecordingEngine, Run
from tests.determinism.v8 import V8
from tests.determinism.worker import Worker

__all__ = ["Engines"]

#: Surroundings that a second process may have; see ``Engines``.
OTHER = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Asia/Tokyo",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "USER": "other",
    "HOME": "/",
}


class Engines:
    """One canister on Cranelift and, as far as they are given, on the other engines.

    ``again`` plays traces in other processes; it must play the same canister.  ``traces`` and ``runs`` count
    what was compared, by engine.
    """

    def __init__(
        self,
        cranelift: RecordingEngine,
        wasm: bytes,
        did: str,
        *,
        pulley: RecordingEngine | None = None,
        v8: V8 | None = None,
        again: Worker | None = None,
    ) -> None:
        self._player = Player(cranelift, wasm, did)
        self._pulley = Player(pulley, wasm, did) if pulley is not None else None
        self._v8 = v8
        self._again = again
        self.traces: dict[str, int] = {}
        self.runs: dict[str, int] = {}
        self.steps = 0
        #: How the runs on Cranelift ended: "returned", "trap: …", "host: …".
        self.outcomes: Counter[str] = Counter()
        self.at_installation = list(self._installation(cranelift))

    def check(self, steps: list[Step], pulley: bool = True) -> list[str]:
        """All differences between the engines over one trace; Pulley, which is slow, may be left out."""
        log = self._player.play(steps)
        self.steps += len(steps)
        self._count("cranelift", log["runs"])
        self.outcomes.update(_ending(run["outcome"]) for run in log["runs"])
        return list(self._differences(steps, log, pulley))

    def close(self) -> None:
        """Free the canisters; V8 and the other processes belong to the caller."""
        self._player.close()
        if self._pulley is not None:
            self._pulley.close()

    def _differences(self, steps: list[Step], log: Log, pulley: bool) -> Iterator[str]:
        if self._v8 is not None:
            self._v8.forget()
            yield from (f"V8: {text}" for text in self._v8.replay(log["runs"]))
            self._count("V8", log["runs"])
        if self._again is not None:
            found = first_difference(log, self._again.play(steps))
            if found is not None:
                yield f"Cranelift in another process: {found}"
            self._count("Cranelift again", log["runs"])
        if self._pulley is not None and pulley:
            found = first_difference(log, self._pulley.play(steps))
            if found is not None:
                yield f"Pulley: {found}"
            self._count("Pulley", log["runs"])

    def _installation(self, cranelift: RecordingEngine) -> Iterator[str]:
        runs = self._player.installation
        if self._v8 is not None:
            self._v8.show(cranelift)
            yield from (f"V8, installation: {text}" for text in self._v8.replay(runs))
            self._v8.keep()
        if self._pulley is not None:
            found = first_difference(runs, self._pulley.installation)
            if found is not None:
                yield f"Pulley, installation: {found}"

    def _count(self, engine: str, runs: list[Run]) -> None:
        self.traces[engine] = self.traces.get(engine, 0) + 1
        self.runs[engine] = self.runs.get(engine, 0) + len(runs)


def _ending(outcome: str) -> str:
    kind, _, reason = outcome.partition(": ")
    return {"returned": "returned", "host": "trapped by themselves"}.get(
        kind, reason.lower().replace("_", " ")
    )


def other_process(wasm: Path, did: Path, folder: Path, lasts: int) -> Worker:
    """Cranelift in processes with surroundings that differ from ours; each plays ``lasts`` traces."""
    return Worker("cranelift", wasm, did, OTHER, folder, lasts)

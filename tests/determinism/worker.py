"""A process that plays traces: ``python -m tests.determinism.worker TARGET WASM DID``.

Standard input has the steps of one trace a line, as JSON; each is answered with its log.  The first line of
the output is the log of the installation.  Run anew, it shows that nothing of a process matters.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.determinism.player import Log, Player, Step
from tests.determinism.record import RecordingEngine

__all__ = ["Worker"]

_ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """Another process that plays traces.

    ``environment`` is added to that of this process, ``folder`` is where it runs.  It is replaced by a fresh
    one after every ``lasts`` traces.  Raises RuntimeError when it ends by itself.
    """

    def __init__(
        self, target: str, wasm: Path, did: Path, environment: Mapping[str, str], folder: Path, lasts: int
    ) -> None:
        self._command = [sys.executable, "-m", "tests.determinism.worker", target, str(wasm), str(did)]
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)]),
            **environment,
        }
        self._folder = folder
        self._lasts = lasts
        self._process: subprocess.Popen[str] | None = None
        self._left = 0
        self.processes = 0
        self.installation: list[Any] = []

    def play(self, steps: list[Step]) -> Log:
        """The log of a trace."""
        if self._left == 0:
            self._start()
        self._left -= 1
        process = self._process
        assert process is not None and process.stdin is not None
        process.stdin.write(json.dumps([step.json() for step in steps]) + "\n")
        process.stdin.flush()
        log: Log = self._answer()
        return log

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(60)
            self._process.stdout.close()
            self._process = None

    def _start(self) -> None:
        self.close()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder,
            env=self._environment,
            encoding="utf-8",
        )
        self._left = self._lasts
        self.processes += 1
        self.installation = self._answer()

    def _answer(self) -> Any:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} ended with code {self._process.wait()}")
        return json.loads(line)


def main(target: str, wasm: str, did: str) -> None:
    """Play what comes in."""
    engine = RecordingEngine(None if target == "cranelift" else target)
    player = Player(engine, Path(wasm).read_bytes(), Path(did).read_text("utf-8"))
    print(json.dumps(player.installation), flush=True)
    for line in sys.stdin:
        log = player.play([Step(**step) for step in json.loads(line)])
        print(json.dumps(log), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

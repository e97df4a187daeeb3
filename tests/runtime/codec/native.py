"""The native codec as an object of the test process."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from . import codec_driver

_START = """\
import sys, types
# Under the name that the test process knows it by, so that pickled classes are found on both sides.
source, library, full_name = sys.argv[1:]
parts = full_name.split(".")
for count in range(1, len(parts) + 1):
    name = ".".join(parts[:count])
    module = sys.modules[name] = types.ModuleType(name)
exec(compile(source, "codec_driver.py", "exec"), module.__dict__)
module.main(library)
"""


class CodecError(Exception):
    """What the codec says about a message or a value."""


class Codec:
    """Talks to a Python 3.13 that has loaded the codec."""

    def __init__(self, python: Sequence[str], library: str) -> None:
        source = Path(codec_driver.__file__).read_text("utf-8")
        command = [*python, "-c", _START, source, library, codec_driver.__name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._answers: BinaryIO = self._process.stdout  # type: ignore[assignment]
        self._plans: dict[bytes, int] = {}

    def close(self) -> None:
        """Ends the process; its exit code must be 0."""
        self._requests.close()
        self._answers.close()
        assert self._process.wait(60) == 0

    def ask(self, function: str, *arguments: Any) -> tuple[Any, ...]:
        """The driver's answer to one call."""
        data = pickle.dumps([(function, arguments)], 4)
        self._requests.write(len(data).to_bytes(4, "little") + data)
        self._requests.flush()
        size = self._answers.read(4)
        assert len(size) == 4, f"the codec died of {function}{arguments!r}"
        (answer,) = pickle.loads(self._answers.read(int.from_bytes(size, "little")))
        return tuple(answer)

    def call(self, function: str, *arguments: Any) -> Any:
        """The result of one call; raises CodecError when the codec refuses."""
        kind, *rest = self.ask(function, *arguments)
        if kind == "ok":
            return rest[0]
        if kind == "error":
            raise CodecError(rest[0])
        raise AssertionError(rest)

    def plan(self, nodes: tuple[Any, ...], roots: tuple[int, ...]) -> int:
        """The number of a plan, compiled once."""
        key = pickle.dumps((nodes, roots))
        if key not in self._plans:
            self._plans[key] = self.call("compile_plan", nodes, roots)
        return self._plans[key]

"""Progress for a person who waits: numbered steps with elapsed time, long output to a log file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from cpython.faults import BuildFault

__all__ = ["Progress"]

_TAIL_LINES = 25
_BEAT_SECONDS = 15.0


class Progress:
    """Prints steps to ``stream`` (stderr) and runs commands whose output goes to ``<logs>/<name>.log``."""

    def __init__(self, logs: Path, stream: TextIO | None = None) -> None:
        self._logs = logs
        self._stream = stream if stream is not None else sys.stderr
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """One line with the time since the start, in minutes and seconds."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        print(f"[{minutes:2d}:{seconds:02d}] {text}", file=self._stream, flush=True)

    def run(
        self,
        title: str,
        argv: Sequence[str],
        *,
        log: str,
        remedy: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command; on failure raise with the tail of its log.

        While it runs, its last line of output is shown now and then, so that a long step is seen to live.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        path = self._logs / f"{log}.log"
        self.say(title)
        begun = time.monotonic()
        with open(path, "wb") as output:
            output.write(f"$ {' '.join(argv)}\n".encode())
            output.flush()
            try:
                process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env
                )
            except OSError as error:
                raise BuildFault(f"{argv[0]} could not be started: {error}", remedy=remedy) from error
            try:
                self._wait(process, path)
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if process.returncode != 0:
            tail = "\n".join(f"    | {line}" for line in last_lines(path, _TAIL_LINES))
            seconds = time.monotonic() - begun
            raise BuildFault(
                f"{title}: failed after {seconds:.0f} s with exit code {process.returncode}\n"
                f"{tail}\n  the whole output: {path}",
                remedy=remedy,
            )

    def _wait(self, process: subprocess.Popen[bytes], path: Path) -> None:
        while True:
            try:
                process.wait(timeout=_BEAT_SECONDS)
                return
            except subprocess.TimeoutExpired:
                lines = last_lines(path, 1)
                self.say(f"  … {lines[0].strip()[:90]}" if lines else "  …")


def last_lines(path: Path, count: int) -> list[str]:
    """The last non-empty lines of a log file, without the command that it starts with."""
    with open(path, "rb") as handle:
        handle.seek(0, 2)
        handle.seek(max(0, handle.tell() - 64 * 1024))
        text = handle.read().decode("utf-8", "replace")
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    return [line for line in lines if not line.startswith("$ ")][-count:]

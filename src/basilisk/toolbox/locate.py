"""Where the toolbox module comes from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from basilisk.errors import ArtefactError, UsageError

__all__ = ["VARIABLE", "find_module"]

#: Environment variable that names a toolbox module, for work on the toolbox itself.
VARIABLE = "BASILISK_TOOLBOX"


def find_module() -> bytes:
    """The toolbox as a WebAssembly module.

    It is the file that ``BASILISK_TOOLBOX`` names, or the one in the runtime; a source checkout, unless told
    which runtime to use, has its own, which is built alone.  Raises UsageError for a variable that names no
    readable file, ArtefactError when there is no runtime or the toolbox cannot be built.
    """
    named = os.environ.get(VARIABLE)
    if named:
        try:
            return Path(named).read_bytes()
        except OSError as error:
            raise UsageError(
                f"{VARIABLE} names {named}, which cannot be read: {error.strerror or error}",
                remedy="point it at the toolbox module, or unset it",
            ) from error
    from basilisk.runtime import load
    from basilisk.runtime.lookup import checkout

    root = checkout()
    if root is None or os.environ.get("BASILISK_RUNTIME"):
        return load().toolbox
    return _of_checkout(root).read_bytes()


def _of_checkout(root: Path) -> Path:
    """Ask the checkout's own tool, which builds the toolbox if need be; its progress goes to stderr."""
    command = [sys.executable, str(root / "tools" / "toolbox.py")]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = answer.stdout.split("\n")
    if answer.returncode != 0 or not lines[0]:
        raise ArtefactError(
            f"building the toolbox failed (exit code {answer.returncode})",
            remedy="read the output above; `make runtime` repeats the step",
        )
    return Path(lines[0])

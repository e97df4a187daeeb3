"""Where the toolbox module comes from."""

from __future__ import annotations

import os
from pathlib import Path

from basilisk.errors import UsageError

__all__ = ["VARIABLE", "find_module"]

#: Environment variable that names a toolbox module, for work on the toolbox itself.
VARIABLE = "BASILISK_TOOLBOX"


def find_module() -> bytes:
    """The toolbox as a WebAssembly module: the file ``BASILISK_TOOLBOX`` names, else the runtime's own.

    Raises UsageError for a variable that names no readable file, ArtefactError when there is no runtime.
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

    return load().toolbox

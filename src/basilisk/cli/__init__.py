"""The command line: ``basilisk`` and ``python -m basilisk``.

Each command is a module of its own that is imported when the command is used; nothing heavy is imported
before it is needed, so that ``basilisk --help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit the process."""
    import sys

    from basilisk.cli.app import app

    sys.exit(app.main(list(arguments) if arguments is not None else None, prog_name="basilisk"))

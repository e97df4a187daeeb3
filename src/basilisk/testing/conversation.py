"""Scripted sessions as a part of tests."""

from __future__ import annotations

import os
from pathlib import Path

from basilisk.testing import script, session
from basilisk.testing.local import LocalCanister
from basilisk.testing.programs import Source, open_program
from basilisk.testing.replica import LocalReplica

__all__ = ["run_session"]


def run_session(path: str | os.PathLike[str], source: Source, *, replica: LocalReplica | None = None) -> int:
    """Run a scripted session (docs/sessions.md) against ``source``; returns the number of its calls.

    Raises ``SessionFailed`` with the line of the first call that does not answer as written.
    """
    __tracebackhide__ = True
    where = replica if replica is not None else LocalReplica()
    program = open_program(source, folders=where.folders)
    canister = LocalCanister(where, program.wasm, program.interface)
    return session.run(script.read(Path(path)), canister)

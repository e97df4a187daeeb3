"""The one error root of Basilisk and its kinds.

Every message a user sees is built from the same parts: what happened, where, the likely cause, and what
to do.  Each kind carries the exit code the command line ends with.
"""

from __future__ import annotations

from basilisk.frozen import dataclass
from basilisk.rejects import BasiliskError, CallRejected

__all__ = [
    "ArtefactError",
    "BasiliskError",
    "CallRejected",
    "EnvironmentFault",
    "Location",
    "ModuleRefused",
    "ProgramError",
    "UsageError",
]


@dataclass(frozen=True)
class Location:
    """A place in a text file.  Lines and columns count from 1; both may be unknown."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


class ProgramError(BasiliskError):
    """The user's program cannot become a canister."""

    exit_code = 2


class UsageError(BasiliskError):
    """A command, an argument or a setting does not make sense."""

    exit_code = 64


class EnvironmentFault(BasiliskError):
    """Something on this machine is missing or does not work (tools, folders, disk space)."""

    exit_code = 3


class ArtefactError(EnvironmentFault):
    """The runtime artefact is missing, damaged or of another format."""


class ModuleRefused(BasiliskError):
    """A WebAssembly module breaks a rule of the Internet Computer."""

    exit_code = 4

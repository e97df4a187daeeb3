"""The one error root of Basilisk and its kinds.

Every message a user sees is built from the same parts: what happened, where, the likely cause, and what
to do.  Each kind carries the exit code the command line ends with.
"""

from __future__ import annotations

from basilisk.frozen import dataclass

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


class BasiliskError(Exception):
    """Root of all errors that Basilisk reports to its user.

    ``what`` says what happened, ``where`` names the place, ``cause`` the likely reason and ``remedy`` the
    next step.  ``details`` holds longer text that is printed last, such as the traceback of the user's
    own program.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: Location | None = None,
        cause: str | None = None,
        remedy: str | None = None,
        details: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.cause = cause
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where is not None else self.what
        lines = [head]
        if self.cause:
            lines.append(f"cause: {self.cause}")
        if self.remedy:
            lines.append(f"remedy: {self.remedy}")
        if self.details:
            lines.append(self.details)
        return "\n".join(lines)


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


class CallRejected(BasiliskError):
    """A canister call ended in a reject.

    ``code`` is the reject code (1 to 6) and ``error_code`` the text of the form ``IC0503`` that the
    Internet Computer adds (interface specification, "Reject codes" and "Error codes").
    """

    exit_code = 5

    def __init__(self, code: int, message: str, error_code: str | None = None) -> None:
        tail = f", {error_code}" if error_code else ""
        super().__init__(f"the call was rejected (code {code}{tail}): {message}")
        self.code = code
        self.message = message
        self.error_code = error_code

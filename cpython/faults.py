"""The one error of the build scripts: what happened, why, and what to do."""

from __future__ import annotations

__all__ = ["BuildFault", "EnvironmentFault"]


class BuildFault(Exception):
    """A build step failed.  ``str()`` is the whole message for the user."""

    exit_code = 4

    def __init__(self, what: str, *, cause: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.cause = cause
        self.remedy = remedy
        lines = [what]
        if cause:
            lines.append(f"  likely cause: {cause}")
        if remedy:
            lines.append(f"  what to do: {remedy}")
        super().__init__("\n".join(lines))


class EnvironmentFault(BuildFault):
    """Something that this machine must have is missing."""

    exit_code = 5

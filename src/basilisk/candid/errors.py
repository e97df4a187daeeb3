"""The error of everything that has to do with Candid."""

from __future__ import annotations

from basilisk.errors import BasiliskError, Location

__all__ = ["CandidError"]


class CandidError(BasiliskError):
    """A Candid type, text or message is not what it should be.

    ``path`` names the place inside the values, such as ``args[0].items[3].count``; ``where`` the place in
    a text.  Both may be missing.
    """

    exit_code = 65

    def __init__(
        self,
        what: str,
        *,
        path: str | None = None,
        where: Location | None = None,
        cause: str | None = None,
        remedy: str | None = None,
        details: str | None = None,
    ) -> None:
        super().__init__(
            f"{path}: {what}" if path else what, where=where, cause=cause, remedy=remedy, details=details
        )
        self.path = path

"""The root of Basilisk's errors and the reject of a call, which canisters know as well.

They live apart from the other errors because all of this is in every canister's memory.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from basilisk.errors import Location

__all__ = ["BasiliskError", "CallRejected"]


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

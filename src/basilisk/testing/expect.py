"""Expected traps and rejects."""

from __future__ import annotations

import re
from types import TracebackType

from basilisk.errors import CallRejected

__all__ = ["Expected", "expect_reject", "expect_trap"]

_CANISTER_ERROR = 5  # interface specification, "Reject codes"
#: The replica's codes for a trap of the machine and a call of ic0.trap (an exception that nobody caught).
_TRAPS = frozenset({"IC0502", "IC0503"})


class Expected:
    """A block in which exactly one thing is expected: a call that ends in a reject.

    After the block ``error`` is the exception; its parts are there as ``code``, ``error_code`` and
    ``message``.  The block itself fails with an AssertionError that says what happened instead.
    """

    def __init__(
        self, what: str, match: str | None, codes: frozenset[int] | None, error_codes: frozenset[str] | None
    ) -> None:
        self._what = what
        self._match = match
        self._codes = codes
        self._error_codes = error_codes
        self._error: CallRejected | None = None

    @property
    def error(self) -> CallRejected:
        """The reject.  Raises AssertionError as long as there was none."""
        if self._error is None:
            raise AssertionError(f"{self._what} was expected, but nothing was rejected so far")
        return self._error

    @property
    def code(self) -> int:
        """The reject code, 1 to 6."""
        return self.error.code

    @property
    def error_code(self) -> str | None:
        """The replica's code, such as ``IC0503``."""
        return self.error.error_code

    @property
    def message(self) -> str:
        """The reject's message; of an exception in the program, the traceback is part of it."""
        return self.error.message

    def __enter__(self) -> Expected:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        if error is None:
            raise AssertionError(f"{self._what} was expected, but every call was answered")
        if not isinstance(error, CallRejected):
            return False
        fault = self._fault(error)
        if fault is not None:
            raise AssertionError(f"{fault}\n{error}") from None
        self._error = error
        return True

    def _fault(self, error: CallRejected) -> str | None:
        """What is wrong with the reject, or None."""
        if self._codes is not None and error.code not in self._codes:
            return f"{self._what} was expected, but the reject code is {error.code}"
        if self._error_codes is not None and error.error_code not in self._error_codes:
            return f"{self._what} was expected, but the error code is {error.error_code}"
        if self._match is not None and re.search(self._match, error.message) is None:
            return f"{self._what} was expected with a message that matches {self._match!r}, but it is another"
        return None


def expect_reject(
    match: str | None = None, *, code: int | None = None, error_code: str | None = None
) -> Expected:
    """A block in which a call must be rejected.

    ``match`` is a regular expression that the message must contain, ``code`` the reject code (1 to 6),
    ``error_code`` the replica's code, such as ``IC0406``.
    """
    what = "a reject"
    if code is not None:
        what += f" with code {int(code)}"
    if error_code is not None:
        what += f" with error code {error_code}"
    return Expected(
        what,
        match,
        None if code is None else frozenset({int(code)}),
        None if error_code is None else frozenset({error_code}),
    )


def expect_trap(match: str | None = None) -> Expected:
    """A block in which the canister must trap, as an exception that nobody catches makes it.

    ``match`` is a regular expression that the message, and so the traceback, must contain.
    """
    return Expected("a trap", match, frozenset({_CANISTER_ERROR}), _TRAPS)

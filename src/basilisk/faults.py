"""Errors that the API raises, on the host and in the canister.

A :class:`ProgramFault` is a mistake in the user's program that makes the build fail; it carries the parts
of the report (what, where, cause, remedy) until somebody prints it.
"""

from __future__ import annotations

__all__ = ["OutsideCanister", "ProgramFault"]


class ProgramFault(Exception):
    """The program cannot become a canister.

    ``kind`` classifies the fault (``annotation``, ``duplicate``, ``no_method``, ``decorator`` ...).
    ``function`` is the qualified name of the function or class that is at fault, ``first_line`` the line
    where its definition begins, ``parameter`` the parameter or field, or ``return`` for the result.
    ``line`` and ``column`` count from 1.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        cause: str | None = None,
        remedy: str | None = None,
        module: str | None = None,
        function: str | None = None,
        first_line: int | None = None,
        parameter: str | None = None,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.cause = cause
        self.remedy = remedy
        self.module = module
        self.function = function
        self.first_line = first_line
        self.parameter = parameter
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        parts = [self.message]
        if self.cause:
            parts.append(f"cause: {self.cause}")
        if self.remedy:
            parts.append(f"remedy: {self.remedy}")
        return "\n".join(parts)


class OutsideCanister(RuntimeError):
    """A function that needs a canister was called on the host."""

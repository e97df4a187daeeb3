"""Conventions for Candid values in Python that the types alone do not settle.

``opt`` is the value itself or None.  Where that would lose something, in ``opt null``, ``opt reserved``
and ``opt opt …``, a present null is written :class:`Some`: ``Some(None)`` is ``opt null``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from basilisk.principal import Principal

__all__ = ["Some", "make_principal", "principal_bytes", "some"]

# Interface specification, "Principals": at most 29 bytes.
MAX_PRINCIPAL_BYTES = 29


class Some:
    """A present option whose content would otherwise read as absent."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Some) and self.value == other.value

    def __hash__(self) -> int:
        return hash((Some, self.value))

    def __repr__(self) -> str:
        return f"Some({self.value!r})"


def some(value: object) -> object:
    """The Python form of ``opt value``: the value itself, wrapped only where None would be ambiguous."""
    return Some(value) if value is None or isinstance(value, Some) else value


def make_principal(raw: bytes) -> Principal:
    """A principal from its bytes."""
    from basilisk.principal import Principal

    return Principal(raw)


def principal_from_text(text: str) -> Principal:
    """A principal from its text; raises ValueError (or a subclass) when it is malformed."""
    from basilisk.principal import Principal

    return Principal.from_str(text)


def principal_text(value: Any) -> str:
    """The text of a principal, or of a service reference that carries one in ``canister_id``."""
    return make_principal(principal_bytes(value)).to_str()


def principal_bytes(value: Any) -> bytes:
    """The bytes of a principal or of a service reference; raises TypeError for anything else."""
    canister_id = getattr(value, "canister_id", None)
    raw = getattr(value if canister_id is None else canister_id, "bytes", None)
    if not isinstance(raw, bytes):
        raise TypeError("not a principal")
    return raw

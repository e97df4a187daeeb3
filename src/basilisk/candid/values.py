"""Conventions for Candid values in Python that the types alone do not settle.

``opt`` is the value itself or None; where the value can be None as well, :class:`basilisk.options.Some`
tells an option that holds None from one that holds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from basilisk.options import Some

if TYPE_CHECKING:
    from basilisk.principal import Principal

__all__ = ["Some", "make_principal", "principal_bytes", "some"]

# Interface specification, "Principals": at most 29 bytes.
MAX_PRINCIPAL_BYTES = 29


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

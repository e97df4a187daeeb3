"""Rejections of the management canister, in the words of the replica's ``canister_manager``.

Texts marked "ours" could not be compared with the network's.
"""

from __future__ import annotations

from collections.abc import Iterable

from basilisk.principal import Principal
from basilisk.replica import errors
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import principal_text

__all__ = [
    "advised",
    "canister_not_found",
    "invalid_settings",
    "no_snapshot",
    "not_a_method",
    "not_a_query",
    "not_controller",
    "payload",
    "refused",
    "too_few_cycles",
]

_DOCS = "https://internetcomputer.org/docs/current/references/execution-errors#"


def advised(code: ErrorCode, text: str, advice: str, anchor: str = "") -> Rejection:
    """A rejection with a second line that says what to do, and where that is documented."""
    link = f" See documentation: {_DOCS}{anchor}" if anchor else ""
    return Rejection(code, f"{text}\n{advice}{link}")


def not_a_query(name: str) -> Rejection:
    """The method cannot be called as a query."""
    return Rejection(ErrorCode.CANISTER_METHOD_NOT_FOUND, f"Query method {name} not found.")


def refused(text: str) -> Rejection:
    """IC0406 with ``text``."""
    return Rejection(ErrorCode.CANISTER_REJECTED_MESSAGE, text)


def payload(text: str) -> Rejection:
    """IC0408 with ``text``: the arguments make no sense."""
    return Rejection(ErrorCode.INVALID_MANAGEMENT_PAYLOAD, text)


def not_a_method(name: str) -> Rejection:
    """There is no such method."""
    return Rejection(ErrorCode.CANISTER_METHOD_NOT_FOUND, f"Management canister has no method '{name}'")


def canister_not_found(canister: bytes) -> Rejection:
    """There is no such canister."""
    return Rejection(ErrorCode.CANISTER_NOT_FOUND, f"Canister {principal_text(canister)} not found.")


def not_controller(canister: bytes, controllers: Iterable[bytes], sender: bytes) -> Rejection:
    """The sender may not do that to the canister."""
    names = " ".join(str(item) for item in sorted(map(Principal, controllers)))
    return errors.not_controller(principal_text(canister), names, principal_text(sender))


def too_few_cycles(method: str, sent: int, required: int) -> Rejection:
    """A method that costs something was called with less than its price."""
    return refused(f"{method} request sent with {sent:_} cycles, but {required:_} cycles are required.")


def no_snapshot(canister: bytes, snapshot: bytes) -> Rejection:
    """The canister has no such snapshot."""
    return advised(
        ErrorCode.CANISTER_SNAPSHOT_NOT_FOUND,
        f"Could not find the snapshot ID {snapshot.hex()} for canister {principal_text(canister)}.",
        "Use the `list_canister_snapshot` API to see which snapshots are present.",
        "canister-snapshot-not-found",
    )


def invalid_settings(text: str) -> Rejection:
    """IC0504 with ``text``: a setting is out of range."""
    return Rejection(ErrorCode.CANISTER_CONTRACT_VIOLATION, text)

"""Functions around the user's functions; they stay in the canister, so they live apart from the build."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["with_guard"]


def with_guard(function: Callable[..., Any], guard: Callable[[], Any]) -> Callable[..., Any]:
    """The entry point behind its guard; without an explicit allow it ends in an exception, hence a trap."""

    def guarded() -> Any:
        answer = guard()
        if answer is True or (isinstance(answer, dict) and "Ok" in answer):
            return function()
        reason = answer.get("Err") if isinstance(answer, dict) else None
        raise PermissionError(reason or "the guard did not allow the call")

    return guarded

"""Functions around the user's functions; they stay in the canister, so they live apart from the build."""

from __future__ import annotations

from basilisk import ic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["with_guard", "with_reply_type"]


def with_reply_type(function: Callable[..., Any], plan: int, count: int) -> Callable[..., Any]:
    """The function with the type of ``ic.reply`` set: ``count`` results encoded by ``plan``."""
    target = (plan, count)

    def manual(*arguments: Any) -> Any:
        ic._reply_plan = target
        return function(*arguments)

    return manual


def with_guard(function: Callable[..., Any], guard: Callable[[], Any]) -> Callable[..., Any]:
    """The entry point behind its guard; without an explicit allow it ends in an exception, hence a trap."""

    def guarded() -> Any:
        answer = guard()
        if answer is True or (isinstance(answer, dict) and "Ok" in answer):
            return function()
        reason = answer.get("Err") if isinstance(answer, dict) else None
        raise PermissionError(reason or "the guard did not allow the call")

    return guarded

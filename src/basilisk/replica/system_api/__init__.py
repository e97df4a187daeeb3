"""The system API (``ic0``) in Python, a module for each group of functions.

``bind`` gives the host function for an import: it charges for the call, checks the context by the table and
calls the implementation with the current execution.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Protocol

from basilisk.engine import HostFunction
from basilisk.replica.contexts import FUNCTIONS, ic0_name
from basilisk.replica.errors import wrong_mode
from basilisk.replica.execution import Execution
from basilisk.replica.system_api import (
    calls,
    certification,
    costs,
    cycles,
    environment,
    info,
    messages,
    stable_memory,
)
from basilisk.replica.system_api.base import REGISTRY

__all__ = ["REGISTRY", "Slot", "bind"]

# Importing the groups fills the registry.
GROUPS = (calls, certification, costs, cycles, environment, info, messages, stable_memory)


class Slot(Protocol):
    """Where a bound function finds the execution that is under way."""

    execution: Execution | None


def bind(slot: Slot, name: str) -> HostFunction:
    """The host function for ``ic0.<name>``.  Raises KeyError for an unknown one."""
    allowed = FUNCTIONS[name].contexts
    function: Callable[..., Any] = REGISTRY[name]

    # The instance that gets this function belongs to the slot: holding the slot would keep both for ever.
    find = weakref.ref(slot)

    def call(*arguments: int) -> Any:
        owner = find()
        assert owner is not None
        execution = owner.execution
        assert execution is not None
        execution.charge_call(name, arguments)
        if execution.context not in allowed:
            raise wrong_mode(ic0_name(name), execution.context.mode)
        return function(execution, *arguments)

    return call

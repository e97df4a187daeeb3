"""Calls that were sent and are not answered yet."""

from __future__ import annotations

from typing import Any

from basilisk.candid.types import Environment, Func
from basilisk.replica import IngressState, IngressStatus, Replica
from basilisk.testing.clean import Clean
from basilisk.testing.messages import read_reply

__all__ = ["PendingCall"]


class PendingCall:
    """An update call on its way; rounds of the replica (``replica.tick()``) carry it forward."""

    def __init__(
        self, replica: Replica, number: int, name: str, function: Func, environment: Environment
    ) -> None:
        self._replica = replica
        self._number = number
        self._name = name
        self._function = function
        self._environment = environment

    @property
    def state(self) -> IngressState:
        """What the network would answer to a request for the call's status."""
        return self._replica.call_status(self._number)

    @property
    def answered(self) -> bool:
        """Whether there is a reply or a reject."""
        return self.state.status not in (IngressStatus.RECEIVED, IngressStatus.PROCESSING)

    def result(self) -> Any:
        """The reply; rounds are executed until there is one.  Raises CallRejected."""
        __tracebackhide__ = True
        with Clean():
            data = self._replica.await_call(self._number)
        return read_reply(self._name, data, self._function.results, self._environment)

    def __repr__(self) -> str:
        return f"<call of {self._name}: {self.state.status.name.lower()}>"

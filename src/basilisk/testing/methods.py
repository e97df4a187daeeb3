"""The methods of a canister as objects that can be called and sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from basilisk.candid.did_printer import format_type
from basilisk.candid.types import Func
from basilisk.principal import Principal
from basilisk.replica import PrincipalLike
from basilisk.replica.ids import principal_bytes
from basilisk.testing.deployment import Kind
from basilisk.testing.messages import read_reply, write_arguments
from basilisk.testing.values import MethodReference

if TYPE_CHECKING:
    from basilisk.testing.canister import Control

__all__ = ["Caller", "Method", "Methods", "principal_of"]

#: Who calls: a principal in any form, or a canister.
Caller = Union[PrincipalLike, "Control"]


class Method(MethodReference):
    """A method of a canister, ready to be called.

    Positional arguments are the method's own; ``caller`` and ``cycles`` are those of the call and default to
    what ``with_caller`` and ``with_cycles`` set.  As an argument of another call it is a ``func`` reference.
    """

    def __init__(self, control: Control, name: str, function: Func, kind: Kind = "declared") -> None:
        self._control = control
        self._kind = kind
        self.name = name
        self.type = function
        self.__doc__ = f"{name} : {format_type(function)}"

    @property
    def reference(self) -> tuple[Principal, str]:
        """Canister and name, the form of a ``func`` value."""
        return self._control._deployment.canister_id, self.name

    def __call__(self, *arguments: object, caller: Caller | None = None, cycles: int | None = None) -> Any:
        """Call the method.  Raises CallRejected, or ArgumentError before anything is sent."""
        __tracebackhide__ = True
        deployment = self._control._deployment
        environment = deployment.interface.environment
        message = write_arguments(self.name, self.type.args, arguments, environment)
        sender = self._control._caller if caller is None else principal_of(caller)
        amount = self._control._cycles if cycles is None else cycles
        reply = deployment.send(self.name, message, sender, amount, self._kind)
        return read_reply(self.name, reply, self.type.results, environment)

    def __repr__(self) -> str:
        return f"<method {self.__doc__}>"


class Methods:
    """The methods of a canister and nothing else: for names that helpers have as well, and other modes."""

    def __init__(self, control: Control, kind: Kind) -> None:
        self._control = control
        self._kind: Kind = kind

    def __getattr__(self, name: str) -> Method:
        __tracebackhide__ = True
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Method:
        __tracebackhide__ = True
        return Method(self._control, name, self._control._deployment.function(name), self._kind)

    def __dir__(self) -> list[str]:
        return self._control._deployment.method_names


def principal_of(value: Caller) -> Principal:
    """The principal that ``value`` names; a canister stands for its own."""
    from basilisk.testing.canister import Control

    if isinstance(value, Control):
        return value._deployment.canister_id
    return Principal(principal_bytes(value))

"""A canister in a local replica, as a scripted session sees it."""

from __future__ import annotations

from collections.abc import Sequence

from basilisk.candid.decoder import decode
from basilisk.candid.encoder import encode
from basilisk.candid.graph import resolve
from basilisk.candid.inference import infer_type
from basilisk.candid.types import Argument, Environment, Func, Interface
from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica import Replica

__all__ = ["LocalCanister"]


class LocalCanister:
    """Implements :class:`basilisk.testing.session.Canister` on a replica in this process.

    The canister is created when it is needed first.  Whoever installs it first becomes its controller, so an
    upgrade must come from the same identity, as on the network.  ``instructions`` are those of the last call.
    """

    def __init__(self, replica: Replica, wasm: bytes, interface: Interface) -> None:
        self.replica = replica
        self.instructions = 0
        self._principal: Principal | None = None
        self._installed = False
        self.use(wasm, interface)

    def use(self, wasm: bytes, interface: Interface) -> None:
        """Take another module for the next install or upgrade."""
        self.environment: Environment = interface.environment
        self.init_arguments: Sequence[Argument] = interface.init_args
        self._wasm = wasm
        self._methods = dict(interface.service.methods) if interface.service is not None else {}

    @property
    def names(self) -> list[str]:
        """Names of the methods, sorted."""
        return sorted(self._methods)

    @property
    def principal(self) -> Principal:
        """The canister's id."""
        return self._create(Principal.anonymous())

    def method(self, name: str) -> Func | None:
        """The type of a method, or None when there is none of that name."""
        declared = self._methods.get(name)
        if declared is None:
            return None
        function = resolve(declared, self.environment)
        return function if isinstance(function, Func) else None

    def change_code(self, mode: str, arguments: Sequence[object], sender: Principal) -> None:
        """Install afresh (``install``) or upgrade (``upgrade``) to the same module."""
        canister = self._create(sender)
        message = encode(self.init_arguments, arguments, self.environment)
        if mode == "upgrade":
            self.replica.install_code(canister, self._wasm, message, "upgrade", sender)
        else:
            again = self._installed
            self.replica.install_code(
                canister, self._wasm, message, "reinstall" if again else "install", sender
            )
            self._installed = True
        self.instructions = self.replica.last.instructions

    def call(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        """Call a method; raises ``CallRejected`` when it is rejected."""
        function = self._known(name)
        return self._send(name, function, encode(function.args, arguments, self.environment), sender)

    def call_untyped(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        """Call a method with arguments of whatever types they have, fitting or not."""
        message = encode([infer_type(argument) for argument in arguments], arguments)
        return self._send(name, self._known(name), message, sender)

    def _send(self, name: str, function: Func, message: bytes, sender: Principal) -> Sequence[object]:
        send = self.replica.query if function.mode in ("query", "composite_query") else self.replica.update
        try:
            reply = send(self.principal, name, message, sender)
        finally:
            self.instructions = self.replica.last.instructions
        return decode(reply, function.results, self.environment)

    def _known(self, name: str) -> Func:
        function = self.method(name)
        if function is None:
            raise UsageError(f"the canister has no method {name!r}")
        return function

    def _create(self, controller: Principal) -> Principal:
        if self._principal is None:
            self._principal = self.replica.create_canister(controller)
        return self._principal

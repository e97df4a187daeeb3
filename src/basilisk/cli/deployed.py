"""A canister in a local replica, called with Python values or with words from a command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from basilisk.candid.types import Argument, Environment, Func, Ref
from basilisk.errors import UsageError

if TYPE_CHECKING:
    from basilisk.candid.types import Interface
    from basilisk.principal import Principal
    from basilisk.replica import LastCall

__all__ = ["Deployed"]

_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*)\}")


class Deployed:
    """A canister of a replica of its own; what scripted sessions (``basilisk.testing``) ask of one.

    ``wasm`` is the module, ``did`` its interface, ``on_print`` is told every line that it prints.
    """

    def __init__(self, wasm: bytes, did: str, on_print: Callable[[str], None]) -> None:
        from basilisk.replica import Replica

        # The build has validated the module already; doing it twice would double the time of an edit.
        self._replica = Replica(validate=False, on_print=lambda _, record: on_print(record.text))
        self.principal: Principal = self._replica.create_canister()
        self.load(wasm, did)

    def load(self, wasm: bytes, did: str) -> None:
        """Take another module for the next install or upgrade."""
        from basilisk.candid import parse_did

        self._wasm = wasm
        interface: Interface = parse_did(did)
        self.environment: Environment = interface.environment
        self.init_arguments: Sequence[Argument] = interface.init_args
        service = interface.service
        self._methods = dict(service.methods) if service is not None else {}

    @property
    def last(self) -> LastCall:
        """Figures of the last call."""
        return self._replica.last

    @property
    def names(self) -> list[str]:
        """Names of the methods, sorted."""
        return sorted(self._methods)

    def method(self, name: str) -> Func | None:
        """The type of a method, or None when there is none of that name."""
        found = self._methods.get(name)
        while isinstance(found, Ref):
            found = self.environment.get(found.name)
        return found if isinstance(found, Func) else None

    def known(self, name: str) -> Func:
        """The type of a method.  Raises :class:`UsageError` that lists the methods when there is none."""
        function = self.method(name)
        if function is None:
            raise UsageError(
                f"the canister has no method {name!r}", remedy=f"methods: {', '.join(self.names) or 'none'}"
            )
        return function

    def change_code(self, mode: str, arguments: Sequence[object], sender: Principal) -> None:
        """Install afresh (``install``) or upgrade (``upgrade``) with Candid arguments as Python values."""
        from basilisk.candid import encode

        data = encode([item.type for item in self.init_arguments], list(arguments), self.environment)
        installed = self._replica.status(self.principal).module_hash is not None
        if mode == "install" and installed:
            mode = "reinstall"
        # Anybody may call; only the canister's controller, the anonymous identity, may change its code.
        self._replica.install_code(self.principal, self._wasm, data, mode)  # type: ignore[arg-type]

    def call(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        """Call a method.  Raises :class:`basilisk.errors.CallRejected` when it is rejected."""
        from basilisk.candid import encode

        function = self.known(name)
        data = encode([item.type for item in function.args], list(arguments), self.environment)
        return self._send(name, function, data, sender)

    def call_untyped(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        """Call a method with arguments of the types their Python values suggest."""
        from basilisk.candid import encode, infer_type

        data = encode([infer_type(value) for value in arguments], list(arguments))
        return self._send(name, self.known(name), data, sender)

    def call_text(self, name: str, arguments: str, sender: Principal) -> str:
        """Call a method with arguments in Candid's text form; the reply in the same form."""
        from basilisk.candid import format_values, parse_values

        function = self.known(name)
        values = parse_values(
            self.fill(arguments), function.args, self.environment, source=f"arguments of {name}"
        )
        return format_values(self.call(name, values, sender), function.results, self.environment)

    def fill(self, text: str) -> str:
        """``text`` with ``${name}`` replaced by principals of identities, ``${canister}`` by ours."""
        from basilisk.testing.session import identity

        def principal(match: re.Match[str]) -> str:
            return str(self.principal if match[1] == "canister" else identity(match[1]))

        return _REFERENCE.sub(principal, text)

    def _send(self, name: str, function: Func, data: bytes, sender: Principal) -> Sequence[object]:
        from basilisk.candid import decode

        send = self._replica.query if "query" in function.mode else self._replica.update
        reply = send(self.principal, name, data, sender)
        if function.mode == "oneway":
            return []
        return decode(reply, [item.type for item in function.results], self.environment)

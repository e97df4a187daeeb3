"""A canister in a local replica, called with words and texts from a command line."""

from __future__ import annotations

import re
from collections.abc import Callable

from basilisk.candid.types import Func
from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister
from basilisk.testing.session import identity

__all__ = ["Deployed"]

_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*)\}")


class Deployed(LocalCanister):
    """A canister with a replica of its own.

    ``wasm`` is the module, ``did`` its interface, ``on_print`` is told every line that it prints.
    """

    def __init__(self, wasm: bytes, did: str, on_print: Callable[[str], None]) -> None:
        from basilisk.candid import parse_did

        # The build has validated the module already; doing it again would lengthen each edit.
        replica = Replica(validate=False, on_print=lambda _, record: on_print(record.text))
        super().__init__(replica, wasm, parse_did(did))

    def load(self, wasm: bytes, did: str) -> None:
        """Take another module, with its interface, for the next install or upgrade."""
        from basilisk.candid import parse_did

        self.use(wasm, parse_did(did))

    def known(self, name: str) -> Func:
        """The type of a method.  Raises :class:`UsageError` that lists the methods when there is none."""
        function = self.method(name)
        if function is None:
            listed = ", ".join(self.names) or "none"
            raise UsageError(f"the canister has no method {name!r}", remedy=f"its methods: {listed}")
        return function

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

        def principal(match: re.Match[str]) -> str:
            return str(self.principal if match[1] == "canister" else identity(match[1]))

        return _REFERENCE.sub(principal, text)

"""A canister of a test's replica: its interface, its code, and calls with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from basilisk.candid.graph import resolve
from basilisk.candid.types import Func, Interface
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.testing import wallet
from basilisk.testing.clean import Clean
from basilisk.testing.figures import CallFigures
from basilisk.testing.messages import EMPTY, write_arguments
from basilisk.testing.programs import Program

if TYPE_CHECKING:
    from basilisk.testing.replica import LocalReplica

__all__ = ["Deployment", "Kind", "UnknownMethod"]

#: How a method is called: as its interface says, as a non-replicated query, or as an update.
Kind = Literal["declared", "query", "update"]

Mode = Literal["install", "reinstall", "upgrade"]

_QUERIES = ("query", "composite_query")


class UnknownMethod(UsageError, AttributeError):
    """The canister's interface has no method of that name."""


class Deployment:
    """One canister, whatever views of it the test holds.

    The interface is that of the code which is installed at the moment, so it follows upgrades and returns to
    earlier states of the replica.
    """

    def __init__(self, replica: LocalReplica, canister_id: Principal, name: str) -> None:
        self.replica = replica
        self.canister_id = canister_id
        self.name = name
        self.figures = CallFigures()

    # ---- interface -----------------------------------------------------------------------------------

    @property
    def program(self) -> Program:
        """What is installed.  Raises UsageError for an empty canister and for code without an interface."""
        return self.replica.program_of(self.canister_id)

    @property
    def interface(self) -> Interface:
        """Candid interface of what is installed."""
        return self.program.interface

    @property
    def method_names(self) -> list[str]:
        """Names of the methods, sorted."""
        service = self.interface.service
        return sorted(name for name, _ in service.methods) if service is not None else []

    def function(self, name: str) -> Func:
        """The type of a method.  Raises :class:`UnknownMethod`."""
        __tracebackhide__ = True
        interface = self.interface
        declared = dict(interface.service.methods).get(name) if interface.service is not None else None
        function = resolve(declared, interface.environment) if declared is not None else None
        if isinstance(function, Func):
            return function
        names = self.method_names
        close = get_close_matches(name, names, n=1)
        raise UnknownMethod(
            f"{self.name} has no method {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""),
            remedy=f"its methods: {', '.join(names) or 'none'}",
        )

    # ---- code ----------------------------------------------------------------------------------------

    def install(
        self,
        program: Program,
        arguments: Sequence[object],
        mode: Mode,
        caller: Principal | None,
        skip_pre_upgrade: bool = False,
        wasm_memory_persistence: Literal["keep", "replace"] | None = None,
    ) -> None:
        """Install, reinstall or upgrade.  Raises CallRejected, or ArgumentError before anything is sent."""
        __tracebackhide__ = True
        interface = program.interface
        if mode == "upgrade" and not arguments:
            # post_upgrade need not take what init takes.
            message = EMPTY
        else:
            place = f"the {mode} of {program.name}"
            message = write_arguments(place, interface.init_args, arguments, interface.environment)
        self.replica.remember(self.canister_id, program)
        with _Measured(self):
            self.replica.install_code(
                self.canister_id,
                program.wasm,
                message,
                mode,
                caller,
                skip_pre_upgrade=skip_pre_upgrade,
                wasm_memory_persistence=wasm_memory_persistence,
            )

    # ---- calls ---------------------------------------------------------------------------------------

    def send(self, name: str, message: bytes, caller: Principal, cycles: int, kind: Kind) -> bytes:
        """Call a method with a Candid message.  Raises CallRejected."""
        __tracebackhide__ = True
        if kind == "declared":
            kind = "query" if self.function(name).mode in _QUERIES and not cycles else "update"
        if cycles and kind == "query":
            raise UsageError(
                f"a query of {name} cannot carry cycles",
                cause="cycles travel only with calls that are executed on all nodes",
                remedy=f"call it as an update: canister.with_cycles(...).update.{name}(...)",
            )
        if cycles:
            return self._send_with_cycles(name, message, caller, cycles)
        with _Measured(self):
            if kind == "query":
                return self.replica.query(self.canister_id, name, message, caller)
            return self.replica.update(self.canister_id, name, message, caller)

    def _send_with_cycles(self, name: str, message: bytes, caller: Principal, cycles: int) -> bytes:
        __tracebackhide__ = True
        purse = self.replica.wallet(caller).canister_id
        before = self._balance()
        with Clean():
            answer, seen = self.replica.executed(
                self.canister_id,
                lambda: wallet.forward(self.replica, purse, caller, self.canister_id, name, message, cycles),
            )
        paid = before - self._balance() + cycles - answer.refunded if self.canister_id.bytes else 0
        self.figures = replace(seen, cycles=paid, refunded=answer.refunded)
        if isinstance(answer.result, CallRejected):
            raise answer.result
        return answer.result

    def _balance(self) -> int:
        # The management canister has none.
        if not self.canister_id.bytes:
            return 0
        return self.replica.status(self.canister_id).cycles


class _Measured(Clean):
    """Sets a deployment's ``figures`` from what the replica counts during the block."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._earlier = deployment.replica.last
        deployment.figures = CallFigures()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        deployment = self._deployment
        last = deployment.replica.last
        counted = last is not self._earlier
        deployment.figures = CallFigures(
            instructions=last.instructions if counted else 0,
            cycles=last.cycles if counted else 0,
            heap_pages=last.dirty_heap_pages if counted else 0,
            stable_pages=last.dirty_stable_pages if counted else 0,
        )
        super().__exit__(kind, error, traceback)

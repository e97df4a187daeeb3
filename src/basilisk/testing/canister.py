"""The canister that a test talks to: its methods are attributes, beside helpers for everything else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from basilisk.candid.types import Interface
from basilisk.errors import UsageError
from basilisk.principal import Principal
from basilisk.replica import CanisterStatus, LogRecord
from basilisk.testing.clean import Clean
from basilisk.testing.deployment import Deployment
from basilisk.testing.figures import CallFigures
from basilisk.testing.messages import write_arguments
from basilisk.testing.methods import Caller, Method, Methods, principal_of
from basilisk.testing.pending import PendingCall
from basilisk.testing.programs import Source, open_program

if TYPE_CHECKING:
    from basilisk.testing.replica import LocalReplica

__all__ = ["AmbiguousName", "Canister", "Control"]

#: Helpers that keep their name whatever the canister's methods are called: the ways to those methods.
_ALWAYS = frozenset({"call", "control", "methods"})


class AmbiguousName(UsageError, AttributeError):
    """A canister's method has the name of one of the helpers, so it must be said which is meant."""


class Control:
    """What a test can do with a canister besides calling its methods."""

    def __init__(self, deployment: Deployment, caller: Principal | None, cycles: int = 0) -> None:
        self._deployment = deployment
        self._sender = caller
        self._caller = caller if caller is not None else Principal.anonymous()
        self._cycles = cycles

    # ---- looking in ----------------------------------------------------------------------------------

    @property
    def canister_id(self) -> Principal:
        """The canister's principal.  The canister itself can stand wherever a principal is expected."""
        return self._deployment.canister_id

    @property
    def replica(self) -> LocalReplica:
        """Where the canister lives."""
        return self._deployment.replica

    @property
    def interface(self) -> Interface:
        """Candid interface of what is installed."""
        return self._deployment.interface

    @property
    def last(self) -> CallFigures:
        """Instructions, cycles and written pages of the last call or installation."""
        return self._deployment.figures

    @property
    def status(self) -> CanisterStatus:
        """What a controller can see: module hash, sizes, controllers, version, metadata."""
        return self._deployment.replica.status(self._deployment.canister_id)

    @property
    def cycles(self) -> int:
        """The balance."""
        return self._deployment.replica.status(self._deployment.canister_id).cycles

    @property
    def logs(self) -> list[str]:
        """What the canister printed, and its traps, oldest first."""
        return [record.text for record in self._records()]

    @property
    def log_records(self) -> list[LogRecord]:
        """The log with times and kinds of message."""
        return self._records()

    def stable_memory(self, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes of stable memory, up to its end unless ``length`` is given."""
        return self._deployment.replica.stable_memory(self._deployment.canister_id, offset, length)

    # ---- life ----------------------------------------------------------------------------------------

    def upgrade(
        self,
        source: Source | None = None,
        *arguments: object,
        did: str | os.PathLike[str] | None = None,
        skip_pre_upgrade: bool = False,
        wasm_memory_persistence: Literal["keep", "replace"] | None = None,
    ) -> None:
        """Upgrade to ``source``, by default to the program that is installed.

        Without arguments an empty message is sent.  The caller is that of ``with_caller``, else a controller.
        Raises CallRejected; the canister then goes on as before.
        """
        __tracebackhide__ = True
        self._change("upgrade", source, did, arguments, skip_pre_upgrade, wasm_memory_persistence)

    def reinstall(
        self, source: Source | None = None, *arguments: object, did: str | os.PathLike[str] | None = None
    ) -> None:
        """Install ``source``, by default the same program, afresh: heap and stable memory begin empty."""
        __tracebackhide__ = True
        self._change("reinstall", source, did, arguments)

    def uninstall(self) -> None:
        """Remove code and state; the canister keeps its id and its cycles."""
        self._deployment.replica.uninstall_code(self._deployment.canister_id)

    def stop(self) -> None:
        """Stop the canister once its open calls are answered.  Raises CallRejected if they never are."""
        __tracebackhide__ = True
        with Clean():
            self._deployment.replica.stop_canister(self._deployment.canister_id)

    def start(self) -> None:
        """Let a stopped canister run again."""
        self._deployment.replica.start_canister(self._deployment.canister_id)

    # ---- calls ---------------------------------------------------------------------------------------

    @property
    def methods(self) -> Methods:
        """The canister's methods and nothing else."""
        return Methods(self, "declared")

    @property
    def control(self) -> Control:
        """The helpers and nothing else."""
        return Control(self._deployment, self._sender, self._cycles)

    @property
    def query(self) -> Methods:
        """Methods called as queries of one node: ``canister.query.get()``."""
        return Methods(self, "query")

    @property
    def update(self) -> Methods:
        """Methods called through consensus: a query in replicated mode, for instance."""
        return Methods(self, "update")

    def call(
        self, name: str, *arguments: object, caller: Caller | None = None, cycles: int | None = None
    ) -> Any:
        """Call the method ``name``, which may be any text."""
        __tracebackhide__ = True
        function = self._deployment.function(name)
        return Method(self, name, function)(*arguments, caller=caller, cycles=cycles)

    def call_raw(self, name: str, message: bytes) -> bytes:
        """Call a method with a Candid message that need not fit its type; the reply as it came."""
        __tracebackhide__ = True
        return self._deployment.send(name, message, self._caller, self._cycles, "declared")

    def submit(self, name: str, *arguments: object) -> PendingCall:
        """Send an update call without executing it: several calls can be under way at once."""
        __tracebackhide__ = True
        deployment = self._deployment
        function = deployment.function(name)
        environment = deployment.interface.environment
        message = write_arguments(name, function.args, arguments, environment)
        with Clean():
            number = deployment.replica.submit(deployment.canister_id, name, message, self._caller)
        return PendingCall(deployment.replica, number, name, function, environment)

    # ---- views ---------------------------------------------------------------------------------------

    def with_caller(self, caller: Caller) -> Canister:
        """The same canister, called by ``caller``."""
        return Canister(self._deployment, principal_of(caller), self._cycles)

    def with_cycles(self, cycles: int) -> Canister:
        """The same canister; calls carry ``cycles``.

        Only canisters can send cycles, so the calls go through a wallet canister: ``replica.wallet(caller)``,
        which is the caller that the program sees.  What is not accepted comes back (``last.refunded``).
        """
        return Canister(self._deployment, self._sender, cycles)

    # ---- inside --------------------------------------------------------------------------------------

    def _records(self) -> list[LogRecord]:
        return self._deployment.replica.logs(self._deployment.canister_id)

    def _change(
        self,
        mode: Literal["reinstall", "upgrade"],
        source: Source | None,
        did: str | os.PathLike[str] | None,
        arguments: tuple[object, ...],
        skip_pre_upgrade: bool = False,
        wasm_memory_persistence: Literal["keep", "replace"] | None = None,
    ) -> None:
        __tracebackhide__ = True
        deployment = self._deployment
        if source is None:
            program = deployment.program
            if not program.wasm:
                raise UsageError(
                    f"the module of {deployment.name} is not at hand", remedy="name what to install instead"
                )
        else:
            with Clean():
                program = open_program(source, did, deployment.replica.folders)
        deployment.install(program, arguments, mode, self._sender, skip_pre_upgrade, wasm_memory_persistence)

    def __repr__(self) -> str:
        return f"<canister {self._deployment.name} {self._deployment.canister_id}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Control):
            return NotImplemented
        mine, theirs = self._deployment, other._deployment
        return mine.replica is theirs.replica and mine.canister_id == theirs.canister_id

    def __hash__(self) -> int:
        return hash(self._deployment.canister_id)


class Canister(Control):
    """A canister under test: ``canister.greet("x")`` calls its method ``greet``.

    The mode is the interface's: queries are executed by one node and forget their changes, updates go
    through consensus.  A name that is both a method and a helper raises :class:`AmbiguousName`;
    ``canister.methods.NAME`` is the method, ``canister.control.NAME`` the helper.
    """

    # ---- names ---------------------------------------------------------------------------------------

    def __getattribute__(self, name: str) -> Any:
        __tracebackhide__ = True
        if name[0] != "_" and name not in _ALWAYS and hasattr(type(self), name):
            deployment: Deployment = super().__getattribute__("_deployment")
            if deployment.replica.declares(deployment.canister_id, name):
                raise AttributeError(name)  # Python then asks __getattr__, which says why
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Method:
        __tracebackhide__ = True
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        function = self._deployment.function(name)
        if hasattr(type(self), name):
            raise AmbiguousName(
                f"{self._deployment.name}.{name} can mean two things",
                cause=f"the canister has a method {name!r}, and so have its helpers",
                remedy=f"write .methods.{name} for the method or .control.{name} for the helper",
            )
        return Method(self, name, function)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._deployment.method_names})

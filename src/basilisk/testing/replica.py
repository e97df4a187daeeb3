"""The replica of a test: deploys programs, knows their interfaces, lets time pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol, TypeVar

from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import PrincipalLike, Replica
from basilisk.testing import session, wallet
from basilisk.testing.canister import Canister, Control
from basilisk.testing.clean import Clean
from basilisk.testing.deployment import Deployment, Mode
from basilisk.testing.figures import CallFigures
from basilisk.testing.methods import Caller, principal_of
from basilisk.testing.programs import UNNAMED, Program, Source, open_program

__all__ = ["Deploy", "LocalReplica"]

T = TypeVar("T")

_MANAGEMENT = Principal.management_canister()

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Deploy(Protocol):
    """Type of the fixture ``deploy``, which is :meth:`LocalReplica.deploy` of the test's replica."""

    def __call__(
        self,
        source: Source,
        *arguments: object,
        did: str | os.PathLike[str] | None = None,
        caller: Caller | None = None,
        controller: Caller | Iterable[Caller] | None = None,
        cycles: int | None = None,
        environment: Mapping[str, str] | None = None,
        wasm_memory_limit: int | None = None,
        into: Caller | None = None,
        mode: Mode = "install",
    ) -> Canister: ...


class LocalReplica(Replica):
    """A :class:`basilisk.replica.Replica` with what tests need besides.

    ``folders`` are further places for relative paths of programs; the plug-in names pytest's root folder.
    """

    folders: tuple[Path, ...] = ()

    # Made when first used, so that the signature of the base class stays the signature of this one.

    @cached_property
    def _programs(self) -> dict[tuple[Principal, bytes], Program]:
        return {}

    @cached_property
    def _wallets(self) -> dict[Principal, Principal]:
        return {}

    # ---- canisters -----------------------------------------------------------------------------------

    def deploy(
        self,
        source: Source,
        *arguments: object,
        did: str | os.PathLike[str] | None = None,
        caller: Caller | None = None,
        controller: Caller | Iterable[Caller] | None = None,
        cycles: int | None = None,
        environment: Mapping[str, str] | None = None,
        wasm_memory_limit: int | None = None,
        into: Caller | None = None,
        mode: Mode = "install",
    ) -> Canister:
        """Build ``source`` if it is a program, create a canister, install with ``arguments`` for init.

        ``source`` is a folder, a ``.py`` file, a ``.wasm`` or ``.wasm.gz`` file, the bytes of a module, a
        pair of module and interface, or a :class:`Program`; ``did`` is the interface of a module that does
        not bring it.  ``caller`` installs and makes the calls unless ``with_caller`` says otherwise (default:
        a controller installs and the anonymous principal calls).  ``controller`` is one principal or several
        (default: ``caller``, else the anonymous principal).  ``cycles`` is the balance to begin with.
        ``into`` is an existing canister to install into, in ``mode``.
        Raises CallRejected when the installation fails, ArgumentError when the arguments do not fit, and
        BasiliskError when the program does not build.
        """
        __tracebackhide__ = True
        with Clean():
            program = open_program(source, did, self.folders)
        sender = principal_of(caller) if caller is not None else None
        if into is not None:
            target = principal_of(into)
        else:
            settings: dict[str, Any] = {"environment": environment, "wasm_memory_limit": wasm_memory_limit}
            if cycles is not None:
                settings["cycles"] = cycles
            target = self.create_canister(_controllers(controller, sender), **settings)
        deployment = Deployment(self, target, program.name)
        deployment.install(program, arguments, mode, sender)
        return Canister(deployment, sender)

    def canister(self, canister: PrincipalLike, did: str | None = None, *, name: str = UNNAMED) -> Canister:
        """A canister that is there already, for instance one that another canister has created.

        ``did`` is the text of its interface if its module does not carry one.
        """
        target = principal_of(canister)
        if did is not None:
            module_hash = self.status(target).module_hash
            if module_hash is not None:
                self._programs[target, module_hash] = Program(name, b"", did)
        return Canister(Deployment(self, target, name), None)

    def wallet(self, owner: Caller | None = None) -> Canister:
        """The canister that sends calls with cycles for ``owner`` (default: the anonymous principal)."""
        __tracebackhide__ = True
        principal = principal_of(owner) if owner is not None else Principal.anonymous()
        known = self._wallets.get(principal)
        if known is None or known not in self.canisters:
            known = self.create_canister(principal, cycles=wallet.BALANCE)
            with Clean():
                self.install_code(known, wallet.module(), b"", "install", principal)
            self._wallets[principal] = known
        return self.canister(known, "service : {}", name="wallet")

    @property
    def management_canister(self) -> Canister:
        """The management canister, ``aaaaa-aa``, with its methods: create, settings, snapshots and the rest.

        Its calls mostly need the controller as caller: ``replica.management_canister.with_caller(alice)``.
        """
        return Canister(Deployment(self, _MANAGEMENT, "the management canister"), None)

    # ---- surroundings --------------------------------------------------------------------------------

    def identity(self, name: str) -> Principal:
        """The principal of a named identity: the same in every test and on every machine."""
        return session.identity(name)

    @property
    def now(self) -> datetime:
        """The replica's time, in UTC and to the microsecond; ``clock.now()`` has the nanoseconds."""
        return _EPOCH + timedelta(microseconds=self.clock.now() // 1000)

    def advance(self, seconds: float | timedelta) -> int:
        """Let time pass and execute one round; returns the number of executions."""
        passed = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        return super().advance(passed)

    def advance_to(self, moment: datetime | int) -> int:
        """Go to a moment (a datetime with a time zone, or nanoseconds since 1970) and execute one round.

        Raises UsageError for a moment in the past.
        """
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise UsageError(
                    f"{moment} has no time zone", remedy="write datetime(..., tzinfo=timezone.utc)"
                )
            moment = (moment - _EPOCH) // timedelta(microseconds=1) * 1000
        self.clock.set(moment)
        return self.tick()

    # ---- state ---------------------------------------------------------------------------------------

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """A block that leaves no trace: canisters, messages, time and cycles are afterwards as before."""
        checkpoint = self.checkpoint()
        try:
            yield
        finally:
            self.restore(checkpoint)

    def executed(self, canister: Principal, action: Callable[[], T]) -> tuple[T, CallFigures]:
        """The result of ``action``, and figures of what it executed on ``canister``, by whoever's call."""
        __tracebackhide__ = True
        history = self._scheduler.executor.history
        last = history[-1] if history else None
        result = action()
        mine = [
            entry
            for entry in takewhile(lambda entry: entry is not last, reversed(history))
            if entry.canister == canister.bytes
        ]
        figures = CallFigures(
            instructions=sum(entry.instructions for entry in mine),
            heap_pages=mine[0].dirty_heap_pages if mine else 0,
            stable_pages=mine[0].dirty_stable_pages if mine else 0,
        )
        return result, figures

    # ---- interfaces ----------------------------------------------------------------------------------

    def remember(self, canister: Principal, program: Program) -> None:
        """Keep the interface of a module that is going to be installed in ``canister``."""
        self._programs[canister, program.hash] = program

    def program_of(self, canister: Principal) -> Program:
        """What is installed in ``canister``.  Raises UsageError for no code, or code without an interface."""
        if canister == _MANAGEMENT:
            return _management_program()
        status = self.status(canister)
        if status.module_hash is None:
            raise UsageError(f"the canister {canister} is empty", remedy="deploy(..., into=canister)")
        known = self._programs.get((canister, status.module_hash))
        if known is None:
            carried = status.metadata.get("candid:service")
            if carried is None:
                raise UsageError(
                    f"the interface of {canister} is not known",
                    cause="its module has no custom section candid:service",
                    remedy="replica.canister(id, did) takes the interface's text",
                )
            known = Program(UNNAMED, b"", carried.decode("utf-8", "replace"))
            self._programs[canister, status.module_hash] = known
        return known

    def name_of(self, canister: Principal) -> str:
        """The name of a canister's program for messages, or the canister's id."""
        try:
            name = self.program_of(canister).name
        except (UsageError, CallRejected):
            return str(canister)
        return name if name != UNNAMED else str(canister)

    def declares(self, canister: Principal, name: str) -> bool:
        """Whether the canister is known to have a method of that name."""
        try:
            service = self.program_of(canister).interface.service
        except (UsageError, CallRejected):
            return False
        return service is not None and any(method == name for method, _ in service.methods)


@lru_cache(maxsize=1)
def _management_program() -> Program:
    text = files("basilisk.replica.management").joinpath("ic.did").read_text(encoding="utf-8")
    return Program("the management canister", b"", text)


def _controllers(value: Caller | Iterable[Caller] | None, sender: Principal | None) -> list[Principal] | None:
    if value is None:
        return [sender] if sender is not None else None
    if isinstance(value, (bytes, str, Principal, Control)):
        return [principal_of(value)]
    return [principal_of(item) for item in value]

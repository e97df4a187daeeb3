"""The public face of the replica: canisters, calls, time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from basilisk.engine import Engine, default_engine
from basilisk.errors import BasiliskError, CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.replica import checkpoints, profiles
from basilisk.replica.accounting import Accounting
from basilisk.replica.canister import Canister
from basilisk.replica.certificates import Authority
from basilisk.replica.checkpoints import ReplicaCheckpoint
from basilisk.replica.clock import Clock
from basilisk.replica.errors import ErrorCode, RejectCode, Rejection
from basilisk.replica.executor import check_running
from basilisk.replica.fees import Fees
from basilisk.replica.ids import (
    ANONYMOUS,
    MANAGEMENT,
    PrincipalLike,
    canister_id,
    principal_bytes,
    principal_text,
    self_authenticating,
)
from basilisk.replica.install import Installer, Mode, Persistence, UpgradeOptions
from basilisk.replica.ledger import UseCase
from basilisk.replica.limits import Limits
from basilisk.replica.log import CanisterLog, LogRecord
from basilisk.replica.management import (
    HttpRequest,
    HttpResponder,
    HttpResponse,
    Machinery,
    ManagementCanister,
    interface,
)
from basilisk.replica.management.access import check_controller
from basilisk.replica.management.network import fetch
from basilisk.replica.message import IngressState, IngressStatus, Reply, Result
from basilisk.replica.module import Validator
from basilisk.replica.query import Certifier, QueryRunner
from basilisk.replica.randomness import Randomness
from basilisk.replica.rules import network_rules
from basilisk.replica.scheduler import Scheduler
from basilisk.replica.settings import SettingsChange, apply_settings, controller_set
from basilisk.replica.status import CanisterStatus, LastCall, status_of
from basilisk.replica.waiting import Waiting

__all__ = ["Replica"]

#: Candid for "no arguments".
EMPTY_ARGUMENTS = b"DIDL\x00\x00"

#: Cycles of a new canister on local replicas (100 T).
_DEFAULT_CYCLES = 100_000_000_000_000


class Replica:
    """An Internet Computer of one subnet and one node, in this process.

    ``profile`` names limits and prices (``mainnet``, ``system``, ``unlimited``); ``limits`` and ``fees``
    replace them.  ``seed`` decides all randomness, ``clock`` the time; two replicas with the same seed
    and the same calls end in the same state.  ``validate`` checks modules: True for the network's rules,
    False for none, or a function.  ``certifier`` gives the data certificates of queries; without one they
    are signed with the replica's root key, and False is for none.  ``on_print`` is called with (canister,
    record) for every line that a canister prints.  HTTP outcalls go to the real network only with
    ``allow_network`` (see ``http_responder``).  All methods may be called from any thread; one call is
    executed at a time.
    """

    def __init__(
        self,
        *,
        engine: Engine | None = None,
        profile: str = "mainnet",
        limits: Limits | None = None,
        fees: Fees | None = None,
        clock: Clock | None = None,
        seed: int | bytes = 0,
        validate: bool | Validator = True,
        certifier: Certifier | Literal[False] | None = None,
        on_print: Callable[[Principal, LogRecord], None] | None = None,
        allow_network: bool = False,
    ) -> None:
        standard_limits, standard_fees = profiles.profile(profile)
        self.limits = limits if limits is not None else standard_limits
        self.fees = fees if fees is not None else standard_fees
        self.clock = clock if clock is not None else Clock()
        self.randomness = Randomness(seed)
        authority = Authority(self.randomness.derive("root key"))
        self.root_key = authority.root_key
        self.subnet = self_authenticating(self.root_key)
        self.engine = engine if engine is not None else default_engine()
        self.management = ManagementCanister(self, fetch if allow_network else None)
        self.last = LastCall(0, 0, 0)
        self._on_print = on_print
        self._canisters: dict[bytes, Canister] = {}
        self.accounting = Accounting(self, self._canisters)
        self._created = 0
        self._lock = threading.RLock()
        self._scheduler = Scheduler(self, self.clock, self._canisters, self.management)
        self._queries = QueryRunner(self, self._canisters, certifier or None)
        self._queries.signer = None if certifier is False else authority.certify
        self._waiting = Waiting(self.clock, self._canisters, self._scheduler, self.accounting)
        self._installer = Installer(self.engine, self, _validator(validate))
        self._queries.management = self.management.query
        self.management.attach(
            Machinery(
                canisters=self._canisters,
                lifecycle=self._scheduler.lifecycle,
                installer=self._installer,
                create=self._empty_canister,
                respond=self._scheduler.respond,
                settle=self._scheduler.settle,
                transform=lambda canister, method, argument: self._queries.transform(
                    canister, method, argument, self.clock.now()
                ),
            )
        )

    # ---- canisters -----------------------------------------------------------------------------------

    def create_canister(
        self,
        controller: PrincipalLike | Iterable[PrincipalLike] | None = None,
        *,
        cycles: int = _DEFAULT_CYCLES,
        environment: Mapping[str, str] | None = None,
        wasm_memory_limit: int | None = None,
        specified_id: PrincipalLike | None = None,
        **settings: int,
    ) -> Principal:
        """Create an empty canister with ``cycles`` and return its id; nothing is charged for it.

        Without ``controller`` the anonymous principal controls it.  Settings as in ``update_settings``.
        Raises UsageError for settings that break a limit, CallRejected for those that take more cycles.
        """
        change = _change(
            controller_set(controller),
            environment,
            {"wasm_memory_limit": wasm_memory_limit, **settings},
        )
        with self._public():
            raw = principal_bytes(specified_id) if specified_id is not None else None
            if raw is not None and raw in self._canisters:
                raise UsageError(f"canister {principal_text(raw)} exists already")
            canister = self._empty_canister(raw)
            self.accounting.mint(canister, cycles)
            try:
                apply_settings(self, canister, change)
            except BaseException:
                self.accounting.mint(canister, -cycles)
                raise
            self._canisters[canister.id] = canister
            self.management.note_creation(canister)
            return Principal(canister.id)

    def add_cycles(self, canister: PrincipalLike, amount: int) -> int:
        """Give a canister cycles from nowhere; returns the new balance."""
        with self._public():
            target = self._find(canister)
            self.accounting.mint(target, amount)
            return target.cycles

    def install_code(
        self,
        canister: PrincipalLike,
        wasm: bytes,
        arg: bytes = EMPTY_ARGUMENTS,
        mode: Mode = "install",
        sender: PrincipalLike | None = None,
        *,
        skip_pre_upgrade: bool = False,
        wasm_memory_persistence: Persistence | None = None,
    ) -> None:
        """Install, reinstall or upgrade a module, plain or gzipped; ``arg`` is Candid.

        Without ``sender`` a controller of the canister does it.  Raises CallRejected; the canister is then
        as it was before, but for its log.
        """
        if mode not in ("install", "reinstall", "upgrade"):
            raise UsageError(f"unknown mode {mode!r}", remedy="use install, reinstall or upgrade")
        with self._public():
            target = self._find(canister)
            before = target.ledger.active
            caller = principal_bytes(sender) if sender is not None else _any(target.controllers)
            self.clock.next_round()
            options = UpgradeOptions(skip_pre_upgrade, wasm_memory_persistence)
            try:
                self._installer.install(target, wasm, arg, mode, caller, self.clock.now(), options)
                self.management.note_deployment(target, caller, mode)
            finally:
                done = self._installer
                cycles = target.ledger.active - before
                self.last = LastCall(
                    done.instructions - done.compilation, 0, 0, cycles, compilation=done.compilation
                )

    def update_settings(
        self,
        canister: PrincipalLike,
        *,
        controller: PrincipalLike | Iterable[PrincipalLike] | None = None,
        environment: Mapping[str, str] | None = None,
        wasm_memory_limit: int | None = None,
        wasm_memory_threshold: int | None = None,
        freezing_threshold: int | None = None,
        memory_allocation: int | None = None,
        compute_allocation: int | None = None,
        reserved_cycles_limit: int | None = None,
        minimum_incoming_cycles: int | None = None,
    ) -> None:
        """Change settings; what is None stays.

        Sizes in bytes, a ``wasm_memory_limit`` of 0 is none; ``freezing_threshold`` in seconds,
        ``compute_allocation`` in percent.  The hook ``canister_on_low_wasm_memory`` runs when less than
        ``wasm_memory_threshold`` bytes are left up to the limit.  Raises UsageError for settings that break a
        limit, CallRejected for allocations that the canister cannot afford.
        """
        change = _change(
            None if controller is None else controller_set(controller),
            environment,
            {
                "wasm_memory_limit": wasm_memory_limit,
                "wasm_memory_threshold": wasm_memory_threshold,
                "freezing_threshold": freezing_threshold,
                "memory_allocation": memory_allocation,
                "compute_allocation": compute_allocation,
                "reserved_cycles_limit": reserved_cycles_limit,
                "minimum_incoming_cycles": minimum_incoming_cycles,
            },
        )
        with self._public():
            target = self._find(canister)
            apply_settings(self, target, change)
            target.version += 1
            if change.controllers is not None:
                self.management.note_controllers(target)

    def uninstall_code(self, canister: PrincipalLike) -> None:
        """Remove code, heap and stable memory; calls that are under way are rejected."""
        with self._public():
            target = self._find(canister)
            self._scheduler.lifecycle.uninstall(target)
            self.management.note_uninstall(target)

    def stop_canister(self, canister: PrincipalLike) -> None:
        """Stop a canister once all its calls are answered.  Raises CallRejected if they never are."""
        with self._public():
            outcome: list[Rejection | None] = []
            self._scheduler.lifecycle.stop(self._find(canister), self.clock.now(), outcome.append)
            if not outcome:
                self._scheduler.round()  # without open calls that is all it takes, and no time passes
            while not outcome:
                self._waiting.step()
            if outcome[0] is not None:
                raise outcome[0]

    def start_canister(self, canister: PrincipalLike) -> None:
        """Let a canister run again."""
        with self._public():
            self._scheduler.lifecycle.start(self._find(canister))

    def delete_canister(self, canister: PrincipalLike) -> None:
        """Delete a stopped canister.  Raises CallRejected unless it is stopped."""
        with self._public():
            self._scheduler.lifecycle.delete(self._find(canister))

    # ---- calls ---------------------------------------------------------------------------------------

    def query(
        self,
        canister: PrincipalLike,
        method: str,
        arg: bytes = EMPTY_ARGUMENTS,
        sender: PrincipalLike = ANONYMOUS,
    ) -> bytes:
        """Call a query or composite query; ``arg`` and the result are Candid.  Raises CallRejected."""
        with self._public():
            caller = principal_bytes(sender)
            if principal_bytes(canister) == MANAGEMENT:
                return _data(self.management.query(caller, method, arg))
            target = self._find(canister)
            result = self._queries.query(target, caller, method, arg, self.clock.now())
            self.management.note_query(target, self._queries.instructions, arg, result)
            self.last = LastCall(self._queries.instructions, self._queries.dirty_heap_pages, 0)
            return _data(result)

    def update(
        self,
        canister: PrincipalLike,
        method: str,
        arg: bytes = EMPTY_ARGUMENTS,
        sender: PrincipalLike = ANONYMOUS,
    ) -> bytes:
        """Call an update method, or a query in replicated mode, and wait for the answer.

        ``arg`` and the result are Candid.  Raises CallRejected.
        """
        with self._lock:
            return self.await_call(self.submit(canister, method, arg, sender))

    def submit(
        self,
        canister: PrincipalLike,
        method: str,
        arg: bytes = EMPTY_ARGUMENTS,
        sender: PrincipalLike = ANONYMOUS,
        *,
        effective_canister_id: PrincipalLike | None = None,
    ) -> int:
        """Send an update call without executing it; returns its number.

        Calls to the management canister (``aaaaa-aa``) may name the canister that they are about in
        ``effective_canister_id``; UsageError when it is another one.

        Raises CallRejected when the call is refused at the door (no such canister, stopped, or
        ``canister_inspect_message`` does not accept it).
        """
        with self._public():
            if len(arg) > self.limits.ingress_bytes:
                raise UsageError(
                    f"the argument has {len(arg)} bytes, a call may have {self.limits.ingress_bytes}",
                    remedy="send the data in several calls",
                )
            caller = principal_bytes(sender)
            if principal_bytes(canister) == MANAGEMENT:
                if effective_canister_id is not None:
                    self._check_effective(principal_bytes(effective_canister_id), method, arg)
                return self._submit_management(caller, method, arg)
            target = self._find(canister)
            check_running(target)
            before = target.ledger.active
            price = self.fees.ingress_message(method, len(arg))
            if price > self.accounting.liquid(target):
                # An inspection that nobody pays for does not take place.
                self.accounting.charge(target, UseCase.INGRESS_INDUCTION, price, caller)
            self._queries.inspect(target, caller, method, arg, self.clock.now())
            self.accounting.charge(target, UseCase.INGRESS_INDUCTION, price, caller)
            return self._scheduler.submit(caller, target.id, method, arg, before)

    def _check_effective(self, given: bytes, method: str, arg: bytes) -> None:
        meant = self.management.effective_canister(method, arg)
        if meant is not None and meant != given:
            raise UsageError(
                f"the call of {method} is about canister {principal_text(meant)}, "
                f"its effective canister id is {principal_text(given)}"
            )

    def _submit_management(self, caller: bytes, method: str, arg: bytes) -> int:
        target = self.management.admit(caller, method, arg)
        if target is not None:
            # The canister that the call is about pays; the one that takes it off the freezing limit is free.
            price = self.fees.ingress_message(method, len(arg))
            if method == "update_settings":
                price = min(price, self.accounting.liquid(target))
            self.accounting.charge(target, UseCase.INGRESS_INDUCTION, price, caller)
        return self._scheduler.submit(caller, MANAGEMENT, method, arg)

    def call_status(self, call: int) -> IngressState:
        """Status of a call that ``submit`` sent.  Raises UsageError for an unknown number."""
        with self._lock:
            try:
                return self._scheduler.status(call)
            except KeyError:
                raise UsageError(f"there is no call number {call}") from None

    def await_call(self, call: int) -> bytes:
        """Execute rounds until a call is answered.  Raises CallRejected, or BasiliskError if it never is."""
        with self._public():
            state = self.call_status(call)
            while state.status in (IngressStatus.RECEIVED, IngressStatus.PROCESSING):
                if not self._waiting.step():
                    raise BasiliskError(
                        f"the call of {state.message.method} is never answered",
                        cause="the canister awaits an answer that nobody is going to send",
                        remedy="look at the other end of its calls; advance the clock if it waits for time",
                    )
            self.last = self._figures(state)
            assert state.result is not None
            return _data(state.result)

    def manage(
        self,
        method: str,
        arguments: Mapping[str, Any] | None = None,
        sender: PrincipalLike = ANONYMOUS,
        *,
        cycles: int = 0,
    ) -> Any:
        """Call a method of the management canister with Python values, at once and without ingress fees.

        Records are dicts, variants dicts with one entry; ``cycles`` come from nowhere, what the method does
        not take goes back there.  Methods that only canisters can pay for need one as sender; all but
        ``http_request`` can be called in this way.  Raises CallRejected, CandidError for arguments of the
        wrong type and UsageError for an unknown method.
        """
        with self._public():
            if method not in interface.methods() or method == "http_request":
                raise UsageError(f"there is no method {method!r} of the management canister to call here")
            caller = principal_bytes(sender)
            encoded = interface.request(method, None if arguments is None else dict(arguments))
            if method == "stop_canister":
                return self._manage_stop(interface.arguments(method, encoded)["canister_id"], caller)
            self.clock.next_round()
            value = self.management.perform(caller, method, interface.arguments(method, encoded), cycles)
            results = interface.methods()[method].results
            return interface.response(method, interface.result(method, value)) if results else None

    def _manage_stop(self, canister: Principal, caller: bytes) -> None:
        check_controller(self._find(canister), caller)
        self.stop_canister(canister)

    # ---- time ----------------------------------------------------------------------------------------

    def tick(self, rounds: int = 1) -> int:
        """Execute rounds: due timers, heartbeats, waiting messages.  Returns the number of executions."""
        with self._public():
            return sum(self._scheduler.round() for _ in range(rounds))

    def advance(self, seconds: float) -> int:
        """Let time pass and execute one round."""
        with self._public():
            self.clock.advance(seconds)
            return self._scheduler.round()

    # ---- looking in ----------------------------------------------------------------------------------

    def logs(self, canister: PrincipalLike) -> list[LogRecord]:
        """What the canister printed, and its traps, oldest first."""
        with self._public():
            return self._find(canister).log.records()

    def status(self, canister: PrincipalLike) -> CanisterStatus:
        """State of a canister as its controllers see it."""
        with self._public():
            return status_of(self._find(canister), self.accounting)

    def stable_memory(self, canister: PrincipalLike, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes of stable memory.  Raises UsageError outside it."""
        with self._public():
            memory = self._find(canister).stable
            size = memory.pages * 65_536
            length = size - offset if length is None else length
            if offset < 0 or length < 0 or offset + length > size:
                raise UsageError(f"the stable memory has {size} bytes")
            return memory.read(offset, length)

    def checkpoint(self) -> ReplicaCheckpoint:
        """The whole state as it is now: canisters, messages under way, clock, randomness.

        ``restore`` returns to it as often as needed.
        """
        with self._lock:
            return checkpoints.capture(self)

    def restore(self, checkpoint: ReplicaCheckpoint) -> None:
        """Return to a state of this replica.  Raises UsageError for one of another replica."""
        with self._lock:
            if checkpoint.replica != id(self):
                raise UsageError("the checkpoint belongs to another replica")
            checkpoints.reinstate(self, checkpoint)

    # ---- the web -------------------------------------------------------------------------------------

    @property
    def http_responder(self) -> HttpResponder | None:
        """What answers HTTP outcalls: a function from the request to a response, or to None for "later".

        It may raise HttpFailure for a server that does not answer.  Without a responder requests wait in
        ``http_requests`` for ``answer_http``, and are rejected after a minute.
        """
        return self.management.responder

    @http_responder.setter
    def http_responder(self, responder: HttpResponder | None) -> None:
        with self._lock:
            self.management.responder = responder

    @property
    def http_requests(self) -> tuple[HttpRequest, ...]:
        """HTTP outcalls that are not answered."""
        with self._lock:
            return tuple(item.request for item in self.management.state.outcalls.open.values())

    def answer_http(self, request: int, response: HttpResponse) -> None:
        """Answer the HTTP outcall of that ``id``.  Raises UsageError when there is none."""
        with self._public():
            outcalls = self.management.state.outcalls
            if request not in outcalls.open:
                raise UsageError(f"there is no open HTTP outcall number {request}")
            outcalls.finish(self.management, request, response)

    @property
    def consumed_cycles(self) -> Mapping[UseCase, int]:
        """Cycles that were consumed so far on the whole replica, by what for."""
        return dict(self.accounting.ledger.consumed)

    def unaccounted_cycles(self) -> int:
        """Cycles that were minted but are neither held, nor travelling, nor consumed; always 0."""
        with self._lock:
            held = self.management.cycles
            return self.accounting.discrepancy(self._scheduler.on_the_way) - held

    @property
    def canisters(self) -> tuple[Principal, ...]:
        """Ids of all canisters in the order of their creation."""
        return tuple(Principal(item) for item in self._canisters)

    # ---- inside --------------------------------------------------------------------------------------

    def _find(self, canister: PrincipalLike) -> Canister:
        raw = principal_bytes(canister)
        found = self._canisters.get(raw)
        if found is None:
            raise Rejection(ErrorCode.CANISTER_NOT_FOUND, f"Canister {principal_text(raw)} not found")
        return found

    def _figures(self, state: IngressState) -> LastCall:
        target = self._canisters.get(state.message.receiver)
        cycles = target.ledger.active - state.cycles_before if target is not None else 0
        for entry in reversed(self._scheduler.executor.history):
            if entry.canister == state.message.receiver:
                return LastCall(state.instructions, entry.dirty_heap_pages, entry.dirty_stable_pages, cycles)
        return LastCall(state.instructions, 0, 0, cycles)

    def _empty_canister(self, raw: bytes | None) -> Canister:
        """A canister without cycles that is not among the others yet; with a fresh id unless one is given."""
        raw = self._new_id() if raw is None else raw
        log = CanisterLog(self.limits.log_bytes, self._listener(raw))
        canister = Canister(raw, set(), 0, self.limits, log)
        canister.charged_at = self.clock.now()
        return canister

    def _new_id(self) -> bytes:
        while True:
            raw = canister_id(self._created)
            self._created += 1
            if raw not in self._canisters:
                return raw

    def _listener(self, raw: bytes) -> Callable[[LogRecord], None] | None:
        callback = self._on_print
        if callback is None:
            return None
        principal = Principal(raw)
        return lambda record: callback(principal, record)

    @contextmanager
    def _public(self) -> Iterator[None]:
        """One call at a time; rejections become the public exception."""
        with self._lock:
            try:
                yield
            except Rejection as rejection:
                raise rejection.public() from None


def _data(result: Result) -> bytes:
    if isinstance(result, Reply):
        return result.data
    raise CallRejected(int(RejectCode(result.code)), result.message, result.error_code)


def _change(
    controllers: set[bytes] | None, environment: Mapping[str, str] | None, numbers: Mapping[str, int | None]
) -> SettingsChange:
    return SettingsChange(
        None if controllers is None else frozenset(controllers),
        None if environment is None else dict(environment),
        **numbers,
    )


def _any(controllers: set[bytes]) -> bytes:
    return min(controllers, default=ANONYMOUS)


def _validator(choice: bool | Validator) -> Validator | None:
    if choice is True:
        return network_rules
    return None if choice is False else choice

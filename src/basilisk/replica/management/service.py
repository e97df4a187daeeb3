"""The management canister: takes calls, checks who may make them, has them done, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from basilisk.errors import BasiliskError
from basilisk.principal import Principal
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.ids import ANONYMOUS, principal_text
from basilisk.replica.ledger import UseCase
from basilisk.replica.managed import Change
from basilisk.replica.management import interface, refusals
from basilisk.replica.management.access import ACCESS, check_controller
from basilisk.replica.management.call import Call
from basilisk.replica.management.handlers import HANDLERS
from basilisk.replica.management.host import Environment, Machinery
from basilisk.replica.management.methods.lifecycle import creation_details
from basilisk.replica.management.outcalls import HttpResponder, Outcalls
from basilisk.replica.management.results import LATER, Later
from basilisk.replica.message import Ingress, Reject, Reply, Request, Result

__all__ = ["ManagementCanister"]


@dataclass
class State:
    """Calls under way; part of a replica's checkpoints.

    ``inbox`` are calls that nobody looked at yet, ``waiting`` those whose answer is made in the next round,
    ``held`` those that wait for something else (by number), such as a canister that is to stop.
    """

    inbox: list[Call] = field(default_factory=list)
    waiting: list[tuple[Call, Later]] = field(default_factory=list)
    held: dict[int, Call] = field(default_factory=dict)
    outcalls: Outcalls = field(default_factory=Outcalls)
    next_number: int = 1
    rounds: int = 0


class ManagementCanister:
    """Answers calls to ``aaaaa-aa``.

    Calls of canisters and of users are queued and worked off in rounds, those of the control API
    (:meth:`perform`) at once.  ``admins`` are the principals that administer the subnet,
    ``responder`` answers HTTP outcalls.
    """

    def __init__(self, environment: Environment, responder: HttpResponder | None = None) -> None:
        self.environment = environment
        self.state = State()
        self.admins: set[bytes] = set()
        self.responder = responder
        self._machinery: Machinery | None = None

    def attach(self, machinery: Machinery) -> None:
        """Connect the replica's mechanisms, which are made after this object."""
        self._machinery = machinery

    @property
    def machinery(self) -> Machinery:
        """The replica's mechanisms."""
        assert self._machinery is not None
        return self._machinery

    # ---- calls ---------------------------------------------------------------------------------------

    def __call__(self, request: Request) -> None:
        """Take a call of a canister; it is answered later."""
        now = self.environment.clock.now()
        self.state.inbox.append(Call(request.method, request.sender, now, request, request.cycles))

    def submit(self, message: Ingress) -> None:
        """Take a call from outside, which :meth:`admit` let in."""
        now = self.environment.clock.now()
        self.state.inbox.append(Call(message.method, message.sender, now, message))

    def admit(self, sender: bytes, method: str, argument: bytes) -> Canister | None:
        """Decide about a call from outside before it is accepted.

        Returns the canister that the call is about, which pays for it.  Raises Rejection.
        """
        access = ACCESS.get(method)
        if access is None:
            raise refusals.not_a_method(method)
        if method == "fetch_canister_logs":
            raise refusals.refused(f"{method} API is only accessible in non-replicated mode")
        if not access.ingress:
            raise refusals.refused(f"Only canisters can call ic00 method {method}")
        arguments = interface.arguments(method, argument)
        if access.effective is None:
            return None
        canister = self.find(arguments[access.effective].bytes)
        if access.guarded and sender not in canister.controllers:
            raise self._only_controllers(canister, method)
        return canister

    @staticmethod
    def _only_controllers(canister: Canister, method: str) -> Rejection:
        return Rejection(
            ErrorCode.CANISTER_INVALID_CONTROLLER,
            f"Only controllers of canister {principal_text(canister.id)} can call ic00 method {method}",
        )

    def effective_canister(self, method: str, argument: bytes) -> bytes | None:
        """The canister that a call is about; None when it is about none.  Raises Rejection."""
        access = ACCESS.get(method)
        if access is None or access.effective is None:
            return None
        effective: bytes = interface.arguments(method, argument)[access.effective].bytes
        return effective

    def query(self, sender: bytes, method: str, argument: bytes) -> Result:
        """Answer a query of a user or, in a composite query, of a canister."""
        access = ACCESS.get(method)
        try:
            if access is None or not access.query:
                raise refusals.not_a_query(method)
            call = Call(method, sender, self.environment.clock.now(), None)
            call.queried = True
            value = HANDLERS[method](self, call, interface.arguments(method, argument))
            return Reply(interface.result(method, value))
        except Rejection as rejection:
            return Reject.of(rejection)

    def perform(self, sender: bytes, method: str, arguments: Mapping[str, Any], cycles: int = 0) -> Any:
        """Do at once what ``method`` does, for the control API; the result in Python's form.

        ``cycles`` are minted, and vanish as far as they are not taken.  Raises Rejection.
        """
        call = Call(method, sender, self.environment.clock.now(), None, cycles)
        ledger = self.environment.accounting.ledger
        ledger.mint(cycles)
        try:
            result = HANDLERS[method](self, call, arguments)
            return result.make() if isinstance(result, Later) else result
        finally:
            ledger.mint(-call.available)

    # ---- rounds --------------------------------------------------------------------------------------

    def begin_round(self) -> None:
        """Answer what was asked in earlier rounds."""
        self.state.rounds += 1
        waiting, self.state.waiting = self.state.waiting, []
        for call, later in waiting:
            try:
                self.answer(call, later.make())
            except Rejection as rejection:
                self.refuse(call, rejection)
        self.state.outcalls.work(self)

    def work(self) -> int:
        """Work off the calls that came in; returns how many."""
        inbox, self.state.inbox = self.state.inbox, []
        for call in inbox:
            self._execute(call)
        return len(inbox)

    @property
    def busy(self) -> bool:
        """Whether another round would do something here."""
        state = self.state
        return bool(state.inbox or state.waiting or state.outcalls.ready(self))

    @property
    def deadline(self) -> int | None:
        """When something happens here just because time passes (nanoseconds)."""
        return self.state.outcalls.deadline

    @property
    def cycles(self) -> int:
        """Cycles attached to calls that are not answered."""
        state = self.state
        calls = [*state.inbox, *(call for call, _ in state.waiting), *state.held.values()]
        return sum(call.available for call in calls) + state.outcalls.cycles

    def _execute(self, call: Call) -> None:
        try:
            message = call.message
            assert message is not None
            handler = HANDLERS.get(call.method)
            if handler is None:
                raise refusals.not_a_method(call.method)
            arguments = interface.arguments(call.method, message.argument)
            result = handler(self, call, arguments)
        except Rejection as rejection:
            self.refuse(call, rejection)
            return
        except BasiliskError as error:
            self.refuse(call, refusals.payload(error.what))
            return
        if isinstance(result, Later):
            self.state.waiting.append((call, result))
        elif result is not LATER:
            self.answer(call, result)

    def answer(self, call: Call, value: object) -> None:
        """Reply to a call with a value in Python's form."""
        results = interface.methods()[call.method].results
        self.settle(call, Reply(interface.result(call.method, *([value] if results else []))))

    def refuse(self, call: Call, rejection: Rejection) -> None:
        """Reject a call."""
        self.settle(call, Reject.of(rejection))

    def settle(self, call: Call, result: Result) -> None:
        """Answer a call, once; what is left of its cycles goes back."""
        if call.answered:
            return
        call.answered = True
        if isinstance(call.message, Request):
            self.machinery.respond(call.message, result, call.take())
        elif isinstance(call.message, Ingress):
            self.machinery.settle(call.message.id, result)

    def hold(self, call: Call) -> partial[None]:
        """Keep a call; the returned function answers it with nothing, or with a Rejection."""
        number = self.state.next_number
        self.state.next_number += 1
        self.state.held[number] = call
        return partial(self._release, number)

    def _release(self, number: int, outcome: Rejection | None) -> None:
        call = self.state.held.pop(number)
        if outcome is None:
            self.answer(call, None)
        else:
            self.refuse(call, outcome)

    # ---- what the control API did --------------------------------------------------------------------

    def _note(self, canister: Canister, sender: bytes, details: Mapping[str, Any]) -> None:
        self.record(canister, Call("", sender, self.environment.clock.now(), None), {}, details)

    def note_creation(self, canister: Canister) -> None:
        """A canister was created with its settings."""
        self._note(canister, _any(canister.controllers), creation_details(canister))

    def note_deployment(self, canister: Canister, sender: bytes, mode: str) -> None:
        """Code was installed."""
        assert canister.code is not None
        deployment = {"mode": {mode: None}, "module_hash": canister.code.module.hash}
        self._note(canister, sender, {"code_deployment": deployment})

    def note_controllers(self, canister: Canister) -> None:
        """The controllers were set."""
        controllers = sorted(map(Principal, canister.controllers))
        self._note(canister, _any(canister.controllers), {"controllers_change": {"controllers": controllers}})

    def note_uninstall(self, canister: Canister) -> None:
        """Code was removed."""
        canister.managed.chunks.clear()
        self._note(canister, _any(canister.controllers), {"code_uninstall": None})

    @staticmethod
    def note_query(canister: Canister, instructions: int, argument: bytes, result: Result) -> None:
        """A query was answered."""
        queries = canister.managed.queries
        queries.calls += 1
        queries.instructions += instructions
        queries.request_bytes += len(argument)
        queries.response_bytes += len(result.data) if isinstance(result, Reply) else len(result.message)

    # ---- for the methods -----------------------------------------------------------------------------

    def find(self, canister: bytes) -> Canister:
        """A canister by its id.  Raises Rejection (IC0301)."""
        found = self.machinery.canisters.get(canister)
        if found is None:
            raise refusals.canister_not_found(canister)
        return found

    def controlled(self, call: Call, arguments: Mapping[str, Any], *, itself: bool = False) -> Canister:
        """The canister in ``canister_id``, which the sender controls (or is).  Raises Rejection."""
        canister = self.find(arguments["canister_id"].bytes)
        check_controller(canister, call.sender, itself=itself)
        return canister

    def record(
        self, canister: Canister, call: Call, arguments: Mapping[str, Any], details: Mapping[str, Any]
    ) -> None:
        """Add a change to the history of a canister, whose version is the new one already."""
        change = Change(call.time, canister.version, call.origin(arguments), details)
        canister.managed.history.add(change)
        self.resize(canister)

    @staticmethod
    def resize(canister: Canister) -> None:
        """Bring up to date what the canister pays storage for."""
        canister.other_memory = canister.managed.size

    def charge(self, canister: Canister, call: Call, instructions: int) -> None:
        """Have the canister pay for work of the system.  Raises Rejection (IC0207)."""
        price = self.environment.fees.instructions(instructions)
        self.environment.accounting.charge(canister, UseCase.INSTRUCTIONS, price, call.sender)


def _any(controllers: set[bytes]) -> bytes:
    return min(controllers, default=ANONYMOUS)

"""Messages, call contexts and callbacks: the nouns of the scheduler.

Amounts of cycles are integers of at most 128 bits.  Principals are bytes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from basilisk.replica.errors import ErrorCode, RejectCode, Rejection

__all__ = [
    "Answer",
    "CallContext",
    "Callback",
    "CanisterOrigin",
    "Closure",
    "Ingress",
    "IngressOrigin",
    "IngressState",
    "IngressStatus",
    "Message",
    "Origin",
    "Reject",
    "Reply",
    "Request",
    "Response",
    "Result",
    "Task",
    "TaskKind",
    "TaskOrigin",
]


@dataclass(frozen=True)
class Reply:
    """A call was answered with data."""

    data: bytes


@dataclass(frozen=True)
class Reject:
    """A call was refused.  ``error_code`` is the IC0xxx text where the replica adds one."""

    code: RejectCode
    message: str
    error_code: str | None = None

    @staticmethod
    def of(rejection: Rejection) -> Reject:
        """The answer that reports ``rejection``."""
        return Reject(rejection.code.reject_code, rejection.message, rejection.code.text)

    def seen_by_canister(self) -> Reject:
        """As a calling canister is told: the network puts its own code in front of the text.

        Texts of ``ic0.msg_reject``, and those that the network sends without an error of its own, stay bare.
        """
        if self.error_code is None or self.error_code in _BARE:
            return self
        return Reject(self.code, f"{self.error_code}: {self.message}", self.error_code)


#: Codes whose texts have none in front: a canister's own reject, "No response", an expired deadline.
_BARE = frozenset(
    code.text
    for code in (
        ErrorCode.CANISTER_REJECTED_MESSAGE,
        ErrorCode.CANISTER_DID_NOT_REPLY,
        ErrorCode.DEADLINE_EXPIRED,
    )
)

Result = Reply | Reject


@dataclass(frozen=True)
class Answer:
    """A result with the cycles that go back to the caller."""

    result: Result
    refund: int


@dataclass(frozen=True)
class Closure:
    """A function of the canister's table with its argument."""

    function: int
    environment: int


# ---- messages ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ingress:
    """A call from outside."""

    id: int
    sender: bytes
    receiver: bytes
    method: str
    argument: bytes


@dataclass(frozen=True)
class Request:
    """A call from a canister.  ``deadline`` in nanoseconds, 0 for a call that is always answered."""

    sender: bytes
    receiver: bytes
    method: str
    argument: bytes
    callback: int
    cycles: int
    deadline: int


@dataclass(frozen=True)
class Response:
    """The answer to a Request, on its way to the canister ``receiver`` that made it."""

    receiver: bytes
    respondent: bytes
    callback: int
    result: Result
    refund: int


class TaskKind(enum.Enum):
    """What the system itself runs: value is the exported function."""

    HEARTBEAT = "canister_heartbeat"
    TIMER = "canister_global_timer"
    LOW_MEMORY = "canister_on_low_wasm_memory"


@dataclass(frozen=True)
class Task:
    """A call from the system."""

    receiver: bytes
    kind: TaskKind


Message = Ingress | Request | Response | Task


# ---- call contexts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class IngressOrigin:
    """The call came from outside."""

    message: int


@dataclass(frozen=True)
class CanisterOrigin:
    """The call came from a canister, which awaits the answer under ``callback``."""

    sender: bytes
    callback: int


@dataclass(frozen=True)
class TaskOrigin:
    """The call came from the system; nobody awaits an answer."""

    kind: TaskKind


Origin = IngressOrigin | CanisterOrigin | TaskOrigin


@dataclass
class CallContext:
    """A call that is being worked on (specification, "Call contexts").

    ``available`` cycles can still be accepted; ``outstanding`` counts calls made from here that are not
    answered; ``instructions`` is the sum over all executions for this call.
    """

    id: int
    origin: Origin
    caller: bytes
    available: int
    responded: bool
    deadline: int = 0
    outstanding: int = 0
    instructions: int = 0
    deleted: bool = False


@dataclass(frozen=True)
class Callback:
    """What to do when the answer to a call arrives, and what was paid for it in advance (cycles)."""

    context: int
    callee: bytes
    reply: Closure
    reject: Closure
    cleanup: Closure | None
    cycles: int
    deadline: int
    prepaid_execution: int = 0
    prepaid_transmission: int = 0


# ---- status of ingress messages ----------------------------------------------------------------------


class IngressStatus(enum.Enum):
    """Where an ingress message is (specification, "Request status")."""

    RECEIVED = "received"
    PROCESSING = "processing"
    REPLIED = "replied"
    REJECTED = "rejected"


@dataclass
class IngressState:
    """Status of one ingress message; ``result`` once it is replied or rejected.

    ``instructions`` is what the called canister executed for it.  ``cycles_before`` is what the canister had
    consumed when the message arrived, storage left out.
    """

    message: Ingress
    status: IngressStatus = IngressStatus.RECEIVED
    result: Result | None = None
    instructions: int = 0
    cycles_before: int = 0

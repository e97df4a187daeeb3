"""A local Internet Computer: canisters, messages, rounds, state that rolls back.

    replica = Replica()
    canister = replica.create_canister()
    replica.install_code(canister, wasm)
    reply = replica.query(canister, "greet", argument)

Specification: docs/references of the Internet Computer, interface specification 0.66.
"""

from basilisk.replica.checkpoints import ReplicaCheckpoint
from basilisk.replica.clock import Clock
from basilisk.replica.errors import ErrorCode, RejectCode
from basilisk.replica.fees import Fees
from basilisk.replica.ids import PrincipalLike
from basilisk.replica.ledger import UseCase
from basilisk.replica.limits import Limits
from basilisk.replica.log import LogRecord
from basilisk.replica.management import HttpFailure, HttpRequest, HttpResponse
from basilisk.replica.message import IngressState, IngressStatus, Reject, Reply
from basilisk.replica.replica import Replica
from basilisk.replica.status import CanisterStatus, LastCall

__all__ = [
    "CanisterStatus",
    "Clock",
    "ErrorCode",
    "Fees",
    "HttpFailure",
    "HttpRequest",
    "HttpResponse",
    "IngressState",
    "IngressStatus",
    "LastCall",
    "Limits",
    "LogRecord",
    "PrincipalLike",
    "Reject",
    "RejectCode",
    "Replica",
    "ReplicaCheckpoint",
    "Reply",
    "UseCase",
]

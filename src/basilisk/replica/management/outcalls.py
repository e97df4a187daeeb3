"""HTTP outcalls under way: who answers them, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from basilisk.candid import CandidError, decode, encode
from basilisk.candid.types import Argument, Func, Opt, Record, Ref, Type
from basilisk.principal import Principal
from basilisk.replica.errors import ErrorCode, RejectCode
from basilisk.replica.management import interface
from basilisk.replica.management.call import Call
from basilisk.replica.message import Reject, Reply, Result

if TYPE_CHECKING:
    from basilisk.replica.management.service import ManagementCanister

__all__ = ["HttpFailure", "HttpRequest", "HttpResponder", "HttpResponse", "Outcall", "Outcalls"]

#: Seconds after which an outcall is given up (docs).
TIMEOUT_SECONDS = 60

#: The largest response, and the largest result of a transformation (specification).
MAX_RESPONSE_BYTES = 2_000_000

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class HttpRequest:
    """A request that a canister makes.  ``id`` numbers the outcalls of a replica from 1."""

    id: int
    canister: Principal
    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    max_response_bytes: int
    replicated: bool


@dataclass(frozen=True)
class HttpResponse:
    """The response of a server."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


class HttpFailure(Exception):
    """Raised by a responder: no response was received; the canister gets a reject (SYS_TRANSIENT)."""


#: Answers requests; None leaves a request open until somebody answers it by its number.
HttpResponder = Callable[[HttpRequest], "HttpResponse | None"]


@dataclass
class Outcall:
    """A request with the call that made it.  ``deadline`` in nanoseconds."""

    request: HttpRequest
    call: Call
    transform: tuple[str, bytes] | None
    deadline: int
    offered: bool = False


@dataclass
class Outcalls:
    """All outcalls that are not answered, by number."""

    open: dict[int, Outcall] = field(default_factory=dict)
    made: int = 0

    @property
    def cycles(self) -> int:
        """Cycles that will be refunded."""
        return sum(item.call.available for item in self.open.values())

    @property
    def deadline(self) -> int | None:
        """When the next outcall is given up (nanoseconds)."""
        return min((item.deadline for item in self.open.values()), default=None)

    def ready(self, service: ManagementCanister) -> bool:
        """Whether there is an outcall that nobody was asked about yet, and somebody to ask."""
        return service.responder is not None and any(not item.offered for item in self.open.values())

    def work(self, service: ManagementCanister) -> None:
        """Have open requests answered; give up those that took too long."""
        for number, outcall in list(self.open.items()):
            responder = service.responder
            if responder is not None and not outcall.offered:
                outcall.offered = True
                try:
                    response = responder(outcall.request)
                except HttpFailure as failure:
                    self.fail(service, number, str(failure))
                    continue
                if response is not None:
                    self.finish(service, number, response)
                    continue
            if outcall.deadline <= service.environment.clock.now():
                self.fail(service, number, "Canister http request timed out")

    def fail(self, service: ManagementCanister, number: int, text: str) -> None:
        """There is no response: reject with SYS_TRANSIENT.  Raises KeyError for an unknown number."""
        service.settle(self.open.pop(number).call, Reject(RejectCode.SYS_TRANSIENT, text))

    def finish(self, service: ManagementCanister, number: int, response: HttpResponse) -> None:
        """There is a response: transform and deliver it.  Raises KeyError for an unknown number."""
        outcall = self.open.pop(number)
        service.settle(outcall.call, _delivered(service, outcall, response))


def _delivered(service: ManagementCanister, outcall: Outcall, response: HttpResponse) -> Result:
    limit = outcall.request.max_response_bytes
    head = sum(len(name.encode()) + len(value.encode()) for name, value in response.headers)
    if head + len(response.body) > limit:
        return Reject(RejectCode.SYS_FATAL, f"Http body exceeds size limit of {limit} bytes.")
    value: dict[str, Any] = {
        "status": response.status,
        "headers": [{"name": name, "value": text} for name, text in response.headers],
        "body": response.body,
    }
    if outcall.transform is None:
        return Reply(interface.result("http_request", value))
    method, context = outcall.transform
    argument = encode(
        [_transformation().args[0]],
        [{"response": value, "context": context}],
        interface.interface().environment,
    )
    canister = service.machinery.canisters.get(outcall.call.sender)
    if canister is None:
        return Reject(
            RejectCode.DESTINATION_INVALID, "The canister is gone", ErrorCode.CANISTER_NOT_FOUND.text
        )
    result = service.machinery.transform(canister, method, argument)
    if isinstance(result, Reject):
        return result
    if len(result.data) > MAX_RESPONSE_BYTES:
        text = f"Transformed http response exceeds limit: {MAX_RESPONSE_BYTES}"
        return Reject(RejectCode.SYS_FATAL, text)
    try:
        decode(result.data, interface.methods()["http_request"].results, interface.interface().environment)
    except CandidError as error:
        return Reject(RejectCode.CANISTER_ERROR, f"Failed to decode the transformed response: {error.what}")
    return result


def _transformation() -> Func:
    """The type of the transformation, as ``http_request`` takes it."""
    found = _field(interface.methods()["http_request"].args[0].type, "transform")
    assert isinstance(found, Opt)
    function = _field(found.inner, "function")
    assert isinstance(function, Func)
    return function


def _field(type_: Type | Argument, name: str) -> Type:
    if isinstance(type_, Ref):
        type_ = interface.interface().environment[type_.name]
    assert isinstance(type_, Record)
    return next(field.type for field in type_.fields if field.name == name)

"""Calls to other canisters.

A method of a :class:`~basilisk.services.Service` and :func:`call_raw` make a :class:`Call`.  It is sent
when somebody waits for it, in one of three ways::

    value = await ledger.balance_of(owner)              # the value; CallRejected if there is none
    result = await ledger.balance_of(owner).result()    # a CallResult
    result = yield ledger.balance_of(owner)             # a CallResult, in a generator

or when ``notify()`` sends it without waiting.  Every wait ends the message: what the method has changed until
then stays, and other messages run before it goes on.
"""

from __future__ import annotations

from basilisk.principal import Principal
from basilisk.rejects import CallRejected
from basilisk.results import CallResult
from basilisk.system import in_canister
from basilisk.system import system as _system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta
    from typing import Any, Generic, TypeVar

    _T = TypeVar("_T")

    class Call(Generic[_T]):
        """A call to another canister that has not been sent yet.  It can be sent once.

        ``principal`` is the canister, ``method`` the name of its method.
        """

        principal: Principal
        method: str
        wants_value: bool

        def perform(self, task: object) -> int:
            """For the driver of coroutines: sends the call and returns the system's status."""

        def with_cycles(self, cycles: int) -> Call[_T]:
            """Sends that many cycles along, up to 2**128 - 1."""

        def with_cycles128(self, cycles: int) -> Call[_T]:
            """The same as :meth:`with_cycles`."""

        def with_timeout(self, timeout: float | timedelta) -> Call[_T]:
            """Waits at most that many seconds (a number or a ``timedelta``; the system allows 300).

            Then the call ends in a reject with code 6, and nobody knows whether it was executed.  Without a
            timeout the answer comes for certain, however late, and until then the canister cannot be
            stopped, which it should be for an upgrade.
            """

        def notify(self) -> CallResult[None]:
            """Sends the call now and forgets it: nobody will know what came of it.

            ``{"Ok": None}`` when it was sent, else ``{"Err": {"SysTransient": None}}``.
            """

        def result(self) -> Outcome[_T]:
            """Something to await whose value is a :class:`CallResult`: a reject is no exception."""

        def __await__(self) -> Generator[Any, Any, _T]: ...
        def __iter__(self) -> Generator[Any, Any, CallResult[_T]]: ...

    class Outcome(Generic[_T]):
        """A call whose rejects are values; see :meth:`Call.result`."""

        call: Call[_T]

        def __init__(self, call: Call[_T]) -> None: ...
        def __await__(self) -> Generator[Any, Any, CallResult[_T]]: ...
        def __iter__(self) -> Generator[Any, Any, CallResult[_T]]: ...

else:
    if in_canister():
        Call = _system.Call  # bridge_crate/src/module/call_type.rs
    else:

        class Call:
            """A call to another canister; on the host there are none."""

            def __class_getitem__(cls, item):
                return cls

    class Outcome:
        """A call whose rejects are values."""

        __slots__ = ("call",)

        def __init__(self, call):
            self.call = call

        def __class_getitem__(cls, item):
            return cls

        def __await__(self):
            return (yield self.call)

        __iter__ = __await__


__all__ = ["Call", "CallNotSent", "Outcome", "call_raw", "nanoseconds", "not_sent", "notified", "notify_raw"]

_SECOND = 1_000_000_000
# Interface specification, "Reject codes": SYS_TRANSIENT.
_TRANSIENT = 2
# The status of a call beside those of the system; see bridge_crate/src/module/call_type.rs.
_TOO_FEW_CYCLES = 1000


class CallNotSent(CallRejected):
    """A call could not even be sent: too few cycles, or too many calls under way.  Its code is 2."""


def call_raw(canister_id: Principal, method: str, args_raw: bytes, payment: int = 0) -> Call[bytes]:
    """A call whose arguments and answer are bytes; ``payment`` cycles go along."""
    if not isinstance(canister_id, Principal):
        raise TypeError(f"the canister of a call is a Principal, not {type(canister_id).__name__}")
    if not isinstance(args_raw, bytes):
        raise TypeError(f"args_raw is bytes, not {type(args_raw).__name__}; ic.candid_encode makes some")
    call: Call[bytes] = _system.new_call(canister_id, method, args_raw, None)
    return call.with_cycles(payment) if payment else call


def notify_raw(canister_id: Principal, method: str, args_raw: bytes, payment: int = 0) -> CallResult[None]:
    """Sends such a call without waiting for an answer; see :meth:`Call.notify`."""
    return call_raw(canister_id, method, args_raw, payment).notify()


def notified(status: int) -> CallResult[None]:
    """What :meth:`Call.notify` returns for the system's status."""
    return CallResult(Ok=None) if status == 0 else CallResult(Err={"SysTransient": None})


def not_sent(status: int) -> CallNotSent:
    """The exception for a call with a status other than 0."""
    if status == _TOO_FEW_CYCLES:
        return CallNotSent(_TRANSIENT, "it was not sent: the canister cannot spend that many cycles")
    return CallNotSent(
        _TRANSIENT,
        "it was not sent: too many calls are under way, or too few cycles are left to pay for the answer",
    )


def seconds(timeout: float | timedelta) -> int:
    """The timeout of a call in whole seconds.  Raises TypeError or ValueError."""
    time = nanoseconds(timeout, "the timeout of a call")
    if time == 0:
        raise ValueError("the timeout of a call is more than 0 seconds")
    return min(-(-time // _SECOND), 0xFFFF_FFFF)


def nanoseconds(time: float | timedelta, what: str) -> int:
    """A span of time as nanoseconds.  Raises TypeError or ValueError; ``what`` names it in the message."""
    if isinstance(time, int):
        span = time * _SECOND
    elif isinstance(time, float):
        if time != time or time in (float("inf"), float("-inf")):
            raise ValueError(f"{what} is a number of seconds, not {time}")
        span = round(time * _SECOND)
    elif hasattr(time, "total_seconds"):  # a timedelta, whose module need not be imported for this
        span = ((time.days * 86_400 + time.seconds) * 1_000_000 + time.microseconds) * 1_000
    else:
        raise TypeError(f"{what} is a number of seconds or a timedelta, not {type(time).__name__}")
    if span < 0:
        raise ValueError(f"{what} cannot be negative")
    return span

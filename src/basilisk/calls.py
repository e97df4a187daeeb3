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

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.results import CallResult
from basilisk.system import system as _system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta
    from typing import Any, Generic, TypeVar

    from basilisk.tasks import Task

    _T = TypeVar("_T")

    class _Of(Generic[_T]):
        """Carries the type of the answer for type checkers."""

else:

    class _Of:
        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls

    _T = None

__all__ = ["Call", "CallNotSent", "Outcome", "call_raw", "nanoseconds", "notify_raw"]

_LARGEST_NAT128 = 2**128 - 1
_SECOND = 1_000_000_000
# Interface specification, "Reject codes": SYS_TRANSIENT.
_TRANSIENT = 2
# Answers of `_basilisk_ic.call` beside 0; see bridge_crate/src/module/calls.rs.
_TOO_FEW_CYCLES = 1000


class CallNotSent(CallRejected):
    """A call could not even be sent: too few cycles, or too many calls under way.  Its code is 2."""


class Call(_Of[_T]):
    """A call to another canister that has not been sent yet.  It can be sent once.

    ``principal`` is the canister, ``method`` the name of its method.
    """

    __slots__ = (
        "_cycles",
        "_data",
        "_results",
        "_sent",
        "_task",
        "_timeout",
        "_wants_value",
        "method",
        "principal",
    )

    def __init__(self, principal: Principal, method: str, data: bytes, results: int | None = None) -> None:
        self._sent = True  # until all is in order
        if principal.__class__ is not Principal:
            raise TypeError(f"the canister of a call is a Principal, not {type(principal).__name__}")
        self.principal = principal
        self.method = method
        self._data = data
        self._results = results
        self._cycles = 0
        self._timeout = 0
        self._task: Task[Any] | None = None
        self._wants_value = False
        self._sent = False

    def with_cycles(self, cycles: int) -> Call[_T]:
        """Sends that many cycles along, up to 2**128 - 1."""
        self._cycles = amount(cycles)
        return self

    def with_cycles128(self, cycles: int) -> Call[_T]:
        """The same as :meth:`with_cycles`."""
        self._cycles = amount(cycles)
        return self

    def with_timeout(self, timeout: float | timedelta) -> Call[_T]:
        """Waits at most that many seconds (a number or a ``timedelta``; the system allows 300).

        Then the call ends in a reject with code 6, and nobody knows whether it was executed.  Without a
        timeout the answer comes for certain, however late, and the canister cannot be upgraded safely
        before.
        """
        time = nanoseconds(timeout, "the timeout of a call")
        if time == 0:
            raise ValueError("the timeout of a call is more than 0 seconds")
        self._timeout = min(-(-time // _SECOND), 0xFFFF_FFFF)
        return self

    def notify(self) -> CallResult[None]:
        """Sends the call now and forgets it: nobody will know what came of it.

        ``{"Ok": None}`` when it was sent, else ``{"Err": {"SysTransient": None}}``.
        """
        self._mark_sent()
        if self._hand_over(None) == 0:
            return CallResult(Ok=None)
        return CallResult(Err={"SysTransient": None})

    def result(self) -> Outcome[_T]:
        """Something to await whose value is a :class:`CallResult`, so that a reject is no exception."""
        return Outcome(self)

    def __await__(self) -> Generator[Any, Any, _T]:
        self._wants_value = True
        return (yield self)  # type: ignore[no-any-return]

    def __iter__(self) -> Generator[Any, Any, CallResult[_T]]:
        return (yield self)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<call of {self.method!r} of {self.principal}>"

    def __del__(self) -> None:
        if not self._sent:
            from _warnings import warn

            warn(f"the call of {self.method!r} was never awaited, so it was not sent", RuntimeWarning)

    def _send(self, task: Task[Any]) -> None:
        """Sends the call for a task that waits for it.  Raises CallNotSent and what the system objects to."""
        self._mark_sent()
        status = self._hand_over(self)
        if status == _TOO_FEW_CYCLES:
            raise CallNotSent(_TRANSIENT, f"it was not sent: the canister cannot spend {self._cycles} cycles")
        if status != 0:
            raise CallNotSent(
                _TRANSIENT,
                "it was not sent: too many calls are under way, or too few cycles are left to pay for the "
                "answer",
            )
        self._task = task

    def _mark_sent(self) -> None:
        if self._sent:
            raise RuntimeError(f"the call of {self.method!r} was sent before; make a new one for each")
        self._sent = True

    def _hand_over(self, receiver: Call[_T] | None) -> int:
        return _system.call(  # type: ignore[no-any-return]
            receiver,
            self.principal.bytes,
            self.method,
            self._data,
            self._cycles,
            self._timeout,
            self._results,
        )


class Outcome(_Of[_T]):
    """A call whose rejects are values; see :meth:`Call.result`."""

    __slots__ = ("call",)

    def __init__(self, call: Call[_T]) -> None:
        self.call = call

    def __await__(self) -> Generator[Any, Any, CallResult[_T]]:
        return (yield self.call)  # type: ignore[no-any-return]

    __iter__ = __await__


def call_raw(canister_id: Principal, method: str, args_raw: bytes, payment: int = 0) -> Call[bytes]:
    """A call whose arguments and answer are bytes; ``payment`` cycles go along."""
    if not isinstance(args_raw, bytes):
        raise TypeError(f"args_raw is bytes, not {type(args_raw).__name__}; ic.candid_encode makes some")
    call: Call[bytes] = Call(canister_id, method, args_raw)
    return call.with_cycles(payment) if payment else call


def notify_raw(canister_id: Principal, method: str, args_raw: bytes, payment: int = 0) -> CallResult[None]:
    """Sends such a call without waiting for an answer; see :meth:`Call.notify`."""
    return call_raw(canister_id, method, args_raw, payment).notify()


def amount(cycles: int) -> int:
    """A number of cycles.  Raises TypeError or ValueError for anything else."""
    if not isinstance(cycles, int):
        raise TypeError(f"cycles are an int, not {type(cycles).__name__}")
    if not 0 <= cycles <= _LARGEST_NAT128:
        raise ValueError(f"a number of cycles is from 0 to 2**128 - 1, not {cycles}")
    return cycles


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

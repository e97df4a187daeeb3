"""Types that functions of ``ic`` answer with, and ``match``.

The records and variants are those of the Kybra book; they can be used in a method's signature as well.
"""

from __future__ import annotations

from basilisk.composites import Variant
from basilisk.scalars import nat32, nat64, null

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Generic, TypeAlias, TypeVar

    _T = TypeVar("_T")
    _R = TypeVar("_R")

    Duration: TypeAlias = int
    TimerId: TypeAlias = int
else:
    Duration = nat64
    TimerId = nat64


__all__ = [
    "CallResult",
    "CanisterResult",
    "Duration",
    "GuardResult",
    "NotifyResult",
    "RejectionCode",
    "Stable64GrowResult",
    "StableGrowResult",
    "StableMemoryError",
    "TimerId",
    "match",
]


class GuardResult(Variant, total=False):
    """What a guard answers: ``{"Ok": None}`` lets the call through, ``{"Err": reason}`` refuses it."""

    Ok: null
    Err: str


class RejectionCode(Variant, total=False):
    """Reject codes by name (interface specification, "Reject codes")."""

    NoError: null
    SysFatal: null
    SysTransient: null
    DestinationInvalid: null
    CanisterReject: null
    CanisterError: null
    SysUnknown: null
    Unknown: null


class NotifyResult(Variant, total=False):
    """The outcome of sending a message without waiting for the answer."""

    Ok: null
    Err: RejectionCode


class StableMemoryError(Variant, total=False):
    """Why stable memory could not grow."""

    OutOfMemory: null
    OutOfBounds: null


class StableGrowResult(Variant, total=False):
    """The former size in pages of 64 KiB, or why stable memory did not grow."""

    Ok: nat32
    Err: StableMemoryError


class Stable64GrowResult(Variant, total=False):
    """The former size in pages of 64 KiB, or why stable memory did not grow."""

    Ok: nat64
    Err: StableMemoryError


if TYPE_CHECKING:

    class CallResult(Generic[_T]):
        """The outcome of a call: the answer in ``Ok``, or the reject message in ``Err``."""

        Ok: _T
        Err: str | None
        ok: _T
        err: str | None

        def __init__(self, Ok: _T | None = None, Err: str | None = None) -> None: ...

else:

    class CallResult:
        """The outcome of a call: the answer in ``Ok``, or the reject message in ``Err``.

        ``ok`` and ``err`` are the same under the names of the older dialect.
        """

        __slots__ = ("Err", "Ok")

        def __init__(self, Ok=None, Err=None):
            self.Ok = Ok
            self.Err = Err

        def __class_getitem__(cls, item):
            return cls

        @property
        def ok(self):
            return self.Ok

        @property
        def err(self):
            return self.Err

        def __repr__(self):
            return f"CallResult(Ok={self.Ok!r})" if self.Err is None else f"CallResult(Err={self.Err!r})"


CanisterResult = CallResult


def match(subject: Any, cases: Mapping[str, Callable[[Any], _R]]) -> _R:
    """Calls the function for the case that ``subject`` is, with the value of that case.

    ``subject`` is a variant (a dictionary with one key) or a :class:`CallResult`; the key ``_`` in
    ``cases`` stands for every other case.  Raises ValueError when no case fits.
    """
    if isinstance(subject, CallResult):
        tag, value = ("Ok", subject.Ok) if subject.Err is None else ("Err", subject.Err)
        case = cases.get(tag) or cases.get(tag.lower())
    else:
        if len(subject) != 1:
            raise ValueError(f"a variant value has one key, this one has {len(subject)}")
        ((tag, value),) = subject.items()
        case = cases.get(tag)
    if case is None:
        case = cases.get("_")
        if case is None:
            raise ValueError(f"no case for {tag!r}; there are {', '.join(map(repr, cases)) or 'none'}")
        return case(None)
    return case(value)

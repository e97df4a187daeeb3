"""Types that functions of ``ic`` answer with, and ``match``.

The records and variants are those of the Kybra book; they can be used in a method's signature as well.
"""

from __future__ import annotations

from basilisk.composites import Variant
from basilisk.scalars import nat32, nat64, null

TYPE_CHECKING = False
if not TYPE_CHECKING:
    Duration = nat64
    TimerId = nat64

    def overload(function):
        """Marks signatures that only type checkers read."""
        return function


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypedDict, TypeVar, overload

    from basilisk.rejects import CallRejected

    _T = TypeVar("_T")
    _R = TypeVar("_R")

    Duration: TypeAlias = int
    TimerId: TypeAlias = int

    class _VariantValue(Protocol):
        """A value of a variant type: what every TypedDict has, and other dictionaries have not."""

        __optional_keys__: ClassVar[frozenset[str]]

    class _BothCases(TypedDict, Generic[_T, _R]):
        """A function for each case of a :class:`CallResult`; without one of them there is a type error."""

        Ok: Callable[[_T], _R]
        Err: Callable[[str], _R]

    class _BothCasesOfKybra(TypedDict, Generic[_T, _R]):
        ok: Callable[[_T], _R]
        err: Callable[[str], _R]


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

    class CallResult(dict[str, Any], Generic[_T]):
        """The outcome of a call: the answer in ``Ok``, or the reject message in ``Err``."""

        Ok: _T
        Err: str | None
        ok: _T
        err: str | None
        error: CallRejected | None

        def __init__(
            self, Ok: _T | None = None, Err: Any = None, error: CallRejected | None = None
        ) -> None: ...

else:

    class CallResult(dict):
        """The outcome of a call: a variant value with the key ``Ok`` or ``Err``.

        So it can be taken apart with ``match``: ``case {"Ok": value}``, and be the value of a variant type
        with these cases.  ``Ok`` and ``Err`` are attributes as well, None where the case is the other one;
        ``ok``, ``err``, ``"ok"`` and ``"err"`` mean the same.  ``error`` is the exception that ``await``
        would have raised.
        """

        __slots__ = ("error",)

        def __init__(self, Ok=None, Err=None, error=None):
            if Err is None:
                self["Ok"] = Ok
            else:
                self["Err"] = Err
            self.error = error

        def __class_getitem__(cls, item):
            return cls

        @property
        def Ok(self):
            return dict.get(self, "Ok")

        @property
        def Err(self):
            return dict.get(self, "Err")

        ok = Ok
        err = Err

        def __contains__(self, key):
            return dict.__contains__(self, _CASES.get(key, key))

        def __getitem__(self, key):
            return dict.__getitem__(self, _CASES.get(key, key))

        def get(self, key, default=None):
            return dict.get(self, _CASES.get(key, key), default)

        def __repr__(self):
            return f"CallResult(Ok={self.Ok!r})" if self.Err is None else f"CallResult(Err={self.Err!r})"

    _CASES = {"ok": "Ok", "err": "Err"}


CanisterResult = CallResult


def rejection(error: CallRejected) -> CallResult[Any]:
    """The result of a call that was rejected, its text in the words of the Kybra documents."""
    return CallResult(Err=f"Rejection code {error.code}, {error.message}", error=error)


@overload
def match(subject: CallResult[_T], cases: _BothCases[_T, _R]) -> _R: ...
@overload
def match(subject: CallResult[_T], cases: _BothCasesOfKybra[_T, _R]) -> _R: ...
@overload
def match(subject: _VariantValue, cases: Mapping[str, Callable[[Any], _R]]) -> _R: ...
def match(subject: Any, cases: Any) -> Any:
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

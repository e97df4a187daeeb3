"""``Case``: base class of the cases of a variant whose values are instances.

A case is a class with one value, and a variant is a union of cases::

    class Deposit(Case[nat]): ...
    class Move(Case[Position]): ...
    class Close(Case[null]): ...

    Order = Deposit | Move | Close

The tag is the name of the class, or another one: ``class Deposit(Case[nat], name="deposit")``.  Values are
instances, ``Deposit(5)`` and ``Close()``, which cannot be changed; ``match`` takes them apart, and a type
checker sees when it leaves one out.
"""

from __future__ import annotations

import sys

from basilisk.generics import Form, Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Generic, TypeVar, overload

    _T_co = TypeVar("_T_co", covariant=True)

__all__ = ["Case", "CaseClass", "case_tag"]

_MISSING: Any = object()
_GenericAlias: Any = type(list[int])


class _Payload(Form):
    """``Case[T]``, which becomes ``Case`` among the bases of a class."""

    __slots__ = ()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (Case,)


class CaseClass(type):
    """The class of cases.

    ``_payload_`` is the form ``Case[T]`` as the program wrote it, None for a class that gives no type;
    ``_tag_`` is the name or number of the case in Candid; ``_empty_`` says that the value may be left out.
    """

    _payload_: Form | None
    _tag_: str | int
    _empty_: bool

    def __new__(
        mcs,
        title: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | int | None = None,
    ) -> CaseClass:
        tag = title if name is None else Name(name).name
        payloads = [base for base in namespace.get("__orig_bases__", ()) if isinstance(base, _Payload)]
        payload = payloads[0] if payloads else None
        for base in bases:
            if isinstance(base, CaseClass) and base.__module__ != "basilisk":
                raise TypeError(
                    f"{title} cannot be derived from {base.__name__}: a case is told by its class. Derive "
                    "it from Case, and put methods that several cases share into a class that is no case"
                )
        # No attributes but the value: `namespace` is the class's own.
        namespace = {"__slots__": (), **namespace}
        namespace["_payload_"], namespace["_tag_"] = payload, tag
        namespace["_empty_"] = payload is not None and _is_empty(payload.arguments[0])
        if payload is not None:
            # Generic[T] among the bases says the same.
            namespace["__parameters__"] = payload.__parameters__
        return super().__new__(mcs, title, bases, namespace)

    def __init__(
        cls,
        title: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | int | None = None,
    ) -> None:
        super().__init__(title, bases, namespace)


def _is_empty(payload: object) -> bool:
    """Whether null is a value of the type; a type variable may stand for null."""
    return (
        payload in (None, type(None), "null", "None")
        or getattr(payload, "candid", None) == "null"
        or type(payload).__name__ == "TypeVar"
    )


if TYPE_CHECKING:

    class Case(Generic[_T_co]):
        """Base class of the cases of a variant; ``value`` is what the case holds.

        ``class Deposit(Case[nat]): ...`` is the case ``Deposit : nat``; ``name`` gives it another name in
        Candid, or a number.
        """

        __match_args__: Final = ("value",)

        @overload
        def __init__(self: Case[None], value: None = None) -> None: ...
        @overload
        def __init__(self, value: _T_co) -> None: ...
        def __init__(self, value: Any = None) -> None: ...
        def __init_subclass__(cls, *, name: str | int = ...) -> None: ...
        @property
        def value(self) -> _T_co: ...

else:

    class Case(metaclass=CaseClass):
        """Base class of the cases of a variant; ``value`` is what the case holds."""

        __module__ = "basilisk"
        __slots__ = ("value",)
        __match_args__ = ("value",)
        # The codec makes instances without calling the initialiser: what it decoded needs no check.
        _one_slot_ = True

        def __class_getitem__(cls, types):
            if cls is not Case:
                if not getattr(cls, "__parameters__", ()):
                    raise TypeError(f"{cls.__name__} takes no type arguments")
                return _GenericAlias(cls, types)
            if isinstance(types, tuple):
                raise TypeError("Case[…] takes one type: use tuple[…] or a Record class for several values")
            return _Payload("Case", (types,), sys._getframe(1).f_globals)

        def __init__(self, value=_MISSING):
            if value is _MISSING:
                cls = type(self)
                if not cls._empty_:
                    raise TypeError(f"{cls.__name__} needs a value: {cls.__name__}(…)")
                value = None
            _set_value(self, value)

        def __eq__(self, other):
            return self.value == other.value if type(self) is type(other) else NotImplemented

        def __hash__(self):
            return hash((type(self).__name__, self.value))

        def __repr__(self):
            cls = type(self)
            shown = "" if self.value is None and cls._empty_ else repr(self.value)
            return f"{cls.__qualname__}({shown})"

        def __setattr__(self, name, value):
            raise AttributeError(f"{type(self).__name__} cannot be changed: make another one")

        def __delattr__(self, name):
            raise AttributeError(f"{type(self).__name__} cannot be changed: make another one")

        def __reduce__(self):
            return type(self), (self.value,)

    _set_value = Case.value.__set__


def case_tag(case: Case[Any]) -> str | int:
    """The name of an instance's case in Candid, or its number if that is all it has."""
    tag: str | int = type(case)._tag_  # type: ignore[attr-defined]
    return tag

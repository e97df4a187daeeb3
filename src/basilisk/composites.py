"""``Record`` and ``Variant``: base classes for composite types.

A class that derives from one of them describes dictionaries.  To a type checker it is a
:class:`typing.TypedDict`; at run time it is a light class whose call makes a plain ``dict``::

    class User(Record):
        name: str
        age: nat8

    class Outcome(Variant, total=False):
        Ok: User
        Err: str

A record value has every key, a variant value exactly one.  Both may be generic
(``class Page(Record, Generic[T])``) and may inherit from other records or variants.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypedDict

    class Record(TypedDict):
        """Base class of record types."""

    class Variant(TypedDict):
        """Base class of variant types."""


__all__ = ["Composite", "Record", "Variant"]


class Composite(type):
    """The class of record and variant classes."""

    __candid__: str

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, total: bool = True
    ) -> Composite:
        return super().__new__(mcs, name, bases, namespace)

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, total: bool = True
    ) -> None:
        super().__init__(name, bases, namespace)
        kinds = {base.__candid__ for base in bases if isinstance(base, Composite)}
        if len(kinds) > 1:
            raise TypeError(f"{name} cannot be a record and a variant at once")

    def __call__(cls, *args: Any, **fields: Any) -> Any:
        return dict(*args, **fields)

    def __instancecheck__(cls, value: object) -> NoReturn:
        raise TypeError(
            f"values of {cls.__name__} are plain dictionaries, isinstance() cannot tell them apart"
        )


if not TYPE_CHECKING:

    class Record(metaclass=Composite):
        """Base class of record types."""

        __slots__ = ()
        __module__ = "basilisk"
        __candid__ = "record"

    class Variant(metaclass=Composite):
        """Base class of variant types."""

        __slots__ = ()
        __module__ = "basilisk"
        __candid__ = "variant"

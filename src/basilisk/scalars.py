"""Names of Candid's primitive types, for annotations.

To a type checker each name is the Python type its values have: ``nat64`` is ``int``, ``blob`` is ``bytes``.
At run time it is a class of its own, so that the interface can tell ``nat64`` from ``nat``.  Calling such a
class converts a value and checks its range: ``nat8(300)`` raises ValueError.

Source: Candid specification, "Types".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

__all__ = [
    "Scalar",
    "blob",
    "empty",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "nat",
    "nat8",
    "nat16",
    "nat32",
    "nat64",
    "null",
    "reserved",
    "text",
    "void",
]


class Scalar(type):
    """The class of the names in this module."""

    candid: str
    python: type | None
    low: int | None
    high: int | None

    def __call__(cls, *values: Any) -> Any:
        if cls.python is None:
            raise TypeError(f"{cls.__name__} is a name for annotations, it makes no values")
        value = cls.python(*values)
        if (cls.low is not None and value < cls.low) or (cls.high is not None and value > cls.high):
            raise ValueError(f"{value} is out of range for {cls.__name__}")
        return value

    def __instancecheck__(cls, value: object) -> bool:
        if cls.python is None:
            return value is None
        if not isinstance(value, cls.python) or isinstance(value, bool):
            return False
        return (cls.low is None or value >= cls.low) and (  # type: ignore[operator]
            cls.high is None or value <= cls.high  # type: ignore[operator]
        )

    def __repr__(cls) -> str:
        return cls.__name__


def _scalar(name: str, python: type | None, low: int | None = None, high: int | None = None) -> Any:
    body = {
        "__module__": "basilisk",
        "__slots__": (),
        "candid": name,
        "python": python,
        "low": low,
        "high": high,
    }
    return Scalar(name, (), body)


if TYPE_CHECKING:
    text: TypeAlias = str
    blob: TypeAlias = bytes
    nat: TypeAlias = int
    nat8: TypeAlias = int
    nat16: TypeAlias = int
    nat32: TypeAlias = int
    nat64: TypeAlias = int
    int8: TypeAlias = int
    int16: TypeAlias = int
    int32: TypeAlias = int
    int64: TypeAlias = int
    float32: TypeAlias = float
    float64: TypeAlias = float
    null: TypeAlias = None
    void: TypeAlias = None
    reserved: TypeAlias = Any
    empty: TypeAlias = NoReturn
else:
    text = _scalar("text", str)
    blob = _scalar("blob", bytes)
    nat = _scalar("nat", int, 0)
    nat8 = _scalar("nat8", int, 0, 0xFF)
    nat16 = _scalar("nat16", int, 0, 0xFFFF)
    nat32 = _scalar("nat32", int, 0, 0xFFFF_FFFF)
    nat64 = _scalar("nat64", int, 0, 0xFFFF_FFFF_FFFF_FFFF)
    int8 = _scalar("int8", int, -0x80, 0x7F)
    int16 = _scalar("int16", int, -0x8000, 0x7FFF)
    int32 = _scalar("int32", int, -0x8000_0000, 0x7FFF_FFFF)
    int64 = _scalar("int64", int, -0x8000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF)
    float32 = _scalar("float32", float)
    float64 = _scalar("float64", float)
    null = _scalar("null", None)
    void = _scalar("void", None)
    reserved = _scalar("reserved", None)
    empty = _scalar("empty", None)

"""What is measured, how much it may cost, and what bounds it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BLOBS", "CASES", "SIZES", "Case"]

#: Numbers of elements whose difference is measured; the same as in the program.
SIZES = (1_000, 5_000)
#: The same for blobs, in bytes: the difference is 1 MiB.
BLOBS = (1 << 19, 3 << 19)


@dataclass(frozen=True)
class Case:
    """A type and its values.

    ``give`` is the method whose reply holds the values; the same bytes are sent to ``take``.  ``goal`` is in
    instructions per element, in each direction, without the system's charge for the bytes themselves.
    """

    name: str
    take: str
    give: str
    bound: str
    goal: int | None = None
    sizes: tuple[int, int] = SIZES


_NUMBER = "one allocation for each number above 256, and its release"
_FIELDS = "the dict and its table, then one allocation for each value above 256 and each text"

CASES = (
    Case("nat64, below 200", "take_nat64", "give_nat64_small", "the loop: shared objects of Python", 150),
    Case("nat64, about 2^40", "take_nat64", "give_nat64_large", _NUMBER, 150),
    Case("nat64, about 2^64", "take_nat64", "give_nat64_full", _NUMBER, 150),
    Case("int of 64 bits", "take_int", "give_int64", "LEB128: ten bytes, one after the other"),
    Case("int of 256 bits", "take_int", "give_int256", "LEB128: 37 bytes, one after the other"),
    Case("text of 16", "take_text", "give_text", "one allocation for each text, and its release"),
    Case("blob, a byte", "take_blob", "give_blob", "one copy between the message and Python", 3, BLOBS),
    Case("record of 10 fields", "take_rows", "give_rows", _FIELDS, 2_500),
    Case("record of 2 fields", "take_pairs", "give_pairs", _FIELDS),
    Case(
        "dataclass of 4 fields",
        "take_points",
        "give_points",
        "the instance, and a pass of the garbage collector",
    ),
    Case("variant", "take_events", "give_events", "a dict with one entry for each value"),
    Case(
        "variant of case classes",
        "take_steps",
        "give_steps",
        "an instance for each value that has content",
    ),
    Case("opt nat64, every other null", "take_opts", "give_opts", _NUMBER),
)

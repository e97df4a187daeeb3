"""The functions that a function's code names: calls and references, found by reading its instructions.

Source of the encoding: WebAssembly core specification, "Instructions" (version 1 with sign extension, bulk
memory, non-trapping conversions, reference types and tail calls).
"""

from __future__ import annotations

from cpython.faults import BuildFault
from tools.reachability.binary import unsigned

__all__ = ["named_functions"]

_NONE, _ONE, _TWO, _F32, _F64, _BR_TABLE, _SELECT, _PREFIXED, _NAMES = range(9)
_FORMS: list[int | None] = [None] * 256
for _first, _last, _form in (
    (0x00, 0x01, _NONE),
    (0x02, 0x04, _ONE),  # a block's type: one number, also where it stands for a type
    (0x05, 0x05, _NONE),
    (0x0B, 0x0B, _NONE),
    (0x0C, 0x0D, _ONE),
    (0x0E, 0x0E, _BR_TABLE),
    (0x0F, 0x0F, _NONE),
    (0x10, 0x10, _NAMES),
    (0x11, 0x11, _TWO),
    (0x12, 0x12, _NAMES),
    (0x13, 0x13, _TWO),
    (0x1A, 0x1B, _NONE),
    (0x1C, 0x1C, _SELECT),
    (0x20, 0x26, _ONE),
    (0x28, 0x3E, _TWO),
    (0x3F, 0x42, _ONE),
    (0x43, 0x43, _F32),
    (0x44, 0x44, _F64),
    (0x45, 0xC4, _NONE),
    (0xD0, 0xD0, _ONE),
    (0xD1, 0xD1, _NONE),
    (0xD2, 0xD2, _NAMES),
    (0xFC, 0xFC, _PREFIXED),
):
    for _code in range(_first, _last + 1):
        _FORMS[_code] = _form
#: How many numbers follow an instruction behind the prefix 0xFC.
_PREFIXED_NUMBERS = (*(0,) * 8, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1)


def named_functions(code: bytes, at: int, end: int) -> set[int]:
    """Functions named in the body that lies from ``at`` to ``end``.  Raises :class:`BuildFault`."""
    found: set[int] = set()
    groups, at = unsigned(code, at)
    for _ in range(groups):
        _, at = unsigned(code, at)
        at += 1
    while at < end:
        opcode = code[at]
        form = _FORMS[opcode]
        at += 1
        if form == _NONE:
            continue
        if form == _ONE or form == _TWO:
            for _ in range(form):
                while code[at] > 0x7F:
                    at += 1
                at += 1
        elif form == _NAMES:
            number, at = unsigned(code, at)
            found.add(number)
        elif form == _F32 or form == _F64:
            at += 4 if form == _F32 else 8
        elif form == _BR_TABLE or form == _SELECT:
            count, at = unsigned(code, at)
            for _ in range(count + (form == _BR_TABLE)):
                _, at = unsigned(code, at)
        elif form == _PREFIXED:
            number, at = unsigned(code, at)
            if number >= len(_PREFIXED_NUMBERS):
                raise BuildFault(f"unknown instruction 0xFC {number}")
            for _ in range(_PREFIXED_NUMBERS[number]):
                _, at = unsigned(code, at)
        else:
            raise BuildFault(f"unknown instruction {opcode:#x}")
    if at != end:
        raise BuildFault("a function's instructions do not end with its body")
    return found

"""Functions without their code: the numbers stay, so nothing that names a function changes."""

from __future__ import annotations

from collections.abc import Collection

from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.index_map import FunctionIndexMap
from basilisk.wasm.leb128 import Buffer, encode_unsigned, read_unsigned

__all__ = ["blank_functions"]

_CALL, _UNREACHABLE, _END = b"\x10", b"\0", b"\x0b"


def blank_functions(
    code: Buffer, imported: int, blank: Collection[int], instead: int, functions: FunctionIndexMap
) -> bytes:
    """The payload of a code section in which the functions ``blank`` only call ``instead`` and then trap.

    ``imported`` functions come first in the numbering; ``instead`` is of the form () -> ().  Numbers are
    those of the module that ``code`` is from, and are written through ``functions``.
    Raises MalformedModule, and ValueError for a function that is imported, missing, or ``instead`` itself.
    """
    view = memoryview(code).cast("B")
    body = b"".join((b"\0", _CALL, encode_unsigned(functions(instead)), _UNREACHABLE, _END))
    stub = encode_unsigned(len(body)) + body
    total, position = read_unsigned(view, 0)
    wanted = sorted(set(blank))
    if wanted and not imported <= wanted[0] <= wanted[-1] < imported + total:
        raise ValueError("a function without code of its own cannot lose it")
    if instead in wanted:
        raise ValueError(f"function {instead} cannot stand in its own place")
    parts: list[Buffer] = []
    start = number = 0
    for target in (index - imported for index in wanted):
        for _ in range(target - number):
            position = _behind(view, position)
        parts += [view[start:position], stub]
        start = position = _behind(view, position)
        number = target + 1
    parts.append(view[start:])
    return b"".join(parts)


def _behind(view: memoryview, position: int) -> int:
    size, position = read_unsigned(view, position)
    if position + size > len(view):
        raise MalformedModule("a function is cut short")
    return position + size

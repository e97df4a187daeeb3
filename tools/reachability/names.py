"""Function names that survive an optimiser: each function is named by its number before it."""

from __future__ import annotations

from cpython.faults import BuildFault
from tools.reachability.binary import WasmBinary, leb, unsigned

__all__ = ["function_numbers", "numbered", "without_names"]

_FUNCTION_NAMES = 1


def numbered(module: bytes) -> bytes:
    """``module`` without custom sections, each function named by its number."""
    binary = WasmBinary(module)
    count = binary.imported_functions + sum(1 for _ in binary.bodies())
    names = bytearray(leb(count))
    for number in range(count):
        name = str(number).encode()
        names += leb(number) + leb(len(name)) + name
    section = b"\x04name" + bytes((_FUNCTION_NAMES,)) + leb(len(names)) + names
    return without_names(module) + b"\0" + leb(len(section)) + section


def without_names(module: bytes) -> bytes:
    """``module`` without its custom sections."""
    parts = [module[:8]]
    for kind, _, payload in WasmBinary(module).order:
        if kind:
            parts += [bytes((kind,)), leb(len(payload)), payload]
    return b"".join(parts)


def function_numbers(binary: WasmBinary) -> dict[int, int]:
    """What :func:`numbered` called each function that is still there; functions made since are missing."""
    content = binary.custom("name")
    if content is None:
        raise BuildFault("the optimiser dropped the names of functions")
    found: dict[int, int] = {}
    at = 0
    while at < len(content):
        kind = content[at]
        size, at = unsigned(content, at + 1)
        end = at + size
        if kind == _FUNCTION_NAMES:
            count, at = unsigned(content, at)
            for _ in range(count):
                index, at = unsigned(content, at)
                length, at = unsigned(content, at)
                name = content[at : at + length]
                at += length
                if name.isdigit():
                    found[index] = int(name)
        at = end
    return found

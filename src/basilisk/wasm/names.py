"""Function names from the ``name`` section (core specification, appendix "Custom Sections")."""

from __future__ import annotations

from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.leb128 import Buffer, read_unsigned
from basilisk.wasm.module import Module
from basilisk.wasm.sections import read_name

__all__ = ["function_names"]

#: The subsection with function names.
_FUNCTIONS = 1


def function_names(module: Module) -> dict[int, str]:
    """Names by function number; empty when the module has none or they cannot be read.

    Names are there to help a reader, so a damaged section is no reason to stop.
    """
    for name, payload in module.customs():
        if name == "name":
            try:
                return _read(payload)
            except (MalformedModule, IndexError):
                return {}
    return {}


def _read(payload: Buffer) -> dict[int, str]:
    position = 0
    while position < len(payload):
        kind = payload[position]
        size, position = read_unsigned(payload, position + 1)
        if kind == _FUNCTIONS:
            return _map(payload[position : position + size])
        position += size
    return {}


def _map(part: Buffer) -> dict[int, str]:
    number, position = read_unsigned(part, 0)
    names: dict[int, str] = {}
    for _ in range(number):
        index, position = read_unsigned(part, position)
        names[index], position = read_name(part, position)
    return names

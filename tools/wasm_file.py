"""Just enough of the WebAssembly binary format to check a linked runtime and to add custom sections.

Source of the layout: WebAssembly core specification 1.0, chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cpython.faults import BuildFault
from tools.reachability.binary import leb

__all__ = ["REQUIRED_EXPORTS", "Summary", "check_runtime", "custom_section", "summarise"]

_HEADER = b"\0asm\x01\0\0\0"
_TYPE, _IMPORT, _FUNCTION, _EXPORT, _START = 1, 2, 3, 7, 8

METHODS = 1000
"""Entry trampolines for methods; the pipeline refuses programs with more."""

ENTRIES = (
    "init",
    "post_upgrade",
    "pre_upgrade",
    "inspect_message",
    "heartbeat",
    "global_timer",
    "on_low_wasm_memory",
)

REQUIRED_EXPORTS = (
    "_initialize",
    "basilisk_step",
    "basilisk_left_out",
    *(f"basilisk_method_{slot}" for slot in range(METHODS)),
    *(f"basilisk_entry_{name}" for name in ENTRIES),
)


@dataclass(frozen=True)
class Summary:
    """Imports as (module, name, kind), exports as name → (kind, index), function exports of type () → ()."""

    imports: tuple[tuple[str, str, int], ...]
    exports: dict[str, tuple[int, int]]
    plain_functions: frozenset[str]
    has_start: bool


class _Reader:
    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def byte(self) -> int:
        if self.at >= self.end:
            raise BuildFault("the module is cut short")
        self.at += 1
        return self.data[self.at - 1]

    def u32(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, size: int) -> bytes:
        if self.at + size > self.end:
            raise BuildFault("the module is cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def name(self) -> str:
        return self.take(self.u32()).decode("utf-8")

    def limits(self) -> None:
        flags = self.byte()
        self.u32()
        if flags & 1:
            self.u32()


def _sections(module: bytes) -> Iterator[tuple[int, _Reader]]:
    if not module.startswith(_HEADER):
        raise BuildFault("not a WebAssembly module")
    reader = _Reader(module, len(_HEADER))
    while reader.at < reader.end:
        kind, size = reader.byte(), reader.u32()
        start = reader.at
        reader.take(size)
        yield kind, _Reader(module, start, start + size)


def summarise(module: bytes) -> Summary:
    """Imports, exports and the presence of a start function."""
    types: list[bool] = []  # is it () → ()
    imports: list[tuple[str, str, int]] = []
    functions: list[int] = []  # type of each function
    exports: dict[str, tuple[int, int]] = {}
    has_start = False
    for kind, section in _sections(module):
        if kind == _TYPE:
            types = [_plain_type(section) for _ in range(section.u32())]
        elif kind == _IMPORT:
            for _ in range(section.u32()):
                entry = (section.name(), section.name(), section.byte())
                imports.append(entry)
                _skip_import(section, entry[2], functions)
        elif kind == _FUNCTION:
            functions += [section.u32() for _ in range(section.u32())]
        elif kind == _EXPORT:
            for _ in range(section.u32()):
                name = section.name()
                exports[name] = (section.byte(), section.u32())
        elif kind == _START:
            has_start = True
    plain = frozenset(
        name for name, (kind, index) in exports.items() if kind == 0 and types[functions[index]]
    )
    return Summary(tuple(imports), exports, plain, has_start)


def check_runtime(module: bytes) -> Summary:
    """Refuse a runtime that imports anything but ic0 functions or lacks an export of the contract."""
    summary = summarise(module)
    alien = sorted(f"{where}.{name}" for where, name, kind in summary.imports if where != "ic0" or kind != 0)
    if alien:
        raise BuildFault(
            f"the linked runtime imports what no canister can have: {', '.join(alien[:20])}",
            cause="the C library asks for a function that bridge_crate/src/wasi does not replace",
            remedy="add the replacement there",
        )
    missing = [name for name in REQUIRED_EXPORTS if name not in summary.plain_functions]
    if "memory" not in summary.exports or "basilisk_mailbox" not in summary.exports:
        missing.append("memory or basilisk_mailbox")
    if missing:
        raise BuildFault(
            f"the linked runtime lacks {len(missing)} exports, such as {', '.join(missing[:5])}",
            cause="an entry point was renamed or its type is not () -> ()",
            remedy="compare bridge_crate with REQUIRED_EXPORTS in tools/wasm_file.py",
        )
    if summary.has_start:
        raise BuildFault(
            "the linked runtime has a start function", remedy="link it with -mexec-model=reactor"
        )
    return summary


def custom_section(name: str, content: bytes) -> bytes:
    """Bytes of a custom section, to be appended to a module."""
    label = name.encode()
    body = leb(len(label)) + label + content
    return b"\0" + leb(len(body)) + body


def _plain_type(section: _Reader) -> bool:
    if section.byte() != 0x60:
        raise BuildFault("a type that is not a function type")
    parameters = section.take(section.u32())
    results = section.take(section.u32())
    return not parameters and not results


def _skip_import(section: _Reader, kind: int, functions: list[int]) -> None:
    if kind == 0:
        functions.append(section.u32())
    elif kind == 1:
        section.byte()
        section.limits()
    elif kind == 2:
        section.limits()
    elif kind == 3:
        section.take(2)
    else:
        raise BuildFault(f"an import of unknown kind {kind}")

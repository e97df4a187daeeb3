"""Decoders and encoders of the sections that the passes read: all but code, elements and names.

Every decoder takes the payload of a section and raises MalformedModule when it is cut short or uses a form
that the Internet Computer does not accept (typed references, GC types, extended constant expressions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.leb128 import Buffer, encode_signed, encode_unsigned, read_signed, read_unsigned

__all__ = [
    "Data",
    "Export",
    "FuncType",
    "Global",
    "Import",
    "Kind",
    "Limits",
    "TableType",
    "ValType",
    "constant",
    "constant_bits",
    "count",
    "encode_exports",
    "encode_globals",
    "encode_memories",
    "encode_name",
    "encode_vector",
    "read_data",
    "read_exports",
    "read_functions",
    "read_globals",
    "read_imports",
    "read_memories",
    "read_name",
    "read_start",
    "read_tables",
    "read_types",
]

T = TypeVar("T")


class Kind(IntEnum):
    """What an import or export is (core specification, "Import Section")."""

    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3
    TAG = 4


class ValType(IntEnum):
    """Value types by their code (core specification, "Value Types")."""

    I32 = 0x7F
    I64 = 0x7E
    F32 = 0x7D
    F64 = 0x7C
    V128 = 0x7B
    FUNCREF = 0x70
    EXTERNREF = 0x6F


@dataclass(frozen=True, slots=True)
class FuncType:
    """A function type: the codes of its parameters and results."""

    params: bytes
    results: bytes

    def __str__(self) -> str:
        def names(codes: bytes) -> str:
            return ", ".join(ValType(code).name.lower() for code in codes)

        return f"({names(self.params)}) -> ({names(self.results)})"


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits of a memory (in pages) or table (in elements)."""

    minimum: int
    maximum: int | None = None
    shared: bool = False
    wide: bool = False  #: 64-bit addresses

    def encode(self) -> bytes:
        flags = (self.maximum is not None) | self.shared << 1 | self.wide << 2
        tail = b"" if self.maximum is None else encode_unsigned(self.maximum)
        return bytes((flags,)) + encode_unsigned(self.minimum) + tail


@dataclass(frozen=True, slots=True)
class TableType:
    """A table: element type code and limits."""

    element: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Global:
    """A global.  ``init`` is its constant expression with the closing ``end``; empty if imported."""

    type: ValType
    mutable: bool
    init: bytes = b""


@dataclass(frozen=True, slots=True)
class Import:
    """An import; ``type`` is the type index of a function or a tag, else the described type."""

    module: str
    name: str
    kind: Kind
    type: int | TableType | Limits | Global


@dataclass(frozen=True, slots=True)
class Export:
    """An export of the item ``index`` of its kind."""

    name: str
    kind: Kind
    index: int


@dataclass(frozen=True, slots=True)
class Data:
    """A data segment; ``offset`` is the constant expression of an active one, None for a passive one."""

    content: Buffer
    offset: bytes | None = None
    memory: int = 0

    def encode(self) -> list[Buffer]:
        """The segment as parts to be joined."""
        if self.offset is None:
            head = b"\x01"
        elif self.memory:
            head = b"\x02" + encode_unsigned(self.memory) + self.offset
        else:
            head = b"\x00" + self.offset
        return [head + encode_unsigned(len(self.content)), self.content]


# ---------------------------------------------------------------------------------------------- vectors


def count(payload: Buffer) -> int:
    """The number of items of a section that is a vector."""
    return read_unsigned(payload, 0)[0]


def _vector(payload: Buffer, read: Callable[[Buffer, int], tuple[T, int]], what: str) -> list[T]:
    number, position = read_unsigned(payload, 0)
    items: list[T] = []
    try:
        for _ in range(number):
            item, position = read(payload, position)
            items.append(item)
    except IndexError:
        raise MalformedModule(f"the {what} section is cut short") from None
    if position != len(payload):
        raise MalformedModule(f"the {what} section does not end where it says")
    return items


def encode_vector(items: Iterable[Buffer]) -> bytes:
    """A vector from its encoded items."""
    parts = list(items)
    return b"".join((encode_unsigned(len(parts)), *parts))


def _bytes(payload: Buffer, position: int) -> tuple[Buffer, int]:
    length, position = read_unsigned(payload, position)
    end = position + length
    if end > len(payload):
        raise MalformedModule(f"a vector of {length} bytes is cut short")
    return payload[position:end], end


def read_name(payload: Buffer, position: int) -> tuple[str, int]:
    """Read a name: a UTF-8 string with its length before it."""
    content, position = _bytes(payload, position)
    try:
        return str(content, "utf-8"), position
    except UnicodeDecodeError:
        raise MalformedModule("a name is not UTF-8") from None


def encode_name(name: str) -> bytes:
    """Write a name."""
    content = name.encode()
    return encode_unsigned(len(content)) + content


# ------------------------------------------------------------------------------------------------ types


def _value_type(code: int) -> ValType:
    try:
        return ValType(code)
    except ValueError:
        raise MalformedModule(f"value type 0x{code:02x} is not supported") from None


def _function_type(payload: Buffer, position: int) -> tuple[FuncType, int]:
    if payload[position] != 0x60:
        raise MalformedModule(f"type form 0x{payload[position]:02x} is not supported")
    params, position = _bytes(payload, position + 1)
    results, position = _bytes(payload, position)
    for code in (*params, *results):
        _value_type(code)
    return FuncType(bytes(params), bytes(results)), position


def _limits(payload: Buffer, position: int) -> tuple[Limits, int]:
    flags = payload[position]
    if flags > 7:
        raise MalformedModule(f"limits with flags 0x{flags:02x} are not supported")
    wide = bool(flags & 4)
    minimum, position = read_unsigned(payload, position + 1, 64 if wide else 32)
    maximum: int | None = None
    if flags & 1:
        maximum, position = read_unsigned(payload, position, 64 if wide else 32)
    return Limits(minimum, maximum, bool(flags & 2), wide), position


def _table(payload: Buffer, position: int) -> tuple[TableType, int]:
    element = payload[position]
    if element not in (ValType.FUNCREF, ValType.EXTERNREF):
        raise MalformedModule(f"table form 0x{element:02x} is not supported")
    limits, position = _limits(payload, position + 1)
    return TableType(element, limits), position


def _global_type(payload: Buffer, position: int) -> tuple[Global, int]:
    value_type, mutable = _value_type(payload[position]), payload[position + 1]
    if mutable > 1:
        raise MalformedModule(f"mutability 0x{mutable:02x} of a global is unknown")
    return Global(value_type, bool(mutable)), position + 2


def _global(payload: Buffer, position: int) -> tuple[Global, int]:
    head, start = _global_type(payload, position)
    end = _expression_end(payload, start)
    return Global(head.type, head.mutable, bytes(payload[start:end])), end


def _import(payload: Buffer, position: int) -> tuple[Import, int]:
    module, position = read_name(payload, position)
    name, position = read_name(payload, position)
    kind = payload[position]
    position += 1
    described: int | TableType | Limits | Global
    if kind == Kind.FUNCTION:
        described, position = read_unsigned(payload, position)
    elif kind == Kind.TABLE:
        described, position = _table(payload, position)
    elif kind == Kind.MEMORY:
        described, position = _limits(payload, position)
    elif kind == Kind.GLOBAL:
        described, position = _global_type(payload, position)
    elif kind == Kind.TAG:
        described, position = read_unsigned(payload, position + 1)
    else:
        raise MalformedModule(f"import {module}.{name} is of unknown kind 0x{kind:02x}")
    return Import(module, name, Kind(kind), described), position


def _export(payload: Buffer, position: int) -> tuple[Export, int]:
    name, position = read_name(payload, position)
    kind = payload[position]
    if kind > Kind.TAG:
        raise MalformedModule(f"export {name} is of unknown kind 0x{kind:02x}")
    index, position = read_unsigned(payload, position + 1)
    return Export(name, Kind(kind), index), position


# ------------------------------------------------------------------------------------------ expressions

#: Bytes after the opcode of constant instructions with immediates of fixed size.
_FIXED = {0x43: 4, 0x44: 8}


def _expression_end(payload: Buffer, position: int) -> int:
    """The position after the constant expression at ``position``."""
    while True:
        code = payload[position]
        position += 1
        if code == 0x0B:
            break
        if code in (0x41, 0x42):  # i32.const, i64.const
            position = read_signed(payload, position, 32 if code == 0x41 else 64)[1]
        elif code in _FIXED:  # f32.const, f64.const
            position += _FIXED[code]
        elif code in (0x23, 0xD2):  # global.get, ref.func
            position = read_unsigned(payload, position)[1]
        elif code == 0xD0:  # ref.null
            position += 1
        elif code == 0xFD and payload[position] == 0x0C:  # v128.const
            position += 17
        else:
            raise MalformedModule(f"instruction 0x{code:02x} in a constant expression is not supported")
    if position > len(payload):
        raise MalformedModule("a constant expression is cut short")
    return position


def constant_bits(expression: Buffer) -> int | None:
    """The value of an expression that is one number: its bits as an unsigned integer, else None."""
    if _expression_end(expression, 0) != len(expression) or len(expression) < 3:
        return None
    code = expression[0]
    if code in (0x41, 0x42):
        bits = 32 if code == 0x41 else 64
        value, position = read_signed(expression, 1, bits)
        value &= (1 << bits) - 1
    elif code in _FIXED:
        position = 1 + _FIXED[code]
        value = int.from_bytes(expression[1:position], "little")
    elif code == 0xFD:
        position = 18
        value = int.from_bytes(expression[2:position], "little")
    else:
        return None
    return value if position == len(expression) - 1 else None


#: Type → (width of the value in bits, opcode of its constant instruction).
_CONSTANTS = {
    ValType.I32: (32, b"\x41"),
    ValType.I64: (64, b"\x42"),
    ValType.F32: (32, b"\x43"),
    ValType.F64: (64, b"\x44"),
    ValType.V128: (128, b"\xfd\x0c"),
}


def constant(value_type: ValType, value: int) -> bytes:
    """The expression that yields a number, given as its bits; integers may be given signed as well."""
    bits, code = _CONSTANTS[value_type]
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise ValueError(f"{value} does not fit {value_type.name.lower()}")
    value &= (1 << bits) - 1
    if value_type in (ValType.I32, ValType.I64):
        return code + encode_signed(value - (value >> bits - 1 << bits)) + b"\x0b"
    return code + value.to_bytes(bits // 8, "little") + b"\x0b"


# ------------------------------------------------------------------------------------------------- data


def _data(payload: Buffer, position: int) -> tuple[Data, int]:
    kind = payload[position]
    position += 1
    memory, offset = 0, None
    if kind > 2:
        raise MalformedModule(f"a data segment is of unknown kind 0x{kind:02x}")
    if kind == 2:
        memory, position = read_unsigned(payload, position)
    if kind != 1:
        end = _expression_end(payload, position)
        offset, position = bytes(payload[position:end]), end
    content, position = _bytes(payload, position)
    return Data(content, offset, memory), position


# --------------------------------------------------------------------------------------------- sections


def read_types(payload: Buffer) -> list[FuncType]:
    """Decode the type section."""
    return _vector(payload, _function_type, "type")


def read_imports(payload: Buffer) -> list[Import]:
    """Decode the import section."""
    return _vector(payload, _import, "import")


def read_functions(payload: Buffer) -> list[int]:
    """Decode the function section: the type index of each function defined here."""
    return _vector(payload, read_unsigned, "function")


def read_tables(payload: Buffer) -> list[TableType]:
    """Decode the table section."""
    return _vector(payload, _table, "table")


def read_memories(payload: Buffer) -> list[Limits]:
    """Decode the memory section."""
    return _vector(payload, _limits, "memory")


def read_globals(payload: Buffer) -> list[Global]:
    """Decode the global section."""
    return _vector(payload, _global, "global")


def read_exports(payload: Buffer) -> list[Export]:
    """Decode the export section."""
    return _vector(payload, _export, "export")


def read_data(payload: Buffer) -> list[Data]:
    """Decode the data section; contents are slices of the payload."""
    return _vector(payload, _data, "data")


def read_start(payload: Buffer) -> int:
    """Decode the start section."""
    return read_unsigned(payload, 0)[0]


def encode_memories(memories: Iterable[Limits]) -> bytes:
    """Encode the memory section."""
    return encode_vector(limits.encode() for limits in memories)


def encode_globals(items: Iterable[Global]) -> bytes:
    """Encode the global section."""
    return encode_vector(bytes((item.type, item.mutable)) + item.init for item in items)


def encode_exports(exports: Iterable[Export]) -> bytes:
    """Encode the export section."""
    return encode_vector(
        encode_name(item.name) + bytes((item.kind,)) + encode_unsigned(item.index) for item in exports
    )

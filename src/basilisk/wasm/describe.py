"""What a reader wants to know of a module: sections, imports, exports, memory, custom sections."""

from __future__ import annotations

from dataclasses import dataclass

from basilisk.wasm.leb128 import Buffer
from basilisk.wasm.module import Module, Section, SectionId
from basilisk.wasm.names import function_names
from basilisk.wasm.sections import (
    Export,
    FuncType,
    Global,
    Import,
    Kind,
    Limits,
    TableType,
    read_data,
    read_exports,
    read_functions,
    read_globals,
    read_imports,
    read_memories,
    read_tables,
    read_types,
)

__all__ = ["Description", "Entry", "SectionSize", "describe"]


@dataclass(frozen=True, slots=True)
class SectionSize:
    """A section's place in the file: its name, where it starts, and its size with its head, in bytes."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An import or export: ``name`` (``ic0.time``), its kind and its type in words."""

    name: str
    kind: str
    type: str


@dataclass(frozen=True, slots=True)
class Description:
    """A module described."""

    sections: list[SectionSize]
    imports: list[Entry]
    exports: list[Entry]
    memory: Limits | None
    table: TableType | None
    globals: list[Global]
    functions: int  #: defined in the module
    data_segments: int
    data_bytes: int
    customs: dict[str, bytes]  #: custom sections of the Internet Computer (``icp:…``)
    names: dict[int, str]  #: function names, if the module has them


def describe(data: Buffer) -> Description:
    """Describe a module.  Raises MalformedModule."""
    module = Module.parse(data)
    types = read_types(module.payload(SectionId.TYPE))
    imports = read_imports(module.payload(SectionId.IMPORT))
    functions = read_functions(module.payload(SectionId.FUNCTION))
    signatures = [item.type for item in imports if isinstance(item.type, int)] + functions
    memories = read_memories(module.payload(SectionId.MEMORY))
    tables = read_tables(module.payload(SectionId.TABLE))
    segments = read_data(module.payload(SectionId.DATA))
    return Description(
        sections=[_section(item) for item in module.sections],
        imports=[_import(item, types) for item in imports],
        exports=[_export(item, types, signatures) for item in read_exports(module.payload(SectionId.EXPORT))],
        memory=memories[0] if memories else None,
        table=tables[0] if tables else None,
        globals=read_globals(module.payload(SectionId.GLOBAL)),
        functions=len(functions),
        data_segments=len(segments),
        data_bytes=sum(len(item.content) for item in segments),
        customs={name: bytes(content) for name, content in module.customs() if name.startswith("icp:")},
        names=function_names(module),
    )


def _section(section: Section) -> SectionSize:
    name = section.id.name.lower() if section.name is None else f"custom {section.name!r}"
    return SectionSize(name, section.offset, section.end - section.offset)


def _import(item: Import, types: list[FuncType]) -> Entry:
    kind = item.kind.name.lower()
    text = _type(types, item.type) if isinstance(item.type, int) else kind
    return Entry(f"{item.module}.{item.name}", kind, text)


def _export(item: Export, types: list[FuncType], signatures: list[int]) -> Entry:
    kind = item.kind.name.lower()
    if item.kind is Kind.FUNCTION and item.index < len(signatures):
        return Entry(item.name, kind, _type(types, signatures[item.index]))
    return Entry(item.name, kind, f"{kind} {item.index}")


def _type(types: list[FuncType], index: int) -> str:
    return str(types[index]) if index < len(types) else f"type {index}"

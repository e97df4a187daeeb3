"""The parts of a module that the shell and the link step both read, and what they refuse.

Refused here is all that shows at the level of sections; refusals of single instructions (``table.set`` and
the like) are the toolbox's, see ``basilisk.toolbox``.
"""

from __future__ import annotations

from dataclasses import dataclass

from basilisk.wasm.errors import MalformedModule, UnsafeModule
from basilisk.wasm.module import Module, SectionId
from basilisk.wasm.sections import (
    Data,
    Export,
    Global,
    Kind,
    Limits,
    ValType,
    constant_bits,
    count,
    read_data,
    read_exports,
    read_functions,
    read_globals,
    read_imports,
    read_memories,
    read_start,
    read_tables,
    read_types,
)

__all__ = ["Layout", "read_layout"]

_NUMBERS = (ValType.I32, ValType.I64, ValType.F32, ValType.F64)


@dataclass(frozen=True, slots=True)
class Layout:
    """A module taken apart."""

    module: Module
    function_types: list[int]  #: type index of every function, imported ones first
    imported_functions: int
    actions: frozenset[int]  #: type indices of the form () -> ()
    tables: int
    memory: Limits | None
    globals: list[Global]
    exports: list[Export]
    start: int | None
    data: list[Data]

    @property
    def retained(self) -> int:
        """How many leading data segments must keep their numbers.

        Code can name passive segments.  Active ones behind the last passive one cannot be of use to it: they
        are dropped the moment they have been applied.
        """
        for number in range(len(self.data), 0, -1):
            if self.data[number - 1].offset is None:
                return number
        return 0

    def kept_data(self) -> list[Data]:
        """The segments that keep their numbers; active ones among them as empty passive ones."""
        return [item if item.offset is None else Data(b"") for item in self.data[: self.retained]]

    def mutable_globals(self) -> list[int]:
        """Numbers of the mutable globals."""
        return [number for number, item in enumerate(self.globals) if item.mutable]


def read_layout(data: bytes | bytearray | memoryview) -> Layout:
    """Take a module apart.  Raises MalformedModule or UnsafeModule."""
    module = Module.parse(data)
    types = read_types(module.payload(SectionId.TYPE))
    imported = _imported_functions(module)
    functions = read_functions(module.payload(SectionId.FUNCTION))
    if count(module.payload(SectionId.CODE)) != len(functions):
        raise MalformedModule("the function and the code section count differently")
    function_types = imported + functions
    if function_types and max(function_types) >= len(types):
        raise MalformedModule("a function has a type that does not exist")
    tables = read_tables(module.payload(SectionId.TABLE))
    if len(tables) > 1:
        raise UnsafeModule("multiple-tables", f"the module has {len(tables)} tables")
    if module.find(SectionId.TAG) is not None:
        raise UnsafeModule("tags", "the module declares exception tags")
    return Layout(
        module=module,
        function_types=function_types,
        imported_functions=len(imported),
        actions=frozenset(i for i, item in enumerate(types) if not item.params and not item.results),
        tables=len(tables),
        memory=_memory(module),
        globals=_globals(module),
        exports=_exports(module, len(function_types)),
        start=_start(module, len(function_types)),
        data=_data(module),
    )


def _imported_functions(module: Module) -> list[int]:
    types = []
    for item in read_imports(module.payload(SectionId.IMPORT)):
        if not isinstance(item.type, int) or item.kind is not Kind.FUNCTION:
            kind = item.kind.name.lower()
            raise UnsafeModule(f"imported-{kind}", f"the module imports the {kind} {item.module}.{item.name}")
        types.append(item.type)
    return types


def _memory(module: Module) -> Limits | None:
    memories = read_memories(module.payload(SectionId.MEMORY))
    if len(memories) > 1:
        raise UnsafeModule("multiple-memories", f"the module has {len(memories)} memories")
    if memories and memories[0].shared:
        raise UnsafeModule("shared-memory", "the memory is shared between threads")
    return memories[0] if memories else None


def _globals(module: Module) -> list[Global]:
    items = read_globals(module.payload(SectionId.GLOBAL))
    for number, item in enumerate(items):
        if not item.mutable:
            continue
        if item.type not in _NUMBERS:
            name = item.type.name.lower()
            raise UnsafeModule("global-type", f"the mutable global {number} is of type {name}")
        if constant_bits(item.init) is None:
            raise UnsafeModule("computed-global", f"the mutable global {number} does not start as a constant")
    return items


def _exports(module: Module, functions: int) -> list[Export]:
    items = read_exports(module.payload(SectionId.EXPORT))
    if len({item.name for item in items}) != len(items):
        raise MalformedModule("two exports have the same name")
    for item in items:
        if item.kind is Kind.FUNCTION and item.index >= functions:
            raise MalformedModule(f"the export {item.name} names a function that does not exist")
    return items


def _start(module: Module, functions: int) -> int | None:
    section = module.find(SectionId.START)
    if section is None:
        return None
    index = read_start(section.payload)
    if index >= functions:
        raise MalformedModule("the start section names a function that does not exist")
    return index


def _data(module: Module) -> list[Data]:
    items = read_data(module.payload(SectionId.DATA))
    for number, item in enumerate(items):
        if item.memory:
            raise UnsafeModule("multiple-memories", f"data segment {number} is for memory {item.memory}")
        if item.offset is None:
            continue
        if item.offset[0] not in (0x41, 0x42) or constant_bits(item.offset) is None:
            raise UnsafeModule("computed-offset", f"the offset of data segment {number} is not a constant")
    return items

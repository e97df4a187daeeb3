"""A runtime, the memory it has after it imported a program, and the program's entry points as a canister."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from basilisk.wasm.blank import blank_functions
from basilisk.wasm.errors import MalformedModule, UnsafeModule
from basilisk.wasm.index_map import FunctionIndexMap
from basilisk.wasm.layout import Layout, read_layout
from basilisk.wasm.leb128 import Buffer
from basilisk.wasm.module import PAGE, SectionId, custom_section
from basilisk.wasm.sections import (
    Data,
    Export,
    Global,
    Kind,
    ValType,
    constant,
    encode_exports,
    encode_globals,
    encode_memories,
)
from basilisk.wasm.shell import data_sections
from basilisk.wasm.snapshot import memory_segments

__all__ = ["link"]


def link(
    runtime: Buffer,
    memory: Buffer,
    globals: Mapping[int, int],
    exports: Mapping[str, str],
    custom: Mapping[str, bytes] | None = None,
    blank: Collection[int] = (),
    instead: str = "",
) -> bytes:
    """Write the module that starts in the state given.

    ``memory`` is the whole linear memory (a multiple of 64 KiB), ``globals`` the bits of every mutable
    global by number, ``exports`` maps the names of the canister to the functions the runtime exports,
    ``custom`` holds custom sections to append.  Types, imports, functions, table, elements and code are the
    runtime's, byte for byte; its start function is taken to have run and its custom sections are dropped.
    Only the functions ``blank`` lose their code; they call the exported function ``instead``.

    Exports and custom sections are written in the order of their names, so equal input gives equal bytes.

    Raises MalformedModule, UnsafeModule, and ValueError for state that does not belong to this runtime.
    """
    layout = read_layout(runtime)
    functions = FunctionIndexMap.identity(len(layout.function_types))
    changes: dict[SectionId, bytes | None] = {
        SectionId.MEMORY: _memory(layout, len(memory)),
        SectionId.GLOBAL: _globals(layout, globals) if layout.globals else None,
        SectionId.EXPORT: encode_exports(_exports(layout, exports, functions)),
        SectionId.START: None,
        **_data(layout, memory),
    }
    if blank:
        target = _offered(layout, [instead])[instead]
        code = layout.module.payload(SectionId.CODE)
        changes[SectionId.CODE] = blank_functions(code, layout.imported_functions, blank, target, functions)
    sections = (custom_section(name, payload) for name, payload in sorted((custom or {}).items()))
    return layout.module.replaced(changes, sections).encode()


def _memory(layout: Layout, size: int) -> bytes:
    limits = layout.memory
    if limits is None:
        raise UnsafeModule("no-memory", "the runtime has no memory")
    pages, rest = divmod(size, PAGE)
    if rest:
        raise ValueError(f"a memory of {size} bytes is not a whole number of pages")
    if pages < limits.minimum or (limits.maximum is not None and pages > limits.maximum):
        raise ValueError(f"a memory of {pages} pages is outside the runtime's limits")
    return encode_memories([replace(limits, minimum=pages)])


def _globals(layout: Layout, values: Mapping[int, int]) -> bytes:
    mutable = layout.mutable_globals()
    if sorted(values) != mutable:
        raise ValueError(f"values are given for globals {sorted(values)}, the mutable globals are {mutable}")

    def written(number: int, item: Global) -> Global:
        return replace(item, init=constant(item.type, values[number])) if item.mutable else item

    return encode_globals(written(number, item) for number, item in enumerate(layout.globals))


def _exports(layout: Layout, names: Mapping[str, str], functions: FunctionIndexMap) -> list[Export]:
    offered = _offered(layout, names.values())
    result = [Export("memory", Kind.MEMORY, 0)]
    for name, target in sorted(names.items()):
        if name == "memory":
            raise ValueError("the export name memory is taken by the memory")
        result.append(Export(name, Kind.FUNCTION, functions(offered[target])))
    return result


def _offered(layout: Layout, names: Iterable[str]) -> dict[str, int]:
    """The functions that the runtime exports; ``names`` have to be among them."""
    offered = {item.name: item.index for item in layout.exports if item.kind is Kind.FUNCTION}
    for name in names:
        if name not in offered:
            raise MalformedModule(f"the runtime exports no function {name}")
    return offered


def _data(layout: Layout, memory: Buffer) -> dict[SectionId, bytes | None]:
    assert layout.memory is not None
    address_type = ValType.I64 if layout.memory.wide else ValType.I32
    kept = layout.kept_data()
    fresh = [Data(content, constant(address_type, address)) for address, content in memory_segments(memory)]
    sections = data_sections(kept + fresh)
    if not kept:  # nothing in the code can name a segment, so no count is needed before it
        sections[SectionId.DATA_COUNT] = None
    return sections

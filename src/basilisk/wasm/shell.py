"""A module as a shell, which is compiled once, and an image of its state.

Canisters that are linked from one runtime differ in memory, globals and exports alone.  ``split`` moves all
of that out of the module: what is left, the shell, is the same bytes for the runtime and for each of those
canisters, so an engine compiles it once.  Applying the image to an instance of the shell gives the state the
original module has after instantiation.

The shell exports everything needed to do so under canonical names:

=========  ==========================================================================
``m``      the memory; it starts with 0 pages and is grown to ``Image.memory_pages``
``t``      the table
``g<i>``   mutable global number i; it starts as 0
``f<i>``   function number i (imports come first), if it takes and returns nothing
=========  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from basilisk.wasm.layout import Layout, read_layout
from basilisk.wasm.leb128 import Buffer, encode_unsigned
from basilisk.wasm.module import PAGE, SectionId
from basilisk.wasm.sections import (
    Data,
    Export,
    Global,
    Kind,
    constant,
    constant_bits,
    encode_exports,
    encode_globals,
    encode_memories,
)

__all__ = ["Image", "Split", "split"]


@dataclass(frozen=True, slots=True)
class Image:
    """What a shell needs to become the module it was split from.

    To apply it: grow the memory to ``memory_pages``, write the ``segments`` in order, set the ``globals``,
    call the function ``start`` if there is one.  A segment beyond the memory is a trap, as it is when a
    module is instantiated.
    """

    memory_pages: int
    segments: tuple[tuple[int, Buffer], ...]  #: (address, content)
    globals: dict[int, int]  #: mutable global → its bits, unsigned
    exports: dict[str, int]  #: exported name → function
    start: int | None = None
    constants: dict[str, int] = field(default_factory=dict)  #: exported immutable global → its bits
    types: dict[int, str] = field(default_factory=dict)  #: mutable global → "i32", "i64", "f32", "f64"

    def memory(self) -> bytearray:
        """The whole initial memory.  Raises ValueError for a segment beyond it."""
        memory = bytearray(self.memory_pages * PAGE)
        for address, content in self.segments:
            end = address + len(content)
            if end > len(memory):
                raise ValueError(f"a data segment ends at {end}, the memory at {len(memory)}")
            memory[address:end] = content
        return memory


@dataclass(frozen=True, slots=True)
class Split:
    """The two parts of a module."""

    shell: bytes
    image: Image


def split(module: bytes | bytearray | memoryview) -> Split:
    """Take a module apart.

    Contents of the image's segments are views of ``module``.  Raises MalformedModule for what is not a
    module and UnsafeModule for one whose state is more than a memory and numeric globals.
    """
    layout = read_layout(module)
    return Split(_shell(layout), _image(layout))


def _shell(layout: Layout) -> bytes:
    changes: dict[SectionId, bytes | None] = {
        SectionId.GLOBAL: encode_globals(map(_zeroed, layout.globals)) if layout.globals else None,
        SectionId.EXPORT: encode_exports(_canonical_exports(layout)),
        SectionId.START: None,
        **data_sections(layout.kept_data()),
    }
    if layout.memory is not None:
        changes[SectionId.MEMORY] = encode_memories([replace(layout.memory, minimum=0)])
    return layout.module.replaced(changes).encode()


def data_sections(items: list[Data]) -> dict[SectionId, bytes | None]:
    """The data and the data count section for these segments; code can name them only if both are there."""
    if not items:
        return {SectionId.DATA: None, SectionId.DATA_COUNT: None}
    number = encode_unsigned(len(items))
    parts = [part for item in items for part in item.encode()]
    return {SectionId.DATA: b"".join((number, *parts)), SectionId.DATA_COUNT: number}


def _zeroed(item: Global) -> Global:
    return replace(item, init=constant(item.type, 0)) if item.mutable else item


def _canonical_exports(layout: Layout) -> Iterator[Export]:
    if layout.memory is not None:
        yield Export("m", Kind.MEMORY, 0)
    if layout.tables:
        yield Export("t", Kind.TABLE, 0)
    for number in layout.mutable_globals():
        yield Export(f"g{number}", Kind.GLOBAL, number)
    for number, type_index in enumerate(layout.function_types):
        if type_index in layout.actions:
            yield Export(f"f{number}", Kind.FUNCTION, number)


def _image(layout: Layout) -> Image:
    mutable = layout.mutable_globals()
    return Image(
        memory_pages=layout.memory.minimum if layout.memory is not None else 0,
        segments=tuple((_bits(item.offset), item.content) for item in layout.data if item.offset is not None),
        globals={number: _bits(layout.globals[number].init) for number in mutable},
        exports={item.name: item.index for item in layout.exports if item.kind is Kind.FUNCTION},
        start=layout.start,
        constants=_constants(layout),
        types={number: layout.globals[number].type.name.lower() for number in mutable},
    )


def _constants(layout: Layout) -> dict[str, int]:
    found = {}
    for item in layout.exports:
        if item.kind is Kind.GLOBAL and not layout.globals[item.index].mutable:
            value = constant_bits(layout.globals[item.index].init)
            if value is not None:
                found[item.name] = value
    return found


def _bits(expression: bytes) -> int:
    value = constant_bits(expression)
    assert value is not None  # read_layout has refused everything else
    return value

"""A module as a sequence of sections, each a slice of the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from basilisk.wasm.errors import MalformedModule
from basilisk.wasm.leb128 import Buffer, encode_unsigned, read_unsigned

__all__ = ["HEADER", "PAGE", "Module", "Section", "SectionId", "custom_section"]

HEADER = b"\0asm\x01\0\0\0"
#: Bytes in a page of linear memory (core specification, "Memory Instances").
PAGE = 65_536


class SectionId(IntEnum):
    """Section numbers (core specification, "Sections"; the tag section is of the exceptions proposal)."""

    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12
    TAG = 13


#: The order in which sections must come; it is not the order of their numbers.
ORDER = (
    SectionId.TYPE,
    SectionId.IMPORT,
    SectionId.FUNCTION,
    SectionId.TABLE,
    SectionId.MEMORY,
    SectionId.TAG,
    SectionId.GLOBAL,
    SectionId.EXPORT,
    SectionId.START,
    SectionId.ELEMENT,
    SectionId.DATA_COUNT,
    SectionId.CODE,
    SectionId.DATA,
)
_RANK = {section: rank for rank, section in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Section:
    """One section.

    ``name`` is set for custom sections, whose ``payload`` starts after the name.  ``offset`` is where the
    section starts in the file it was read from (its number), ``end`` the position after it; both are 0 for
    a section made here.
    """

    id: SectionId
    payload: Buffer
    name: str | None = None
    offset: int = 0
    end: int = 0

    def encode(self) -> list[Buffer]:
        """The section as parts to be joined, so that a large payload is copied only once."""
        if self.name is None:
            return [bytes((self.id,)) + encode_unsigned(len(self.payload)), self.payload]
        name = self.name.encode()
        name = encode_unsigned(len(name)) + name
        return [bytes((self.id,)) + encode_unsigned(len(name) + len(self.payload)), name, self.payload]


def custom_section(name: str, payload: Buffer) -> Section:
    """A custom section ready to be written."""
    return Section(SectionId.CUSTOM, payload, name)


@dataclass(frozen=True, slots=True)
class Module:
    """The sections of a module in file order."""

    sections: tuple[Section, ...]

    @classmethod
    def parse(cls, data: Buffer) -> Module:
        """Cut a module into its sections; payloads are views of ``data``.

        Raises MalformedModule for a wrong header, a section that is cut short, unknown, given twice or out
        of order.
        """
        view = memoryview(data).cast("B")
        if view[:4] != HEADER[:4]:
            raise MalformedModule("the file is not a WebAssembly module: it does not start with \\0asm")
        if view[:8] != HEADER:
            raise MalformedModule("the file is not a core WebAssembly module of version 1")
        return cls(tuple(_sections(view)))

    def encode(self) -> bytes:
        """The module as bytes."""
        parts: list[Buffer] = [HEADER]
        for section in self.sections:
            parts += section.encode()
        return b"".join(parts)

    def find(self, section_id: SectionId) -> Section | None:
        """The section with this number, if there is one."""
        for section in self.sections:
            if section.id == section_id:
                return section
        return None

    def payload(self, section_id: SectionId) -> Buffer:
        """The payload of a section; an absent one reads as an empty vector."""
        section = self.find(section_id)
        return b"\0" if section is None else section.payload

    def customs(self) -> Iterator[tuple[str, Buffer]]:
        """Names and contents of the custom sections in file order."""
        for section in self.sections:
            if section.name is not None:
                yield section.name, section.payload

    def custom(self, name: str) -> bytes | None:
        """The content of the first custom section of this name."""
        for found, payload in self.customs():
            if found == name:
                return bytes(payload)
        return None

    def replaced(self, changes: dict[SectionId, bytes | None], customs: Iterable[Section] = ()) -> Module:
        """A module with some sections changed, added or (``None``) removed.

        All custom sections of this module are dropped; ``customs`` come last.
        """
        kept: dict[SectionId, Section] = {s.id: s for s in self.sections if s.name is None}
        for section_id, payload in changes.items():
            if payload is None:
                kept.pop(section_id, None)
            else:
                kept[section_id] = Section(section_id, payload)
        ordered = [kept[section_id] for section_id in ORDER if section_id in kept]
        return Module((*ordered, *customs))


def _sections(view: memoryview) -> Iterator[Section]:
    position, length, last = len(HEADER), len(view), -1
    while position < length:
        offset = position
        number = view[position]
        size, position = read_unsigned(view, position + 1)
        end = position + size
        if end > length:
            raise MalformedModule(
                f"section {number} at byte {offset} announces {size} bytes, {length - position} are left"
            )
        if number == SectionId.CUSTOM:
            yield _custom(view, position, offset, end)
        else:
            rank = _RANK.get(number)  # type: ignore[call-overload]
            if rank is None:
                raise MalformedModule(f"unknown section number {number} at byte {offset}")
            if rank <= last:
                raise MalformedModule(f"the {SectionId(number).name.lower()} section comes twice or too late")
            last = rank
            yield Section(SectionId(number), view[position:end], None, offset, end)
        position = end


def _custom(view: memoryview, position: int, offset: int, end: int) -> Section:
    length, position = read_unsigned(view, position)
    if position + length > end:
        raise MalformedModule(f"the name of the custom section at byte {offset} is cut short")
    try:
        name = str(view[position : position + length], "utf-8")
    except UnicodeDecodeError:
        raise MalformedModule(f"the name of the custom section at byte {offset} is not UTF-8") from None
    return Section(SectionId.CUSTOM, view[position + length : end], name, offset, end)

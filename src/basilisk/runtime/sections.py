"""Custom sections of a WebAssembly module, read without parsing anything else."""

from __future__ import annotations

__all__ = ["SectionError", "custom_sections"]

_MAGIC = b"\0asm\x01\0\0\0"


class SectionError(ValueError):
    """The bytes are not a sequence of WebAssembly sections."""


def custom_sections(module: bytes) -> dict[str, bytes]:
    """Map the names of the custom sections to their contents; of two sections of one name, the first counts.

    Source: WebAssembly core specification, "Binary format", "Modules".
    """
    if not module.startswith(_MAGIC):
        raise SectionError("it is not a WebAssembly module")
    found: dict[str, bytes] = {}
    position = len(_MAGIC)
    while position < len(module):
        identifier = module[position]
        size, start = _u32(module, position + 1)
        end = start + size
        if identifier > 13 or end > len(module):
            raise SectionError("it ends in the middle of a section")
        if identifier == 0:
            length, text = _u32(module, start)
            if text + length > end:
                raise SectionError("a section's name is longer than the section")
            try:
                name = module[text : text + length].decode("utf-8")
            except UnicodeDecodeError as error:
                raise SectionError("a section's name is not UTF-8") from error
            found.setdefault(name, module[text + length : end])
        position = end
    return found


def _u32(data: bytes, position: int) -> tuple[int, int]:
    """Decode an unsigned LEB128 number of at most 32 bits; return it and the position behind it."""
    value = shift = 0
    while True:
        if position >= len(data) or shift > 28:
            raise SectionError("it ends in the middle of a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > 0xFFFFFFFF:
                raise SectionError("a number does not fit 32 bits")
            return value, position
        shift += 7

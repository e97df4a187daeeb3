"""The check of the linked runtime: imports from ic0 alone, every entry point there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpython.faults import BuildFault
from tools.wasm_file import REQUIRED_EXPORTS, check_runtime, custom_section, summarise


def leb(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def vector(items: list[bytes]) -> bytes:
    """A wasm vector."""
    return leb(len(items)) + b"".join(items)


def name(text: str) -> bytes:
    """A wasm name."""
    return leb(len(text.encode())) + text.encode()


def module(
    imports: list[tuple[str, str]] | None = None,
    exports: tuple[str, ...] = REQUIRED_EXPORTS,
    start: bool = False,
    odd: str = "",
) -> bytes:
    """A module whose first function has all the exports; ``odd`` is exported with another type."""
    imported = [("ic0", "trap")] if imports is None else imports
    types = vector([b"\x60\0\0", b"\x60\x01\x7f\0"])
    entries = [name(text) + b"\0" + leb(len(imported) + (text == odd)) for text in exports]
    sections = [
        (1, types),
        (2, vector([name(where) + name(what) + b"\0\x01" for where, what in imported])),
        (3, vector([b"\0", b"\x01"])),
        (5, vector([b"\0\x01"])),
        (6, vector([b"\x7f\0\x41\0\x0b"])),
        (7, vector([*entries, name("memory") + b"\x02\0", name("basilisk_mailbox") + b"\x03\0"])),
        *([(8, leb(len(imported)))] if start else []),
        (10, vector([b"\x02\0\x0b", b"\x02\0\x0b"])),
    ]
    return b"\0asm\x01\0\0\0" + b"".join(bytes([kind]) + leb(len(body)) + body for kind, body in sections)


def test_a_good_runtime_passes() -> None:
    """The plain case, with the summary that comes of it."""
    summary = check_runtime(module())
    assert summary.imports == (("ic0", "trap", 0),)
    assert set(REQUIRED_EXPORTS) <= summary.plain_functions


def test_a_wasi_import_is_refused() -> None:
    """The message names the import that is left."""
    with pytest.raises(BuildFault, match=r"wasi_snapshot_preview1\.fd_write"):
        check_runtime(module([("ic0", "trap"), ("wasi_snapshot_preview1", "fd_write")]))


def test_a_missing_entry_point_is_refused() -> None:
    """One of a thousand is enough."""
    exports = tuple(text for text in REQUIRED_EXPORTS if text != "basilisk_method_999")
    with pytest.raises(BuildFault, match="lacks 1 exports, such as basilisk_method_999"):
        check_runtime(module(exports=exports))


def test_an_entry_point_of_another_type_is_refused() -> None:
    """A canister method takes and returns nothing."""
    with pytest.raises(BuildFault, match="basilisk_entry_heartbeat"):
        check_runtime(module(odd="basilisk_entry_heartbeat"))


def test_a_start_function_is_refused() -> None:
    """It would run before the snapshot's memory is there."""
    with pytest.raises(BuildFault, match="start function"):
        check_runtime(module(start=True))


@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_custom_section_changes_nothing_else(content: bytes, label: str) -> None:
    """Appending any custom section leaves the summary as it was."""
    base = module()
    assert summarise(base + custom_section(label, content)) == summarise(base)


@given(st.integers(0, 2000))
def test_a_module_that_is_cut_short_is_refused(length: int) -> None:
    """Every cut within a section is noticed; a cut between sections loses the exports and is noticed too."""
    with pytest.raises(BuildFault):
        check_runtime(module()[:length])

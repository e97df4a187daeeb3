"""A smaller standard library out of a runtime's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.mailbox import Mailbox
from basilisk.errors import ArtefactError
from basilisk.runtime.library import Library
from stdlib_bundler import format

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8)
MODULES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=200), st.booleans()), max_size=12)


@given(MODULES, st.sampled_from([format.METHOD_STORED, format.METHOD_ZLIB, format.METHOD_LZMA]), st.data())
def test_a_selection_is_what_was_selected(
    modules: dict[str, tuple[bytes, bool]], method: int, data: st.DataObject
) -> None:
    """The bundler's reader finds the chosen modules, the frozen ones and all refusals, as they were."""
    rows = [format.Module(name, code, package) for name, (code, package) in modules.items()]
    early = format.Module("\0frozen", b"first", False, True)
    rest = format.RawBlock(tuple(rows), method)
    blob = format.write(format.Blob((format.RawBlock((early,)), rest), {"\0no": "why"}))
    chosen = data.draw(st.sets(st.sampled_from(sorted(modules)))) if modules else set()
    library = Library(blob)
    assert library.sizes == {
        "\0frozen": 5,
        **{name: len(code) for name, (code, _) in sorted(modules.items())},
    }
    found = format.read(library.select(chosen, {"\0left": "out"}))
    wanted = {name: (code, package) for name, (code, package) in modules.items() if name in chosen}
    assert {m.name: (m.data, m.package) for m in found.modules().values() if not m.frozen} == wanted
    assert [(m.name, m.data) for m in found.modules().values() if m.frozen] == [("\0frozen", b"first")]
    assert found.refusals == {"\0no": "why", "\0left": "out"}


@pytest.mark.parametrize("blob", [b"", b"BSKSTD02" + bytes(16), b"BSKSTD01" + b"\xff" * 16])
def test_damage_is_an_error(blob: bytes) -> None:
    """What is no blob is refused with a message."""
    with pytest.raises(ArtefactError, match="damaged"):
        Library(blob)


class Memory:
    """A machine whose steps take the mailbox's words down and allocate at the end."""

    def __init__(self) -> None:
        self.memory = bytearray(200)
        self.steps: list[tuple[int, int, int]] = []

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.memory[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.memory[address : address + len(data)] = data

    def step(self) -> None:
        operation, address, length, _, _ = (int.from_bytes(self.read(4 * n, 4), "little") for n in range(5))
        self.steps.append((operation, address, length))
        if operation == 1:
            self.write(4, len(self.memory).to_bytes(4, "little"))
            self.memory += bytes(length)


def test_a_smaller_library_takes_the_place_of_the_former() -> None:
    """It is written over it, the rest becomes zeros; a larger one gets a place of its own."""
    machine = Memory()
    machine.write(100, b"x" * 50)
    Mailbox(machine, 0).change_library(100, 50, b"small")
    assert machine.read(100, 50) == b"small".ljust(50, b"\0")
    assert machine.steps == [(5, 100, 5)]
    Mailbox(machine, 0).change_library(100, 50, b"L" * 60)
    assert machine.read(100, 50) == bytes(50)
    assert machine.steps[-1] == (5, 200, 60)
    assert machine.read(200, 60) == b"L" * 60

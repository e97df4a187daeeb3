"""What the linker's relocations say of a module, compared with a plain search in random programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpython.faults import BuildFault
from tools.reachability import document, numbered, without_names
from tools.reachability.binary import leb
from tools.reachability.calls import named_functions
from tools.reachability.inittab import shipped_only

BASE = 1024
MODULES = ["first", "second", "third"]
DATUM = 8  #: bytes of each datum: a word for each of two references
_STRINGS = BASE + 8 * len(MODULES)


@dataclass
class Program:
    """Functions call functions, take their addresses and those of data; data hold addresses of both.

    Number i of ``modules`` starts with a function.  ``merged`` maps functions to an equal one that the
    optimiser uses in their place.
    """

    calls: list[list[int]]
    takes: list[list[int]]
    reads: list[list[int]]
    holds: list[list[int]]
    points: list[list[int]]
    starts: list[int]
    exported: list[int]
    merged: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.calls)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs of up to ten functions and six data."""
    count, data = draw(st.integers(1, 10)), draw(st.integers(1, 6))
    functions = st.lists(st.integers(0, count - 1), max_size=2)
    places = st.lists(st.integers(0, data - 1), max_size=1)
    program = Program(
        [draw(functions) for _ in range(count)],
        [draw(functions) for _ in range(count)],
        [draw(places) for _ in range(count)],
        [draw(st.lists(st.integers(0, count - 1), max_size=1)) for _ in range(data)],
        [draw(places) for _ in range(data)],
        [draw(st.integers(0, count - 1)) for _ in MODULES],
        draw(functions),
    )
    for number in range(1, count):
        if draw(st.integers(0, 4)) == 0:  # the same code as another function
            other = draw(st.integers(0, number - 1))
            other = program.merged.get(other, other)
            for rows in (program.calls, program.takes, program.reads):
                rows[number] = rows[other]
            program.merged[number] = other
    return program


def _vector(items: list[bytes]) -> bytes:
    return leb(len(items)) + b"".join(items)


def _section(kind: int, payload: bytes) -> bytes:
    return bytes((kind,)) + leb(len(payload)) + payload


def _custom(name: str, payload: bytes) -> bytes:
    return _section(0, leb(len(name)) + name.encode() + payload)


def _padded(value: int) -> bytes:
    return bytes((value >> shift) & 0x7F | (0x80 if shift < 28 else 0) for shift in range(0, 35, 7))


def _name(text: str) -> bytes:
    return leb(len(text)) + text.encode()


def _address(datum: int) -> int:
    return _STRINGS + 8 * len(MODULES) + DATUM * datum


class _Writer:
    """A program as a module: one slot in the table for each function, in order."""

    def __init__(self, program: Program, optimised: bool) -> None:
        self.program = program
        self.merged = program.merged if optimised else {}
        self.code_relocations: list[bytes] = []
        self.data_relocations: list[bytes] = []

    def function(self, number: int) -> int:
        return self.merged.get(number, number)

    def code(self) -> bytes:
        program = self.program
        payload = bytearray(leb(program.count))
        for number in range(program.count):
            body = bytearray(b"\0")
            places: list[tuple[int, int, int]] = []
            for target in program.calls[number]:
                body += b"\x10"
                places.append((0, len(body), target))
                body += _padded(self.function(target))
            for target in program.takes[number]:
                body += b"\x41"
                places.append((1, len(body), target))
                body += _padded(target + 1) + b"\x1a"
            for target in program.reads[number]:
                body += b"\x41"
                places.append((4, len(body), program.count + 1 + target))
                body += _padded(_address(target)) + b"\x1a"
            body += b"\x0b"
            payload += leb(len(body))
            for kind, place, symbol in places:
                addend = b"\0" if kind == 4 else b""
                row = bytes((kind,)) + leb(len(payload) + place) + leb(symbol) + addend
                self.code_relocations.append(row)
            payload += body
        return bytes(payload)

    def data(self) -> bytes:
        program = self.program
        content = bytearray()
        head = b"\x01\0\x41" + _signed(BASE) + b"\x0b"
        size = 16 * len(MODULES) + DATUM * len(program.holds)
        start = len(head) + len(leb(size))

        def mention(kind: int, symbol: int, addend: bytes, value: int) -> None:
            self.data_relocations.append(bytes((kind,)) + leb(start + len(content)) + leb(symbol) + addend)
            content.extend(value.to_bytes(4, "little"))

        first = program.count + 1 + len(program.holds)
        for number in range(len(MODULES)):
            mention(5, first + number, b"\0", _STRINGS + 8 * number)
            mention(2, program.starts[number], b"", program.starts[number] + 1)
        for name in MODULES:
            content.extend(name.encode().ljust(8, b"\0"))
        for number in range(len(program.holds)):
            at = len(content)
            for target in program.holds[number]:
                mention(2, target, b"", target + 1)
            for target in program.points[number]:
                mention(5, program.count + 1 + target, b"\0", _address(target))
            content.extend(bytes(at + DATUM - len(content)))
        assert len(content) == size
        return head + leb(size) + content

    def symbols(self) -> bytes:
        program = self.program

        def datum(name: str, address: int, size: int) -> bytes:
            return b"\x01\0" + _name(name) + leb(0) + leb(address - BASE) + leb(size)

        rows = [b"\0\0" + leb(number) + _name(f"f{number}") for number in range(program.count)]
        rows.append(datum("_PyImport_Inittab", BASE, 8 * len(MODULES)))
        rows += [datum(f"d{number}", _address(number), DATUM) for number in range(len(program.holds))]
        rows += [datum(f"s{number}", _STRINGS + 8 * number, 8) for number in range(len(MODULES))]
        return b"\x02" + _section(8, _vector(rows))

    def module(self) -> bytes:
        program = self.program
        slots = [leb(self.function(number)) for number in range(program.count)]
        exports = [
            _name(f"e{place}") + b"\0" + leb(self.function(number))
            for place, number in enumerate(program.exported)
        ]
        code, data = self.code(), self.data()
        rows = {"CODE": self.code_relocations, "DATA": self.data_relocations}
        parts = [
            b"\0asm\x01\0\0\0",
            _section(1, b"\x01\x60\0\0"),
            _section(3, _vector([b"\0"] * program.count)),
            _section(4, b"\x01\x70\0" + leb(program.count + 1)),
            _section(5, b"\x01\0\x01"),
            _section(7, _vector(exports)),
            _section(9, b"\x01\0\x41\x01\x0b" + _vector(slots)),
            _section(10, code),
            _section(11, data),
            _custom("linking", self.symbols()),
            *(_custom(f"reloc.{name}", b"\0" + _vector(items)) for name, items in rows.items()),
        ]
        return b"".join(parts)


def _signed(value: int) -> bytes:
    return bytes((value & 0x7F | 0x80, value >> 7))  # of numbers from 64 to 8191


def _live(program: Program, modules: tuple[int, ...]) -> tuple[set[int], set[int]]:
    """Functions and data in use when the modules with these numbers can be imported, by plain search."""
    functions: set[int] = set()
    data: set[int] = set()
    todo = [("f", number) for number in program.exported]
    todo += [("f", program.starts[number]) for number in modules]
    while todo:
        kind, number = todo.pop()
        if number in (functions if kind == "f" else data):
            continue
        if kind == "f":
            functions.add(number)
            todo += [("f", item) for item in program.calls[number] + program.takes[number]]
            todo += [("d", item) for item in program.reads[number]]
        else:
            data.add(number)
            todo += [("f", item) for item in program.holds[number]]
            todo += [("d", item) for item in program.points[number]]
    return functions, data


@settings(max_examples=300)
@given(programs())
def test_parts_are_what_a_plain_search_does_not_find(program: Program) -> None:
    """For each set of modules: what goes is not in use, and what goes is all that only the others lead to.

    The optimiser may use one of several equal functions: it is in use as soon as one of them is.
    """
    linked = _Writer(program, optimised=False).module()
    optimised = numbered(_Writer(program, optimised=True).module())
    section = json.loads(document(linked, optimised))
    assert section["modules"] == MODULES
    everything = _live(program, (0, 1, 2))
    for size in range(4):
        for kept in combinations(range(3), size):
            functions, data = _live(program, kept)
            functions |= {program.merged.get(number, number) for number in functions}
            gone = [row for row in section["parts"] if not set(row[0]) & set(kept)]
            dead = _numbers(row[1] for row in gone)
            assert not dead & functions
            known = everything[0] | {program.merged.get(number, number) for number in everything[0]}
            assert dead == known - functions
            assert _numbers(row[2] for row in gone) == {
                _address(number) + byte for number in everything[1] - data for byte in range(DATUM)
            }


def _numbers(rows: Iterable[list[int]]) -> set[int]:
    """The numbers in lists of first and count."""
    return {
        number
        for row in rows
        for first, count in zip(row[::2], row[1::2], strict=True)
        for number in range(first, first + count)
    }


def test_names_go_with_the_other_custom_sections() -> None:
    """Numbering a module and dropping the names again gives the module's own sections."""
    program = Program([[]], [[]], [[]], [[]], [[]], [0, 0, 0], [])
    module = _Writer(program, optimised=False).module()
    assert without_names(numbered(module)) == without_names(module)
    assert b"reloc" not in without_names(module) and b"reloc" in module


def test_refused_modules_are_not_in_the_table() -> None:
    """Only their rows go; modules that ship and those without a function stay."""
    rows = {
        "array": "PyInit_array",
        "_sqlite3": "PyInit__sqlite3",
        "_socket": "PyInit__socket",
        "sys": "NULL",
        "_asyncio": "PyInit__asyncio",
    }
    text = "".join(f'    {{"{name}", {function}}},\n' for name, function in rows.items()) + "    {0, 0}\n"
    left = (
        '    {"array", PyInit_array},\n    {"_sqlite3", PyInit__sqlite3},\n    {"sys", NULL},\n    {0, 0}\n'
    )
    assert shipped_only(text) == left


def test_overlapping_data_go_together() -> None:
    """A byte stays as long as one of the symbols over it is in use."""
    program = Program([[], []], [[], []], [[0], []], [[]], [[]], [0, 1, 1], [])
    writer = _Writer(program, optimised=False)
    rows = writer.symbols()
    linked = writer.module()
    # The string of the first module, which the table holds, now covers the datum as well.
    place = b"\x02s0\x00" + leb(_STRINGS - BASE)
    whole = rows.replace(place + leb(8), place + leb(32))
    assert whole != rows
    changed = linked.replace(rows, whole)
    assert json.loads(document(linked, numbered(linked)))["parts"][0][2] == [_address(0), DATUM]
    assert json.loads(document(changed, numbered(linked)))["parts"][0][2] == []


@pytest.mark.parametrize("name", ["linking", "reloc.CODE", "reloc.DATA"])
def test_a_module_without_relocations_is_refused(name: str) -> None:
    """The message says which option the linker needs."""
    program = Program([[]], [[]], [[]], [[]], [[]], [0, 0, 0], [])
    module = _Writer(program, optimised=False).module()
    renamed = module.replace(_name(name), _name("x" * len(name)))
    with pytest.raises(BuildFault, match="the linker wrote no") as fault:
        document(renamed, numbered(module))
    assert "--emit-relocs" in str(fault.value)


def test_data_that_the_optimiser_changed_are_refused() -> None:
    """Addresses would not mean the same."""
    program = Program([[]], [[]], [[]], [[0]], [[]], [0, 0, 0], [])
    module = _Writer(program, optimised=False).module()
    with pytest.raises(BuildFault, match="changed the static data"):
        document(module, numbered(module.replace(b"second", b"SECOND")))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (b"\0\x10\x05\x0b", {5}),
        (b"\x01\x02\x7f\x12\x81\x01\x0b", {129}),
        (b"\0\x41\x10\x42\x90\x7f\x43\x10\x10\x10\x10\x44" + b"\x10" * 8 + b"\x0b", set()),
        (
            b"\0\x02\x40\x0e\x02\x10\x10\x10\x0b\x28\x02\x10\xfc\x0a\0\0\xd2\x07\x1c\x01\x7f\x11\x10\0\x0b",
            {7},
        ),
        (b"\0\xfc\x08\x10\0\xfc\x01\xfc\x0b\0\x10\x03\x0b", {3}),
    ],
)
def test_names_of_functions_in_code(code: bytes, found: set[int]) -> None:
    """Bytes that only look like calls are none."""
    assert named_functions(code, 0, len(code)) == found


@pytest.mark.parametrize("code", [b"\0\x06\x0b", b"\0\xfc\x7f\x0b", b"\0\x44\x0b"])
def test_unknown_code_is_refused(code: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(BuildFault):
        named_functions(code, 0, len(code))

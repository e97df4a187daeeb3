"""``--stdlib=used``: what is left out of the runtime's code and data, and that nothing else changes."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import basilisk.build.leftout as leftout
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.runtime import Found, Runtime, load
from basilisk.runtime.removable import Part, Removable
from basilisk.wasm.module import Module, SectionId
from basilisk.wasm.sections import Kind, constant_bits, read_data, read_exports
from tests.packages import canisters
from tools.reachability.binary import WasmBinary
from tools.reachability.calls import named_functions

ANYONE = Principal.anonymous()

PROGRAM = """
import importlib, json, sys
from importlib.machinery import BuiltinImporter
from basilisk import query, text
{imports}

def late(name: str) -> str:
    {late}
    return ""

@query
def work() -> text:
    return json.dumps({work})

@query
def attempt(name: text) -> text:
    try:
        return "module " + importlib.import_module(name).__name__
    except ImportError as error:
        return f"{{type(error).__name__}}: {{error}}"

@query
def past_the_finders(name: text) -> text:
    return str(BuiltinImporter.find_spec(name))
"""

#: Imports at the top, a function's body, an expression, modules that are there, modules that are not.
PROGRAMS: dict[str, tuple[str, str, str, list[str], list[str]]] = {
    "nothing": (
        "",
        "pass",
        "[1]",
        [],
        ["_sqlite3", "_decimal", "unicodedata", "pyexpat", "_codecs_jp", "math"],
    ),
    "late": (
        "",
        "import sqlite3, decimal; return str(sqlite3.connect(':memory:').execute('select 6*7').fetchone())"
        " + str(decimal.Decimal(1) / 7)",
        "late('')",
        ["_sqlite3", "_decimal"],
        ["unicodedata", "pyexpat", "_codecs_jp"],
    ),
    "texts": (
        "import unicodedata, re",
        "return unicodedata.name('ä') + re.sub('(?P<a>x)', r'\\\\g<a>y', 'axb')",
        "[late(''), 'grüß'.encode('shift_jis', 'replace').hex(), 'ア'.encode('euc_jp').hex()]",
        ["unicodedata", "_codecs_jp", "_multibytecodec"],
        ["_sqlite3", "_decimal", "pyexpat", "_codecs_kr"],
    ),
    "many": (
        "import datetime, hashlib, pickle, random, statistics, csv, io, bz2, lzma, zlib, array, itertools",
        "import xml.etree.ElementTree as tree; return tree.fromstring('<a><b>c</b></a>').find('b').text",
        "[late(''), hashlib.sha3_256(b'x').hexdigest(), random.Random(5).random(),"
        " statistics.stdev([1, 2, 4]),"
        " len(pickle.dumps({1: int | str})),"
        " pickle.loads(pickle.dumps(datetime.date(2026, 1, 2))).isoformat(),"
        " datetime.datetime.strptime('3 May 2026', '%d %B %Y').isoformat(),"
        " bz2.decompress(bz2.compress(b'ab' * 99)).decode(),"
        " lzma.decompress(lzma.compress(b'c' * 9)).decode(),"
        " zlib.crc32(b'y'), list(csv.reader(['a,b'])), array.array('d', [1.5]).tobytes().hex()]",
        ["_elementtree", "pyexpat", "_sha3", "_random", "_lzma", "_bz2", "_pickle", "_datetime", "_csv"],
        ["_sqlite3", "_codecs_jp", "unicodedata"],
    ),
}


@pytest.fixture(scope="module")
def runtime(artefact: Found) -> Runtime:
    """The runtime, opened."""
    return load()


def _written(folder: Path, name: str) -> Path:
    imports, late, work, _, _ = PROGRAMS[name]
    folder.mkdir(parents=True)
    text = PROGRAM.format(imports=imports, late=late, work=work)
    (folder / "main.py").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_answers_are_those_of_the_full_library(artefact: Found, tmp_path: Path, name: str) -> None:
    """Imports at the top and within functions work; what is left out is refused with the cure."""
    _, _, _, there, absent = PROGRAMS[name]
    full = canisters.deployed(_written(tmp_path / "full", name))[0]
    used = canisters.deployed(_written(tmp_path / "used", name), stdlib="used")[0]
    assert used.call("work", [], ANYONE) == full.call("work", [], ANYONE)
    for module in there:
        assert used.call("attempt", [module], ANYONE) == [f"module {module}"]
    for module in absent:
        (text,) = used.call("attempt", [module], ANYONE)
        assert str(text).startswith(f"ModuleNotFoundError: module '{module}' was left out by --stdlib=used")
        assert "include in [tool.basilisk]" in str(text) and "--stdlib=full" in str(text)
        assert used.call("past_the_finders", [module], ANYONE) == ["None"]
        assert full.call("past_the_finders", [module], ANYONE) != ["None"]


ZONES = """
import zoneinfo
from basilisk import ic, nat64, query, text, update

HERE = zoneinfo.ZoneInfo("Europe/Zurich")

@query
def zones() -> nat64:
    return len(zoneinfo.available_timezones())

@update
async def seed() -> text:
    import random

    await ic.seed_random()
    return str(random.random() < 1)

@query
def encoded(encoding: text) -> text:
    try:
        return "ü".encode(encoding).hex()
    except LookupError as error:
        return str(error)

@query
def long(digits: nat64) -> text:
    import sys

    getattr(sys, "set_int_" + "max_str_digits")(0)
    try:
        return str(len(str(10**digits)))
    except ImportError as error:
        return str(error)
"""


def test_what_the_interpreter_asks_for_itself(artefact: Found, tmp_path: Path) -> None:
    """Files of zones, code of Basilisk's own, codecs, long numbers: they work, or the text says why not."""
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "main.py").write_text(ZONES, encoding="utf-8")
    canister = canisters.deployed(folder, stdlib="used")[0]
    (count,) = canister.call("zones", [], ANYONE)
    assert isinstance(count, int) and count > 500
    assert canister.call("seed", [], ANYONE) == ["True"]
    assert canister.call("encoded", ["latin-1"], ANYONE) == ["fc"]
    (text,) = canister.call("encoded", ["mac_iceland"], ANYONE)
    assert "unknown encoding: mac_iceland" in str(text) and "--stdlib=full" in str(text)
    assert "unknown encoding: none_such" in str(canister.call("encoded", ["none_such"], ANYONE)[0])
    assert canister.call("long", [4000], ANYONE) == ["4001"]
    (text,) = canister.call("long", [200_000], ANYONE)
    assert "_decimal" in str(text) and "--stdlib=full" in str(text)


def test_every_built_in_module_can_be_named(artefact: Found, tmp_path: Path, runtime: Runtime) -> None:
    """``include`` brings back each module that the profile would leave out; they are imported late here."""
    names = sorted(Removable.parse(runtime.removable).modules & _importable())
    folder = _written(tmp_path / "all", "nothing")
    text = "[tool.basilisk]\ninclude = " + json.dumps(names)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    used = canisters.deployed(folder, stdlib="used")[0]
    assert {name: used.call("attempt", [name], ANYONE) for name in names} == {
        name: [f"module {name}"] for name in names
    }


def _importable() -> set[str]:
    from basilisk.runtime.stdlib import BUILTIN_MODULES

    return set(BUILTIN_MODULES)


def test_a_function_that_runs_keeps_what_it_calls(runtime: Runtime) -> None:
    """For any choice of modules: no function that stays calls one that goes, but for what takes its place.

    What needs a function needs all that it calls, so each call leads to a part with at least its modules.
    """
    owners = {
        number: part.modules
        for part in Removable.parse(runtime.removable).parts
        for first, count in part.functions
        for number in range(first, first + count)
    }
    assert len(owners) > 4_000
    binary = WasmBinary(runtime.module)
    code = binary.section(int(SectionId.CODE))
    calls = 0
    for number, (start, end) in enumerate(binary.bodies(), binary.imported_functions):
        for called in named_functions(code, start, end):
            if called in owners:
                calls += 1
                assert number in owners and owners[number] <= owners[called], (number, called)
    assert calls > 5_000
    assert not owners.keys() & set(binary.exported_functions.values())


def test_parts_do_not_overlap(runtime: Runtime) -> None:
    """Each function and each byte belongs to one part, and all bytes lie in the runtime's static data."""
    parts = Removable.parse(runtime.removable).parts
    assert len({part.modules for part in parts}) == len(parts)
    layout = Module.parse(runtime.module)
    segments = [
        (constant_bits(item.offset) or 0, len(item.content))
        for item in read_data(layout.payload(SectionId.DATA))
        if item.offset is not None
    ]
    for rows in ([part.functions for part in parts], [part.data for part in parts]):
        runs = sorted(run for item in rows for run in item)
        assert all(first[0] + first[1] <= second[0] for first, second in pairwise(runs))
    for part in parts:
        for start, size in part.data:
            assert any(base <= start and start + size <= base + length for base, length in segments)


def test_the_module_differs_in_what_it_says(artefact: Found, tmp_path: Path, runtime: Runtime) -> None:
    """In the canister exactly the listed functions are stubs; all others are the runtime's, byte for byte."""
    folder = _written(tmp_path / "small", "nothing")
    canisters.deployed(folder, stdlib="used")
    linked = (folder / "out" / "small.wasm").read_bytes()
    before, after = WasmBinary(runtime.module), WasmBinary(linked)
    names = Removable.parse(runtime.removable).modules
    codes = before.section(int(SectionId.CODE)), after.section(int(SectionId.CODE))
    changed = {
        number
        for number, (old, new) in enumerate(
            zip(before.bodies(), after.bodies(), strict=True), before.imported_functions
        )
        if codes[0][slice(*old)] != codes[1][slice(*new)]
    }
    # Which modules went: those whose own functions changed.
    gone = {
        name
        for part in Removable.parse(runtime.removable).parts
        for name in part.modules
        if len(part.modules) == 1 and any(first in changed for first, _ in part.functions)
    }
    assert gone < names and {"_sqlite3", "_decimal", "unicodedata"} <= gone
    expected = {
        number
        for part in Removable.parse(runtime.removable).without(gone)
        for first, count in part.functions
        for number in range(first, first + count)
    }
    assert changed == expected
    instead = before.exported_functions["basilisk_left_out"]
    for number, (start, end) in enumerate(after.bodies(), after.imported_functions):
        if number in changed:
            assert named_functions(codes[1], start, end) == {instead}
            assert end - start < 8
    exported = {item.name for item in read_exports(after.section(7)) if item.kind is Kind.FUNCTION}
    assert "basilisk_left_out" not in exported


def test_the_same_bytes_again(artefact: Found, tmp_path: Path) -> None:
    """Two builds of one program in this profile give one module."""
    digests = set()
    for place in ("one", "two"):
        folder = _written(tmp_path / place / "same", "nothing")
        canisters.deployed(folder, stdlib="used")
        digests.add(hashlib.sha256((folder / "out" / "same.wasm.gz").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_code_that_is_missing_says_so(
    artefact: Found, tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the analysis wrong, the trap would name the profile and the cure."""
    entries = WasmBinary(runtime.module).exported_functions
    wrong = frozenset(entries[f"basilisk_method_{slot}"] for slot in range(9))
    whole = leftout.leave_out

    def too_much(removable: Removable, *rest: Any) -> leftout.LeftOut:
        result = whole(removable, *rest)
        return leftout.LeftOut(result.memory, result.functions | wrong, result.modules)

    monkeypatch.setattr(leftout, "leave_out", too_much)
    canister = canisters.deployed(_written(tmp_path / "wrong", "nothing"), stdlib="used")[0]
    with pytest.raises(CallRejected, match="left out, which is a mistake") as caught:
        canister.call("work", [], ANYONE)
    assert "--stdlib=full" in str(caught.value)


def test_parts_name_modules(runtime: Runtime) -> None:
    """The large ones are where they are expected."""
    parts = {part.modules: part for part in Removable.parse(runtime.removable).parts}

    def weight(name: str) -> tuple[int, int]:
        part: Part = parts[frozenset({name})]
        return sum(count for _, count in part.functions), sum(size for _, size in part.data)

    assert weight("_sqlite3")[0] > 1_000
    assert weight("unicodedata")[1] > 500_000
    assert weight("_codecs_jp")[1] > 150_000

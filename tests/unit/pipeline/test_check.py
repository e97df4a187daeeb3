"""The check stage: encodings, syntax errors, and where things stand in a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.check import check, encoding_problem, hints, read_source, try_facts, undecorated
from basilisk.build.facts import ClassFact, Facts, FunctionFact, ImportFact
from basilisk.errors import ProgramError

SOURCE = """\
from basilisk import query, update as change, Record
import basilisk as b

class User(Record):
    name: str
    age: "int"

@query
def get(who: str, *rest: int, flag=False) -> User:
    return {}

@change(guard=lambda: True)
async def put(user: User): ...

@b.init
def start() -> None:
    @query
    def inner() -> str: ...

class Service:
    @query
    def method(self) -> str: ...
"""


def facts(source: str) -> Facts:
    return check(source.encode(), "main.py")


def test_positions_are_those_of_the_annotations() -> None:
    """An error on a parameter or result can be shown exactly where the annotation stands."""
    get = facts(SOURCE).function("get")
    assert get is not None
    assert get.place == (9, 5)
    assert get.parameters == {"who": (9, 14), "rest": (9, 26), "flag": (9, 31)}
    assert get.result == (9, 46)
    user = facts(SOURCE).classes[0]
    assert (user.name, user.place, user.fields) == ("User", (4, 7), {"name": (5, 11), "age": (6, 10)})


def test_decorators_are_recognised_under_any_name() -> None:
    """A decorator counts by what it was imported from, not by what it is called."""
    found = {item.name: (item.decorator, item.nested) for item in facts(SOURCE).functions}
    assert found == {
        "get": ("query", ""),
        "put": ("update", ""),
        "start": ("init", ""),
        "start.<locals>.inner": ("query", "function"),
        "Service.method": ("query", "class"),
    }


def test_hints_name_decorators_without_effect() -> None:
    """A decorated nested function or method of a class is pointed out unless it became a method."""
    found = facts(SOURCE)
    assert [text.partition(": ")[0] for text in hints(found, "main.py", frozenset({"get"}))] == [
        "main.py:18:9",
        "main.py:22:9",
    ]
    assert hints(found, "main.py", frozenset({"inner", "method"})) == []


def test_functions_that_could_be_methods() -> None:
    """For a program without methods, fully annotated public functions are suggested."""
    source = "def a(x: int) -> int: ...\ndef b(x): ...\ndef _c() -> int: ...\n"
    assert undecorated(facts(source)) == ["a"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b as c", [("a.b", (), 0, False, False)]),
        ("from .. import x", [("", ("x",), 2, False, False)]),
        ("from a import *", [("a", (), 0, False, False)]),
        (
            "try:\n import a\nexcept ImportError:\n import b",
            [("a", (), 0, True, False), ("b", (), 0, True, False)],
        ),
        ("try:\n import a\nexcept (KeyError, ModuleNotFoundError): pass", [("a", (), 0, True, False)]),
        ("try:\n import a\nexcept KeyError:\n pass", [("a", (), 0, False, False)]),
        ("try:\n pass\nexcept ImportError:\n pass\nelse:\n import a", [("a", (), 0, False, False)]),
        ("from contextlib import suppress\nwith suppress(ImportError):\n import a", None),
        ("import sys\nif sys.x:\n import a\nimport b", None),
        ("if TYPE_CHECKING:\n import a\nelse:\n import b", [("b", (), 0, False, False)]),
        ("import typing as t\nif t.TYPE_CHECKING:\n import a", [("typing", (), 0, False, False)]),
        ("if __name__ == '__main__':\n import a", []),
        ("import importlib\nimportlib.import_module('a.b')", None),
        ("def f():\n import a", [("a", (), 0, False, False)]),
    ],
)
def test_imports(source: str, expected: list[tuple[object, ...]] | None) -> None:
    """Each import is known with what surrounds it; code that never runs in a canister does not count."""
    found = [(i.module, i.names, i.level, i.guarded, i.optional) for i in facts(source).imports]
    if expected is not None:
        assert found == expected
    elif "suppress" in source:
        assert found[1] == ("a", (), 0, True, False)
    elif "import_module" in source:
        assert found[1] == ("a.b", (), 0, True, True)
    else:
        assert found[1:] == [("a", (), 0, False, True), ("b", (), 0, False, False)]


@pytest.mark.parametrize(
    ("source", "line", "column", "part"),
    [
        ("def f(:\n  pass\n", 1, 7, "def f(:"),
        ("x = 1\ny = = 2\n", 2, 5, "y = = 2"),
        ("def f():\nreturn 1\n", 2, 1, "return 1"),
        ("é = 'unfinished\n", 1, 5, "é = 'unfinished"),
    ],
)
def test_syntax_errors_have_a_place(source: str, line: int, column: int, part: str) -> None:
    """A syntax error names file, line and column, shows the line, and says what to do."""
    with pytest.raises(ProgramError) as caught:
        facts(source)
    error = caught.value
    assert error.where is not None
    assert (error.where.file, error.where.line, error.where.column) == ("main.py", line, column)
    assert error.what.startswith("syntax error: ")
    assert error.remedy
    assert error.details is not None
    assert part in error.details
    assert error.details.splitlines()[1].index("^") == 4 + column - 1


def test_newer_syntax_than_the_host_python() -> None:
    """What the embedded Python 3.13 accepts is no error under an older Python."""
    facts("type Alias[T] = list[T]\nclass Box[T = int]: ...\nx = f'{'nested'}'\ntry: ...\nexcept* E: ...\n")


@pytest.mark.parametrize(
    ("data", "line", "column", "part"),
    [
        (b"x = 1\ny = '\xe4'\n", 2, 6, "0xe4"),
        (b"\xff\xfe", 1, 1, "0xff"),
        (b"# coding: latin-1\n", 1, 1, "latin-1"),
        (b"#!/bin/python\n# -*- coding: cp1252 -*-\n", 2, 1, "cp1252"),
        ("é\n\u20ac = '\0'".encode(), 2, 8, "null byte"),
    ],
)
def test_sources_that_are_not_utf8(tmp_path: Path, data: bytes, line: int, column: int, part: str) -> None:
    """The first wrong byte is named by line and column, counted in characters."""
    path = tmp_path / "main.py"
    path.write_bytes(data)
    with pytest.raises(ProgramError, match=part) as caught:
        read_source(path, "main.py")
    assert caught.value.where is not None
    found = (caught.value.where.line, caught.value.where.column)
    assert found == (line, column) or (part == "null byte" and found[0] == line)
    assert caught.value.remedy == "save it as UTF-8"


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfx = 1\n", b"# coding: utf-8\n", "ä".encode()])
def test_sources_that_are_utf8(data: bytes) -> None:
    """A byte order mark and a declaration of UTF-8 do no harm."""
    assert encoding_problem(data) is None
    check(data, "main.py")


def test_a_missing_file_is_a_program_error(tmp_path: Path) -> None:
    """An unreadable source names the file."""
    with pytest.raises(ProgramError, match="cannot be read") as caught:
        read_source(tmp_path / "no.py", "no.py")
    assert str(caught.value.where) == "no.py"


def test_packages_that_are_not_python_are_taken_as_they_are() -> None:
    """A template or a Python 2 file in an installed package stops no build."""
    assert try_facts(b"print 'hello'\n") == Facts()


def test_facts_are_stored_and_damaged_entries_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second check of a file reads the cache; a damaged entry is no error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = facts(SOURCE)
    (entry,) = (tmp_path / "basilisk" / "facts").rglob("*.json")
    with monkeypatch.context() as without:
        without.setattr("basilisk.build.visitor.facts_of", lambda *_: pytest.fail("parsed again"))
        assert facts(SOURCE) == first
    for damage in (b"", b"{}", b"[1]", entry.read_bytes()[:-20], b"\xff"):
        entry.write_bytes(damage)
        assert facts(SOURCE) == first


places = st.tuples(st.integers(0, 9999), st.integers(0, 9999))
names = st.text(max_size=8)
all_facts = st.builds(
    Facts,
    st.lists(
        st.builds(
            ImportFact,
            names,
            st.lists(names).map(tuple),
            st.integers(0, 9),
            places,
            st.booleans(),
            st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(
            FunctionFact,
            names,
            places,
            st.dictionaries(names, places, max_size=3),
            st.none() | places,
            st.none() | names,
            names,
            st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.builds(ClassFact, names, places, st.dictionaries(names, places, max_size=3)), max_size=3).map(
        tuple
    ),
)


@given(all_facts)
def test_facts_survive_json(value: Facts) -> None:
    """``from_json(to_json(f)) == f`` for all facts."""
    assert Facts.from_json(value.to_json()) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_the_check(data: bytes) -> None:
    """Any bytes are either checked or refused with a :class:`ProgramError`; nothing else escapes."""
    if encoding_problem(data) is None:
        try:
            check(data, "main.py")
        except ProgramError as error:
            assert error.where is not None

"""Errors of the guest get the place in the user's source that they are about."""

from __future__ import annotations

from typing import Any

import pytest

from basilisk.build.check import check
from basilisk.build.modules import Collection, ImportedBy, Module
from basilisk.build.problems import explain

MAIN = b"""\
from basilisk import query
import lib

@query
def get(who: str, what) -> dict:
    return {}

def could_be(x: int) -> int: ...
"""


def collection() -> Collection:
    modules = {
        "main": Module("main", "main.py", MAIN, True, facts=check(MAIN, "main.py")),
        "lib": Module("lib", "lib.py", b"import lib2", False),
        "lib2": Module("lib2", "lib2.so", b"", False, refused="lib2 is a native extension (lib2.so)"),
    }
    importers = {"lib": ImportedBy("main", (2, 8)), "lib2": ImportedBy("lib", (0, 0))}
    return Collection("main", modules, importers, "app/")


@pytest.mark.parametrize(
    ("error", "where"),
    [
        ({"function": "get", "parameter": "who", "file": "main.py"}, "app/main.py:5:14"),
        ({"function": "get", "parameter": "what"}, "app/main.py:5:19"),
        ({"function": "get", "parameter": "return"}, "app/main.py:5:28"),
        ({"function": "get"}, "app/main.py:5:5"),
        ({"function": "get", "line": 4}, "app/main.py:4"),
        ({"function": "get", "line": 5}, "app/main.py:5:5"),
        ({"file": "main.py", "line": 3, "column": 7}, "app/main.py:3:7"),
        ({"file": "lib.py", "line": 1}, "lib.py:1"),
        ({"file": "unknown.py"}, "app/main.py"),
        (
            {"traceback": 'File "main.py", line 2, in x\n  File "<stdlib>/y.py", line 9, in y\n'},
            "app/main.py:2",
        ),
        ({}, "app/main.py"),
    ],
)
def test_places(error: dict[str, Any], where: str) -> None:
    """What the guest does not know is taken from the check stage's facts."""
    assert str(explain({"kind": "annotation", "message": "no", **error}, collection()).where) == where


def test_refused_imports_name_the_way_to_them() -> None:
    """A native module deep in a package is reported at the user's import, with the steps between."""
    error = explain({"kind": "import", "message": "lib2 is a native extension (lib2.so)"}, collection())
    assert str(error.where) == "app/main.py:2:8"
    assert error.what == "lib2 cannot be imported in a canister"
    assert error.cause == "lib2 is a native extension (lib2.so)"
    assert error.details == "  main (line 2) imports lib imports lib2"


def test_programs_without_methods_hear_what_could_be_one() -> None:
    """Annotated functions without decorator are suggested."""
    error = explain({"kind": "no_method", "message": "no method"}, collection())
    assert "could_be" in str(error.cause)


@pytest.mark.parametrize(
    ("kind", "shown"), [("exception", True), ("import", True), ("annotation", False), ("refused", False)]
)
def test_tracebacks_are_shown_where_they_help(kind: str, shown: bool) -> None:
    """The program's own traceback is for exceptions; for other errors the place says it all."""
    error = explain({"kind": kind, "message": "x", "traceback": "Traceback: here\n"}, collection())
    assert error.details == ("Traceback: here" if shown else None)


def test_the_way_into_a_package_is_shown() -> None:
    """An error inside an installed package comes with the traceback that leads there."""
    found = {"kind": "refused", "message": "x", "file": "lib.py", "line": 1, "traceback": "Traceback: here"}
    error = explain(found, collection())
    assert str(error.where) == "lib.py:1"
    assert error.details == "Traceback: here"


@pytest.mark.parametrize("error", [{}, {"message": 5}, {"line": "x", "column": -1, "kind": None}])
def test_odd_reports_are_no_fault(error: dict[str, Any]) -> None:
    """Whatever the guest sends becomes a message."""
    assert explain(error, collection()).what

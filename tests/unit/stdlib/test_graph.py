"""Which modules of the library import which."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stdlib_bundler import graph, policy

SOURCE = b"""
import a, b.c
from . import near
from ..x import y
if TYPE_CHECKING:
    import typing_only
else:
    import at_run_time
if sys.platform == "win32":
    import windows
if __name__ == "__main__":
    import by_hand
def main():
    import command_line
def work(argument=default()):
    import lazily
    helper()
    def inner():
        import innermost
class Thing:
    import in_class
    def __repr__(self):
        import special
    def method(self):
        import by_method
def __getattr__(name):
    import on_access
importlib.import_module("literal")
"""


def test_parts_of_a_module() -> None:
    """Functions are parts of their own, special methods belong to their class, the rest is the top."""
    found = {part.name: part for part in graph.parts(SOURCE, "p.q.r", False)}
    top = {"a", "b.c", "p.q", "p.q.near", "p.x", "p.x.y", "at_run_time", "in_class", "on_access", "literal"}
    assert found[""].imports == top
    assert found["work"].imports == {"lazily", "innermost"}
    assert "helper" in found["work"].mentions and "default" in found[""].mentions
    assert found["Thing"].imports == {"special"}
    assert found["method"].imports == {"by_method"}
    assert set(found) == {"", "work", "Thing", "method"}


def test_a_package_is_its_own_parent() -> None:
    """Relative imports of a package start in it."""
    (top,) = graph.parts(b"from . import one\nfrom .two import three", "p.q", True)
    assert top.imports == {"p.q", "p.q.one", "p.q.two", "p.q.two.three"}


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="the library is that of CPython 3.13")
def test_the_document_speaks_of_modules_of_the_library_alone() -> None:
    """Every import it names is a module that ships, and every number a name."""
    import os

    content = json.loads(graph.document(Path(os.__file__).parent))
    known = set(content["modules"]) | policy.BUILT_IN
    for name, parts in content["modules"].items():
        for number, mentions, imports in parts:
            assert max([number, *mentions]) < len(content["names"])
            assert set(imports) <= known - {name}


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="the library is that of CPython 3.13")
def test_what_comes_to_pass_only_with_a_name() -> None:
    """Long texts of numbers need decimal, and only a program that raises the limit makes them."""
    import os

    content = json.loads(graph.document(Path(os.__file__).parent))
    names = content["names"]
    rows = {names[part[0]]: part for part in content["modules"]["_pylong"]}
    assert rows[""][2] == []
    called = {names[number] for number in rows["set_int_max_str_digits"][1]}
    assert called == {"int_from_string", "int_to_decimal_string"}
    assert "_decimal" in rows["int_to_decimal_string"][2]
    assert "re" in rows["str_to_int"][2]
    for module, conditions in graph.ONLY_IF.items():
        found = {names[part[0]] for part in content["modules"][module]}
        assert conditions.keys() <= found

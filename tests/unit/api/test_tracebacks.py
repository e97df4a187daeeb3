"""Texts of exceptions: layout, source lines, marks, limits."""

from __future__ import annotations

import importlib.util
import sys
import traceback

import pytest

from basilisk._guest.sources import locate
from basilisk._guest.tracebacks import format_exception


def raised(function) -> BaseException:
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("no exception")


def standard(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def without_marks(text: str) -> list[str]:
    return [line for line in text.splitlines() if set(line.strip()) - set("^~ ") or not line.strip()]


PROGRAM = """\
def simple():
    return {}["missing"]


def chained():
    try:
        simple()
    except KeyError as error:
        raise ValueError("outer") from error


def during():
    try:
        simple()
    except KeyError:
        int("x")


def hidden():
    try:
        simple()
    except KeyError:
        raise ValueError("alone") from None


class Custom(Exception):
    pass


def custom():
    raise Custom("text")


def empty():
    raise Custom


def assertion():
    assert 1 == 2, "numbers"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """PROGRAM as a module with a file, so that the standard library finds its source as well."""
    path = tmp_path_factory.mktemp("program") / "program_of_the_test.py"
    path.write_text(PROGRAM, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["simple", "chained", "during", "hidden", "custom", "empty", "assertion"])
def test_the_text_is_that_of_the_interpreter(program, name) -> None:
    """Compared with the standard library's, but for the marks under the line, which vary by version."""
    error = raised(getattr(program, name))
    error.__traceback__ = error.__traceback__.tb_next
    assert without_marks(format_exception(error)) == without_marks(standard(error))


def test_syntax_errors_are_shown_like_the_interpreter_does() -> None:
    error = raised(lambda: compile("x = (1,\ny = = 2\n", "user.py", "exec"))
    assert format_exception(error).splitlines()[-3:] == standard(error).splitlines()[-3:]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="positions within a line came with Python 3.11")
def test_the_part_of_the_line_is_marked(program) -> None:
    lines = format_exception(raised(program.simple)).splitlines()
    assert lines[-3:-1] == ['    return {}["missing"]', "           ^^^^^^^^^^^^^"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="came with Python 3.11")
def test_notes_and_groups() -> None:
    def group():
        inner = ValueError("a")
        inner.add_note("look here")
        raise ExceptionGroup("several", [inner, KeyError("b")])  # noqa: F821

    text = format_exception(raised(group))
    for part in ("ExceptionGroup: several", "ValueError: a", "look here", "KeyError: 'b'", "| "):
        assert part in text


def test_deep_recursion_stays_short() -> None:
    def dive():
        dive()

    text = format_exception(raised(dive))
    assert "RecursionError" in text and "... the same line again ..." in text and len(text) < 2_000


def test_long_stacks_and_texts_are_cut_in_the_middle() -> None:
    names = "".join(f"def f{i}():\n    f{i + 1}()\n" for i in range(200)) + "def f200():\n    1 / 0\n"
    namespace: dict = {}
    exec(compile(names, "many.py", "exec"), namespace)
    text = format_exception(raised(namespace["f0"]))
    assert "in f0" in text and "in f200" in text and "more calls ..." in text and "in f100" not in text

    def long():
        raise ValueError("x" * 100_000 + "end")

    text = format_exception(raised(long))
    assert len(text) < 13_000 and "characters left out" in text and text.endswith("end\n")


def test_an_exception_that_cannot_be_shown() -> None:
    class Bad(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def bad():
        raise Bad

    assert "<the exception's text could not be made>" in format_exception(raised(bad))


def test_cycles_of_causes_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert format_exception(first).count("ValueError") == 2


SOURCE = '''\
"""x"""
if True:
    @deco
    def f(a, b: int,
          größe: str, *rest: dict, key: list = 1) -> None:
        class Inner:
            field: nat
    def f(a): ...
async def g(): ...
class C(R):
    x: "T"
    def m(self, y): ...
'''


@pytest.mark.parametrize(
    ("name", "parameter", "first", "expected"),
    [
        ("f", None, 3, (4, 9)),
        ("f", "a", 3, (4, 11)),
        ("f", "b", 3, (4, 17)),
        ("f", "größe", 3, (5, 18)),
        ("f", "rest", 3, (5, 30)),
        ("f", "key", 3, (5, 41)),
        ("f", "return", 3, (5, 54)),
        ("f", "unknown", 3, (4, 9)),
        ("f", None, None, (8, 9)),
        ("f.<locals>.Inner", "field", None, (7, 20)),
        ("g", "return", None, (9, 11)),
        ("C", None, None, (10, 7)),
        ("C", "x", None, (11, 8)),
        ("C.m", "y", None, (12, 17)),
        ("nowhere", None, None, None),
    ],
)
def test_places_in_sources(name, parameter, first, expected) -> None:
    assert locate(SOURCE, name, parameter, first) == expected


def test_places_in_broken_sources_are_unknown() -> None:
    assert locate("def f(:", "f", None) is None

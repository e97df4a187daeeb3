"""Dropping columns keeps every line number."""

from __future__ import annotations

import ast
import json.decoder
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdlib_bundler.linetable import lines_only

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="the table has its form since 3.11")


def _all(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all(constant)


def _lines(code: types.CodeType) -> list[int | None]:
    lines: list[int | None] = []
    for start, end, line in code.co_lines():
        lines += [line] * ((end - start) // 2)
    return lines


def _check(code: types.CodeType) -> None:
    short = lines_only(code)
    for before, after in zip(_all(code), _all(short), strict=True):
        assert _lines(after) == _lines(before)
        assert len(after.co_linetable) <= len(before.co_linetable)
        assert all(column is None for _, _, column, _ in after.co_positions())


@pytest.mark.parametrize("module", [json.decoder, ast, types])
def test_library_code_keeps_its_lines(module: types.ModuleType) -> None:
    """Each instruction of real modules keeps its line, and no column is left."""
    path = Path(str(module.__file__))
    _check(compile(path.read_bytes(), "<stdlib>/x.py", "exec"))


_STATEMENT = st.sampled_from(
    [
        "x = 1",
        "y = [\n  x,\n\n  x]",
        "def f(a,\n   b):\n  return (a\n    + b)",
        "try:\n  x()\nexcept E:\n  pass\nfinally:\n  y",
        "with a as b:\n  c",
        "z = (lambda:\n 1)",
        "\n" * 70 + "far = away",
        "async def g():\n  async for i in j:\n    await k",
        "class C:\n  v: int = 3",
    ]
)


@given(st.lists(_STATEMENT, max_size=12))
def test_generated_code_keeps_its_lines(statements: list[str]) -> None:
    """For any sequence of statements, the line of each instruction survives."""
    _check(compile("\n".join(statements), "<stdlib>/x.py", "exec"))

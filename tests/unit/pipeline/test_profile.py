"""What ``--stdlib=used`` looks for in a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from basilisk.build import profile
from basilisk.build.guestfiles import guest_modules

_HAVE_A_REASON = {
    "__getattr__": "the name that is asked for starts with Stable or follows an import statement",
    "fire": "only once entropy is wanted, and then the module is in memory",
    "prepare": "a method of what Service and Canister make",
    "_payload": "only while a canister is built",
    "annotations_of": "only while a canister is built",
    "seed_by_itself": "the module is always in memory",
    "self_authenticating": "hashlib, see _HASHES",
}


def _late(tree: ast.AST, outer: str = "") -> Iterator[str]:
    """Names of the functions that import something while they run."""
    for node in ast.iter_child_nodes(tree):
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        name = outer or (node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else "")
        if outer and isinstance(node, ast.Import | ast.ImportFrom):
            yield outer
        yield from _late(node, name if inside or outer else "")


def test_functions_that_import_late_are_looked_for() -> None:
    """Each function of the public API that imports while it runs is known to the profile, or has a reason."""
    found = set()
    for name, row in guest_modules().items():
        if name.count(".") == 1 and not row["package"]:
            source = row["source"]
            assert isinstance(source, bytes)
            found |= set(_late(ast.parse(source)))
    assert {"seed_random", "candid_encode"} <= found
    assert found - profile._KEPT_WITH - _HAVE_A_REASON.keys() == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (rb'text = "\N{BULLET}"', True),
        (b"text.decode('unicode-escape')", True),
        (b"text.encode('ascii', errors='namereplace')", True),
        (b"n = N{2}", False),
    ],
)
def test_names_of_characters(source: bytes, found: bool) -> None:
    """What C code could look up in unicodedata."""
    assert bool(profile._NAMES_CHARACTERS.search(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"if x:\n    class A[T]: pass", True),
        (b"async def f[T](x: T): ...", True),
        (b"type Pair[T] = tuple[T, T]", True),
        (b"def f(x): return x[0]", False),
        (b"type(x)[0]", False),
    ],
)
def test_type_parameters(source: bytes, found: bool) -> None:
    """Statements for which the interpreter imports typing."""
    assert bool(profile._HAS_TYPE_PARAMETERS.search(source)) == found

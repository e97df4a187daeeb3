"""Compiles a module of the standard library to the bytes that go into the blob."""

from __future__ import annotations

import ast
import importlib.util
import marshal
import types

from stdlib_bundler.collect import Source
from stdlib_bundler.linetable import lines_only

__all__ = ["MAGIC_OF_3_13", "CompileFault", "compile_source", "fixed_point", "interpreter_fits"]

MAGIC_OF_3_13 = 3571  # Include/internal/pycore_magic_number.h of CPython 3.13


class CompileFault(Exception):
    """A module of the standard library does not compile."""


def interpreter_fits() -> bool:
    """Whether this interpreter writes byte code for CPython 3.13."""
    return int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little") == MAGIC_OF_3_13


def fixed_point(code: types.CodeType) -> bytes:
    """Marshal ``code`` so that the bytes do not depend on who else held references to its parts.

    ``marshal`` marks objects whose reference count is above one, and a fresh code object shares constants
    with the compiler's caches.  What has been loaded shares only what the bytes say, so a second round of
    dump and load reproduces itself.
    """
    data = marshal.dumps(code)
    while True:
        again = marshal.dumps(marshal.loads(data))
        if again == data:
            return data
        data = again


def without_docstrings(tree: ast.Module) -> ast.Module:
    """``tree`` without the docstrings of modules, classes and functions; the tree itself is changed.

    They are a fifth of the library and nobody reads them inside a canister.  CPython's own switch for this,
    ``-OO``, would drop assertions as well.
    """
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[:1]
            while node.body and _is_text(node.body[0]):
                del node.body[0]
            if not node.body and not isinstance(node, ast.Module):
                node.body.append(ast.copy_location(ast.Pass(), first[0]))
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def compile_source(source: Source) -> bytes:
    """The marshalled code object of one module: assertions kept, docstrings and columns dropped."""
    try:
        tree = without_docstrings(ast.parse(source.text, f"<stdlib>/{source.file}"))
        code = compile(tree, f"<stdlib>/{source.file}", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError) as error:
        raise CompileFault(f"{source.file} does not compile: {error}") from error
    return fixed_point(lines_only(code))

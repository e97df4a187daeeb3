"""The program that tests of files run in canisters: it obeys code."""

from __future__ import annotations

import textwrap

__all__ = ["PROGRAM", "source"]

PROGRAM = """
from basilisk import *


@update
def run(code: text) -> text:
    scope = {"ic": ic}
    exec(code, scope)
    return repr(scope.get("r"))


@query
def look(code: text) -> text:
    scope = {"ic": ic}
    exec(code, scope)
    return repr(scope.get("r"))


@update
def fail(code: text) -> text:
    try:
        exec(code, {"ic": ic})
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"
"""


def source(text: str, base: str = "") -> str:
    """Code for the program; ``BASE`` stands for a folder."""
    return textwrap.dedent(text).replace("BASE", base)

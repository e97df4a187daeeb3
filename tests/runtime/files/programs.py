"""The programs that tests of files run in canisters: they obey code."""

from __future__ import annotations

import textwrap

__all__ = ["PACKED_PROGRAM", "PROGRAM", "source"]

PROGRAM = """
from basilisk import *


@update
def run(code: text) -> text:
    scope = dict(globals())
    exec(code, scope)
    return repr(scope.get("r"))


@query
def look(code: text) -> text:
    scope = dict(globals())
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

#: The same, with files that are packed and a method that counts instructions.
PACKED_PROGRAM = f"""{PROGRAM}

import json
from pathlib import Path

HERE = Path(__file__).parent
AT_BUILD = json.loads((HERE / "data" / "numbers.json").read_text())
with open("words.txt", encoding="utf-8") as file:
    WORDS = file.read().split()


@update
def count(code: text) -> nat64:
    compiled = compile(code, "counted", "exec")
    before = ic.performance_counter(0)
    exec(compiled, {{}})
    return ic.performance_counter(0) - before
"""


def source(text: str, base: str = "") -> str:
    """Code for the programs; ``BASE`` stands for a folder."""
    return textwrap.dedent(text).replace("BASE", base)

"""Runs inside Python 3.13: loads the fuzz target, compiles the plans and hands over to libFuzzer.

On standard input comes a pickled pair: plans ``(nodes, roots)``, and libFuzzer's arguments.
"""

from __future__ import annotations

import ctypes
import gc
import pickle
import sys
from typing import Any


class Unsteady:
    """A record class that breaks a property, to see that this is found: no two instances are the same."""

    made = 0

    def __init__(self, x: int) -> None:
        Unsteady.made += 1
        self.x = Unsteady.made


def main(library: str) -> None:
    """Does not return when libFuzzer has something to do: it ends the process itself."""
    plans, arguments = pickle.load(sys.stdin.buffer)
    target = ctypes.PyDLL(library)
    target.codec_fuzz_add_plan.argtypes = [ctypes.py_object, ctypes.py_object]
    for nodes, roots in plans:
        if target.codec_fuzz_add_plan(nodes, roots):
            raise AssertionError(
                "a plan was refused"
            )  # pragma: no cover: ctypes raises the exception that is set
    # The collector would run at other moments in another process; what the codec makes has no cycles.
    gc.disable()
    target.codec_fuzz_run(len(arguments), _strings(arguments))


def _strings(arguments: list[str]) -> Any:
    array = (ctypes.c_char_p * (len(arguments) + 1))()
    array[:-1] = [argument.encode() for argument in arguments]
    return array

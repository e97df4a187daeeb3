"""Deep recursion ends in a Python exception, never in a stack overflow of the canister."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal

from .conftest import Deploy

ANYBODY = Principal.anonymous()

# Name → statements that recurse as deep as they are allowed to; DEPTH is far beyond every limit.
CASES = {
    "python_function": "def f(n):\n    return f(n + 1)\nf(0)",
    "repr": "repr(nested())",
    "equality": "nested() == nested()",
    "json_loads": "import json\njson.loads('[' * DEPTH + ']' * DEPTH)",
    "json_dumps": "import json\njson.dumps(nested())",
    "compile_attributes": "compile('a' + '.b' * DEPTH, 'x', 'eval')",
    "compile_minus": "compile('-' * DEPTH + '1', 'x', 'eval')",
    "compile_sums": "compile('+'.join(['1'] * DEPTH), 'x', 'eval')",
    "compile_conditions": "compile('1 if 1 else ' * DEPTH + '1', 'x', 'eval')",
    "compile_lambdas": "compile('lambda:' * DEPTH + '1', 'x', 'eval')",
    "compile_parentheses": "compile('(' * 190 + '1' + ')' * 190, 'x', 'eval')",
    "pickle": "import pickle\npickle.dumps(nested())",
    "regular_expression": "import re\nre.compile('(?:' * 3000 + ')' * 3000)",
    "repr_in_python": "class A:\n    def __repr__(self):\n        return repr(self)\nrepr(A())",
    "getattr_in_python": "class A:\n    def __getattr__(self, n):\n        return getattr(self, 'x')\nA().y",
    "sort_keys": "def f(x):\n    return sorted([1], key=f)\nf(1)",
    "eval": "def f():\n    return eval('f()', {'f': f})\nf()",
    "exec": "def f():\n    exec('class A:\\n    x = f()', {'f': f})\nf()",
    "calls": "class A:\n    def __call__(self):\n        return self()\nA()()",
    "generators": "def f():\n    yield from f()\nlist(f())",
    "isinstance": "t = int\nfor _ in range(DEPTH):\n    t = (t,)\nisinstance('', t)",
    "generic_aliases": "t = list[int]\nfor _ in range(DEPTH):\n    t = list[t]\nrepr(t)",
    "xml": "import xml.etree.ElementTree as E\nE.tostring(E.fromstring('<a>' * DEPTH + '</a>' * DEPTH))",
    "json_default": "import json\ndef f(o):\n    return json.dumps(object(), default=f)\nf(0)",
    "deallocation": "nested()",
}

PROGRAM = """
from basilisk import query, text

DEPTH = 100_000

def nested():
    value = []
    for _ in range(DEPTH):
        value = [value]
    return value

@query
def attempt(code: text, limit: int) -> text:
    import sys
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        exec(code, {"nested": nested, "DEPTH": DEPTH})
    except (RecursionError, MemoryError) as error:
        return type(error).__name__
    finally:
        sys.setrecursionlimit(before)
    return "fine"
"""


def test_recursion_in_c_ends_in_an_exception(deploy: Deploy) -> None:
    """With Python's own limit in force and with a limit that a program set out of the way."""
    canister = deploy(PROGRAM)
    trapped = []
    for name, code in CASES.items():
        for limit in (1000, 1_000_000):
            if name in ("python_function", "generators") and limit > 1000:
                continue  # Python frames live on the heap: the program gets the depth it asked for
            try:
                canister.call("attempt", [code, limit], ANYBODY)
            except CallRejected as rejected:
                trapped.append((name, limit, rejected.message[:200]))
    assert not trapped


def test_the_canister_works_on_after_deep_recursion(deploy: Deploy) -> None:
    """An exception at the deepest point leaves nothing broken."""
    canister = deploy(PROGRAM)
    for _ in range(3):
        assert canister.call("attempt", [CASES["repr"], 1000], ANYBODY) == ["RecursionError"]


@pytest.mark.parametrize("name", ["repr", "json_loads"])
def test_depth_that_programs_need_is_there(deploy: Deploy, name: str) -> None:
    """1,500 levels of nested data work."""
    canister = deploy(PROGRAM.replace("100_000", "1_500"))
    assert canister.call("attempt", [CASES[name], 1000], ANYBODY) == ["fine"]

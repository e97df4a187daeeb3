"""What stopped at a limit leaves no trace; what the network says about memory, and who is told."""

from __future__ import annotations

import pytest

from .attacked import ANYBODY, COMPLETE, Attacked, Program

FILL = "l = []\nwhile True: l.append(bytearray(10**8))"
#: Takes all memory there is, in ever smaller pieces, and then does something.
FULL = """
l = []
n = 10**9
while n > 4000:
    try: l.append(bytearray(n))
    except MemoryError: n //= 2
"""


@pytest.mark.parametrize(
    "code",
    [
        "import builtins\nbuiltins.mark = 1\nwhile True: pass",
        "import builtins\nbuiltins.mark = [[] for _ in range(10**5)]\nopen('/tmp/f', 'w').write('x')\n1 / 0",
        "import builtins\nbuiltins.mark = 1\nl = []\nwhile True: l.append({1: l})",
        "import os\nimport builtins\nbuiltins.mark = 1\nos.abort()",
        "import builtins, re\nbuiltins.mark = 1\nre.match('(a+)+b', 'a' * 50)",
    ],
    ids=["loop", "exception", "memory", "abort", "backtracking"],
)
def test_nothing_of_a_stopped_message_is_left(program: Program, code: str) -> None:
    """Byte for byte the heap of before, where nothing else may differ."""
    attacked = program.install(update_instructions=1_000_000_000)
    before = attacked.memory
    outcome = attacked.send("bare", code)
    assert outcome.kind != "reply"
    assert attacked.memory == before
    attacked.whole()


def test_the_limit_of_the_settings_stops_an_update(program: Program) -> None:
    """An update that grows beyond ``wasm_memory_limit`` is no MemoryError: the network ends it."""
    attacked = program.install(wasm_memory_limit=256 << 20)
    before = attacked.memory
    assert attacked.send("caught", FILL).kind == "memory limit"
    assert attacked.memory == before
    attacked.whole()


def test_blocks_of_two_gigabytes_are_refused(attacked: Attacked) -> None:
    """Without a single page of growth."""
    size = attacked.size
    for code in ("bytearray(2**31 - 1)", "'x' * (2**31 - 1)", "[0] * 2**29"):
        assert attacked.send("caught", code).exception == "MemoryError"
    assert attacked.size <= size + (1 << 20)
    attacked.whole()


def test_fixed_hashes_can_be_made_to_collide(attacked: Attacked) -> None:
    """Numbers collide by choice in every Python, and texts here as well, as the secret is known: what a
    stranger puts into a dict costs the square of its size.  The documentation says so."""
    spread = "d = {i: 1 for i in range(2000)}"
    equal = "p = 2**31 - 1\nd = {i * p: 1 for i in range(2000)}"
    attacked.send("caught", spread)
    cheap = attacked.canister.instructions
    attacked.send("caught", equal)
    assert attacked.canister.instructions > 20 * cheap


def test_hashes_of_texts_are_the_same_everywhere(program: Program) -> None:
    """The secret cannot change after a snapshot, so it is the same in each canister."""
    first, second = program.install(), program.install()
    code = "result = hash('stranger'), hash(b'stranger')"
    assert first.send("caught", code) == second.send("caught", code)


if COMPLETE:

    @pytest.mark.parametrize(
        "then",
        [
            "pass",
            "m = None\nwhile True: m = (m, m)",
            "d = {}\nwhile True: d[str(len(d))] = [d]",
            "for i in range(9000): compile('a' + '+a' * i, 'x', 'eval')",
            "import difflib, unittest, argparse, statistics",
            "import sqlite3\nsqlite3.connect(':memory:').execute('create table t(a)')",
            "m = []\nwhile True: m.append(type('A', (), {'f': len})())",
            "import zlib\nzlib.decompress(zlib.compress(bytes(10**6)))",
            "for i in range(1000): open('/tmp/f%d' % i, 'wb').write(bytes(10**4))",
            "import json\njson.loads('[' + '{\"a\":[1,2.5]},' * 10000 + '1]')",
            "import decimal\ndecimal.getcontext().prec = 10**5\ndecimal.Decimal(3) ** 10**5",
            "def f(n): return f(n - 1) if n else 1 / 0\ntry: f(500)\nfinally: del f",  # f would keep l
        ],
    )
    @pytest.mark.parametrize("method", ["asked", "bare", "caught"])
    def test_full_memory(program: Program, then: str, method: str) -> None:
        """All 4 GiB are taken, by queries, which have no other limit, and by updates that have none."""
        attacked = program.install(wasm_memory_limit=0)
        attacked.heap()  # finds the first chunk, which is easier than in a full heap
        outcome = attacked.send(method, FULL + then)
        assert outcome.kind in ("reply", "exception", "instruction limit")
        assert attacked.control() == attacked.fresh
        assert attacked.canister.call("check", [], ANYBODY) == [""]
        attacked.heap()

    def test_a_full_canister_says_so(program: Program) -> None:
        """What fills all memory and is kept stops neither small messages nor the error of large ones."""
        attacked = program.install(wasm_memory_limit=0)
        attacked.heap()
        keep = "import builtins\nbuiltins.kept = l = []\n"
        assert attacked.send("caught", keep + FULL.replace("l = []", "")).kind == "reply"
        for code in ("pass", "print('x' * 300)", "1 / 0", "import difflib", "open('/tmp/f', 'w').write('x')"):
            for method in ("asked", "bare"):
                assert attacked.send(method, code).exception in (
                    "fine", "MemoryError", "ZeroDivisionError", "ImportError", "OSError", "SystemError"
                )  # fmt: skip
        for method in ("asked", "caught", "bare"):
            long = attacked.send(method, "#" * 1_000_000)
            assert long.exception in ("out of memory", "MemoryError")
        attacked.heap()
        attacked.canister.call("release", [], ANYBODY)
        assert attacked.control() == attacked.fresh
        assert attacked.send("caught", "#" * 1_000_000).exception == "fine"

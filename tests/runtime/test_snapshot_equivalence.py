"""A snapshot changes nothing: init + call == init + snapshot + restore + call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basilisk.build.collect import collect
from basilisk.build.mailbox import Mailbox
from basilisk.build.preinit import BaseImage, base_image
from basilisk.build.project import resolve
from basilisk.candid.decoder import decode
from basilisk.candid.encoder import encode
from basilisk.candid.types import NAT, TEXT
from basilisk.engine import Instance, default_engine, refuse_all_but
from basilisk.runtime import Runtime, load
from basilisk.wasm.link import link
from basilisk.wasm.shell import Image, split

PAGE = 65_536
TIME = 1_700_000_000_000_000_000

# Statements that leave something in the heap.  `x` is the call's argument; at the top level it is a number.
STATEMENTS = (
    "items.append(x)",
    "table[str(x)] = items[:]",
    "table = {key: value for key, value in table.items() if len(key) > 1}",
    "total += x ** 7",
    "total = -total // 3",
    "words = f'{words}<{x:>6}>'[-300:]",
    "queue.append((x, Point(x, str(x))))",
    "queue.rotate(x % 5)",
    "seen ^= {x, x + 1, str(x)}",
    "things.append(lambda y, x=x: y * x)",
    "things[:] = things[-20:]",
    "total += sum(f(3) for f in things)",
    "total += next(numbers)",
    "items.sort(key=lambda value: -value % 7)",
    "words = re.sub(r'(\\d)(\\d)', r'\\2\\1', words)",
    "items = list(map(int, json.loads(json.dumps(items))))",
    "cached(x % 11)",
    "point = Point(x, 'p'); point.extra = point; del point",
    "total += int(Decimal(x).sqrt())",
    "table.clear()",
)

PROGRAM = """
import json
import re
from collections import deque
from decimal import Decimal
from functools import lru_cache

from basilisk import nat, text, update

class Point:
    def __init__(self, x, name):
        self.x = x
        self.name = name
    def __repr__(self):
        return f"Point({{self.x}}, {{self.name!r}})"

def count():
    n = 0
    while True:
        n += 1
        yield n

@lru_cache(maxsize=8)
def cached(n):
    return Point(n, "cached")

items, table, total, words = [], {{}}, 0, ""
queue, seen, things, numbers = deque(maxlen=9), set(), [], count()

for x in {starts}:
    {top}

@update
def step(x: nat) -> text:
    global items, table, total, words, queue, seen
    {body}
    return repr((items, table, total, words, queue, len(things), sorted(map(str, seen)), cached.cache_info()))
"""


@dataclass
class Machine:
    """An instance with enough of the System API for one update method."""

    instance: Instance
    argument: bytes = b""
    reply: bytes = b""

    @classmethod
    def start(cls, shell: bytes, image: Image) -> Machine:
        machine: Machine

        def read(address: int, length: int) -> bytes:
            return machine.instance.memory.read(address, length)

        def copy_argument(destination: int, offset: int, size: int) -> None:
            machine.instance.memory.write(destination, machine.argument[offset : offset + size])

        def append(address: int, length: int) -> None:
            machine.reply += read(address, length)

        engine = default_engine()
        imports = refuse_all_but(
            {
                "msg_arg_data_size": lambda: len(machine.argument),
                "msg_arg_data_copy": copy_argument,
                "msg_reply_data_append": append,
                "msg_reply": lambda: None,
                "time": lambda: TIME,
                "debug_print": lambda address, length: None,
            }
        )
        machine = cls(Instance(engine, engine.compile(shell), imports, image))
        return machine

    def call(self, function: int, argument: bytes) -> bytes:
        self.argument, self.reply = argument, b""
        self.instance.call(function)
        return self.reply

    def state(self) -> tuple[bytes, dict[int, int]]:
        memory = self.instance.memory
        return memory.read(0, memory.size), self.instance.globals()


class _Steps:
    """The machine as the mailbox sees it."""

    def __init__(self, machine: Machine, step: int) -> None:
        self.read = machine.instance.memory.read
        self.write = machine.instance.memory.write
        self._call = lambda: machine.call(step, b"")

    def step(self) -> None:
        self._call()


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return load()


@pytest.fixture(scope="module")
def base(runtime: Runtime) -> BaseImage:
    parts = split(runtime.module)
    return base_image(default_engine(), runtime, parts.shell, parts.image)


def _initialised(folder: Path, source: str, runtime: Runtime, base: BaseImage) -> Machine:
    """A machine that has imported the program, without any snapshot of it."""
    (folder / "main.py").write_text(source, encoding="utf-8")
    collection = collect(resolve(str(folder)), runtime.stdlib)
    parts = split(runtime.module)
    pages = len(base.memory) // PAGE
    image = replace(
        parts.image, memory_pages=pages, segments=((0, base.memory),), globals=base.globals, start=None
    )
    machine = Machine.start(parts.shell, image)
    step = parts.image.exports["basilisk_step"]
    mailbox = Mailbox(_Steps(machine, step), parts.image.constants["basilisk_mailbox"])
    mailbox.request({"op": "load", "modules": collection.request(), "data": {}})
    answer = mailbox.request(
        {"op": "call", "target": "basilisk._guest.start:build", "request": {"entry": collection.entry}}
    )
    assert answer["ok"], answer
    mailbox.seal()
    return machine


def _block(statements: Sequence[str], indent: int) -> str:
    return ("\n" + " " * indent).join(statements) or "pass"


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    top=st.lists(st.sampled_from(STATEMENTS), max_size=6),
    body=st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=6),
    starts=st.lists(st.integers(0, 10**6), max_size=3),
    calls=st.lists(st.integers(0, 10**30), min_size=1, max_size=4),
)
def test_a_snapshot_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    runtime: Runtime,
    base: BaseImage,
    top: list[str],
    body: list[str],
    starts: list[int],
    calls: list[int],
) -> None:
    """Property: replies, memory and globals after every call are those of the machine never snapshotted."""
    source = PROGRAM.format(starts=starts, top=_block(top, 4), body=_block(body, 4))
    direct = _initialised(tmp_path_factory.mktemp("program"), source, runtime, base)
    memory, globals_ = direct.state()
    canister = split(
        link(runtime.module, memory, globals_, {"canister_update step": "basilisk_method_0"}, {})
    )
    restored = Machine.start(canister.shell, canister.image)
    function = split(runtime.module).image.exports["basilisk_method_0"]
    assert canister.image.exports["canister_update step"] == function
    for number in calls:
        argument = encode([NAT], [number])
        first, second = direct.call(function, argument), restored.call(function, argument)
        assert first == second
        assert decode(first, [TEXT])
        assert direct.state() == restored.state()

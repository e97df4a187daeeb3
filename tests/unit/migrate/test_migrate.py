"""`basilisk migrate`: what it changes, and what it leaves because it might mean something else afterwards."""

from __future__ import annotations

from textwrap import dedent

import pytest

from basilisk.errors import ProgramError
from basilisk.migrate import migrate_sources, migrate_text

SERVICE = """
from kybra import Async, Canister, CanisterResult, Principal, ic, method, update

class Other(Canister):
    @method
    def get(self) -> bool: ...

other = Other(Principal.from_str("aaaaa-aa"))
"""
SERVICE_AFTER = """
from basilisk import Service, CallResult, Principal, ic, service_update, update

class Other(Service):
    @service_update
    def get(self) -> bool: ...

other = Other(Principal.from_str("aaaaa-aa"))
"""


def migrated(text: str) -> str:
    """The text after migration, which must be at its end: once more changes nothing."""
    new, _ = migrate_text(dedent(text))
    assert migrate_text(new)[0] == new
    return new


def remarks(text: str) -> list[str]:
    """What is said about a text, as ``line: words``, without the remark on ``@method``."""
    _, found = migrate_text(dedent(text))
    return [f"{item.line}: {item.text}" for item in found if "@method" not in item.text]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from kybra import query\n", "from basilisk import query\n"),
        ("import kybra\nx = kybra.nat\n", "import basilisk\nx = basilisk.nat\n"),
        ("import kybra as k\nx: k.opt[k.nat]\n", "import basilisk as k\nx: k.Opt[k.nat]\n"),
        ("from kybra import *\nx: opt[nat]\n", "from basilisk import *\nx: opt[nat]\n"),
        ("from kybra import opt, nat\nx: opt[nat]\n", "from basilisk import Opt, nat\nx: Opt[nat]\n"),
        ("from kybra import opt as o\nx: o[int]\n", "from basilisk import Opt as o\nx: o[int]\n"),
        ("from kybra import opt, Opt\nx: opt[Opt[int]]\n", "from basilisk import Opt\nx: Opt[Opt[int]]\n"),
        ("from kybra import opt\nx: 'opt[opt[T]]'\n", "from basilisk import Opt\nx: 'Opt[Opt[T]]'\n"),
        ("from kybra import int, nat\nx: int\n", "from basilisk import nat\nx: int\n"),
        ("from kybra import nat, int\nx: int\n", "from basilisk import nat\nx: int\n"),
        ("from kybra import int\nx: int\n", "x: int\n"),
        (
            "from kybra import (\n    manual,\n    int,\n)\n\ndef f() -> manual[int]: ...\n",
            "from basilisk import (\n    Manual,\n)\n\ndef f() -> Manual[int]: ...\n",
        ),
        (
            "from kybra.canisters.management import management_canister\n",
            "from basilisk.canisters.kybra_management import management_canister\n",
        ),
        # Names of their own stay.
        (
            "from kybra import nat\n\ndef f(opt: nat): return opt\n",
            "from basilisk import nat\n\ndef f(opt: nat): return opt\n",
        ),
        (
            "from kybra import opt\n\ndef f(opt: opt[int]): return opt\n",
            "from basilisk import Opt\n\ndef f(opt: Opt[int]): return opt\n",
        ),
        ("opt = 1\nCanister = opt\n", "opt = 1\nCanister = opt\n"),
        ("from .kybra import opt\nopt\n", "from .kybra import opt\nopt\n"),
        # No comment is lost.
        (
            "from kybra import (  # ours\n    int,  # all\n    nat,\n)\n",
            "from basilisk import (  # ours\n    int,  # all\n    nat,\n)\n",
        ),
    ],
)
def test_names(before: str, after: str) -> None:
    """Imports and what comes from them; bindings of the program's own are told apart."""
    assert migrated(before) == after


def test_a_method_becomes_a_coroutine() -> None:
    """`yield` waits for the result of a call: so does `await` with `.result()`; `.ok` is `.Ok` there."""
    before = """
        @update
        def ask(cycles: int) -> Async[bool]:
            # the other canister
            result: CanisterResult[bool] = yield other.get().with_cycles(cycles)
            if result.err is not None or "err" in result:
                return False
            again = (yield other.get())
            return result.ok and again["ok"] and (yield ic.call_raw(ic.id(), "x", b"")) is not None
        """
    after = """
        @update
        async def ask(cycles: int) -> bool:
            # the other canister
            result: CallResult[bool] = await other.get().with_cycles(cycles).result()
            if result.Err is not None or "Err" in result:
                return False
            again = (await other.get().result())
            return result.Ok and again["Ok"] and (await ic.call_raw(ic.id(), "x", b"").result()) is not None
        """
    assert migrated(SERVICE + dedent(before)) == SERVICE_AFTER + dedent(after)


def test_helpers_and_timers() -> None:
    """Functions that wait for each other change together; timers take both kinds."""
    before = """
        def helper() -> Async[bool]:
            r = yield other.get()
            return r.ok

        @update
        def first() -> Async[bool]:
            value = yield helper()
            ic.set_timer(5, second)
            ic.set_timer_interval(5, lambda: helper())
            return value

        def second():
            yield from helper()
        """
    after = """
        async def helper() -> bool:
            r = await other.get().result()
            return r.Ok

        @update
        async def first() -> bool:
            value = await helper()
            ic.set_timer(5, second)
            ic.set_timer_interval(5, lambda: helper())
            return value

        async def second():
            await helper()
        """
    assert migrated(SERVICE + dedent(before)).endswith(dedent(after))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (
            "@update\ndef f():\n    yield unknown()\n",
            "12: `f` stays a generator: `yield unknown()` is not known to wait",
        ),
        (
            "def f():\n    yield other.get()\nx = list(f())\n",
            "`f` is used at main.py:12 other than by waiting for it",
        ),
        ("def f():\n    yield other.get()\nx = f\n", "`f` is used at main.py:12 other than by waiting"),
        ("def f():\n    yield other.get()\nfor x in f(): pass\n", "`f` is used at main.py:12"),
        ("class C:\n    def f(self):\n        yield other.get()\n", "it is a method of a class"),
        ("@thing\ndef f():\n    yield other.get()\n", "a decorator may need a generator"),
        (
            "def f() -> Generator[int, None, None]:\n    yield other.get()\n",
            "declared as Generator[int, None, None]",
        ),
        ("def f():\n    yield other.get()\n    yield\n", "`yield` is not known to wait for a call"),
        ("def f():\n    yield other.get()\n    x = lambda: f()\n", "`f` is used at main.py:12"),
        (
            "def g():\n    yield 1\ndef f():\n    yield other.get()\n    yield from g()\n",
            "it waits for `g`, which stays",
        ),
        (
            "def g():\n    yield other.get()\ndef f():\n    yield from g()\n    yield 1\n",
            "`g` is used at main.py:13",
        ),
        ("@update\ndef f() -> Async[int]:\n    return 1\n", "11: `f` never waits, so its result is just int"),
        (
            "def f(other):\n    yield other.get()\n    yield ic.call_raw(1, 'x', b'')\n",
            "`yield other.get()` is not known",
        ),
    ],
)
def test_what_stays_a_generator(function: str, reason: str) -> None:
    """Whatever is not certain stays, and the reason is said with its line."""
    found = remarks(SERVICE + "\n" + function)
    assert any(reason in line for line in found), found
    new = migrated(SERVICE + "\n" + function)
    assert "yield" in new or "Async[int]" in new


def test_what_has_nothing_to_do_with_calls_is_not_mentioned() -> None:
    """Ordinary generators and other people's attributes stay without a word."""
    text = (
        SERVICE + "\ndef numbers():\n    yield 1\n\nresponse = fetch()\nprint(response.ok, list(numbers()))\n"
    )
    assert remarks(text) == []
    assert migrated(text).endswith("print(response.ok, list(numbers()))\n")


@pytest.mark.parametrize(
    ("text", "reason", "kept"),
    [
        (
            "from kybra import opt\nopt = 1\n",
            "`opt` stays: the program binds this name more than once",
            "import opt",
        ),
        (
            "from kybra import opt\nOpt = 1\nx: opt[int]\n",
            "`opt` stays: the program uses the name `Opt`",
            "x: opt[int]",
        ),
        (
            "from kybra import Canister\nfrom mine import Service\nx: Canister\n",
            "uses the name `Service`",
            "x: Canister",
        ),
        ("import kybra\nbasilisk = 1\nx: kybra.opt\n", "uses the name `basilisk` itself", "import kybra\n"),
        (
            "from kybra import inat64\n",
            "there is no name 'inat64', neither in kybra nor in basilisk",
            "inat64",
        ),
        (
            "from kybra import ic, update\n@update\ndef f():\n    r = yield ic.gather()\n    return r.ok\n",
            "`.ok` stays: it is not known to be the result of a call",
            "r.ok",
        ),
    ],
)
def test_names_that_stay(text: str, reason: str, kept: str) -> None:
    """A rename that would change something else is not made."""
    assert any(reason in line for line in remarks(text)), remarks(text)
    assert kept in migrated(text)


def test_match_takes_its_cases_along() -> None:
    """The keys of `match` are renamed when its subject is the result of a call, and only then."""
    text = SERVICE.replace("method,", "match, method,") + dedent(
        """
        @update
        def f() -> Async[bool]:
            result = yield other.get()
            variant = {"ok": 1}
            match(variant, {"ok": lambda _: 1})
            return match(result, {"ok": lambda v: v, "err": lambda _: False})
        """
    )
    new = migrated(text)
    assert 'match(result, {"Ok": lambda v: v, "Err": lambda _: False})' in new
    assert 'match(variant, {"ok": lambda _: 1})' in new


def test_several_files_are_one_program() -> None:
    """Services and helpers are known across files, and a use in another file holds a function back."""
    files = {
        "peers.py": SERVICE,
        "helpers.py": "from kybra import Async\nfrom peers import other\n\n"
        "def ask() -> Async[bool]:\n    return (yield other.get()).ok\n",
        "main.py": "from kybra import Async, update\nfrom helpers import ask\n\n@update\n"
        "def f() -> Async[bool]:\n    return (yield from ask())\n",
    }
    new, _ = migrate_sources(files)
    assert "async def ask() -> bool:\n    return (await other.get().result()).ok" in new["helpers.py"]
    assert "async def f() -> bool:\n    return (await ask())" in new["main.py"]
    files["third.py"] = "from helpers import ask\n\nnext(ask())\n"
    new, found = migrate_sources(files)
    assert new["third.py"] == files["third.py"]
    assert "yield from ask()" in new["main.py"] and "yield other.get()" in new["helpers.py"]
    assert any("`ask` is used at third.py:3" in item.text for item in found)


def test_programs_without_kybra_stay_byte_for_byte() -> None:
    """Nothing is touched in a program of today, even where it uses older names of its own."""
    text = "from basilisk import ic\nopt = {'ok': 1}\r\ndef f():\n\tyield opt.ok\n"
    assert migrate_text(text) == (text, [])


def test_a_syntax_error_is_refused_with_its_place() -> None:
    """What cannot be read cannot be rewritten."""
    with pytest.raises(ProgramError) as caught:
        migrate_text("from kybra import query\nx ===  1\n", "page.py")
    assert str(caught.value.where).startswith("page.py:2")

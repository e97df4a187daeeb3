"""Scripted sessions: what is parsed, what counts as a match, and how failures read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Argument, Environment, Func
from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.testing import script, session
from basilisk.testing.script import Call, ChangeCode, ExpectedReject, SwitchIdentity

INTERFACE = parse_did(
    """
    type Pair = record { left : nat; right : opt Pair };
    service : (nat) -> {
      echo : (Pair) -> (Pair) query;
      whoami : () -> (principal) query;
      count : () -> (nat64, float64) query;
      fail : (text) -> ();
    }
    """
)


@dataclass
class Fake:
    """A canister that answers from a table of Python functions."""

    principal: Principal = field(default_factory=lambda: Principal(b"\0\0\0\0\0\0\0\x07\x01\x01"))
    environment: Environment = field(default_factory=lambda: INTERFACE.environment)
    init_arguments: Sequence[Argument] = INTERFACE.init_args
    history: list[object] = field(default_factory=list)

    def method(self, name: str) -> Func | None:
        assert INTERFACE.service is not None
        found = dict(INTERFACE.service.methods).get(name)
        assert found is None or isinstance(found, Func)
        return found

    def change_code(self, mode: str, arguments: Sequence[object], sender: Principal) -> None:
        self.history.append((mode, tuple(arguments)))

    def call(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        self.history.append((name, tuple(arguments)))
        if name == "echo":
            return arguments
        if name == "whoami":
            return [sender]
        if name == "count":
            return [7, 0.5]
        raise CallRejected(5, f"Traceback: {arguments[0]}", "IC0503")


def _run(text: str, canister: Fake | None = None) -> int:
    return session.run(script.parse("@install (1)\n" + text, "s.txt"), canister or Fake())


def test_steps_are_read() -> None:
    """Comments and blank lines separate steps; indented lines continue them."""
    steps = script.parse(
        "# words\n@as alice\n@install (record {\n  a = 1 })\nget()\n  => (1,\n      2)\n\n"
        '"odd name"(\n  1)\n@upgrade\n'
        'bad()\n  => reject "say \\"no\\""\n'
    )
    assert [type(step) for step in steps] == [SwitchIdentity, ChangeCode, Call, Call, ChangeCode, Call]
    assert isinstance(steps[2], Call)
    assert steps[2].expected == "(1,\n      2)"
    assert steps[2].where.line == 5
    assert isinstance(steps[3], Call)
    assert (steps[3].method, steps[3].expected) == ("odd name", None)
    assert isinstance(steps[4], ChangeCode)
    assert (steps[4].mode, steps[4].arguments) == ("upgrade", "()")
    assert isinstance(steps[5], Call)
    assert steps[5].expected == ExpectedReject('say "no"')


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("  => (1)\n", 1, "continues no step"),
        ("\nget\n", 2, "not a call"),
        ("get()\n  => 5\n", 1, "neither"),
        ("@fly\n", 1, "unknown directive @fly"),
        ("@as two words\n", 1, "identity"),
        ("@install 5\n", 1, "parentheses"),
    ],
)
def test_what_is_not_understood_is_located(text: str, line: int, words: str) -> None:
    """A mistake in a session names its line."""
    with pytest.raises(UsageError, match=words) as caught:
        script.parse(text, "s.txt")
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("s.txt", line)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """No text makes the parser fail in another way than UsageError."""
    try:
        steps = script.parse(text)
    except UsageError:
        return
    assert all(step.where.line for step in steps)


def test_a_session_that_holds() -> None:
    """Values are compared by their types: notation and order of fields do not matter."""
    canister = Fake()
    calls = _run(
        "echo(record { left = 1; right = opt record { right = null; left = 1_000 } })\n"
        "  => (record { right = opt record { left = 1000; right = null }; left = 1 : nat })\n"
        "count()\n  => (7 : nat64, 0.5)\n"
        "count()\n  => (_, 0.5)\n"
        '@as alice\nwhoami()\n  => (principal "${alice}")\n'
        '@as anonymous\nwhoami()\n  => (principal "2vxsx-fae")\n'
        "@upgrade (2)\n"
        'fail("for ${canister}")\n  => reject "for 5h5yf"\n'.replace("5h5yf", str(canister.principal)),
        canister,
    )
    assert calls == 6
    assert canister.history[0] == ("install", (1,))
    assert ("upgrade", (2,)) in canister.history


def test_the_canister_is_installed_first() -> None:
    """A session that does not install begins with an installation without arguments."""
    canister = Fake(init_arguments=())
    session.run(script.parse("whoami()\n"), canister)
    assert canister.history[0] == ("install", ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("count()\n  => (8 : nat64, 0.5)\n", "count replied something else"),
        ("count()\n  => (7 : nat64, 0.25)\n", "count replied something else"),
        ("echo(record { left = 1; right = null })\n  => (record { left = 2; right = null })\n", "else"),
        ('fail("x")\n  => ()\n', "fail was rejected"),
        ('fail("x")\n  => reject "y"\n', "another reason"),
        ('count()\n  => reject "y"\n', "expected to reject"),
    ],
)
def test_a_session_that_does_not_hold(text: str, words: str) -> None:
    """The first call that answers otherwise ends the session and is located."""
    with pytest.raises(session.SessionFailed, match=words) as caught:
        _run(text)
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_mistakes_in_calls_are_reported() -> None:
    """A method or an argument that the interface does not know is the session's mistake."""
    with pytest.raises(UsageError, match="no method 'fly'"):
        _run("fly()\n")
    with pytest.raises(Exception, match=r"s\.txt:2"):
        _run("echo(5)\n")


def test_identities_are_stable() -> None:
    """The same name is the same principal everywhere; different names differ."""
    assert session.identity("anonymous") == Principal.anonymous()
    assert session.identity("alice") == session.identity("alice")
    assert session.identity("alice") != session.identity("bob")
    assert len(session.identity("alice").bytes) == 29

"""Calls written as words of a command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.candid import parse_did, parse_values
from basilisk.candid.types import Func
from basilisk.cli.words import calls_of_line, calls_of_words
from basilisk.errors import UsageError

INTERFACE = parse_did(
    """
    type Name = text;
    service : {
      get : () -> (nat) query;
      greet : (Name) -> (text);
      put : (text, nat) -> ();
      send : (principal, opt nat) -> ();
    }
    """
)
assert INTERFACE.service is not None
METHODS = dict(INTERFACE.service.methods)


def method(name: str) -> Func:
    found = METHODS.get(name)
    if not isinstance(found, Func):
        raise UsageError(f"no method {name}")
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["get"], [("get", "()")]),
        (["get", "get"], [("get", "()"), ("get", "()")]),
        (["get", "()"], [("get", "()")]),
        (["greet", '("World")'], [("greet", '("World")')]),
        (["greet", "World"], [("greet", '("World")')]),
        (["greet", '"World"'], [("greet", '("World")')]),
        (["greet", 'a "b" \\ c'], [("greet", '("a \\"b\\" \\\\ c")')]),
        (["put", "a", "5", "get"], [("put", '("a", 5)'), ("get", "()")]),
        (['greet("World")', "get"], [("greet", '("World")'), ("get", "()")]),
        (["send", "aaaaa-aa", "opt 5"], [("send", '(principal "aaaaa-aa", opt 5)')]),
    ],
)
def test_words(words: list[str], expected: list[tuple[str, str]]) -> None:
    """A method takes one word in parentheses, or as many words as it has arguments."""
    assert calls_of_words(words, method, INTERFACE.environment) == expected


def test_too_few_words() -> None:
    """The message says how many arguments there are."""
    with pytest.raises(UsageError, match="put takes 2 arguments, 1 given"):
        calls_of_words(["put", "a"], method, INTERFACE.environment)


def test_unknown_method() -> None:
    """Unknown names are the caller's to explain."""
    with pytest.raises(UsageError, match="no method hello"):
        calls_of_words(["hello"], method, INTERFACE.environment)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('greet("World")', [("greet", '("World")')]),
        ('  greet ( "a b" ) ', [("greet", '( "a b" )')]),
        ("greet 'a b'", [("greet", '("a b")')]),
        ("get", [("get", "()")]),
        ("put a 5", [("put", '("a", 5)')]),
    ],
)
def test_lines(line: str, expected: list[tuple[str, str]]) -> None:
    """At the prompt both Python's form and the shell's are understood."""
    assert calls_of_line(line, method, INTERFACE.environment) == expected


def test_lines_that_are_no_words() -> None:
    """An open quotation mark is explained."""
    with pytest.raises(UsageError, match="cannot be split"):
        calls_of_line("greet 'World", method, INTERFACE.environment)


@given(st.text(max_size=30).filter(lambda text: not text.startswith(("(", '"')) and "\0" not in text))
def test_any_text_can_be_given_as_a_word(text: str) -> None:
    """A word for a text argument arrives as exactly that text."""
    ((name, arguments),) = calls_of_words(["greet", text], method, INTERFACE.environment)
    assert name == "greet"
    assert parse_values(arguments, method("greet").args, INTERFACE.environment) == [text]

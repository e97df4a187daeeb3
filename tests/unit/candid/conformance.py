"""Reads the test files of the Candid conformance suite (``*.test.did``).

Their grammar: type definitions, then ``assert INPUT (: | !:) TYPES [TEXT]`` or
``assert INPUT (== | !=) INPUT : TYPES [TEXT]`` where INPUT is a text value or ``blob "..."`` with a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from basilisk.candid.did_parser import TypeParser
from basilisk.candid.lexer import Source, TokenStream
from basilisk.candid.trampoline import run
from basilisk.candid.types import Argument, Environment

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "conformance" / "candid"


@dataclass(frozen=True)
class Input:
    """A message (bytes) or a text."""

    data: bytes
    is_text: bool


@dataclass(frozen=True)
class Assertion:
    """``operator`` is one of ``:``, ``!:``, ``==``, ``!=``; the last two have a ``right`` side."""

    left: Input
    operator: str
    right: Input | None
    types: tuple[Argument, ...]
    environment: Environment
    name: str


def read_suite(path: Path) -> list[Assertion]:
    """All assertions of a file."""
    tokens = TokenStream(Source(path.read_text(encoding="utf-8"), path.name))
    parser = TypeParser(tokens)
    environment: Environment = {}
    assertions: list[Assertion] = []
    while tokens.current.kind != "end":
        if tokens.accept("type"):
            name = tokens.name("of a type")
            tokens.expect("=", "in a definition")
            environment[name] = run(parser.type_())
        else:
            assertions.append(_assertion(tokens, parser, environment))
        tokens.expect(";", "after a statement")
    parser.check_names(environment)
    return assertions


def _assertion(tokens: TokenStream, parser: TypeParser, environment: Environment) -> Assertion:
    line = tokens.source.location(tokens.expect("assert", "or a definition").offset).line
    left = _input(tokens)
    operator = str(tokens.next().value)
    right = None
    if operator in ("==", "!="):
        right = _input(tokens)
        tokens.expect(":", "before the types")
    types = run(parser.arguments())
    name = tokens.text_of(tokens.next()) if tokens.current.kind == "text" else ""
    return Assertion(left, operator, right, types, environment, f"{line} {name}")


def _input(tokens: TokenStream) -> Input:
    is_text = not tokens.accept("blob")
    value = tokens.next().value
    assert isinstance(value, bytes)
    return Input(value, is_text)

"""Docstrings become the comments of the interface."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk._guest.docstrings import clean_docstring
from basilisk.candid.did_parser import parse_did

LINES = st.lists(st.sampled_from(["", "  ", "word", "    deep", "\tx", "  two words "]), max_size=6)


@given(LINES)
def test_it_cleans_as_inspect_does(lines: list[str]) -> None:
    """Property: the result is that of inspect.cleandoc but for blanks at line ends."""
    text = "\n".join(lines)
    wanted = "\n".join(line.rstrip() for line in inspect.cleandoc(text).split("\n")).strip("\n")
    assert clean_docstring(text) == wanted


def test_what_is_no_text_is_no_docstring() -> None:
    """A __doc__ may be anything."""
    assert clean_docstring(None) == ""
    assert clean_docstring(7) == ""


def test_methods_and_service_carry_their_docstrings(guest: Any) -> None:
    """Hidden methods stay out; the text is still the same interface."""
    answer = guest.build(
        '"""A greeter.\n\nIt greets."""\n'
        "from basilisk import query\n\n"
        "@query\ndef greet(name: str) -> str:\n"
        '    """Says hello.\n\n    In English."""\n    return name\n\n'
        "@query\ndef plain() -> str:\n    return ''\n\n"
        '@query(hidden=True)\ndef secret() -> str:\n    """Nobody knows."""\n    return \'\'\n'
    )
    text = answer["did"]
    assert "// A greeter.\n//\n// It greets.\nservice" in text
    assert "  // Says hello.\n  //\n  // In English.\n  greet : (name : text) -> (text) query;" in text
    assert "Nobody" not in text
    bare = "service : { greet : (name : text) -> (text) query; plain : () -> (text) query }"
    assert parse_did(text) == parse_did(bare)


@pytest.mark.parametrize(
    "declaration",
    [
        'class Item(Record):\n    """What is sold."""\n    x: nat\n',
        '@dataclass\nclass Item:\n    """What is sold."""\n    x: nat\n',
        'class Item(NamedTuple):\n    """What is sold."""\n    x: nat\n',
        'class Item(TypedDict):\n    """What is sold."""\n    x: nat\n',
        'class Item(Enum):\n    """What is sold."""\n    X = 1\n',
        'class Item(Variant):\n    """What is sold."""\n    X: null\n',
        'class Item(Service):\n    """What is sold."""\n',
    ],
)
def test_types_carry_the_docstrings_of_their_classes(guest: Any, declaration: str) -> None:
    """Each kind of class; what dataclass and NamedTuple write by themselves is no comment."""
    head = (
        "from basilisk import *\nfrom dataclasses import dataclass\nfrom enum import Enum\n"
        "from typing import NamedTuple, TypedDict\n"
    )
    method = "@query\ndef f(x: Item) -> Opt[Item]:\n    return x\n"
    assert guest.build(head + declaration + method)["did"].startswith("// What is sold.\ntype Item = ")
    if "Enum" in declaration and sys.version_info < (3, 11):
        return  # up to Python 3.10 an enumeration without a docstring gets one; the canister runs 3.13
    bare = declaration.replace(
        '    """What is sold."""\n', "" if "Service" not in declaration else "    pass\n"
    )
    assert guest.build(head + bare + method)["did"].startswith("type Item = ")

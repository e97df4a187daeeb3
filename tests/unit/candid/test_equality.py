"""Equality of types: structure counts, names do not."""

from __future__ import annotations

import pytest

from basilisk import candid

ENVIRONMENT = candid.parse_did(
    "type List = opt record { head : nat; tail : List };"
    "type Twice = opt record { head : nat; tail : opt record { head : nat; tail : Twice } };"
    "type Other = opt record { head : nat; tail : opt record { head : int; tail : Other } };"
).environment


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("nat", "nat", True),
        ("nat", "int", False),
        ("blob", "vec nat8", True),
        ("record { nat; text }", "record { 1 : text; 0 : nat }", True),
        ("record { a : nat }", "record { 97 : nat }", True),
        ("record {}", "record { a : opt nat }", False),
        ("record { nat }", "variant { 0 : nat }", False),
        ("opt nat", "vec nat", False),
        ("func (a : nat) -> () query", "func (b : nat) -> () query", True),
        ("func (nat) -> () query", "func (nat) -> ()", False),
        ("func (nat) -> ()", "func () -> (nat)", False),
        ("func (nat) -> ()", "func (nat, opt nat) -> ()", False),
        ("service { a : () -> () }", "service { b : () -> () }", False),
        ("service {}", "principal", False),
        ("List", "Twice", True),
        ("List", "Other", False),
        ("vec List", "vec opt record { tail : Twice; head : nat }", True),
    ],
)
def test_equality(left: str, right: str, same: bool) -> None:
    """In both directions, through recursion."""
    one, other = (candid.parse_type(text, environment=ENVIRONMENT) for text in (left, right))
    assert candid.same_type(one, other, ENVIRONMENT) is same
    assert candid.same_type(other, one, ENVIRONMENT) is same

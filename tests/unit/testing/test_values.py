"""Records and variants of replies, and what may be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import Case, Principal, null
from basilisk.candid.types import INT, NAT, TEXT, Field, Opt, Record, Ref, Type, Variant, Vec, field_id
from basilisk.candid.values import Some
from basilisk.testing import Canister, RecordValue, VariantValue
from basilisk.testing.values import present, send_form


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)
    parent: Principal | None = None


def test_a_record_has_keys_and_attributes(canister: Canister) -> None:
    """Nested and recursive records, and equality with plain dicts."""
    tree = canister.echo_tree({"value": 1, "children": [{"value": 2, "children": []}]})
    assert tree.children[0].value == tree["children"][0]["value"] == 2
    assert tree.parent is None
    assert tree.children[0] == {"value": 2, "children": [], "parent": None}
    with pytest.raises(AttributeError, match=r"no field 'left'; its fields: .*value"):
        _ = tree.left


def test_a_dataclass_is_a_record(canister: Canister) -> None:
    """Nested instances as well; a canister stands for its principal."""
    tree = canister.echo_tree(Tree(1, [Tree(2)], canister.canister_id))
    assert tree == {
        "value": 1,
        "parent": canister.canister_id,
        "children": [{"value": 2, "children": [], "parent": None}],
    }
    assert canister.echo_tree({"value": 1, "children": [], "parent": canister}).parent == canister.canister_id


class circle(Case[float]):
    """A case of the canister's shape."""


class Quad(Case[Any], name="square"):
    """One that has another name in Python."""


class empty(Case[null]):
    """One without a value."""


def test_a_case_is_a_variant(canister: Canister) -> None:
    """Under its name in Candid, alone and within others; what it holds is made ready as well."""
    shapes = [circle(1.5), Quad({"side": 2, "tags": ["a"]}), empty()]
    assert canister.echo_shapes(shapes) == [
        {"circle": 1.5},
        {"square": {"side": 2, "tags": ["a"]}},
        {"empty": None},
    ]
    assert send_form({"a": (circle(Tree(1)),)}) == {
        "a": ({"circle": {"value": 1, "children": [], "parent": None}},)
    }


def test_a_variant_knows_its_alternative(canister: Canister) -> None:
    """Tag, value, attribute, pattern; a wrong alternative says which it is."""
    circle, square, empty = canister.echo_shapes(
        [{"circle": 1.5}, {"square": {"side": 2, "tags": ["a"]}}, {"empty": None}]
    )
    assert (circle.tag, circle.value, circle.circle) == ("circle", 1.5, 1.5)
    assert square.square.tags == ["a"]
    assert empty == {"empty": None}
    with pytest.raises(AttributeError, match=r"the variant is \{'circle': 1.5\}, not 'square'"):
        _ = circle.square


def test_tuples_and_several_results(canister: Canister) -> None:
    """Records without names are tuples, and so are several results; no result is None."""
    assert canister.echo_pair((7, "x")) == (7, "x")
    assert canister.echo_two(5, {"value": 1, "children": []})[1].value == 1
    assert canister.echo_two(5, None) == (5, None)
    assert canister.nothing() is None


def test_a_method_is_a_reference(canister: Canister) -> None:
    """Where a func is expected, a canister's method can be sent."""
    assert canister.echo_callback(canister.nothing) == (canister.canister_id, "nothing")


def test_depth_is_no_limit(canister: Canister) -> None:
    """Values that are nested deeper than Python's stack."""
    tree: object = {"value": 0, "children": []}
    for _ in range(3_000):
        tree = {"value": 1, "children": [tree]}
    reply = canister.echo_tree(tree)
    depth = 0
    while reply.children:
        reply, depth = reply.children[0], depth + 1
    assert depth == 3_000


def _types() -> st.SearchStrategy[tuple[Type, st.SearchStrategy[object]]]:
    """Types, each with its values."""
    leaves = st.sampled_from([(TEXT, st.text(max_size=3)), (INT, st.integers()), (NAT, st.integers(0))])

    def extend(inner: st.SearchStrategy[tuple[Type, st.SearchStrategy[object]]]) -> st.SearchStrategy[object]:
        names = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)

        def fields(parts: tuple[tuple[str, tuple[Type, object]], ...]) -> tuple[Field, ...]:
            made = [Field(field_id(name), name, type_) for name, (type_, _) in parts]
            return tuple(sorted(made, key=lambda item: item.id))

        parts = names.flatmap(lambda found: st.tuples(*(st.tuples(st.just(name), inner) for name in found)))
        return st.one_of(
            inner.map(lambda item: (Vec(item[0]), st.lists(item[1], max_size=3))),
            inner.filter(lambda item: not isinstance(item[0], Opt)).map(
                lambda item: (Opt(item[0]), st.none() | item[1])
            ),
            parts.map(
                lambda items: (
                    Record(fields(items)),
                    st.fixed_dictionaries({name: values for name, (_, values) in items}),
                )
            ),
            parts.map(
                lambda items: (
                    Variant(fields(items)),
                    st.one_of(*(st.fixed_dictionaries({name: values}) for name, (_, values) in items)),
                )
            ),
        )

    return st.recursive(leaves, extend, max_leaves=6)  # type: ignore[arg-type]


@given(st.data())
def test_what_is_shown_equals_what_was_decoded(data: st.DataObject) -> None:
    """For every type and value: presenting changes no value, and sending it again gives plain values."""
    type_, values = data.draw(_types())
    value = data.draw(values)
    shown = present(value, type_, {})
    assert shown == value
    assert send_form(shown) == value
    if isinstance(type_, Record):
        assert isinstance(shown, RecordValue)
    if isinstance(type_, Variant):
        assert isinstance(shown, VariantValue)
        assert shown == {shown.tag: shown.value}


def test_options_of_options_keep_their_wrapping() -> None:
    """What an option within an option holds is presented as well."""
    record = Record((Field(field_id("a"), "a", TEXT),))
    shown = present(Some(None), Opt(Opt(record)), {})
    assert shown == Some(None)
    named = present({"a": "x"}, Opt(Opt(Ref("R"))), {"R": record})
    assert isinstance(named, RecordValue)
    assert send_form(Some(Tree(1))) == Some({"value": 1, "children": [], "parent": None})

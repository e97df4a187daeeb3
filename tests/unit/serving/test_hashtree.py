"""Hash trees: they keep what they are given, and witnesses prove what they claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.http.hashtree import HashTree
from basilisk.replica.certificates import root_hash, tree_of
from tests.unit.serving.gateway import lookup, parse, reconstruct

labels = st.sampled_from([b"a", b"b", b"c", b"dd", b"", b"\xff", b"m", b"n", b"o", b"p"])
paths = st.lists(labels, min_size=3, max_size=3).map(tuple)
contents = st.dictionaries(paths, st.binary(max_size=40), max_size=25)


def made(content: dict[tuple[bytes, ...], bytes]) -> HashTree:
    tree = HashTree()
    for path, leaf in content.items():
        tree.set(path, leaf)
    return tree


@given(contents, st.lists(paths, max_size=5))
def test_witnesses_show_what_is_there_and_what_is_not(
    content: dict[tuple[bytes, ...], bytes], wanted: list[tuple[bytes, ...]]
) -> None:
    """A witness has the root of the tree; a wanted path is found with its leaf, or proved to be absent."""
    tree = made(content)
    witness = parse(tree.witness(wanted))
    assert reconstruct(witness) == tree.root_hash()
    for path in wanted:
        assert lookup(path, witness) == ([3, content[path]] if path in content else "absent")


@given(contents)
def test_everything_can_be_shown(content: dict[tuple[bytes, ...], bytes]) -> None:
    """A witness of all paths is the whole tree, and hashes as the replica's own trees do."""
    witness = parse(made(content).witness(content))
    assert root_hash(witness) == made(content).root_hash()
    if content:
        assert root_hash(tree_of({b"x": b"y"})) == made({(b"x",): b"y"}).root_hash()


@given(contents, st.randoms(), st.lists(paths, max_size=8))
def test_the_root_depends_on_the_content_alone(
    content: dict[tuple[bytes, ...], bytes], random: object, removed: list[tuple[bytes, ...]]
) -> None:
    """Whatever the order, whatever was there in between: equal content, equal root."""
    tree = made(content)
    for path in removed:
        assert tree.remove(path) == (path in content)
        content = {key: leaf for key, leaf in content.items() if key != path}
    order = list(content)
    random.shuffle(order)  # type: ignore[attr-defined]
    other = made(dict.fromkeys(order, b""))
    for key in order:
        other.set(key, content[key])
    assert tree.root_hash() == other.root_hash() == made(content).root_hash()


@given(contents, paths, st.binary(min_size=41, max_size=50))
def test_every_change_changes_the_root(
    content: dict[tuple[bytes, ...], bytes], path: tuple[bytes, ...], leaf: bytes
) -> None:
    tree = made(content)
    before = tree.root_hash()
    tree.set(path, leaf)
    assert tree.root_hash() != before


def test_leaves_are_leaves() -> None:
    tree = made({(b"a", b"b"): b"leaf"})
    for path in ([b"a"], [b"a", b"b", b"c"]):
        with pytest.raises(ValueError, match="cannot have a leaf and labels"):
            tree.set(path)
    assert not tree.remove([b"a"])
    assert not tree.remove([b"a", b"b", b"c"])
    assert tree.remove([b"a", b"b"])
    assert tree.root_hash() == HashTree().root_hash()


def test_witnesses_are_small() -> None:
    """One of a thousand pages: a few labels and hashes, not a thousand."""
    tree = HashTree()
    for number in range(1000):
        tree.set([b"http_expr", b"page%d" % number, b"<$>"], b"x")
    assert len(tree.witness([[b"http_expr", b"page500", b"<$>"]])) < 3000

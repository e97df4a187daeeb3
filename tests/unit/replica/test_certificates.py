"""Certificates: their tree, their signature, and that a canister gets the one for its data."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.engine import Engine
from basilisk.replica import Replica
from basilisk.replica.certificates import Authority, Content, root_hash, tree_of
from tests.unit.replica.wat import module


def test_the_example_of_the_specification() -> None:
    """Interface specification, "Example": the tree and its root hash."""
    tree = [
        1,
        [
            1,
            [2, b"a", [1, [1, [2, b"x", [3, b"hello"]], [0]], [2, b"y", [3, b"world"]]]],
            [2, b"b", [3, b"good"]],
        ],
        [1, [2, b"c", [0]], [2, b"d", [3, b"morning"]]],
    ]
    assert root_hash(tree).hex() == "eb5c5b2195e62d996b84c9bcc8259d19a83786a2f59e0878cec84c811f669aa0"


def decode(data: bytes) -> tuple[object, bytes]:
    """CBOR, as far as certificates need it: (value, rest)."""
    major, low = data[0] >> 5, data[0] & 31
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    number = int.from_bytes(data[1 : 1 + width], "big") if width else low
    data = data[1 + width :]
    if major == 0:
        return number, data
    if major in (2, 3):
        return (data[:number] if major == 2 else data[:number].decode()), data[number:]
    items = []
    for _ in range(number * (2 if major == 5 else 1)):
        item, data = decode(data)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), data


def verify(certificate: bytes, root_key: bytes) -> list[object]:
    """The tree of a certificate whose signature is right; asserts that it is."""
    from pyblst import BlstP1Element, BlstP2Element, final_verify, miller_loop  # type: ignore[import-untyped]

    from basilisk.replica.management.keys import vetkd

    assert certificate[:3] == b"\xd9\xd9\xf7"
    content, rest = decode(certificate[3:])
    assert not rest and isinstance(content, dict)
    tree, signature = content["tree"], content["signature"]
    message = b"\x0dic-state-root" + root_hash(tree)
    hashed = BlstP1Element().hash_to_group(message, b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_")
    key = BlstP2Element().uncompress(root_key[-96:])
    left = miller_loop(BlstP1Element().uncompress(signature), BlstP2Element().uncompress(vetkd._G2))
    assert final_verify(left, miller_loop(hashed, key))
    assert isinstance(tree, list)
    return tree


def test_a_canister_gets_a_signed_certificate_for_its_data(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, seed=5)
    canister = replica.create_canister()
    replica.install_code(
        canister,
        module("""(data (i32.const 100) "my data")
        (func (export "canister_init") (call $certified_data_set (i32.const 100) (i32.const 7)))
        (func (export "canister_query certificate")
            (call $data_certificate_copy (i32.const 0) (i32.const 0) (call $data_certificate_size))
            (call $msg_reply_data_append (i32.const 0) (call $data_certificate_size)) (call $msg_reply))"""),
        b"",
    )
    tree = verify(replica.query(canister, "certificate"), replica.root_key)
    assert tree[1] == [2, b"canister", [2, canister.bytes, [2, b"certified_data", [3, b"my data"]]]]
    assert tree[2][:2] == [2, b"time"]  # type: ignore[index]
    assert replica.subnet == hashlib.sha224(replica.root_key).digest() + b"\x02"
    other = Authority(b"another").certify(canister.bytes, b"my data", 1)
    with pytest.raises(AssertionError):
        verify(other, replica.root_key)


CONTENTS: st.SearchStrategy[Content] = st.recursive(
    st.binary(max_size=300),
    lambda inner: st.dictionaries(st.binary(max_size=5), inner, max_size=6),
    max_leaves=12,
)


@given(CONTENTS)
def test_trees_are_complete_and_in_order(content: Content) -> None:
    """Everything is found again, labels strictly increase, and any change changes the root hash."""
    tree = tree_of(content)
    assert collect(tree) == content or content == {}
    if isinstance(content, dict) and content:
        first = min(content)
        changed = {**content, first: b"something else than before"}
        assert (root_hash(tree_of(changed)) == root_hash(tree)) == (changed == content)


def collect(tree: list[object]) -> object:
    """The content of a tree."""
    if tree[0] == 3:
        return tree[1]
    found: dict[object, object] = {}
    for label, below in labels(tree):
        assert not found or label > max(found)  # type: ignore[type-var]
        found[label] = collect(below)
    return found


def labels(tree: list[object]) -> list[tuple[object, list[object]]]:
    if tree[0] == 2:
        return [(tree[1], tree[2])]  # type: ignore[list-item]
    if tree[0] == 1:
        return labels(tree[1]) + labels(tree[2])  # type: ignore[arg-type]
    return []

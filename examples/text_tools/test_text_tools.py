"""Tests of the text tools: `pytest examples/text_tools`."""

import hashlib
from pathlib import Path

import pytest

from basilisk.testing import Canister, LocalReplica, expect_trap

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def tools(replica_module: LocalReplica) -> Canister:
    """One canister for all tests: most methods are queries, which leave nothing behind."""
    return replica_module.deploy(HERE)


def test_words_are_counted(tools: Canister) -> None:
    counted = tools.count_words("The cat saw the dog; the dog didn't.", 2)
    assert [(item.word, item.count) for item in counted] == [("the", 3), ("dog", 2)]


def test_documents_are_searched(tools: Canister) -> None:
    assert tools.look_up('{"a": [1, 2]}', "/a/1") == {"Found": "2"}
    assert tools.look_up('{"a": []}', "/b").Missing == "b"
    assert "line 1" in tools.look_up("{", "/a").Invalid


def test_digests_are_those_of_this_python(tools: Canister) -> None:
    digests = tools.digests(b"Basilisk")
    assert digests.sha256 == hashlib.sha256(b"Basilisk").digest()
    assert digests.sha3_256 == hashlib.sha3_256(b"Basilisk").digest()


def test_packing_and_unpacking(tools: Canister) -> None:
    data = b"abc" * 1_000
    assert tools.unpack(tools.pack(data)) == data
    with expect_trap("incorrect header check"):
        tools.unpack(b"not a zlib stream")


def test_the_vocabulary_grows(tools: Canister) -> None:
    with tools.replica.rollback():
        tools.learn("quick foxes jump")
        assert tools.suggest("foxs") == "foxes"
    assert tools.suggest("foxs") is None

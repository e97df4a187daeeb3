"""Tests of the notes: `pytest examples/notes`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk import Principal
from basilisk.errors import CallRejected
from basilisk.testing import Canister, Deploy, LocalReplica, run_session

HERE = Path(__file__).parent
PROGRAM = (HERE / "main.py").read_text(encoding="utf-8")


@pytest.fixture
def notes(deploy: Deploy) -> Canister:
    return deploy(HERE)


def test_everybody_has_notes_of_their_own(notes: Canister, identity: Callable[[str], Principal]) -> None:
    alice, bob = notes.with_caller(identity("alice")), notes.with_caller(identity("bob"))
    assert alice.add("buy milk", ["shop"]) == 1
    assert bob.add("call home", []) == 2
    assert alice.add("buy bread", ["shop", "soon"]) == 3
    assert [found["number"] for found in alice.list_notes(0)] == [1, 3]
    assert [found["number"] for found in alice.list_notes(1)] == [3]
    assert [found["note"]["text"] for found in bob.list_notes(0)] == ["call home"]
    assert bob.get(1) is None and not bob.remove(1) and not bob.edit(1, "mine", [])
    assert alice.with_tag("shop") == [1, 3] and alice.with_tag("sho") == [] and bob.with_tag("shop") == []


def test_changes(notes: Canister) -> None:
    notes.add("one", ["a", "b"])
    assert notes.edit(1, "two", ["b", "c"])
    assert notes.get(1)["text"] == "two"
    assert [notes.with_tag(tag) for tag in "abc"] == [[], [1], [1]]
    assert notes.remove(1) and not notes.remove(1)
    assert notes.count() == 0 and notes.with_tag("b") == []
    assert [list(event["change"]) for event in notes.recent_events(2)] == [["edited"], ["removed"]]
    assert len(notes.recent_events(10)) == 3


def test_pages(notes: Canister) -> None:
    for number in range(60):
        notes.add(f"note {number}", [])
    first = notes.list_notes(0)
    rest = notes.list_notes(first[-1]["number"])
    assert (len(first), len(rest)) == (50, 10)


def test_upgrades_lose_nothing(notes: Canister, replica: LocalReplica) -> None:
    for round in range(5):
        notes.add(f"before upgrade {round}", ["kept"])
        replica.advance(seconds=60)
        before = notes.list_notes(0)
        notes.upgrade()
        assert notes.list_notes(0) == before
    assert notes.with_tag("kept") == [1, 2, 3, 4, 5]


def test_a_new_version_may_add_an_optional_field(notes: Canister, tmp_path: Path) -> None:
    notes.add("old", [])
    file = tmp_path / "main.py"
    file.write_text(
        PROGRAM.replace("    changed: nat64\n", "    changed: nat64\n    colour: Opt[text]\n"), "utf-8"
    )
    notes.upgrade(file)
    assert notes.get(1)["text"] == "old" and notes.get(1)["colour"] is None


def test_a_version_that_would_not_understand_its_data_is_refused(notes: Canister, tmp_path: Path) -> None:
    notes.add("old", [])
    file = tmp_path / "main.py"
    file.write_text(PROGRAM.replace("    text: str\n", "    text: nat64\n"), "utf-8")
    with pytest.raises(CallRejected, match="stable memory 0 holds a StableBTreeMap"):
        notes.upgrade(file)
    assert notes.get(1)["text"] == "old"


def test_a_note_costs_the_same_among_many(notes: Canister) -> None:
    notes.add("first", ["tag"])
    few = notes.last.instructions
    for number in range(200):
        notes.add(f"note {number}", ["tag"])
    assert notes.last.instructions < 2.5 * few


def test_session() -> None:
    assert run_session(HERE / "session.txt", HERE) > 0

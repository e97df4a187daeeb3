"""A short run of ``./dev fuzz``, the same every time, and proofs that it would find something."""

from __future__ import annotations

from basilisk.candid.types import field_id

from .driver import Unsteady
from .replay import disagreements
from .seeds import Plan, Seeds, collect
from .session import fuzz

RUNS = 150_000


def test_short_run() -> None:
    """No input breaks a property, and the host's codec reads the corpus as the canister's does."""
    seeds = collect()
    outcome = fuzz(seeds, f"-runs={RUNS}", "-seed=1")
    assert outcome.finding is None, outcome.text[-2000:]
    assert outcome.inputs >= RUNS - 1
    assert outcome.accepted > 1_000
    assert len(outcome.corpus) > len(seeds.inputs)
    assert disagreements(seeds, outcome.corpus)[:1] == []


def test_seeds_are_valid_messages() -> None:
    """Seeds are the same every time, and all of them start as messages do."""
    seeds = collect(20)
    assert len(seeds.inputs) > 100
    assert seeds.inputs == collect(20).inputs
    assert all(data[1:5] == b"DIDL" for data in seeds.inputs)


def test_another_value_after_a_round_trip_is_found() -> None:
    """An accepted message that reads as something else once it was written anew is a finding."""
    record = ("record", "attrs", Unsteady, ((field_id("x"), "x", 0),))
    seed = b"\0DIDL\1\x6c\1\x78\x7c\1\0\5"
    seeds = Seeds([Plan(((("int",), record), (1,)), None)], [seed])
    outcome = fuzz(seeds, "-runs=10000", "-seed=1")
    assert outcome.finding is not None
    assert "another value after a round trip" in outcome.text

"""What of the runtime is left out when modules cannot be imported."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.leftout import leave_out
from basilisk.errors import ArtefactError
from basilisk.runtime.removable import Removable

NAMES = ["a", "b", "c"]
SIZE = 64
SECTION = {
    "modules": NAMES,
    "parts": [
        [[0], [3, 2], [0, 8]],
        [[1], [5, 1], [8, 4, 20, 4]],
        [[2], [], [32, 8]],
        [[0, 1], [9, 1], [40, 8]],
        [[0, 1, 2], [11, 2], []],
    ],
}
REMOVABLE = Removable.parse(json.dumps(SECTION).encode())
INITIAL = bytes(range(1, SIZE + 1))


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.integers(0, SIZE - 1)))
def test_what_goes_is_what_nobody_needs(withdrawn: set[str], changed: set[int]) -> None:
    """A part goes if all its modules are withdrawn and none of them has changed data; all else stays."""
    memory = bytearray(INITIAL)
    for address in changed:
        memory[address] ^= 0xFF
    result = leave_out(REMOVABLE, withdrawn, INITIAL, memory)
    assert result.modules <= withdrawn
    gone = [part for part in REMOVABLE.parts if part.modules <= result.modules]
    places = {at for part in gone for start, size in part.data for at in range(start, start + size)}
    assert not places & changed
    assert bytes(result.memory) == bytes(0 if at in places else value for at, value in enumerate(memory))
    assert result.functions == {
        number for part in gone for start, count in part.functions for number in range(start, start + count)
    }
    for name in withdrawn - result.modules:  # kept for a reason
        assert any(
            name in part.modules
            and part.modules <= withdrawn
            and any(start <= at < start + size for at in changed for start, size in part.data)
            for part in REMOVABLE.parts
        )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"modules": ["a"], "parts": [[[1], [], []]]}',
        b'{"modules": ["a"], "parts": [[[0], [1], []]]}',
        b'{"modules": ["a"], "parts": [[[0], [1, -1], []]]}',
        b'{"modules": ["a"], "parts": [[[], [1, 1], []]]}',
    ],
)
def test_a_runtime_without_the_section_is_an_error(data: bytes) -> None:
    """The message says what to do."""
    with pytest.raises(ArtefactError, match="which code its built-in modules have"):
        Removable.parse(data)

"""The talk with the runtime, against a stand-in for its memory."""

from __future__ import annotations

import marshal
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk.build.mailbox import Mailbox
from basilisk.build.preinit import BaseImage
from basilisk.errors import ArtefactError

BOX = 64


class Runtime:
    """Answers like a runtime: allocates, notes what it is given, answers requests with ``answer``."""

    def __init__(self, answer: Any = None, failure: str | None = None) -> None:
        self.memory = bytearray(1 << 16)
        self.free = 4096
        self.answer = answer
        self.failure = failure
        self.operations: list[tuple[int, bytes]] = []

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.memory[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.memory[address : address + len(data)] = data

    def step(self) -> None:
        operation, address, length, _, _ = struct.unpack_from("<5I", self.memory, BOX)
        status = 0
        if operation == 1:
            address, self.free = self.free, self.free + length
        elif self.failure is not None:
            address, length, status = self._put(self.failure.encode()), len(self.failure.encode()), 1
        else:
            data = self.read(address, length)
            self.operations.append((operation, data))
            if operation == 3:
                reply = marshal.dumps(self.answer, 2)
                address, length = self._put(reply), len(reply)
        struct.pack_into("<5I", self.memory, BOX, operation, address, length, status, 0)

    def _put(self, data: bytes) -> int:
        address, self.free = self.free, self.free + len(data)
        self.write(address, data)
        return address


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
messages = st.dictionaries(st.text(max_size=5), values, max_size=4)


@given(messages, messages)
def test_requests_and_answers_arrive(message: dict[str, Any], answer: dict[str, Any]) -> None:
    """What is sent is what the runtime reads, what it answers is what comes back."""
    runtime = Runtime(answer)
    assert Mailbox(runtime, BOX).request(message) == answer
    ((operation, data),) = runtime.operations
    assert operation == 3
    assert marshal.loads(data) == message


def test_start_and_seal() -> None:
    """The library is copied into memory the runtime allocated; sealing has no data."""
    runtime = Runtime()
    mailbox = Mailbox(runtime, BOX)
    mailbox.start(b"library")
    mailbox.seal()
    assert runtime.operations == [(2, b"library"), (4, b"")]


def test_fatal_errors_carry_the_text() -> None:
    """Status 1 becomes an error with the runtime's own words."""
    with pytest.raises(ArtefactError, match="runtime failed") as caught:
        Mailbox(Runtime(failure="no memory left"), BOX).request({})
    assert caught.value.details == "no memory left"


def test_an_answer_that_is_no_dict() -> None:
    """Anything else means that artefact and release do not fit together."""
    with pytest.raises(ArtefactError, match="not a dict"):
        Mailbox(Runtime([1]), BOX).request({})


@given(st.binary(max_size=20), st.dictionaries(st.integers(0, 9), st.integers(0, 2**128 - 1), max_size=4))
def test_base_images_survive(start: bytes, numbers: dict[int, int]) -> None:
    """``from_bytes(to_bytes(b)) == b`` for all base images."""
    image = BaseImage(start.ljust(65_536, b"\0"), numbers, len(start))
    assert BaseImage.from_bytes(image.to_bytes()) == image


@given(st.integers(0, 70_000), st.integers(1, 255))
def test_damaged_base_images_are_noticed(position: int, change: int) -> None:
    """A changed byte anywhere, or a cut, is noticed and never taken for an image."""
    good = BaseImage(bytes(range(256)) * 256, {1: 2}, 3).to_bytes()
    position %= len(good)
    damaged = good[:position] + bytes([good[position] ^ change]) + good[position + 1 :]
    for data in (damaged, good[:position]):
        try:
            assert BaseImage.from_bytes(data) != BaseImage.from_bytes(good) or data == good
        except (ValueError, KeyError, TypeError):
            pass

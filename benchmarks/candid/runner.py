"""Builds the program, makes the calls and takes differences."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid import types
from basilisk.candid.encoder import encode
from basilisk.principal import Principal
from basilisk.replica import Replica
from benchmarks.candid.cases import BLOBS, Case

__all__ = ["Charges", "Cost", "measure"]

PROGRAM = Path(__file__).parent / "program"


@dataclass(frozen=True)
class Charges:
    """What the system asks for a byte of a message, in instructions: handed to and taken from a canister."""

    argument: float
    reply: float


@dataclass(frozen=True)
class Cost:
    """Instructions per element of a case, without the system's charge for its bytes.

    ``size`` is in bytes, ``release`` what Python takes to free the decoded value again.
    """

    case: Case
    size: float
    decode: float
    release: float
    encode: float

    @property
    def holds(self) -> bool:
        """Whether the goal is met in both directions."""
        return self.case.goal is None or max(self.decode, self.encode) <= self.case.goal


class _Canister:
    """The program, and what its calls cost."""

    def __init__(self, wasm: bytes) -> None:
        self._replica = Replica(validate=False)
        self._sender = Principal.anonymous()
        self._id = self._replica.create_canister(self._sender)
        self._replica.install_code(self._id, wasm, encode([], []), "install", self._sender)

    def call(self, method: str, argument: bytes) -> tuple[bytes, int]:
        """The reply and the instructions of a query, which leaves no trace for the next one."""
        reply = self._replica.query(self._id, method, argument, self._sender)
        return reply, self._replica.last.instructions

    def keep(self, yes: bool) -> None:
        """Whether arguments outlive their call, so that it does not pay for their release."""
        self._replica.update(self._id, "keep", encode([types.Prim("bool")], [yes]), self._sender)


def measure(cases: Sequence[Case]) -> tuple[Charges, list[Cost]]:
    """The charges of the system, and each case's cost without them.  The same on every machine."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(resolve(str(PROGRAM), name="candid"), output=Path(folder))
        canister = _Canister(built.gzip.read_bytes())
    charges = _charges(canister)
    return charges, [_cost(canister, charges, case) for case in cases]


def _charges(canister: _Canister) -> Charges:
    """From methods that have no codec at work on the bytes: ignored arguments, and a reply as it is."""
    taken, given = [], []
    for size in BLOBS:
        taken.append(canister.call("take_nothing", encode([types.BLOB], [bytes(size)]))[1])
        given.append(canister.call("give_raw", _count(size))[1])
    distance = BLOBS[1] - BLOBS[0]
    return Charges((taken[1] - taken[0]) / distance, (given[1] - given[0]) / distance)


def _cost(canister: _Canister, charges: Charges, case: Case) -> Cost:
    replies = [canister.call(case.give, _count(size)) for size in case.sizes]
    counts = {}
    for keep in (True, False):
        canister.keep(keep)
        counts[keep] = [canister.call(case.take, reply)[1] for reply, _ in replies]
    distance = case.sizes[1] - case.sizes[0]

    def each(numbers: Sequence[int]) -> float:
        return (numbers[1] - numbers[0]) / distance

    size = each([len(reply) for reply, _ in replies])
    decode = each(counts[True])
    return Cost(
        case,
        size,
        decode - size * charges.argument,
        each(counts[False]) - decode,
        each([instructions for _, instructions in replies]) - size * charges.reply,
    )


def _count(number: int) -> bytes:
    return encode([types.Prim("nat32")], [number])

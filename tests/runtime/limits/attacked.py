"""A canister under attack, and what is looked at after each blow."""

from __future__ import annotations

import dataclasses
import mmap
import os
import re
from dataclasses import dataclass
from pathlib import Path

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Interface
from basilisk.engine.heap import MappedHeap
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.limits import Limits
from basilisk.testing.local import LocalCanister

from .heapwalk import Heap, walk

__all__ = ["ANYBODY", "COMPLETE", "Attacked", "Outcome", "Program", "build_program"]

ANYBODY = Principal.anonymous()
#: ``./dev test-limits`` sets it: cases that need gigabytes, or the network's full number of instructions.
COMPLETE = os.environ.get("BASILISK_LIMITS") == "complete"
SOURCE = Path(__file__).parents[1] / "programs" / "limits.py"

#: The first of two exceptions may come without a traceback, which needs memory and depth as well.
_EXCEPTION = re.compile(
    r"'(?:\w+(?:: [^\n]*)?\n\nDuring [^\n]*\n\n)?"
    r"Traceback \(most recent call last\):.*\n(?P<line>[\w.]+)(: |\n)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Outcome:
    """How a message ended: a reply, an exception of Python, or one of the limits of the network.

    ``out of memory`` is the trap of a bridge that finds no room for a block that is larger than its reserve.
    """

    kind: str
    text: str

    @property
    def exception(self) -> str:
        """The exception's name, or what the message ended with instead."""
        return self.text.split(" ")[0] if self.kind in ("reply", "exception") else self.kind


@dataclass(frozen=True)
class Program:
    """The program of ``programs/limits.py``, built."""

    wasm: bytes
    interface: Interface

    def install(self, **limits: int) -> Attacked:
        """A canister in a replica of its own, with some limits changed."""
        replica = Replica(limits=dataclasses.replace(Limits(), **limits))
        canister = LocalCanister(replica, self.wasm, self.interface)
        canister.change_code("install", [], ANYBODY)
        return Attacked(canister)


class Attacked:
    """Sends code to the canister and looks at the canister."""

    #: First chunk of the heap; the same in all canisters of a program.
    start: int | None = None

    def __init__(self, canister: LocalCanister) -> None:
        self.canister = canister
        self.fresh = self.control()

    def send(self, method: str, code: str, recursion: int = 0) -> Outcome:
        """How the message ends; anything that is no proper end is an assertion."""
        try:
            reply = self.canister.call(method, [code, recursion], ANYBODY)
        except CallRejected as rejected:
            return self._judge(rejected.message)
        return Outcome("reply", str(reply[0]) if reply else "")

    def _judge(self, message: str) -> Outcome:
        if "exceeded the limit of" in message and "instructions" in message:
            return Outcome("instruction limit", "")
        if "exceeded its current Wasm memory limit" in message:
            return Outcome("memory limit", "")
        if "with message: 'out of memory: the canister's heap is full" in message:
            return Outcome("out of memory", "")
        found = _EXCEPTION.search(message)
        if found is not None:
            return Outcome("exception", found["line"])
        if (
            "called `ic0.trap` with message: 'the program ended the process" in message
            or "'the program aborted" in message
        ):
            return Outcome("exit", "")
        raise AssertionError(f"neither a reply nor an exception nor a limit: {message[:600]}")

    def control(self) -> str:
        """The answer to the fixed piece of work."""
        return str(self.canister.call("control", [], ANYBODY)[0])

    @property
    def size(self) -> int:
        """Bytes of the heap."""
        return self.canister.replica.status(self.canister.principal).heap_bytes

    @property
    def memory(self) -> bytes:
        """The committed heap."""
        code = self.canister.replica._find(self.canister.principal).code
        assert code is not None
        return code.instance.heap.read(0, self.size)

    def heap(self) -> Heap:
        """The C heap and Python's, walked from outside."""
        heap = walk(self._mapped() or self.memory, Attacked.start)
        Attacked.start = heap.start
        return heap

    def _mapped(self) -> memoryview | None:
        """The committed heap where it lies, as 4 GiB are too much to copy; None where it is in no file."""
        code = self.canister.replica._find(self.canister.principal).code
        assert code is not None
        heap = code.instance.heap
        if not isinstance(heap, MappedHeap):
            return None
        file = heap._file.file
        return memoryview(mmap.mmap(file, heap.size, offset=heap._offset, access=mmap.ACCESS_READ))

    def whole(self, objects: bool = True) -> None:
        """Asserts that nothing is broken.  A canister that has grown much is then installed afresh."""
        self.heap()
        assert self.control() == self.fresh
        if objects:
            assert self.canister.call("check", [], ANYBODY) == [""]
        if self.size > 128 << 20:
            self.canister.change_code("install", [], ANYBODY)


def build_program(folder: Path) -> Program:
    """Builds the program."""
    source = folder / "program"
    source.mkdir()
    (source / "main.py").write_text(SOURCE.read_text("utf-8"), "utf-8")
    built = build(resolve(str(source)), output=folder / "out")
    return Program(built.gzip.read_bytes(), parse_did(built.did.read_text("utf-8")))

"""The talk with a runtime at build time: five words in its memory and one function to call."""

from __future__ import annotations

import marshal
import struct
from collections.abc import Collection
from typing import Any, Protocol

from basilisk.errors import ArtefactError

__all__ = ["Mailbox", "Machine"]

_WORDS = struct.Struct("<5I")
_ALLOCATE, _START, _REQUEST, _SEAL, _LIBRARY, _WITHDRAW = 1, 2, 3, 4, 5, 6
_MARSHAL_VERSION = 2
"""The oldest version that knows all types we exchange; the same bytes from every host Python."""


class Machine(Protocol):
    """What the mailbox needs of a running module."""

    def read(self, address: int, length: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...

    def step(self) -> None:
        """Call ``basilisk_step``."""


class Mailbox:
    """Sends operations to the runtime whose mailbox is at ``address``."""

    def __init__(self, machine: Machine, address: int) -> None:
        self._machine = machine
        self._address = address

    def start(self, stdlib: bytes) -> int:
        """Start the interpreter with this standard library, which stays in memory; return its address."""
        address = self._put(stdlib)
        self._step(_START, address, len(stdlib))
        return address

    def change_library(self, address: int, length: int, stdlib: bytes) -> None:
        """Put another standard library in the place of the one at ``address``; its rest is zeroed."""
        self._machine.write(address, stdlib[:length].ljust(length, b"\0"))
        if len(stdlib) > length:
            self._machine.write(address, bytes(length))
            address = self._put(stdlib)
        self._step(_LIBRARY, address, len(stdlib))

    def withdraw(self, modules: Collection[str]) -> None:
        """Take built-in modules away: the interpreter does not find them any more."""
        data = b"".join(name.encode("ascii") + b"\0" for name in sorted(modules))
        self._step(_WITHDRAW, self._put(data), len(data))

    def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a request to ``_basilisk_boot.handle`` and return its answer."""
        data = marshal.dumps(message, _MARSHAL_VERSION)
        address, length = self._step(_REQUEST, self._put(data), len(data))
        answer = marshal.loads(self._machine.read(address, length))
        if not isinstance(answer, dict):
            raise ArtefactError("the runtime answered with something that is not a dict")
        return answer

    def seal(self) -> None:
        """End build-time work; the memory is ready for the snapshot afterwards."""
        self._step(_SEAL, 0, 0)

    def _put(self, data: bytes) -> int:
        """Copy ``data`` into memory that the runtime allocates for it."""
        address, _ = self._step(_ALLOCATE, 0, len(data))
        self._machine.write(address, data)
        return address

    def _step(self, operation: int, address: int, length: int) -> tuple[int, int]:
        self._machine.write(self._address, _WORDS.pack(operation, address, length, 0, 0))
        self._machine.step()
        _, address, length, status, _ = _WORDS.unpack(self._machine.read(self._address, _WORDS.size))
        if status != 0:
            text = self._machine.read(address, length).decode("utf-8", "replace")
            raise ArtefactError(
                "the runtime failed while a canister was prepared",
                cause="the runtime artefact and this release of basilisk do not fit together",
                remedy="make or install the runtime again; `basilisk doctor` says where it was found",
                details=text,
            )
        return address, length

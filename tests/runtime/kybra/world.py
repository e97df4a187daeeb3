"""A replica with the program of a block, and with canisters that the programs of the README call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from basilisk import candid
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.types import Func, Interface
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica

__all__ = ["ANYBODY", "PEER_ID", "Builder", "Deployed", "Program", "World"]

ANYBODY = Principal.anonymous()
PEER_ID = "rkp4c-7iaaa-aaaaa-aaaca-cai"
CYCLES = 1_000_000_000_000

# The canister that the README's programs call; `behave` says what its method does.
_PEER = """
from basilisk import Manual, ic, nat, query, update

mode = "True"
accept = 0
calls = 0
received = 0

@update
def behave(how: str, cycles: nat):
    global mode, accept
    mode, accept = how, cycles

@update
def example_method() -> Manual[bool]:
    global calls, received
    calls += 1
    received += ic.msg_cycles_available128()
    ic.msg_cycles_accept128(accept)
    if mode == "reject":
        ic.reject("the peer refuses")
    else:
        ic.reply(mode == "True")

@update
def receive_notification():
    global calls
    calls += 1

@query
def seen() -> tuple[nat, nat]:
    return (calls, received)
"""

# Passes a call on with cycles, as a wallet does.
_WALLET = """
from basilisk import Principal, blob, ic, nat, update

@update
async def forward(to: Principal, method: str, data: blob, cycles: nat) -> blob:
    return await ic.call_raw128(to, method, data, cycles)
"""


@dataclass(frozen=True)
class Program:
    """A built program."""

    wasm: bytes
    interface: Interface


@dataclass
class Builder:
    """Builds programs; those with the same files once."""

    folder: Callable[[], Path]
    _built: dict[tuple[tuple[str, str], ...], Program] = field(default_factory=dict)

    def __call__(self, files: dict[str, str]) -> Program:
        """The program whose entry is ``main.py``."""
        key = tuple(sorted(files.items()))
        if key not in self._built:
            folder = self.folder()
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
            built = build(resolve(str(folder)), output=folder / "out")
            interface = candid.parse_did(built.did.read_text(encoding="utf-8"))
            self._built[key] = Program(built.gzip.read_bytes(), interface)
        return self._built[key]


class Deployed:
    """A program in a replica."""

    def __init__(self, replica: Replica, program: Program, *arguments: object, at: str | None = None) -> None:
        self.replica = replica
        self.program = program
        self.principal = replica.create_canister(
            ANYBODY, specified_id=None if at is None else Principal.from_str(at)
        )
        self._install("install", arguments)

    def _install(self, mode: str, arguments: tuple[object, ...]) -> None:
        interface = self.program.interface
        message = candid.encode(interface.init_args, list(arguments), interface.environment)
        self.replica.install_code(self.principal, self.program.wasm, message, mode, ANYBODY)

    def upgrade(self, *arguments: object) -> None:
        """An upgrade to the same program."""
        self._install("upgrade", arguments)

    def type_of(self, method: str) -> Func:
        """The type of a method."""
        interface = self.program.interface
        assert interface.service is not None
        function = dict(interface.service.methods)[method]
        assert isinstance(function, Func)
        return function

    def encode(self, method: str, *arguments: object) -> bytes:
        """The message with these arguments."""
        return candid.encode(self.type_of(method).args, list(arguments), self.program.interface.environment)

    def call(
        self, method: str, *arguments: object, sender: Principal = ANYBODY, replicated: bool = False
    ) -> object:
        """The only result of a call, or None; a query is asked as one unless ``replicated``."""
        function = self.type_of(method)
        plain = function.mode in ("query", "composite_query") and not replicated
        send = self.replica.query if plain else self.replica.update
        reply = send(self.principal, method, self.encode(method, *arguments), sender)
        results = candid.decode(reply, function.results, self.program.interface.environment)
        return results[0] if results else None

    def reject(self, method: str, *arguments: object) -> CallRejected:
        """The exception of a call that must be rejected."""
        with pytest.raises(CallRejected) as caught:
            self.call(method, *arguments)
        return caught.value

    @property
    def log(self) -> list[str]:
        """The lines of the canister's log."""
        return [record.text for record in self.replica.logs(self.principal)]


class World:
    """A replica and what a check of a block needs; the block's canister is ``canister``."""

    def __init__(self, make: Builder, program: Program) -> None:
        self.make = make
        self.program = program
        self.replica = Replica()

    @cached_property
    def canister(self) -> Deployed:
        """The block's program, installed without arguments."""
        return self.install()

    def install(self, *arguments: object) -> Deployed:
        """The block's program, installed with arguments."""
        return Deployed(self.replica, self.program, *arguments)

    @cached_property
    def peer(self) -> Deployed:
        """The canister that most programs call."""
        return self.peer_at(PEER_ID)

    def peer_at(self, principal: str) -> Deployed:
        """Such a canister under another id."""
        return Deployed(self.replica, self.make({"main.py": _PEER}), at=principal)

    def call_with_cycles(self, method: str, cycles: int) -> object:
        """Calls a method without parameters of the block's canister and sends cycles along."""
        wallet = Deployed(self.replica, self.make({"main.py": _WALLET}))
        target = self.canister
        reply = wallet.call("forward", target.principal, method, target.encode(method), cycles)
        assert isinstance(reply, bytes)
        (result,) = candid.decode(reply, target.type_of(method).results, target.program.interface.environment)
        return result

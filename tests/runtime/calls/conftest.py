"""Programs of a test module, built once and installed in replicas of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.candid.types import Interface
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found
from basilisk.testing.local import LocalCanister

ANYBODY = Principal.anonymous()

Install = Callable[..., "Canister"]


class Canister:
    """A canister with short ways to call it."""

    def __init__(self, replica: Replica, wasm: bytes, interface: Interface) -> None:
        self.replica = replica
        self.local = LocalCanister(replica, wasm, interface)
        self.local.change_code("install", [], ANYBODY)
        self.principal = self.local.principal

    def call(self, method: str, *arguments: object, sender: Principal = ANYBODY) -> object:
        """The only result of a call, or None."""
        results = list(self.local.call(method, arguments, sender))
        return results[0] if results else None

    def reject(self, method: str, *arguments: object) -> CallRejected:
        """The exception of a call that must be rejected."""
        with pytest.raises(CallRejected) as caught:
            self.call(method, *arguments)
        return caught.value

    def upgrade(self) -> None:
        """An upgrade to the same program."""
        self.local.change_code("upgrade", [], ANYBODY)

    @property
    def log(self) -> list[str]:
        """The lines of the canister's log."""
        return [record.text for record in self.replica.logs(self.principal)]


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> Install:
    """Installs a program from its text; equal texts are built once."""
    built: dict[str, tuple[bytes, Interface]] = {}

    def make(source: str, replica: Replica | None = None) -> Canister:
        if source not in built:
            folder: Path = tmp_path_factory.mktemp("program")
            (folder / "main.py").write_text(source, encoding="utf-8")
            result = build(resolve(str(folder)), output=folder / "out")
            built[source] = (
                result.gzip.read_bytes(),
                parse_did(result.did.read_text(encoding="utf-8")),
            )
        return Canister(replica if replica is not None else Replica(), *built[source])

    return make

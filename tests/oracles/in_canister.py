"""The codec of the runtime artefact, asked through a query of a canister in the local replica."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from basilisk import candid
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.types import Environment, Type
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister
from tests.runtime.codec import codec_driver
from tests.runtime.codec.plans import canister_value, plan_of

__all__ = ["DecodingCanister", "Request", "as_in_canister", "request"]

_PROGRAM = Path(__file__).parent / "programs" / "decoder.py"

#: Nodes and roots of a plan, and a message.
Request = tuple[tuple[Any, ...], tuple[int, ...], bytes]


def request(types: Sequence[Type], environment: Environment, message: bytes) -> Request:
    """What to send for a message at types; the classes are those of the canister's program."""
    nodes, roots = plan_of(types, environment)
    sent = tuple((*node[:-1], None) if node[0] in ("opt", "principal", "service") else node for node in nodes)
    return sent, roots, message


def as_in_canister(values: Sequence[Any], types: Sequence[Type], environment: Environment) -> Any:
    """The host's values in the form of the canister's answers."""
    pairs = zip(values, types)
    return tuple(_plain(canister_value(value, type_, environment)) for value, type_ in pairs)


class DecodingCanister:
    """The program, built and installed."""

    def __init__(self) -> None:
        with TemporaryDirectory() as folder:
            program = Path(folder, "decoder")
            program.mkdir()
            (program / "main.py").write_text(_PROGRAM.read_text("utf-8"), "utf-8")
            built = build(resolve(str(program)), output=Path(folder, "out"))
            interface = candid.parse_did(built.did.read_text("utf-8"))
            self._canister = LocalCanister(Replica(), built.gzip.read_bytes(), interface)
        self._canister.change_code("install", [], Principal.anonymous())

    def decode(self, requests: Sequence[Request]) -> list[tuple[str, Any]]:
        """For each request ``("values", tuple)`` or ``("refused", reason)``."""
        (answer,) = self._canister.call("decode", [marshal.dumps(list(requests), 2)], Principal.anonymous())
        assert isinstance(answer, bytes)
        found = marshal.loads(answer)
        assert len(found) == len(requests)
        return list(found)


def _plain(value: Any) -> Any:
    if isinstance(value, codec_driver.Principal):
        return "principal", value.bytes
    if isinstance(value, codec_driver.Service):
        return "service", value.canister_id.bytes
    if isinstance(value, codec_driver.Some):
        return "some", _plain(value.value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value

"""The validator of the toolbox at installation, and life without it."""

from __future__ import annotations

import pytest

import basilisk.toolbox
from basilisk.engine import Engine
from basilisk.errors import ArtefactError, CallRejected
from basilisk.replica import Replica
from basilisk.toolbox import Finding, Report
from tests.unit.replica.wat import module

WASM = module('(func (export "canister_query q") (call $msg_reply))')


def test_what_the_validator_finds_is_the_reason(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [Finding("ops", "function 7 has 1000001 instructions"), Finding("size", "too large")]
    monkeypatch.setattr(basilisk.toolbox, "validate", lambda wasm: Report(findings))
    replica = Replica(engine=engine)
    with pytest.raises(CallRejected) as caught:
        replica.install_code(replica.create_canister(), WASM)
    assert caught.value.error_code == "IC0505"
    assert (
        "Canister's Wasm module is not valid: function 7 has 1000001 instructions; too large."
        in caught.value.message
    )


def test_a_module_is_validated_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def validate(wasm: bytes) -> Report:
        seen.append(wasm)
        return Report([])

    monkeypatch.setattr(basilisk.toolbox, "validate", validate)
    replica = Replica(engine=engine)
    for _ in range(3):
        replica.install_code(replica.create_canister(), WASM)
    assert seen == [WASM]


def test_without_the_runtime_there_are_the_other_checks(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def validate(wasm: bytes) -> Report:
        raise ArtefactError("there is no runtime")

    monkeypatch.setattr(basilisk.toolbox, "validate", validate)
    replica = Replica(engine=engine)
    replica.install_code(replica.create_canister(), WASM)
    with pytest.raises(CallRejected, match="not exported by the runtime"):
        replica.install_code(
            replica.create_canister(), WASM.replace(b"ic0", b"env").replace(b"msg_reply", b"msg_repla")
        )

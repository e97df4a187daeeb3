"""Tests of canisters on the host: a pytest plug-in, and what it hands out; scripted sessions.

With pytest, the fixtures ``replica``, ``deploy`` and ``identity`` come with the installed package::

    def test_counter(deploy):
        counter = deploy("examples/counter")
        assert counter.increment() == 1

Without pytest, ``LocalReplica().deploy("examples/counter")`` does the same.  The names below are loaded when
they are first used, so that a test session pays only for what its tests ask for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from basilisk.errors import CallRejected
    from basilisk.testing.canister import AmbiguousName, Canister, Control
    from basilisk.testing.conversation import run_session
    from basilisk.testing.deployment import UnknownMethod
    from basilisk.testing.expect import Expected, expect_reject, expect_trap
    from basilisk.testing.figures import CallFigures
    from basilisk.testing.messages import ArgumentError
    from basilisk.testing.methods import Method
    from basilisk.testing.pending import PendingCall
    from basilisk.testing.programs import Program, build_program
    from basilisk.testing.replica import Deploy, LocalReplica
    from basilisk.testing.session import identity
    from basilisk.testing.values import RecordValue, VariantValue

__all__ = [
    "AmbiguousName",
    "ArgumentError",
    "CallFigures",
    "CallRejected",
    "Canister",
    "Control",
    "Deploy",
    "Expected",
    "LocalReplica",
    "Method",
    "PendingCall",
    "Program",
    "RecordValue",
    "UnknownMethod",
    "VariantValue",
    "build_program",
    "expect_reject",
    "expect_trap",
    "identity",
    "run_session",
]

_HOMES = {
    "AmbiguousName": "testing.canister",
    "ArgumentError": "testing.messages",
    "CallFigures": "testing.figures",
    "CallRejected": "errors",
    "Canister": "testing.canister",
    "Control": "testing.canister",
    "Deploy": "testing.replica",
    "Expected": "testing.expect",
    "LocalReplica": "testing.replica",
    "Method": "testing.methods",
    "PendingCall": "testing.pending",
    "Program": "testing.programs",
    "RecordValue": "testing.values",
    "UnknownMethod": "testing.deployment",
    "VariantValue": "testing.values",
    "build_program": "testing.programs",
    "expect_reject": "testing.expect",
    "expect_trap": "testing.expect",
    "identity": "testing.session",
    "run_session": "testing.conversation",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"basilisk.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

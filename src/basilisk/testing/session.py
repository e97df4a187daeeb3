"""Runs a scripted session against a canister and compares each reply."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha224
from typing import Protocol

from basilisk.candid.types import Argument, Environment, Func
from basilisk.candid.value_printer import format_values
from basilisk.candid.value_reader import parse_values
from basilisk.candid.values import Some
from basilisk.errors import BasiliskError, CallRejected, UsageError
from basilisk.principal import Principal
from basilisk.testing.script import Call, ChangeCode, ExpectedReject, Step, SwitchIdentity

__all__ = ["Canister", "SessionFailed", "identity", "run"]

_ANY = 0xFFFF_FFFF_FFFF_FFFF  # what "_" is read as; fits nat64, nat and int
_WILDCARD = re.compile(r'(?<![\w"])_(?![\w"])')
_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*)\}")


class SessionFailed(BasiliskError):
    """A call did not answer as the session says."""

    exit_code = 6


class Canister(Protocol):
    """What a session needs of the canister it talks to.  Arguments and replies are Python values."""

    environment: Environment
    init_arguments: Sequence[Argument]

    @property
    def principal(self) -> Principal:
        """The canister's id."""

    def method(self, name: str) -> Func | None:
        """The type of a method, or None when there is none of that name."""

    def change_code(self, mode: str, arguments: Sequence[object], sender: Principal) -> None:
        """Install afresh (``install``) or upgrade (``upgrade``)."""

    def call(self, name: str, arguments: Sequence[object], sender: Principal) -> Sequence[object]:
        """Call a method; raises ``CallRejected`` when it is rejected."""


@dataclass
class _State:
    canister: Canister
    sender: Principal
    installed: bool = False

    def fill(self, text: str) -> str:
        """``text`` with the principals that it refers to."""

        def principal(match: re.Match[str]) -> str:
            name = match[1]
            return str(self.canister.principal if name == "canister" else identity(name))

        return _REFERENCE.sub(principal, text)


def identity(name: str) -> Principal:
    """The principal of a named identity: the same on every machine."""
    if name == "anonymous":
        return Principal.anonymous()
    return Principal(sha224(b"basilisk identity: " + name.encode()).digest() + b"\x02")


def run(steps: Iterable[Step], canister: Canister, report: Callable[[Step, str], None] | None = None) -> int:
    """Run ``steps`` and return the number of calls made.

    The canister is installed first, unless the session does so itself.  ``report`` is told each step and the
    text of its answer.  Raises ``SessionFailed`` at the first call that does not answer as expected, and
    ``UsageError`` when a step does not fit the canister's interface.
    """
    state = _State(canister, identity("anonymous"))
    calls = 0
    for step in steps:
        if isinstance(step, SwitchIdentity):
            state.sender = identity(step.name)
            answer = str(state.sender)
        elif isinstance(step, ChangeCode):
            answer = _change_code(state, step.mode, step.arguments, step)
        else:
            if not state.installed:
                _change_code(state, "install", "()", step)
            answer = _call(state, step)
            calls += 1
        if report is not None:
            report(step, answer)
    return calls


def _change_code(state: _State, mode: str, arguments: str, step: Step) -> str:
    canister = state.canister
    text = state.fill(arguments)
    values = parse_values(text, canister.init_arguments, canister.environment, source=step.where.file)
    try:
        canister.change_code(mode, values, state.sender)
    except CallRejected as reject:
        raise SessionFailed(f"@{mode} failed: {reject}", where=step.where) from reject
    state.installed = True
    return mode


def _call(state: _State, step: Call) -> str:
    canister = state.canister
    function = canister.method(step.method)
    if function is None:
        raise UsageError(f"the canister has no method {step.method!r}", where=step.where)
    source = f"{step.where}: arguments of {step.method}"
    try:
        arguments: Sequence[object] = parse_values(
            state.fill(step.arguments), function.args, canister.environment, source=source
        )
    except BasiliskError:
        # The session may mean to send what does not fit: then the canister has to say so.
        if not isinstance(step.expected, ExpectedReject):
            raise
        arguments = parse_values(state.fill(step.arguments), source=source)
        return _expect_reject(state, step, arguments, untyped=True)
    if isinstance(step.expected, ExpectedReject):
        return _expect_reject(state, step, arguments)
    try:
        values = canister.call(step.method, arguments, state.sender)
    except CallRejected as reject:
        raise SessionFailed(f"{step.method} was rejected", where=step.where, details=str(reject)) from reject
    answer = format_values(values, function.results, canister.environment)
    if step.expected is not None:
        text = _WILDCARD.sub(str(_ANY), state.fill(step.expected))
        expected = parse_values(
            text, function.results, canister.environment, source=f"{step.where}: reply of {step.method}"
        )
        if not _matches(expected, list(values)):
            raise SessionFailed(
                f"{step.method} replied something else",
                where=step.where,
                details=f"expected {state.fill(step.expected)}\ngot      {answer}",
            )
    return answer


def _expect_reject(state: _State, step: Call, arguments: Sequence[object], untyped: bool = False) -> str:
    assert isinstance(step.expected, ExpectedReject)
    part = state.fill(step.expected.part)
    call = getattr(state.canister, "call_untyped", None) if untyped else state.canister.call
    if call is None:
        raise UsageError("the arguments do not fit the method's type", where=step.where)
    try:
        values = call(step.method, arguments, state.sender)
    except CallRejected as reject:
        if part not in str(reject):
            raise SessionFailed(
                f"{step.method} was rejected for another reason",
                where=step.where,
                details=f"expected a message with {part!r}\ngot      {reject}",
            ) from reject
        return f"reject: {reject}"
    raise SessionFailed(
        f"{step.method} replied, but was expected to reject", where=step.where, details=repr(values)
    )


def _matches(expected: object, actual: object) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int) and isinstance(actual, int):
        return expected in (_ANY, actual)
    if isinstance(expected, float) and isinstance(actual, float):
        return expected == actual or (math.isnan(expected) and math.isnan(actual))
    if isinstance(expected, Some) and isinstance(actual, Some):
        return _matches(expected.value, actual.value)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            _matches(value, actual[key]) for key, value in expected.items()
        )
    if isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        return len(expected) == len(actual) and all(
            _matches(left, right) for left, right in zip(expected, actual, strict=True)
        )
    return expected == actual

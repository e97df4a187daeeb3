"""``./dev conformance``: the Candid conformance suite as a table.

Messages are decoded by the codec in the runtime artefact, inside a canister in the local replica, and by the
host's codec; texts are read by the text parser.  An assertion holds when all agree with it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basilisk import candid
from basilisk.errors import BasiliskError
from tests.unit.candid.conformance import FOLDER, Assertion, Input, read_suite

from .in_canister import DecodingCanister, as_in_canister, request

__all__ = ["SUITES", "Result", "check", "main"]

#: Files of the suite and how many assertions each has.
SUITES = {"prim": 168, "construct": 164, "reference": 50, "overshoot": 10, "spacebomb": 17}


@dataclass
class Result:
    """One file: how many of its assertions touch which reader, and what failed (readable)."""

    name: str
    assertions: int
    canister: int = 0
    host: int = 0
    text: int = 0
    failures: list[str] = field(default_factory=list)


def check(folder: Path, name: str, canister: DecodingCanister) -> Result:
    """Check all assertions of a file, with one call of the canister."""
    assertions = read_suite(folder / f"{name}.test.did")
    result = Result(name, len(assertions))
    inputs = [(one, given) for one in assertions for given in (one.left, one.right) if given is not None]
    messages = [(one, given) for one, given in inputs if not given.is_text]
    requests = [request(_types(one), one.environment, given.data) for one, given in messages]
    answers = dict(zip(((id(one), id(given)) for one, given in messages), canister.decode(requests)))

    for one in assertions:
        given = [item for item in (one.left, one.right) if item is not None]
        texts = any(item.is_text for item in given)
        binary = any(not item.is_text for item in given)
        result.text += texts
        result.canister += binary
        result.host += binary
        if binary:
            found = [_on_host(one, item) if item.is_text else answers[id(one), id(item)] for item in given]
            _judge(result, one, "the canister's codec", found)
        found = [_on_host(one, item) for item in given]
        _judge(result, one, "the host's codec" if binary else "the text parser", found)
    if result.assertions != SUITES.get(name, result.assertions):
        result.failures.append(f"{name}: {SUITES[name]} assertions expected, {result.assertions} found")
    return result


def _types(assertion: Assertion) -> list[Any]:
    return [argument.type for argument in assertion.types]


def _on_host(assertion: Assertion, given: Input) -> tuple[str, Any]:
    types, environment = _types(assertion), assertion.environment
    try:
        if given.is_text:
            values = candid.parse_values(given.data.decode("utf-8"), types, environment, lenient=True)
        else:
            values = candid.decode(given.data, types, environment)
    except candid.CandidError as error:
        return "refused", str(error)
    return "values", as_in_canister(values, types, environment)


def _judge(result: Result, assertion: Assertion, who: str, found: Sequence[tuple[str, Any]]) -> None:
    """Adds a failure when what was found is not what the assertion says."""
    if assertion.operator == "!:":
        if found[0][0] == "refused":
            if not str(found[0][1]).strip():
                result.failures.append(f"{assertion.name}: {who} gives no reason for the refusal")
            return
    elif all(kind == "values" for kind, _ in found):
        # repr: NaN is NaN.
        equal = len(found) == 1 or repr(found[0][1]) == repr(found[1][1])
        if equal == (assertion.operator != "!="):
            return
    seen = "; ".join(f"{kind}: {value!r:.120}" for kind, value in found)
    result.failures.append(f"{result.name}:{assertion.name} ({assertion.operator}) by {who}: {seen}")


def main() -> int:
    """Print the table; the exit code is 1 when an assertion fails."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if not folder.is_dir():
        print(
            f"error: the conformance suite is not in {folder}\n"
            "  what to do: name the folder with the files *.test.did: ./dev conformance FOLDER",
            file=sys.stderr,
        )
        return 5
    try:
        canister = DecodingCanister()
    except BasiliskError as error:
        print(error, file=sys.stderr)
        return 1
    results = [check(folder, name, canister) for name in SUITES]
    heads = ("assertions", "canister codec", "host codec", "text parser", "failures")
    print(f"{'file':<12}{heads[0]:>12}{heads[1]:>16}{heads[2]:>12}{heads[3]:>13}{heads[4]:>10}")
    for one in [*results, _sum(results)]:
        figures = f"{one.assertions:>12}{one.canister:>16}{one.host:>12}{one.text:>13}{len(one.failures):>10}"
        print(f"{one.name:<12}{figures}")
    failures = _sum(results).failures
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _sum(results: Sequence[Result]) -> Result:
    total = Result("all", 0)
    for one in results:
        total.assertions += one.assertions
        total.canister += one.canister
        total.host += one.host
        total.text += one.text
        total.failures += one.failures
    return total


if __name__ == "__main__":
    sys.exit(main())

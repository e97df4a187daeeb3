"""The conformance suite, decoded in a canister: what ``./dev conformance`` prints as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk import candid
from basilisk.runtime import find
from tests.unit.candid.conformance import FOLDER

from .conformance import SUITES, check
from .in_canister import DecodingCanister, request


@pytest.fixture(scope="module")
def canister() -> DecodingCanister:
    """A canister of the runtime artefact."""
    assert find() is not None, "there is no runtime artefact; `./dev runtime` builds it"
    return DecodingCanister()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the conformance suite is not beside the repository")
@pytest.mark.parametrize("name", SUITES)
def test_file(canister: DecodingCanister, name: str) -> None:
    """Every assertion of the file holds."""
    result = check(FOLDER, name, canister)
    assert result.failures == []
    assert result.canister > 0


def test_failures_are_seen(canister: DecodingCanister, tmp_path: Path) -> None:
    """A table of failures that could not fail would prove nothing: wrong assertions are reported."""
    lines = [
        'assert blob "DIDL\\00\\01\\7e\\01" == "(false)" : (bool) "the other value";',
        'assert blob "DIDL\\00\\01\\7e\\01" !: (bool) "a good message";',
        'assert blob "DIDL\\00\\01\\7e\\02" : (bool) "a bad message";',
        'assert "(true)" != "(true)" : (bool) "equal texts";',
        'assert blob "DIDL\\00\\01\\7e\\01" == "(true)" : (bool) "this one holds";',
    ]
    (tmp_path / "wrong.test.did").write_text("\n".join(lines), "utf-8")
    result = check(tmp_path, "wrong", canister)
    assert (result.assertions, result.canister, result.text, len(result.failures)) == (5, 4, 3, 7)
    assert not any("this one holds" in failure for failure in result.failures)


def test_reasons(canister: DecodingCanister) -> None:
    """A refusal comes with its reason, and the values before it do not hide it."""
    message = candid.encode([candid.types.NAT, candid.types.TEXT], [1, "x"])
    ((kind, reason),) = canister.decode([request([candid.types.NAT, candid.types.NAT], {}, message)])
    assert (kind, reason) == ("refused", "argument 2: expected nat, found text")

"""Many canisters of one module."""

from __future__ import annotations

from basilisk.replica import Replica
from tests.unit.replica.scenarios.canisters import CALLEE, deploy, state_of


def test_a_thousand_canisters_share_the_compiled_code(paid: Replica) -> None:
    """And nothing else: each has its own state; suspended ones come back with it."""
    canisters = [deploy(paid, CALLEE) for _ in range(1_000)]
    codes = [paid._find(canister).code for canister in canisters]
    assert len({id(code.module.compiled) for code in codes if code is not None}) == 1
    for canister in canisters[::100]:
        paid.update(canister, "answer")
    for code in codes:
        assert code is not None
        code.suspend()
    assert [state_of(paid, canister) for canister in canisters[::50]] == [1, 0] * 10
    assert paid.unaccounted_cycles() == 0

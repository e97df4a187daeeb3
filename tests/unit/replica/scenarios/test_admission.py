"""Calls from outside before they are executed: inspect_message and whatever else refuses them."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.replica import Replica, UseCase
from tests.unit.replica.scenarios.canisters import CALLEE, REPLY, Builder, add, deploy, state_of


def inspecting(body: str) -> bytes:
    builder = Builder()
    builder.function("canister_inspect_message", add(100) + body)
    builder.function("canister_update go", add(1) + REPLY)
    builder.function("canister_query look", REPLY)
    return builder.build()


def test_a_message_that_is_accepted_is_executed(paid: Replica) -> None:
    canister = deploy(paid, inspecting("(call $accept_message)"))
    assert paid.update(canister, "go") == b""
    assert state_of(paid, canister) == 1, "the inspection leaves nothing behind"


@pytest.mark.parametrize(
    ("body", "code", "error_code", "text"),
    [
        ("", 4, "IC0406", "Canister rejected the message"),
        ("unreachable", 5, "IC0502", "Canister trapped: unreachable"),
        ("(call $trap (i32.const 0) (i32.const 0))", 5, "IC0503", "Canister called `ic0.trap`"),
        ("(call $accept_message) unreachable", 5, "IC0502", "Canister trapped: unreachable"),
        (
            "(call $accept_message) (call $accept_message)",
            5,
            "IC0504",
            "ic0.accept_message: the function was already called.",
        ),
        ("(call $msg_reply)", 5, "IC0504", '"ic0_msg_reply" cannot be executed in inspect message mode'),
    ],
)
def test_a_message_that_is_not_accepted(
    paid: Replica, body: str, code: int, error_code: str, text: str
) -> None:
    """It is refused at once, costs nothing and is never executed."""
    canister = deploy(paid, inspecting(body))
    before = paid.status(canister).cycles
    with pytest.raises(CallRejected) as caught:
        paid.submit(canister, "go")
    assert (caught.value.code, caught.value.error_code) == (code, error_code)
    assert text in caught.value.message
    paid.tick(2)
    assert paid.status(canister).cycles == before
    assert UseCase.INGRESS_INDUCTION not in paid.consumed_cycles
    assert state_of(paid, canister) == 0


def test_an_inspection_has_a_limit_of_its_own(paid: Replica) -> None:
    canister = deploy(paid, inspecting("(loop (br 0))"))
    with pytest.raises(CallRejected, match="Canister exceeded the limit of 200000000 instructions") as caught:
        paid.submit(canister, "go")
    assert caught.value.error_code == "IC0522"


def test_queries_and_calls_of_canisters_are_not_inspected(paid: Replica) -> None:
    canister = deploy(paid, inspecting(""))
    assert paid.query(canister, "look") == b""
    builder = Builder()
    done = builder.callback(REPLY)
    builder.function("canister_update go", builder.call(canister, "go", done, done))
    assert paid.update(deploy(paid, builder.build()), "go") == b""
    assert state_of(paid, canister) == 1


def test_a_query_as_an_update_is_inspected(paid: Replica) -> None:
    with pytest.raises(CallRejected, match="Canister rejected the message"):
        paid.update(deploy(paid, inspecting("")), "look")


def test_what_is_refused_at_the_door(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    paid.stop_canister(canister)
    with pytest.raises(CallRejected, match=f"Canister {canister} is stopped") as caught:
        paid.submit(canister, "answer")
    assert caught.value.error_code == "IC0508"
    paid.delete_canister(canister)
    with pytest.raises(CallRejected, match=f"Canister {canister} not found") as caught:
        paid.submit(canister, "answer")
    assert (caught.value.code, caught.value.error_code) == (3, "IC0301")
    empty = paid.create_canister()
    with pytest.raises(CallRejected, match="the canister contains no Wasm module") as caught:
        paid.submit(empty, "answer")
    assert caught.value.error_code == "IC0537"

"""Queries of every kind: what they may do, what stays of it, limits of call graphs, certificates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from basilisk.engine import Engine
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Fees, Replica
from basilisk.replica.ids import canister_id
from tests.unit.replica.scenarios.canisters import (
    ANSWER_REJECT,
    CALLEE,
    STATE,
    Builder,
    add,
    deploy,
    state_of,
)
from tests.unit.replica.wat import module, number, reply_bytes, reply_i32

#: Instructions that answer with the answer of the call and, behind it, the counter.
RELAY = f"""
    (call $msg_arg_data_copy (i32.const 300) (i32.const 0) (call $msg_arg_data_size))
    (call $msg_reply_data_append (i32.const 300) (call $msg_arg_data_size))
    (call $msg_reply_data_append (i32.const {STATE}) (i32.const 4)) (call $msg_reply)"""


def asker(callee: Principal | bytes, method: str, **call: int) -> bytes:
    """``ask`` adds 1, calls, adds 10 in the callback and relays the answer with the counter."""
    builder = Builder()
    reply, reject = builder.callback(add(10) + RELAY), builder.callback(add(10) + ANSWER_REJECT)
    builder.function(
        "canister_composite_query ask", add(1) + builder.call(callee, method, reply, reject, **call)
    )
    builder.function("canister_query plain", add(1) + RELAY)
    return builder.build()


def test_a_query_leaves_nothing_behind(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    for _ in range(3):
        paid.query(canister, "look")
    assert state_of(paid, canister) == 0
    assert paid.status(canister).version == 1


def test_a_query_in_replicated_mode_leaves_nothing_behind_either(paid: Replica) -> None:
    canister = deploy(paid, CALLEE)
    assert paid.update(canister, "look") == b""
    assert state_of(paid, canister) == 0


def test_a_query_called_by_a_canister_runs_replicated(paid: Replica) -> None:
    asked = Builder()
    asked.function("canister_query mode", reply_i32("(call $in_replicated_execution)"))
    callee = deploy(paid, asked.build())
    builder = Builder()
    relay = builder.callback(RELAY)
    builder.function("canister_update go", builder.call(callee, "mode", relay, relay))
    assert number(paid.update(deploy(paid, builder.build()), "go")[:4]) == 1
    assert number(paid.query(callee, "mode")) == 0
    assert number(paid.update(callee, "mode")) == 1


def test_callbacks_of_a_composite_query_see_what_came_before(paid: Replica) -> None:
    callee = deploy(paid, CALLEE)
    canister = deploy(paid, asker(callee, "look"))
    for _ in range(2):
        assert number(paid.query(canister, "ask")) == 11
    assert (state_of(paid, canister), state_of(paid, callee)) == (0, 0)


def test_a_composite_query_may_not_be_called_by_an_update(paid: Replica) -> None:
    composite = deploy(paid, asker(deploy(paid, CALLEE), "look"))
    builder = Builder()
    relay, reject = builder.callback(RELAY), builder.callback(ANSWER_REJECT)
    builder.function("canister_update go", builder.call(composite, "ask", relay, reject))
    answer = paid.update(deploy(paid, builder.build()), "go")
    assert (answer[0], answer[1:].decode()) == (
        5,
        "IC0527: Composite query cannot be called in replicated mode",
    )


def test_a_composite_query_may_not_call_updates(paid: Replica) -> None:
    canister = deploy(paid, asker(deploy(paid, CALLEE), "answer"))
    answer = paid.query(canister, "ask")
    assert answer[0] == 5
    assert b"Canister has no query method 'answer'" in answer


def test_a_composite_query_that_calls_itself_starts_afresh(paid: Replica) -> None:
    """The inner query sees the committed state, the outer one goes on with its own."""
    own = canister_id(0)
    canister = deploy(paid, asker(own, "plain"))
    answer = paid.query(canister, "ask")
    assert (number(answer[:4]), number(answer[4:8])) == (1, 11)
    assert state_of(paid, canister) == 0


def test_the_call_graph_has_a_depth(paid: Replica) -> None:
    """Seven in a row answer; when the seventh calls an eighth, the whole query fails."""
    last = deploy(paid, CALLEE)
    chain = [deploy(paid, asker(last, "look"))]
    for _ in range(6):
        chain.append(deploy(paid, asker(chain[-1], "ask")))
    assert paid.query(chain[5], "ask")
    with pytest.raises(CallRejected) as caught:
        paid.query(chain[6], "ask")
    assert caught.value.error_code == "IC0525"
    assert caught.value.message == "Composite query calls exceeded the maximum call depth."


def test_the_call_graph_has_one_budget(paid: Replica) -> None:
    """Every nested call is charged; when nothing is left, the whole query fails."""
    callee = deploy(paid, CALLEE)
    builder = Builder()
    done = builder.callback(add(10))
    last = builder.callback(add(10) + RELAY)
    builder.function(
        "canister_composite_query ask",
        "".join(builder.call(callee, "look", done if n < 9 else last, done) for n in range(10)),
    )
    canister = deploy(paid, builder.build())
    charge = paid.limits.query_call_charge
    paid.limits = replace(paid.limits, query_instructions=10 * charge + 100_000)
    assert number(paid.query(canister, "ask")) == 100
    assert paid.last.instructions > 10 * charge
    paid.limits = replace(paid.limits, query_instructions=5 * charge)
    with pytest.raises(CallRejected) as caught:
        paid.query(canister, "ask")
    assert caught.value.error_code in ("IC0526", "IC0522")


def test_a_composite_query_attaches_no_cycles(paid: Replica) -> None:
    canister = deploy(paid, asker(deploy(paid, CALLEE), "look", cycles=1))
    with pytest.raises(
        CallRejected, match='"ic0_call_cycles_add128" cannot be executed in composite query mode'
    ):
        paid.query(canister, "ask")


def test_a_composite_query_that_never_replies(paid: Replica) -> None:
    builder = Builder()
    done = builder.callback("")
    builder.function("canister_composite_query ask", builder.call(deploy(paid, CALLEE), "look", done, done))
    with pytest.raises(CallRejected, match="did not reply to the call") as caught:
        paid.query(deploy(paid, builder.build()), "ask")
    assert caught.value.error_code == "IC0506"


def test_cleanup_in_a_composite_query(paid: Replica) -> None:
    """The callback is undone (10), the cleanup stays (1000) for those that follow."""
    callee = deploy(paid, CALLEE)
    builder = Builder()
    trap = builder.callback(add(10) + "unreachable")
    cleanup = builder.callback("(call $add (i32.const 1000))")
    answer = builder.callback(RELAY)
    builder.function(
        "canister_composite_query ask",
        add(1)
        + builder.call(callee, "look", trap, trap, cleanup=cleanup)
        + builder.call(callee, "look", answer, answer),
    )
    assert number(paid.query(deploy(paid, builder.build()), "ask")) == 1001


# ---- certificates ------------------------------------------------------------------------------------

CERTIFIED = """
    (i32.store (i32.const 300) (call $data_certificate_present))
    (call $msg_reply_data_append (i32.const 300) (i32.const 4)) (call $msg_reply)"""


@pytest.fixture
def certifying(engine: Engine) -> Replica:
    """A replica whose certificates are the data itself."""
    return Replica(
        engine=engine, validate=False, fees=Fees.free(), certifier=lambda canister, data: b"of " + data
    )


def certified(callee: Principal | None = None) -> bytes:
    builder = Builder()
    builder.function("canister_query direct", CERTIFIED)
    builder.function("canister_composite_query direct_composite", CERTIFIED)
    builder.function("canister_update update", CERTIFIED)
    here, relay = builder.callback(CERTIFIED), builder.callback(RELAY)
    if callee is not None:
        builder.function("canister_composite_query callback", builder.call(callee, "look", here, here))
        builder.function("canister_composite_query nested", builder.call(callee, "direct", relay, relay))
        builder.function("canister_update awaited", builder.call(callee, "direct", relay, relay))
    data = builder.data(b"data")
    set_ = f"(call $certified_data_set (i32.const {data[0]}) (i32.const {data[1]}))"
    builder.function("canister_init", set_)
    builder.function(
        "canister_query read",
        f"""(call $data_certificate_copy (i32.const 300) (i32.const 0) (call $data_certificate_size))
        {reply_bytes(300, 7)}""",
    )
    builder.function(
        "canister_query all",
        """(call $data_certificate_copy (i32.const 300) (i32.const 0) (call $data_certificate_size))
        (call $msg_reply_data_append (i32.const 300) (call $data_certificate_size)) (call $msg_reply)""",
    )
    return builder.build()


def test_a_certificate_exists_only_in_direct_queries(certifying: Replica) -> None:
    other = deploy(certifying, certified())
    canister = deploy(certifying, certified(other))
    present = {
        name: number(certifying.query(canister, name)[:4])
        for name in ("direct", "direct_composite", "nested")
    }
    present |= {
        name: number(certifying.update(canister, name)[:4]) for name in ("direct", "update", "awaited")
    } | {"queried": present["direct"]}
    assert present == {
        "queried": 1,
        "direct_composite": 1,
        "nested": 0,
        "direct": 0,
        "update": 0,
        "awaited": 0,
    }
    assert certifying.query(canister, "read") == b"of data"
    with pytest.raises(
        CallRejected, match='"ic0_data_certificate_size" cannot be executed in replicated query'
    ):
        certifying.update(canister, "read")


def test_a_certificate_is_gone_in_callbacks(certifying: Replica) -> None:
    canister = deploy(certifying, certified(deploy(certifying, CALLEE)))
    assert number(certifying.query(canister, "callback")) == 0


def test_certificates_can_be_left_out(engine: Engine) -> None:
    replica = Replica(engine=engine, validate=False, certifier=False)
    assert number(replica.query(deploy(replica, certified()), "direct")) == 0


# ---- transform ---------------------------------------------------------------------------------------


def test_transform_is_called_by_the_management_canister(paid: Replica) -> None:
    canister = deploy(
        paid,
        module(f"""(func (export "canister_query t") (i32.store (i32.const 0) (call $msg_caller_size))
            (call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))
            (func (export "canister_update u") {reply_bytes(0, 1)})"""),
    )
    run = paid._queries.transform
    assert run(paid._find(canister), "t", b"", 1).data == bytes(4)  # type: ignore[union-attr]
    assert "has no query method 'u'" in run(paid._find(canister), "u", b"", 1).message  # type: ignore[union-attr]

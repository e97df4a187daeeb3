"""Composite queries: their calls, their callbacks, and that nothing of them remains."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from tests.unit.replica.test_messages import CALLEE, to
from tests.unit.replica.wat import Install, module, number, reply_i32

COMPOSER = module(
    f"""
    (table funcref (elem $on_reply $on_reject $trap_in_reply $on_cleanup))
    (func $load (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size)))
    (func $on_reply (param i32)
        (i32.store (i32.const 600) (i32.add (i32.load (i32.const 600)) (i32.const 1)))
        (call $msg_arg_data_copy (i32.const 604) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 600) (i32.add (i32.const 4) (call $msg_arg_data_size)))
        (call $msg_reply))
    (func $on_reject (param i32)
        (i32.store8 (i32.const 700) (call $msg_reject_code))
        (call $msg_reject_msg_copy (i32.const 701) (i32.const 0) (call $msg_reject_msg_size))
        (call $msg_reply_data_append (i32.const 700) (i32.add (i32.const 1) (call $msg_reject_msg_size)))
        (call $msg_reply))
    (func $trap_in_reply (param i32) (i32.store (i32.const 600) (i32.const 999)) unreachable)
    (func $on_cleanup (param i32) (call $debug_print (i32.const 600) (i32.const 4)))
    (func $send (param i32)
        (i32.store (i32.const 600) (i32.const 41))
        (call $load)
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 8)
            (local.get 0) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $call_on_cleanup (i32.const 3) (i32.const 0))
        (call $call_data_append (i32.const 18) (i32.sub (call $msg_arg_data_size) (i32.const 18)))
        (drop (call $call_perform)))
    (func (export "canister_composite_query ask") (call $send (i32.const 0)))
    (func (export "canister_composite_query ask_n   ") (call $send (i32.const 0)))
    (func (export "canister_composite_query ask_trap") (call $send (i32.const 2)))
    (func (export "canister_query heap") {reply_i32("(i32.load (i32.const 600))")})
    """
)


def test_a_composite_query_calls_queries(replica: Replica, install: Install) -> None:
    """The callback sees what the query did to the heap; afterwards nothing of it is left."""
    composer, callee = install(COMPOSER), install(CALLEE)
    answer = replica.query(composer, "ask", to(callee, "queried", b"data"))
    assert answer == (42).to_bytes(4, "little") + b"data"
    assert number(replica.query(composer, "heap")) == 0
    assert number(replica.query(callee, "n")) == 0


def test_a_callback_of_a_composite_query_that_traps(replica: Replica, install: Install) -> None:
    """Its changes are undone before the cleanup runs; what the query did before is still there."""
    composer, callee = install(COMPOSER), install(CALLEE)
    with pytest.raises(CallRejected, match="Canister trapped: unreachable"):
        replica.query(composer, "ask_trap", to(callee, "queried"))
    printed = [line.content for line in replica.logs(composer) if line.context == "composite cleanup"]
    assert printed == [(41).to_bytes(4, "little")]


@pytest.mark.parametrize(
    ("callee", "method", "code", "text"),
    [
        ("callee", "echo", 5, "Canister has no query method 'echo    '"),
        ("nobody", "echo", 3, "not found"),
    ],
)
def test_rejects_in_composite_queries(
    replica: Replica, install: Install, callee: str, method: str, code: int, text: str
) -> None:
    composer, other = install(COMPOSER), install(CALLEE)
    target = {"callee": other, "nobody": Principal(bytes(10))}[callee]
    answer = replica.query(composer, "ask", to(target, method))
    assert answer[0] == code
    assert text in answer[1:].decode()


def test_composite_queries_are_limited_in_depth(replica: Replica, install: Install) -> None:
    """Seven canisters may stand in a row; when the seventh calls another one, the whole query fails."""
    chain, last = [install(COMPOSER) for _ in range(7)], install(CALLEE)
    argument = to(last, "queried", b"end")
    for canister in reversed(chain[2:]):
        argument = to(canister, "ask_n", argument)
    assert replica.query(chain[1], "ask", argument).endswith(b"end")
    argument = to(chain[1], "ask_n", argument)
    with pytest.raises(CallRejected, match="Composite query calls exceeded the maximum call depth") as caught:
        replica.query(chain[0], "ask", argument)
    assert caught.value.error_code == "IC0525"


def test_a_composite_query_is_no_update(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match="Composite query cannot be called in replicated mode") as caught:
        replica.update(install(COMPOSER), "ask")
    assert caught.value.error_code == "IC0527"

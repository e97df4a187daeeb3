"""Queries and updates from outside: replies, rejects, and what remains afterwards."""

from __future__ import annotations

import pytest

from basilisk.errors import CallRejected
from basilisk.replica import Replica
from tests.unit.replica.wat import Install, module, number, reply_bytes, reply_i32

COUNTER = module(f"""
    (global $n (mut i32) (i32.const 0))
    (func (export "canister_update increment")
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        {reply_i32("(global.get $n)")})
    (func (export "canister_query increment_in_vain")
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        {reply_i32("(global.get $n)")})
    (func (export "canister_query read") {reply_i32("(global.get $n)")})
    (func (export "canister_query read_heap") {reply_i32("(i32.load (i32.const 64))")})
""")

ECHO = module("""
    (func $all (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 0) (call $msg_arg_data_size)))
    (func (export "canister_query echo") (call $all) (call $msg_reply))
    (func (export "canister_update echo_update") (call $all) (call $msg_reply))
    (func (export "canister_query silent"))
    (func (export "canister_update silent_update"))
    (func (export "canister_query refuse")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reject (i32.const 0) (call $msg_arg_data_size)))
    (func (export "canister_query caller")
        (call $msg_caller_copy (i32.const 0) (i32.const 0) (call $msg_caller_size))
        (call $msg_reply_data_append (i32.const 0) (call $msg_caller_size)) (call $msg_reply))
    (func (export "canister_update twice") (call $msg_reply) (call $msg_reply))
    (func (export "canister_update append_after_reply")
        (call $msg_reply) (call $msg_reply_data_append (i32.const 0) (i32.const 1)))
    (func (export "canister_update reject_after_reply")
        (call $msg_reply) (call $msg_reject (i32.const 0) (i32.const 1)))
    (func (export "canister_query two words")  (call $msg_reply))
""")


def test_an_update_changes_state_and_a_query_does_not(replica: Replica, install: Install) -> None:
    canister = install(COUNTER)
    assert number(replica.update(canister, "increment")) == 1
    assert number(replica.query(canister, "increment_in_vain")) == 2
    assert number(replica.query(canister, "increment_in_vain")) == 2
    assert number(replica.query(canister, "read")) == 1
    assert number(replica.query(canister, "read_heap")) == 1
    assert number(replica.update(canister, "increment")) == 2


def test_a_query_called_as_update_is_discarded_too(replica: Replica, install: Install) -> None:
    canister = install(COUNTER)
    assert number(replica.update(canister, "increment_in_vain")) == 1
    assert number(replica.query(canister, "read")) == 0
    assert number(replica.query(canister, "read_heap")) == 0


def test_two_canisters_of_one_module_share_code_but_not_state(replica: Replica, install: Install) -> None:
    one, two = install(COUNTER), install(COUNTER)
    replica.update(one, "increment")
    assert number(replica.query(two, "read")) == 0


@pytest.mark.parametrize("size", [0, 1, 1000, 60_000])
def test_arguments_and_replies_are_passed_through(replica: Replica, install: Install, size: int) -> None:
    canister = install(ECHO)
    data = bytes(index % 251 for index in range(size))
    assert replica.query(canister, "echo", data) == data
    assert replica.update(canister, "echo_update", data) == data


def test_a_method_name_may_contain_spaces(replica: Replica, install: Install) -> None:
    assert replica.query(install(ECHO), "two words") == b""


def test_the_caller_is_the_sender(replica: Replica, install: Install) -> None:
    canister = install(ECHO)
    assert replica.query(canister, "caller") == b"\x04"
    assert replica.query(canister, "caller", sender=b"\x01\x02") == b"\x01\x02"


def test_a_reject_carries_the_text(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected) as caught:
        replica.query(install(ECHO), "refuse", b"not today")
    assert (caught.value.code, caught.value.message) == (4, "not today")
    assert caught.value.error_code == "IC0406"


def test_a_reject_must_be_utf8(replica: Replica, install: Install) -> None:
    with pytest.raises(CallRejected, match=r"ic0\.msg_reject: invalid UTF-8 string provided") as caught:
        replica.query(install(ECHO), "refuse", b"\xff")
    assert caught.value.error_code == "IC0504"


@pytest.mark.parametrize("call", ["query", "update"])
def test_no_reply_is_an_error(replica: Replica, install: Install, call: str) -> None:
    canister = install(ECHO)
    with pytest.raises(CallRejected) as caught:
        if call == "query":
            replica.query(canister, "silent")
        else:
            replica.update(canister, "silent_update")
    assert (caught.value.code, caught.value.error_code) == (5, "IC0506")
    assert caught.value.message == f"Canister {canister} did not reply to the call"


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("twice", "ic0.msg_reply: the call is already replied"),
        ("append_after_reply", "ic0.msg_reply_data_append: the call is already replied."),
        ("reject_after_reply", "ic0.msg_reject: the call is already replied"),
    ],
)
def test_a_call_is_answered_once(replica: Replica, install: Install, method: str, text: str) -> None:
    with pytest.raises(CallRejected) as caught:
        replica.update(install(ECHO), method)
    assert caught.value.error_code == "IC0504"
    assert f"Canister violated contract: {text}" in caught.value.message


def test_state_stays_when_the_reply_is_missing(replica: Replica, install: Install) -> None:
    canister = install(
        module(f"""
        (func (export "canister_update store") (i32.store (i32.const 8) (i32.const 7)))
        (func (export "canister_query load") {reply_bytes(8, 4)})
    """)
    )
    with pytest.raises(CallRejected, match="did not reply"):
        replica.update(canister, "store")
    assert number(replica.query(canister, "load")) == 7


def test_an_unknown_method_is_named(replica: Replica, install: Install) -> None:
    canister = install(ECHO)
    with pytest.raises(CallRejected) as caught:
        replica.query(canister, "nothing")
    assert caught.value.error_code == "IC0536"
    assert caught.value.message.startswith(
        f"Error from Canister {canister}: Canister has no query method 'nothing'..\n"
        "Check that the method being called is exported by the target canister. See documentation: "
    )
    with pytest.raises(CallRejected, match="has no update method 'nothing'"):
        replica.update(canister, "nothing")
    with pytest.raises(CallRejected, match="has no query method 'echo_update'"):
        replica.query(canister, "echo_update")


def test_a_canister_that_does_not_exist(replica: Replica) -> None:
    with pytest.raises(CallRejected, match="Canister rrkah-fqaaa-aaaaa-aaaaq-cai not found") as caught:
        replica.query("rrkah-fqaaa-aaaaa-aaaaq-cai", "x")
    assert (caught.value.code, caught.value.error_code) == (3, "IC0301")


def test_a_canister_without_code(replica: Replica) -> None:
    canister = replica.create_canister()
    for call in (replica.query, replica.update):
        with pytest.raises(CallRejected, match="the canister contains no Wasm module") as caught:
            call(canister, "x")
        assert caught.value.error_code == "IC0537"


@pytest.mark.parametrize(("query", "limit"), [(True, 3 << 20), (False, 2 << 20)])
def test_the_size_of_a_reply_is_limited(replica: Replica, install: Install, query: bool, limit: int) -> None:
    canister = install(
        module(
            """
            (func $answer
                (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 4))
                (call $msg_reply_data_append (i32.const 0) (i32.load (i32.const 0))) (call $msg_reply))
            (func (export "canister_query q") (call $answer))
            (func (export "canister_update u") (call $answer))
            """,
            memory="(memory 60)",
        )
    )
    call, method = (replica.query, "q") if query else (replica.update, "u")
    assert len(call(canister, method, limit.to_bytes(4, "little"))) == limit
    with pytest.raises(CallRejected) as caught:
        call(canister, method, (limit + 1).to_bytes(4, "little"))
    assert f"application payload size ({limit + 1}) cannot be larger than {limit}." in caught.value.message
    assert caught.value.error_code == "IC0504"


def test_instructions_and_written_pages_are_reported(replica: Replica, install: Install) -> None:
    canister = install(COUNTER)
    replica.update(canister, "increment")
    # entry 1; global.get/set, const, add 6; const, const, load, const, add, store 6; reply_i32: const,
    # global.get, store 4, const, const, call 7, call 5; append 500 + 50 * 4, reply 500; one page written 1000
    assert replica.last.instructions == 1 + 6 + 6 + 4 + 7 + 5 + (500 + 50 * 4) + 500 + 1_000
    assert replica.last.dirty_heap_pages == 1
    replica.query(canister, "read")  # the page it writes is thrown away and costs nothing
    assert replica.last.instructions == 1 + 4 + 7 + 5 + (500 + 50 * 4) + 500

"""What each program of Kybra's README needs to be complete, and what its text says that it does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from basilisk import candid
from basilisk.principal import Principal
from tests.runtime.kybra.world import CYCLES, World

__all__ = ["CASES", "Case"]

Edit = tuple[str, str]
SOMEBODY = Principal.self_authenticating(b"somebody")
CALL_CYCLES = 100_000_000_000


@dataclass(frozen=True)
class Case:
    """How a block is tested.

    ``check`` asserts what the text says.  ``around`` is a program that imports the block as ``page`` and adds
    what a reader would have beside it.  ``edits`` complete or correct the block; ``error`` is then the
    message with which it does not build as printed, or, with ``called``, what a call of that method ends in.
    ``slip``: the block contradicts itself; otherwise it is a fragment that leaves out what is clear.
    """

    check: Callable[[World], None]
    around: str = ""
    edits: tuple[Edit, ...] = ()
    error: str = ""
    called: str = ""
    slip: bool = False

    @property
    def status(self) -> str:
        """The word in the table of docs/kybra.md."""
        if not self.edits:
            return "as printed"
        return "corrected" if self.slip else "completed"


def prints(answer: str, method: str = "query_") -> Callable[[World], None]:
    """A query with a fixed answer."""

    def check(world: World) -> None:
        assert world.canister.call(method) == answer

    return check


# Canister methods


def init(world: World) -> None:
    line = "This runs once when the canister is first initialized"
    assert world.canister.log == [line]
    world.canister.upgrade()
    assert world.canister.log == [line]


def pre_upgrade(world: World) -> None:
    assert world.canister.log == []
    world.canister.upgrade()
    assert world.canister.log == ["This runs before every canister upgrade"]


def post_upgrade(world: World) -> None:
    assert world.canister.log == []
    for count in (1, 2):
        world.canister.upgrade()
        assert world.canister.log == ["This runs after every canister upgrade"] * count


def inspect_message(world: World) -> None:
    canister = world.canister
    assert canister.call("accessible") is True
    refused = canister.reject("inaccessible")
    assert refused.error_code == "IC0406" and "rejected the message" in str(refused)
    raised = canister.reject("also_inaccessible")
    assert re.search(r'Method "also_inaccessible" (is )?not allowed', str(raised))


def heartbeat(world: World) -> None:
    canister = world.canister
    world.replica.tick(3)
    lines = canister.log
    assert len(lines) >= 3 and set(lines) == {"this runs ~1 time per second"}


def update(world: World) -> None:
    canister = world.canister
    assert canister.call("query_") == ""
    canister.call("update", "Why hello there")
    assert canister.call("query_") == "Why hello there"


def http(world: World) -> None:
    canister = world.canister
    request = {"method": "GET", "url": "/", "headers": [("accept", "*/*")]}
    answer = {
        "status_code": 200,
        "headers": [("content-type", "text/plain")],
        "body": b"",
        "streaming_strategy": None,
        "upgrade": True,
    }
    assert canister.call("http_request", request) == answer
    assert canister.call("http_request_update", request) == answer | {"upgrade": None}


# Candid types


def value(name: str, expected: object, python: str) -> Callable[[World], None]:
    """``get_x`` gives the value; ``print_x`` prints the type it has at run time and gives it back."""

    def check(world: World) -> None:
        canister = world.canister
        assert canister.call(f"get_{name}") == expected
        assert canister.call(f"print_{name}", expected, replicated=True) == expected
        assert canister.log == [f"<class '{python}'>"]

    return check


def null(world: World) -> None:
    canister = world.canister
    assert canister.call("get_null") is None
    assert canister.call("print_null", None, replicated=True) is None
    assert canister.log == ["<class 'NoneType'>"]


def vec(world: World) -> None:
    assert world.canister.call("get_numbers") == [0, 1, 2, 3]


def opt(world: World) -> None:
    assert world.canister.call("get_opt_some") is True
    assert world.canister.call("get_opt_none") is None


def record(world: World) -> None:
    post = {"id": "p", "text": "t"}
    assert world.canister.call("kind", post) == "dict id text"


def variant(world: World) -> None:
    for case in ({"Fire": None}, {"Emotion": {"Happy": None}}, {"Firework": {"Color": "red"}}):
        assert world.canister.call("echo", case) == case
        assert world.canister.call("kind", case) == f"dict {next(iter(case))}"


def func(world: World) -> None:
    canister = world.canister
    basic = (Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai"), "simple_function_name")
    assert canister.call("get_basic_func") == basic
    other = (Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai"), "complex_function_name")
    assert canister.call("get_complex_func") == other
    assert canister.call("kind", basic) == "tuple Principal str"


def principal(world: World) -> None:
    canister = world.canister
    expected = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")
    assert canister.call("get_principal") == expected
    assert canister.call("print_principal", SOMEBODY, replicated=True) == SOMEBODY
    assert "Principal" in canister.log[0]


def reserved(world: World) -> None:
    canister = world.canister
    assert canister.call("get_reserved") is None
    canister.call("print_reserved", "anything", replicated=True)
    assert canister.log == ["<class 'NoneType'>"]


def empty(world: World) -> None:
    """Nobody can make the argument: neither the encoder nor a message of another type."""
    canister = world.canister
    try:
        canister.call("print_empty", None)
    except candid.CandidError as error:
        assert "empty" in str(error)
    else:
        raise AssertionError("a value of the type empty was made")
    types = canister.type_of("print_empty")
    assert [candid.format_type(argument.type) for argument in types.args] == ["empty"]


# Canister APIs


def candid_decode(world: World) -> None:
    data = candid.text_to_message('(42, "x")')
    assert world.canister.call("candid_decode", data) == '(42 : int, "x")'


def candid_encode(world: World) -> None:
    assert world.canister.call("candid_encode", "(42 : nat8)") == candid.text_to_message("(42 : nat8)")


def balance(method: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        canister = world.canister
        assert canister.call(method) == world.replica.status(canister.principal).cycles
        world.replica.add_cycles(canister.principal, 5)
        assert canister.call(method) == world.replica.status(canister.principal).cycles

    return check


def data_certificate(world: World) -> None:
    canister = world.canister
    certificate = canister.call("data_certificate")
    assert isinstance(certificate, bytes) and len(certificate) > 100
    assert canister.call("data_certificate", replicated=True) is None


def identity(world: World) -> None:
    assert world.canister.call("id") == world.canister.principal


def log(world: World) -> None:
    assert world.canister.call("print", "hello", replicated=True) is True
    assert world.canister.log == ["hello"]


def set_certified_data(world: World) -> None:
    canister = world.canister
    before = canister.call("certificate")
    canister.call("set_certified_data", bytes(range(32)))
    after = canister.call("certificate")
    assert isinstance(before, bytes) and isinstance(after, bytes)
    assert bytes(range(32)) in after and bytes(range(32)) not in before
    assert "32" in str(canister.reject("set_certified_data", bytes(33)))


def time(world: World) -> None:
    canister = world.canister
    assert canister.call("time") == world.replica.clock.now()
    world.replica.advance(10)
    assert canister.call("time") == world.replica.clock.now()


def trap(world: World) -> None:
    error = world.canister.reject("trap", "the reason")
    assert "the reason" in str(error) and error.code == 5
    assert "the reason" in str(world.canister.reject("count_and_trap"))
    assert world.canister.call("count") == 0


# Call APIs


def caller(world: World) -> None:
    assert world.canister.call("caller", sender=SOMEBODY) == SOMEBODY
    assert world.canister.call("caller") == Principal.anonymous()


def arg_data_raw(world: World) -> None:
    arguments = (b"\1\2", -5, True, "text")
    data = world.canister.encode("arg_data_raw", *arguments)
    assert world.canister.call("arg_data_raw", *arguments) == data


def arg_data_raw_size(world: World) -> None:
    arguments = (b"\1\2", -5, True, "text")
    data = world.canister.encode("arg_data_raw_size", *arguments)
    assert world.canister.call("arg_data_raw_size", *arguments) == len(data)


def call(method: str, cycles: int) -> Callable[[World], None]:
    """The answer in ``ok``, the reason of a reject in ``err``, and the cycles went along."""

    def check(world: World) -> None:
        peer, canister = world.peer, world.canister
        assert canister.call(method) == {"ok": True}
        peer.call("behave", "False", 0)
        assert canister.call(method) == {"ok": False}
        assert peer.call("seen") == (2, 2 * cycles)
        peer.call("behave", "reject", 0)
        assert canister.call(method) == {"err": "Rejection code 4, the peer refuses"}

    return check


def call_raw(world: World) -> None:
    found = set()
    for _ in range(2):
        reply = world.canister.call("get_randomness")
        assert isinstance(reply, bytes)
        (random,) = candid.decode(reply, [candid.parse_type("blob")])
        assert isinstance(random, bytes) and len(random) == 32
        found.add(random)
    assert len(found) == 2


def accept(method: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        before = world.replica.status(world.canister.principal).cycles
        assert world.call_with_cycles(method, CYCLES) == CYCLES
        gained = world.replica.status(world.canister.principal).cycles - before
        assert CYCLES - 10**9 < gained <= CYCLES  # less what the call itself costs
        assert world.call_with_cycles(method, 0) == 0

    return check


def refunded(world: World) -> None:
    peer, canister = world.peer, world.canister
    assert canister.call("call_canister1_method") == {"ok": CALL_CYCLES}
    peer.call("behave", "True", 30_000_000_000)
    assert canister.call("call_canister1_method") == {"ok": CALL_CYCLES - 30_000_000_000}
    peer.call("behave", "reject", 0)
    assert canister.call("call_canister1_method") == {"err": "Rejection code 4, the peer refuses"}


def notify(cycles: int) -> Callable[[World], None]:
    """Sent and forgotten: True at once, whatever becomes of it."""

    def check(world: World) -> None:
        peer = world.peer
        peer.call("behave", "reject", cycles)
        assert world.canister.call("call_canister1_method") is True
        world.replica.tick(2)
        assert peer.call("seen") == (1, cycles)

    return check


def notify_raw(world: World) -> None:
    peer = world.peer_at("ryjl3-tyaaa-aaaaa-aaaba-cai")
    assert world.canister.call("send_notification") is True
    world.replica.tick(2)
    assert peer.call("seen") == (1, 0)


def performance_counter(world: World) -> None:
    count = world.canister.call("performance_counter")
    assert isinstance(count, int) and 0 < count < 100_000_000


def reject(world: World) -> None:
    error = world.canister.reject("reject", "not today")
    assert error.code == 4 and "not today" in str(error)


def reject_code(world: World) -> None:
    assert world.canister.call("get_rejection_code") == {"DestinationInvalid": None}
    peer = world.peer
    assert world.canister.call("get_rejection_code") == {"NoError": None}
    peer.call("behave", "reject", 0)
    assert world.canister.call("get_rejection_code") == {"CanisterReject": None}
    world.replica.stop_canister(peer.principal)
    assert world.canister.call("get_rejection_code") == {"CanisterError": None}


def reject_message(world: World) -> None:
    world.peer.call("behave", "reject", 0)
    assert world.canister.call("get_rejection_message") == "the peer refuses"


def reply(world: World) -> None:
    assert world.canister.call("manual_update", "hello") == "hello"
    error = world.canister.reject("manual_update", "reject")
    assert error.code == 4 and "reject" in str(error)


def reply_raw(world: World) -> None:
    assert world.canister.call("reply_raw") == {
        "int": 42,
        "text": "text",
        "bool": True,
        "blob": b"Surprise!",
        "variant": {"Medium": None},
    }


# Stable memory


def stable_storage(world: World) -> None:
    canister = world.install(340_282_366_920_938_463_463)
    assert canister.call("get") == 340_282_366_920_938_463_463
    for _ in range(2):
        canister.upgrade(7)
        assert canister.call("get") == 340_282_366_920_938_463_463


def stable_grow(prefix: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        canister = world.canister
        assert canister.call(f"{prefix}_grow", 2) == {"Ok": 0}
        assert canister.call(f"{prefix}_grow", 3) == {"Ok": 2}
        assert world.replica.stable_memory(canister.principal) == bytes(5 * 65_536)
        assert canister.call(f"{prefix}_grow", 2**32 - 1) == {"Err": {"OutOfMemory": None}}

    return check


def stable_size(method: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        assert world.canister.call(method) == 0
        world.canister.call("prepare", 3, 0, b"")
        assert world.canister.call(method) == 3

    return check


def stable_read(method: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        world.canister.call("prepare", 1, 65_530, b"abc")
        assert world.canister.call(method, 65_529, 5) == b"\0abc\0"
        assert "stable memory" in str(world.canister.reject(method, 65_536, 1))

    return check


def stable_write(method: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        canister = world.canister
        canister.call("prepare", 1, 0, b"")
        canister.call(method, 65_530, b"abc")
        assert world.replica.stable_memory(canister.principal, 65_529, 5) == b"\0abc\0"
        assert "stable memory" in str(canister.reject(method, 65_535, b"ab"))

    return check


def stable_bytes(world: World) -> None:
    assert world.canister.call("stable_bytes") == b""
    world.canister.call("prepare", 1, 5, b"abc")
    assert world.canister.call("stable_bytes") == b"\0\0\0\0\0abc" + bytes(65_528)


_PREPARE = """
from kybra import blob, ic, nat64, update
import page

@update
def prepare(pages: nat64, offset: nat64, data: blob):
    ic.stable64_grow(pages)
    ic.stable64_write(offset, data)
"""
_CERTIFICATE = """
from kybra import blob, ic, opt, query
import page

@query
def certificate() -> opt[blob]:
    return ic.data_certificate()
"""
_COUNT = """
from kybra import nat, query, update
import page

calls = 0

@update
def count_and_trap() -> bool:
    global calls
    calls += 1
    return page.trap("the reason")

@query
def count() -> nat:
    return calls
"""
_POST = """
from kybra import Record, query
import page

class Short(Record):
    id: str
    text: str

@query
def types(post: page.Post, thread: page.Thread, user: page.User): ...

@query
def kind(post: Short) -> str:
    return " ".join([type(post).__name__, *post])
"""
_REACTION = """
from kybra import query
import page

@query
def types(emotion: page.Emotion, firework: page.Firework): ...

@query
def echo(reaction: page.ReactionType) -> page.ReactionType:
    return reaction

@query
def kind(reaction: page.ReactionType) -> str:
    return " ".join([type(reaction).__name__, *reaction])
"""
_FUNC = """
from kybra import query
import page

@query
def kind(function: page.BasicFunc) -> str:
    return " ".join([type(function).__name__, type(function[0]).__name__, type(function[1]).__name__])
"""
_STORAGE = """
from kybra import nat, query
import page

@query
def get() -> nat:
    return page.stable_storage["stable_nat"]
"""

_NO_METHOD = "no canister method"

CASES: dict[str, Case] = {
    "Installation/Kybra": Case(prints("Hello world!", "hello_world")),
    "Canister Methods/init": Case(init),
    "Canister Methods/pre upgrade": Case(pre_upgrade),
    "Canister Methods/post upgrade": Case(post_upgrade),
    "Canister Methods/inspect message": Case(inspect_message),
    "Canister Methods/heartbeat": Case(heartbeat),
    "Canister Methods/update": Case(update),
    "Canister Methods/query": Case(prints("This is a query function")),
    "Canister Methods/http_request and http_request_update": Case(
        http,
        edits=(
            ("[t: 'Token']", "['Token']"),
            ("opt[StreamingStrategy]", "opt['StreamingStrategy']"),
            ("\nclass HttpRequest", "\nfrom typing import TypeAlias\n\nclass HttpRequest"),
            ("update, variant\n", "update, Record, Variant\n"),
        ),
        error="syntax error",
        slip=True,
    ),
    "Candid Types/text": Case(value("string", "Hello world!", "str")),
    "Candid Types/blob": Case(value("blob", b"DIDL\0\0", "bytes")),
    "Candid Types/nat": Case(value("nat", 2**128 - 1, "int")),
    "Candid Types/nat64": Case(value("nat64", 2**64 - 1, "int")),
    "Candid Types/nat32": Case(value("nat32", 2**32 - 1, "int")),
    "Candid Types/nat16": Case(value("nat16", 65_535, "int")),
    "Candid Types/nat8": Case(value("nat8", 255, "int")),
    "Candid Types/int": Case(value("int", 2**127 - 1, "int")),
    "Candid Types/int64": Case(
        value("int64", 2**63 - 1, "int"),
        edits=(("inat64", "int64"),),
        error="no name 'inat64'",
        slip=True,
    ),
    "Candid Types/int32": Case(value("int32", 2**31 - 1, "int")),
    "Candid Types/int16": Case(value("int16", 32_767, "int")),
    "Candid Types/int8": Case(value("int8", 127, "int")),
    "Candid Types/float64": Case(value("float64", math.e, "float")),
    "Candid Types/float32": Case(
        # The nearest number that has 32 bits.
        value("float32", 3.1415927410125732, "float"),
        edits=(
            ("\n\ndef get", "\nimport math\n\n@query\ndef get"),
            ("\n\ndef print", "\n\n@query\ndef print"),
        ),
        error=_NO_METHOD,
    ),
    "Candid Types/bool": Case(value("bool", True, "bool")),
    "Candid Types/null": Case(null),
    "Candid Types/vec": Case(vec),
    "Candid Types/opt": Case(opt),
    "Candid Types/record": Case(record, around=_POST),
    "Candid Types/variant": Case(variant, around=_REACTION),
    "Candid Types/func": Case(
        func,
        around=_FUNC,
        edits=(("from kybra import", "from typing import TypeAlias\nfrom kybra import"),),
        error="TypeAlias",
    ),
    "Candid Types/principal": Case(principal),
    "Candid Types/reserved": Case(reserved),
    "Candid Types/empty": Case(empty),
    "Canister APIs/Candid decode": Case(candid_decode),
    "Canister APIs/Candid encode": Case(candid_encode),
    "Canister APIs/canister balance": Case(balance("canister_balance")),
    "Canister APIs/canister balance 128": Case(balance("canister_balance128")),
    "Canister APIs/data certificate": Case(data_certificate),
    "Canister APIs/canister id": Case(identity),
    "Canister APIs/print": Case(
        log,
        edits=(("return true", "return True"),),
        error="name 'true' is not defined",
        called="print",
        slip=True,
    ),
    "Canister APIs/set certified data": Case(set_certified_data, around=_CERTIFICATE),
    "Canister APIs/time": Case(time),
    # Its last line has the slip of `print`, but nothing comes after a trap.
    "Canister APIs/trap": Case(trap, around=_COUNT),
    "Call APIs/caller": Case(caller),
    "Call APIs/accept message": Case(inspect_message),
    "Call APIs/arg data raw": Case(arg_data_raw),
    "Call APIs/arg data raw size": Case(arg_data_raw_size),
    "Call APIs/call": Case(call("call_canister1_example_method", 0)),
    "Call APIs/call raw": Case(call_raw),
    "Call APIs/call raw 128": Case(call_raw),
    "Call APIs/call with payment": Case(call("call_canister1_method", CALL_CYCLES)),
    "Call APIs/call with payment 128": Case(call("call_canister1_method", CALL_CYCLES)),
    "Call APIs/method name": Case(
        inspect_message, edits=(("===", "=="),), error="syntax error: invalid syntax", slip=True
    ),
    "Call APIs/msg cycles accept": Case(accept("receive_cycles")),
    "Call APIs/msg cycles accept 128": Case(accept("receive_cycles128")),
    "Call APIs/msg cycles available": Case(accept("receive_cycles")),
    "Call APIs/msg cycles available 128": Case(accept("receive_cycles128")),
    "Call APIs/msg cycles refunded": Case(refunded),
    "Call APIs/msg cycles refunded 128": Case(
        refunded,
        edits=(("CanisterResult, ic, ", "CanisterResult, ic, method, "), ("(self): bool", "(self) -> bool")),
        error="name 'method' is not defined",
        slip=True,
    ),
    "Call APIs/notify": Case(
        notify(0),
        edits=(
            ("Principal, Update", "Principal, update"),
            ("\ndef call_canister1", "\n@update\ndef call_canister1"),
        ),
        error=_NO_METHOD,
    ),
    "Call APIs/notify raw": Case(notify_raw),
    "Call APIs/notify with payment 128": Case(notify(CALL_CYCLES)),
    "Call APIs/performance counter": Case(performance_counter),
    "Call APIs/reject": Case(
        reject,
        edits=(("ic, manual\n", "ic, manual, query\n"), ("\ndef reject", "\n@query\ndef reject")),
        error=_NO_METHOD,
    ),
    "Call APIs/reject code": Case(
        reject_code,
        edits=(("CanisterResult, ic, ", "CanisterResult, ic, method, "),),
        error="name 'method' is not defined",
    ),
    "Call APIs/reject message": Case(reject_message),
    "Call APIs/reply": Case(reply, edits=(("\ndef manual", "\n@update\ndef manual"),), error=_NO_METHOD),
    "Call APIs/reply raw": Case(
        reply_raw,
        edits=(("Record, Variant", "Record, update, Variant"),),
        error="name 'update' is not defined",
    ),
    "Stable Memory/stable storage": Case(
        stable_storage,
        around=_STORAGE,
        edits=(("from kybra import init", "from kybra import ic, init"),),
        error="name 'ic' is not defined",
    ),
    "Stable Memory/stable64 grow": Case(stable_grow("stable64")),
    "Stable Memory/stable64 read": Case(stable_read("stable64_read"), around=_PREPARE),
    "Stable Memory/stable64 size": Case(stable_size("stable64_size"), around=_PREPARE),
    "Stable Memory/stable64 write": Case(stable_write("stable64_write"), around=_PREPARE),
    "Stable Memory/stable bytes": Case(stable_bytes, around=_PREPARE),
    "Stable Memory/stable grow": Case(stable_grow("stable")),
    "Stable Memory/stable read": Case(stable_read("stable_read"), around=_PREPARE),
    "Stable Memory/stable size": Case(stable_size("stable_size"), around=_PREPARE),
    "Stable Memory/stable write": Case(stable_write("stable_write"), around=_PREPARE),
}

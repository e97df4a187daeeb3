"""A canister that calls the management canister for a test and hands back what it got."""

from __future__ import annotations

from typing import Any

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.ids import principal_bytes
from basilisk.replica.management import interface
from tests.unit.replica.wat import module, reply_bytes

__all__ = ["PROXY", "Proxy", "direct", "proxy", "query"]

# Argument of `call`: callee (its length in a byte), cycles (16 bytes, little-endian), length of the method's
# name (4 bytes), name, payload.  Answer: 0 and the reply, or 1, the reject code and its text.
_BODY = f"""
    (type $callback (func (param i32)))
    (table 2 funcref) (elem (i32.const 0) $reply $reject)
    (func $reply (param i32)
        (i32.store8 (i32.const 65535) (i32.const 0))
        (call $msg_arg_data_copy (i32.const 65536) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 65535) (i32.add (call $msg_arg_data_size) (i32.const 1)))
        (call $msg_reply))
    (func $reject (param i32)
        (i32.store8 (i32.const 65534) (i32.const 1))
        (i32.store8 (i32.const 65535) (call $msg_reject_code))
        (call $msg_reject_msg_copy (i32.const 65536) (i32.const 0) (call $msg_reject_msg_size))
        (call $msg_reply_data_append (i32.const 65534) (i32.add (call $msg_reject_msg_size) (i32.const 2)))
        (call $msg_reply))
    (func (export "canister_update call") (local $callee i32) (local $name i32) (local $size i32)
        (call $msg_arg_data_copy (i32.const 65536) (i32.const 0) (call $msg_arg_data_size))
        (local.set $callee (i32.load8_u (i32.const 65536)))
        (local.set $name (i32.add (i32.const 65557) (local.get $callee)))
        (local.set $size (i32.load (i32.sub (local.get $name) (i32.const 4))))
        (call $call_new (i32.const 65537) (local.get $callee) (local.get $name) (local.get $size)
            (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $call_data_append (i32.add (local.get $name) (local.get $size))
            (i32.sub (i32.add (i32.const 65536) (call $msg_arg_data_size))
                (i32.add (local.get $name) (local.get $size))))
        (call $call_cycles_add128 (i64.load (i32.sub (local.get $name) (i32.const 12)))
            (i64.load (i32.sub (local.get $name) (i32.const 20))))
        (drop (call $call_perform)))
    (func (export "canister_query same") (call $msg_reply_data_append (i32.const 0) (i32.const 0))
        (call $msg_reply))
    (func (export "canister_query self") (call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))
        {reply_bytes(0, 10)})
    (func (export "canister_update print") (call $msg_arg_data_copy (i32.const 0) (i32.const 0)
        (call $msg_arg_data_size)) (call $debug_print (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply))
    """


def proxy(more: str = "") -> bytes:
    """The proxy with further functions."""
    return module(_BODY + more, "(memory 64)")


PROXY = proxy()

#: Cycles of a proxy: enough for all calls.
CYCLES = 10**15


class Proxy:
    """A deployed proxy.  All methods take and return values in Python's form."""

    def __init__(self, replica: Replica, wasm: bytes = PROXY) -> None:
        self.replica = replica
        self.id = replica.create_canister(cycles=CYCLES)
        replica.install_code(self.id, wasm, b"")

    def send(
        self, method: str, value: dict[str, Any] | None = None, cycles: int = 0, callee: Any = b""
    ) -> int:
        """Make a call; the number of the ingress message that asked for it."""
        payload = interface.request(method, value) if not callee else b""
        name, raw = method.encode(), principal_bytes(callee)
        head = bytes([len(raw)]) + raw + cycles.to_bytes(16, "little") + len(name).to_bytes(4, "little")
        return self.replica.submit(self.id, "call", head + name + payload)

    def result(self, number: int, method: str) -> Any:
        """The result of a call.  Raises CallRejected with what the proxy was told."""
        answer = self.replica.await_call(number)
        if answer[0]:
            raise CallRejected(answer[1], answer[2:].decode(), None)
        return interface.response(method, answer[1:])

    def call(self, method: str, value: dict[str, Any] | None = None, cycles: int = 0) -> Any:
        """Make a call and wait for its result."""
        return self.result(self.send(method, value, cycles), method)


def direct(replica: Replica, method: str, value: dict[str, Any] | None = None, sender: Any = b"\4") -> Any:
    """Make a call from outside."""
    return interface.response(
        method, replica.update("aaaaa-aa", method, interface.request(method, value), sender)
    )


def query(replica: Replica, method: str, value: dict[str, Any] | None = None, sender: Any = b"\4") -> Any:
    """Make a query from outside."""
    return interface.response(
        method, replica.query(Principal(b""), method, interface.request(method, value), sender)
    )

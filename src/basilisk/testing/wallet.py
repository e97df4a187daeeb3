"""A canister that sends calls with cycles on behalf of a test.

Only canisters can attach cycles to a call, so ``with_cycles`` goes through one: it is the caller that the
called canister sees.  The module is written in the text format of WebAssembly, because it must be there
without any build.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from basilisk.errors import CallRejected, UsageError
from basilisk.principal import Principal

if TYPE_CHECKING:
    from basilisk.replica import Replica

__all__ = ["BALANCE", "Answer", "forward", "module"]

#: Cycles of a new wallet: enough for any test.
BALANCE = 10**24

_LARGEST = (1 << 128) - 1
_ERROR_CODE = re.compile(r"\s*(IC\d{4}):\s*")
#: What tells the two kinds of traps where the message begins with no code.
_TRAPS = {"Canister called `ic0.trap`": "IC0503", "Canister trapped": "IC0502"}

# Request: length of the callee (1 byte), callee, length of the name (4 bytes, little-endian), name, cycles
# (16 bytes, little-endian), message.  Reply: cycles that came back (16 bytes), then 0 and the reply, or 1,
# the reject code (4 bytes) and the message.  Pages of memory: 2 MiB for the largest message, and some.
_TEXT = """
(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param i32 i32 i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_reject_code" (func $reject_code (result i32)))
  (import "ic0" "msg_reject_msg_size" (func $reject_size (result i32)))
  (import "ic0" "msg_reject_msg_copy" (func $reject_copy (param i32 i32 i32)))
  (import "ic0" "msg_cycles_refunded128" (func $refunded (param i32)))
  (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "ic0" "call_data_append" (func $call_data (param i32 i32)))
  (import "ic0" "call_cycles_add128" (func $call_cycles (param i64 i64)))
  (import "ic0" "call_perform" (func $perform (result i32)))
  (import "ic0" "trap" (func $trap (param i32 i32)))
  (memory 40)
  (table funcref (elem $on_reply $on_reject))
  (data (i32.const 2621000) "the wallet could not send the call")
  (func (export "canister_update forward") (local $callee i32) (local $name i32) (local $rest i32)
    (call $arg_copy (i32.const 0) (i32.const 0) (call $arg_size))
    (local.set $callee (i32.load8_u (i32.const 0)))
    (local.set $name (i32.load align=1 (i32.add (local.get $callee) (i32.const 1))))
    (local.set $rest (i32.add (i32.add (local.get $callee) (local.get $name)) (i32.const 21)))
    (call $call_new
      (i32.const 1) (local.get $callee)
      (i32.add (local.get $callee) (i32.const 5)) (local.get $name)
      (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
    (call $call_data (local.get $rest) (i32.sub (call $arg_size) (local.get $rest)))
    (call $call_cycles
      (i64.load align=1 (i32.sub (local.get $rest) (i32.const 8)))
      (i64.load align=1 (i32.sub (local.get $rest) (i32.const 16))))
    (if (call $perform) (then (call $trap (i32.const 2621000) (i32.const 34)))))
  (func $head (param $tag i32)
    (call $refunded (i32.const 0))
    (i32.store8 (i32.const 16) (local.get $tag))
    (call $append (i32.const 0) (i32.const 17)))
  (func $on_reply (param i32)
    (call $head (i32.const 0))
    (call $arg_copy (i32.const 32) (i32.const 0) (call $arg_size))
    (call $append (i32.const 32) (call $arg_size))
    (call $reply))
  (func $on_reject (param i32)
    (call $head (i32.const 1))
    (i32.store (i32.const 20) (call $reject_code))
    (call $append (i32.const 20) (i32.const 4))
    (call $reject_copy (i32.const 32) (i32.const 0) (call $reject_size))
    (call $append (i32.const 32) (call $reject_size))
    (call $reply)))
"""


@lru_cache(maxsize=1)
def module() -> bytes:
    """The wallet's module."""
    import wasmtime

    return bytes(wasmtime.wat2wasm(_TEXT))


@dataclass(frozen=True)
class Answer:
    """What came back: the reply or the reject, and the cycles that were not accepted."""

    result: bytes | CallRejected
    refunded: int


def forward(
    replica: Replica,
    purse: Principal,
    caller: Principal,
    callee: Principal,
    name: str,
    message: bytes,
    cycles: int,
) -> Answer:
    """Call ``name`` through the wallet ``purse`` with ``cycles``.

    A reject's ``error_code`` is read from its message, because a canister learns no more.
    Raises UsageError for an amount of more than 128 bits.
    """
    __tracebackhide__ = True
    if not 0 <= cycles <= _LARGEST:
        raise UsageError(f"{cycles} is no number of cycles", cause="amounts have 128 bits")
    encoded = name.encode()
    request = b"".join(
        (
            bytes([len(callee.bytes)]),
            callee.bytes,
            len(encoded).to_bytes(4, "little"),
            encoded,
            cycles.to_bytes(16, "little"),
            message,
        )
    )
    answer = replica.update(purse, "forward", request, caller)
    refunded, tag, content = int.from_bytes(answer[:16], "little"), answer[16], answer[17:]
    if tag == 0:
        return Answer(content, refunded)
    text = content[4:].decode("utf-8", "replace")
    code = _ERROR_CODE.match(text)
    if code is not None:
        text = text[code.end() :]
    error_code = code[1] if code is not None else None
    if error_code is None:
        error_code = next((known for words, known in _TRAPS.items() if words in text), None)
    return Answer(CallRejected(int.from_bytes(content[:4], "little"), text, error_code), refunded)

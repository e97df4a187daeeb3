"""Canisters in the text format of WebAssembly, with as little ceremony as possible.

``module`` adds the imports that a body uses: whatever is called ``$msg_reply`` and is a system call is
imported with the type that the table of the replica gives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import wasmtime

from basilisk.principal import Principal
from basilisk.replica.contexts import FUNCTIONS

#: The fixture ``install``: creates a canister with a module.
Install = Callable[..., Principal]

_NAME = re.compile(r"\$([a-z0-9_]+)")


def module(body: str, memory: str = "(memory 1)", address: str = "i32") -> bytes:
    """A module of ``body`` with a memory of one page."""
    used = sorted(set(_NAME.findall(body)) & set(FUNCTIONS))
    return bytes(wasmtime.wat2wasm(f"(module {imports(used, address)} {memory} {body})"))


def imports(names: list[str], address: str = "i32") -> str:
    """Import declarations for system calls."""
    lines = []
    for name in names:
        params, results = FUNCTIONS[name].types(address)
        lines.append(
            f'(import "ic0" "{name}" (func ${name}'
            f"{''.join(f' (param {item})' for item in params)}"
            f"{''.join(f' (result {item})' for item in results)}))"
        )
    return " ".join(lines)


def reply_i32(value: str) -> str:
    """Instructions that answer with an i32, which is stored at address 0 for the purpose."""
    return f"(i32.store (i32.const 0) {value}) {reply_bytes(0, 4)}"


def reply_i64(value: str) -> str:
    """Instructions that answer with an i64, which is stored at address 0 for the purpose."""
    return f"(i64.store (i32.const 0) {value}) {reply_bytes(0, 8)}"


def reply_bytes(address: int, size: int) -> str:
    """Instructions that answer with a piece of memory."""
    return f"(call $msg_reply_data_append (i32.const {address}) (i32.const {size})) (call $msg_reply)"


def number(data: bytes) -> int:
    """The unsigned number in a reply."""
    return int.from_bytes(data, "little")

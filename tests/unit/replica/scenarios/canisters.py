"""Canisters for the scenarios: text format with calls to other canisters spelled out by a builder."""

from __future__ import annotations

from collections.abc import Callable

from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.replica.ids import MANAGEMENT
from tests.unit.replica.wat import module, reply_bytes

__all__ = ["CALLEE", "Builder", "deploy", "state_of"]

#: Where the builder puts its data; below it the scenarios keep what they like.
_DATA = 4096
#: Counter of the scenarios.
STATE = 64

Deploy = Callable[..., Principal]


class Builder:
    """Collects data segments and functions of one canister.

    Every canister gets ``$add``, which adds to the counter at ``STATE``, and a query ``state`` that reads it.
    """

    def __init__(self, memory: str = "(memory 1)", address: str = "i32") -> None:
        self._memory, self._address = memory, address
        self._next = _DATA
        self._data: list[str] = []
        self._table: list[str] = []
        self._bodies: list[str] = []

    def data(self, content: bytes) -> tuple[int, int]:
        """Address and size of a constant."""
        at, self._next = self._next, self._next + len(content)
        text = "".join(f"\\{byte:02x}" for byte in content)
        self._data.append(f'(data (i32.const {at}) "{text}")')
        return at, len(content)

    def callback(self, body: str) -> int:
        """A function for the table; its number there.  The parameter is local 0."""
        number = len(self._table)
        self._table.append(f"(func $callback{number} (param i32) {body})")
        return number

    def call(
        self,
        callee: Principal | bytes,
        method: str,
        reply: int,
        reject: int,
        *,
        argument: bytes = b"",
        cleanup: int | None = None,
        cycles: int = 0,
        timeout: int | None = None,
        environment: int = 0,
        perform: bool = True,
    ) -> str:
        """Instructions that call another canister; the result of ``call_perform`` is dropped."""
        raw = callee if isinstance(callee, bytes) else callee.bytes
        who, name, data = self.data(raw), self.data(method.encode()), self.data(argument)
        lines = [
            f"(call $call_new (i32.const {who[0]}) (i32.const {who[1]}) (i32.const {name[0]}) "
            f"(i32.const {name[1]}) (i32.const {reply}) (i32.const {environment}) "
            f"(i32.const {reject}) (i32.const {environment}))"
        ]
        if argument:
            lines.append(f"(call $call_data_append (i32.const {data[0]}) (i32.const {data[1]}))")
        if cleanup is not None:
            lines.append(f"(call $call_on_cleanup (i32.const {cleanup}) (i32.const {environment}))")
        if cycles:
            high, low = cycles >> 64, cycles & (1 << 64) - 1
            lines.append(f"(call $call_cycles_add128 (i64.const {high}) (i64.const {low}))")
        if timeout is not None:
            lines.append(f"(call $call_with_best_effort_response (i32.const {timeout}))")
        if perform:
            lines.append("(drop (call $call_perform))")
        return " ".join(lines)

    def function(self, export: str, body: str) -> None:
        """An entry point, for instance ``canister_update go``."""
        self._bodies.append(f'(func (export "{export}") {body})')

    def build(self, extra: str = "") -> bytes:
        """The module."""
        table = " ".join(f"$callback{number}" for number in range(len(self._table)))
        body = "\n".join(
            [
                f"(table funcref (elem {table}))" if table else "",
                f"(func $add (param i32) (i32.store (i32.const {STATE}) "
                f"(i32.add (i32.load (i32.const {STATE})) (local.get 0))))",
                f'(func (export "canister_query state") {reply_bytes(STATE, 4)})',
                *self._data,
                *self._table,
                *self._bodies,
                extra,
            ]
        )
        return module(body, self._memory, self._address)


#: Instructions that answer with nothing, add to the counter, trap with a text.
REPLY = "(call $msg_reply)"
ANSWER_REJECT = """
    (i32.store8 (i32.const 200) (call $msg_reject_code))
    (call $msg_reject_msg_copy (i32.const 201) (i32.const 0) (call $msg_reject_msg_size))
    (call $msg_reply_data_append (i32.const 200) (i32.add (i32.const 1) (call $msg_reject_msg_size)))
    (call $msg_reply)"""


def add(amount: int) -> str:
    """Instructions that add to the counter."""
    return f"(call $add (i32.const {amount}))"


def _callee() -> bytes:
    builder = Builder()
    hang = builder.call(MANAGEMENT, "nothing of that name", builder.callback(""), builder.callback(""))
    builder.function("canister_update answer", f"{add(1)} {REPLY}")
    builder.function("canister_update trap", f"{add(1)} unreachable")
    builder.function("canister_update silent", add(1))
    builder.function("canister_update late", f"{add(1)} {hang}")
    text = builder.data(b"not today")
    builder.function(
        "canister_update refuse", f"(call $msg_reject (i32.const {text[0]}) (i32.const {text[1]}))"
    )
    builder.function(
        "canister_update accept",
        f"(call $msg_cycles_accept128 (i64.const 0) (i64.const 300) (i32.const 200)) {REPLY}",
    )
    builder.function(
        "canister_update accept_and_trap",
        "(call $msg_cycles_accept128 (i64.const 0) (i64.const 300) (i32.const 200)) unreachable",
    )
    builder.function("canister_query look", f"{add(1)} {REPLY}")
    builder.function(
        "canister_query look_and_accept",
        f"(call $msg_cycles_accept128 (i64.const 0) (i64.const 300) (i32.const 200)) {add(1)} {REPLY}",
    )
    return builder.build()


#: A canister that answers, traps, refuses, takes 300 cycles ...; each call adds 1 to its counter first.
CALLEE = _callee()


def deploy(replica: Replica, wasm: bytes, **settings: object) -> Principal:
    """A new canister with a module."""
    canister = replica.create_canister(**settings)  # type: ignore[arg-type]
    replica.install_code(canister, wasm, b"")
    return canister


def state_of(replica: Replica, canister: Principal) -> int:
    """The counter of a canister of the builder."""
    return int.from_bytes(replica.query(canister, "state"), "little")

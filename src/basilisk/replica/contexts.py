"""Which system call may be made in which kind of message execution.

The table is the one of the interface specification ("Overview of imports"), with the letters of that
section; the replica's names of the kinds appear in its error messages.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["FUNCTIONS", "INSTALLING", "Context", "Signature", "ic0_name"]


class Context(enum.Enum):
    """A kind of message execution: (letters of the specification, name in error messages)."""

    START = ("s", "start")
    INIT = ("I", "init")
    POST_UPGRADE = ("I", "init")  # noqa: PIE796 - the replica gives both one name
    PRE_UPGRADE = ("G", "pre upgrade")
    UPDATE = ("U", "update")
    REPLICATED_QUERY = ("RQ", "replicated query")
    QUERY = ("NRQ", "non replicated query")
    TRANSFORM = ("TQ", "non replicated query")
    COMPOSITE_QUERY = ("CQ", "composite query")
    REPLY = ("Ry", "reply callback")
    REJECT = ("Rt", "reject callback")
    COMPOSITE_REPLY = ("CRy", "composite reply callback")
    COMPOSITE_REJECT = ("CRt", "composite reject callback")
    CLEANUP = ("C", "cleanup")
    COMPOSITE_CLEANUP = ("CC", "composite cleanup")
    INSPECT = ("F", "inspect message")
    HEARTBEAT = ("T", "heartbeat")
    TIMER = ("T", "global timer")
    LOW_MEMORY = ("T", "on low Wasm memory")

    def __new__(cls, letters: str, mode: str) -> Context:
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        return member

    def __init__(self, letters: str, mode: str) -> None:
        self.letters = letters
        self.mode = mode

    @property
    def replicated(self) -> bool:
        """Whether every node executes it (specification, "Replicated/non-replicated")."""
        return self not in _NON_REPLICATED

    @property
    def composite(self) -> bool:
        """Whether it is part of a composite query."""
        return self.letters in ("CQ", "CRy", "CRt", "CC")

    @property
    def keeps_state(self) -> bool:
        """Whether what it does to the memory stays when it returns."""
        return self.replicated and self is not Context.REPLICATED_QUERY

    @property
    def pays_for_heap(self) -> bool:
        """Whether the heap pages that it changed are charged (replica: ``modification_tracking``)."""
        return self not in _FREE_HEAP

    @property
    def limits_heap(self) -> bool:
        """Whether the setting ``wasm_memory_limit`` applies."""
        return self in _LIMITED_HEAP


_NON_REPLICATED = frozenset(
    {
        Context.QUERY,
        Context.TRANSFORM,
        Context.COMPOSITE_QUERY,
        Context.COMPOSITE_REPLY,
        Context.COMPOSITE_REJECT,
        Context.COMPOSITE_CLEANUP,
        Context.INSPECT,
    }
)
# Their changes are thrown away and not even looked for.
_FREE_HEAP = frozenset({Context.REPLICATED_QUERY, Context.QUERY, Context.TRANSFORM, Context.INSPECT})
_LIMITED_HEAP = frozenset({Context.START, Context.INIT, Context.POST_UPGRADE, Context.UPDATE})


#: The steps of installing and upgrading code.
INSTALLING = frozenset({Context.START, Context.INIT, Context.PRE_UPGRADE, Context.POST_UPGRADE})


@dataclass(frozen=True)
class Signature:
    """Type and permission of a system call.

    ``I`` in the types is the width of an address: i32 or, in a module with a 64-bit memory, i64.
    """

    name: str
    params: tuple[str, ...]
    results: tuple[str, ...]
    contexts: frozenset[Context]
    only32: bool = False

    def types(self, address: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Parameters and results for a module whose addresses are ``address`` (i32 or i64)."""
        return (
            tuple(address if item == "I" else item for item in self.params),
            tuple(address if item == "I" else item for item in self.results),
        )


# name | parameters -> results | letters of the contexts; * is all of them but (start)
_TABLE = """
msg_arg_data_size               | -> I                | I U RQ NRQ TQ CQ Ry CRy F
msg_arg_data_copy               | I I I ->            | I U RQ NRQ TQ CQ Ry CRy F
msg_caller_size                 | -> I                | *
msg_caller_copy                 | I I I ->            | *
msg_caller_info_data_size       | -> I                | U RQ NRQ CQ Ry Rt CRy CRt C CC F
msg_caller_info_data_copy       | I I I ->            | U RQ NRQ CQ Ry Rt CRy CRt C CC F
msg_caller_info_signer_size     | -> I                | U RQ NRQ CQ Ry Rt CRy CRt C CC F
msg_caller_info_signer_copy     | I I I ->            | U RQ NRQ CQ Ry Rt CRy CRt C CC F
msg_reject_code                 | -> i32              | Ry Rt CRy CRt C
msg_reject_msg_size             | -> I                | Rt CRt
msg_reject_msg_copy             | I I I ->            | Rt CRt
msg_deadline                    | -> i64              | U RQ NRQ TQ CQ Ry Rt CRy CRt
msg_reply_data_append           | I I ->              | U RQ NRQ TQ CQ Ry Rt CRy CRt
msg_reply                       | ->                  | U RQ NRQ TQ CQ Ry Rt CRy CRt
msg_reject                      | I I ->              | U RQ NRQ TQ CQ Ry Rt CRy CRt
msg_cycles_available128         | I ->                | U RQ Rt Ry
msg_cycles_refunded128          | I ->                | Rt Ry
msg_cycles_accept128            | i64 i64 I ->        | U RQ Rt Ry
cycles_burn128                  | i64 i64 I ->        | I G U RQ Ry Rt C T
mint_cycles128                  | i64 i64 I ->        | U Ry Rt T
canister_self_size              | -> I                | *
canister_self_copy              | I I I ->            | *
canister_cycle_balance128       | I ->                | *
canister_liquid_cycle_balance128| I ->                | *
canister_status                 | -> i32              | *
canister_version                | -> i64              | *
subnet_self_size                | -> I                | *
subnet_self_copy                | I I I ->            | *
msg_method_name_size            | -> I                | F
msg_method_name_copy            | I I I ->            | F
accept_message                  | ->                  | F
call_new                        | I I I I I I I I ->  | U CQ Ry Rt CRy CRt T
call_on_cleanup                 | I I ->              | U CQ Ry Rt CRy CRt T
call_data_append                | I I ->              | U CQ Ry Rt CRy CRt T
call_with_best_effort_response  | i32 ->              | U CQ Ry Rt CRy CRt T
call_cycles_add128              | i64 i64 ->          | U Ry Rt T
call_perform                    | -> i32              | U CQ Ry Rt CRy CRt T
stable64_size                   | -> i64              | * s
stable64_grow                   | i64 -> i64          | * s
stable64_write                  | i64 i64 i64 ->      | * s
stable64_read                   | i64 i64 i64 ->      | * s
root_key_size                   | -> I                | I G U RQ Ry Rt C T
root_key_copy                   | I I I ->            | I G U RQ Ry Rt C T
certified_data_set              | I I ->              | I G U Ry Rt T
data_certificate_present        | -> i32              | *
data_certificate_size           | -> I                | NRQ CQ
data_certificate_copy           | I I I ->            | NRQ CQ
time                            | -> i64              | *
global_timer_set                | i64 -> i64          | I G U Ry Rt C T
performance_counter             | i32 -> i64          | * s
is_controller                   | I I -> i32          | * s
in_replicated_execution         | -> i32              | * s
cost_call                       | i64 i64 I ->        | * s
cost_create_canister            | I ->                | * s
cost_http_request               | i64 i64 I ->        | * s
cost_http_request_v2            | I I I ->            | * s
cost_sign_with_ecdsa            | I I i32 I -> i32    | * s
cost_sign_with_schnorr          | I I i32 I -> i32    | * s
cost_vetkd_derive_key           | I I i32 I -> i32    | * s
env_var_count                   | -> I                | *
env_var_name_size               | I -> I              | *
env_var_name_copy               | I I I I ->          | *
env_var_name_exists             | I I -> i32          | *
env_var_value_size              | I I -> I            | *
env_var_value_copy              | I I I I I ->        | *
debug_print                     | I I ->              | * s
trap                            | I I ->              | * s
"""

# The same for calls that exist for 32-bit memories alone.
_TABLE32 = """
msg_cycles_available            | -> i64              | U RQ Rt Ry
msg_cycles_refunded             | -> i64              | Rt Ry
msg_cycles_accept               | i64 -> i64          | U RQ Rt Ry
canister_cycle_balance          | -> i64              | *
call_cycles_add                 | i64 ->              | U Ry Rt T
stable_size                     | -> i32              | * s
stable_grow                     | i32 -> i32          | * s
stable_write                    | i32 i32 i32 ->      | * s
stable_read                     | i32 i32 i32 ->      | * s
"""

# The replica's messages spell these with a dot.
_DOTTED = {"root_key_copy": "ic0.root_key_copy", "subnet_self_copy": "ic0.subnet_self_copy"}


def ic0_name(name: str) -> str:
    """The name of a system call as error messages spell it."""
    return _DOTTED.get(name, f"ic0_{name}")


def _contexts(letters: str) -> frozenset[Context]:
    wanted = set(letters.split())
    everywhere = "*" in wanted
    return frozenset(
        context
        for context in Context
        if context.letters in wanted or (everywhere and context is not Context.START)
    )


def _read(table: str, only32: bool) -> dict[str, Signature]:
    found = {}
    for line in table.strip().splitlines():
        name, types, letters = (part.strip() for part in line.split("|"))
        params, results = types.split("->")
        found[name] = Signature(
            name, tuple(params.split()), tuple(results.split()), _contexts(letters), only32
        )
    return found


#: Every system call by its name, without the module ``ic0``.
FUNCTIONS: dict[str, Signature] = {**_read(_TABLE, False), **_read(_TABLE32, True)}

"""Limits of an application subnet, as data.

Where a figure comes from is said beside it: "spec" is the interface specification 0.66, "config" the
replica's configuration, "docs" the resource limits page, "code" the replica's system API.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from basilisk.engine.memory import WASM_PAGE
from basilisk.replica.charges import MAINNET, Charges

__all__ = ["Limits"]

_MIB = 1 << 20
_GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """What a message or a canister may use.  Bytes, pages of 64 KiB, instructions or seconds."""

    update_instructions: int = 40_000_000_000  # config: also callbacks, heartbeats, timers
    query_instructions: int = 5_000_000_000  # config: also composite queries as a whole
    install_instructions: int = 300_000_000_000  # config: start + init, or pre + start + post together
    inspect_instructions: int = 200_000_000  # config
    query_call_charge: int = 50_000_000  # config: instructions charged per call of a composite query
    query_call_depth: int = 6  # config
    query_seconds: int = 10  # config: wall clock of a composite query with all its calls; 0 for no limit
    charges: Charges = MAINNET  # instructions for system calls, written pages and compilation

    module_bytes: int = 100 * _MIB  # config: uncompressed
    heap_bytes: int = 4 * _GIB  # docs: 32-bit memories
    heap64_bytes: int = 6 * _GIB  # docs
    wasm_memory_limit: int = 3 * _GIB  # config: default setting of new canisters; 0 is no limit
    stable_access_bytes: int = 2 * _GIB  # config: stable memory that one message may read or write
    stable_access_install_bytes: int = 8 * _GIB  # config: the same when code is installed
    stable_access_query_bytes: int = 1 * _GIB  # config: the same for queries
    stable_pages: int = 500 * _GIB // WASM_PAGE  # docs

    replicated_reply_bytes: int = 2 * _MIB  # spec
    query_reply_bytes: int = 3 * _MIB  # code
    ingress_bytes: int = 2 * _MIB  # config
    call_bytes: int = 10 * _MIB  # code: 5 x 2 MiB for a callee on the same subnet
    method_name_bytes: int = 20_000  # spec
    queue_messages: int = 500  # docs: per ordered pair of canisters
    callbacks: int = 1_000_000  # config: open calls on the whole subnet
    guaranteed_callbacks: int = 50  # config: open calls that a canister may have even so
    call_timeout_seconds: int = 300  # code: longer timeouts are cut to this
    message_memory_bytes: int = 15 * _GIB  # config: guaranteed responses of the whole subnet
    response_slot_bytes: int = 2 * _MIB  # config: reserved for each response that must arrive
    stop_timeout_seconds: int = 300  # config: how long stop_canister waits for open calls
    subnet_memory_bytes: int = 2 * 1024 * _GIB  # config
    subnet_memory_reservation_bytes: int = 750 * _GIB  # config: beyond it, storage is paid for in advance
    certified_data_bytes: int = 32  # spec
    message_text_bytes: int = 32 * 1024  # code: debug_print and trap texts are cut to this
    log_bytes: int = 1 * _MIB  # ours: the network keeps far less
    controllers: int = 10  # config
    environment_variables: int = 20  # config
    environment_name_bytes: int = 128  # docs
    environment_value_bytes: int = 128  # docs
    round_messages: int = 10_000  # ours: bounds a round whose canisters call each other for ever

    @classmethod
    def unlimited(cls) -> Limits:
        """Limits that no program of a test runs into; those that the format or the memory sets stay."""
        endless = 1 << 62
        return replace(
            cls(),
            update_instructions=endless,
            query_instructions=endless,
            install_instructions=endless,
            inspect_instructions=endless,
            query_call_charge=0,
            query_seconds=0,
            wasm_memory_limit=0,
            replicated_reply_bytes=1 << 30,
            query_reply_bytes=1 << 30,
            ingress_bytes=1 << 30,
            call_bytes=1 << 30,
            queue_messages=1_000_000,
            message_memory_bytes=endless,
            stable_access_bytes=endless,
            stable_access_install_bytes=endless,
            stable_access_query_bytes=endless,
        )

"""Limits and prices of an application subnet, as data.

Where a figure comes from is said beside it: "spec" is the interface specification 0.66, "config" the
replica's configuration, "docs" the resource limits page, "code" the replica's system API.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from basilisk.engine.memory import WASM_PAGE

__all__ = ["Fees", "Limits"]

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

    module_bytes: int = 100 * _MIB  # config: uncompressed
    heap_bytes: int = 4 * _GIB  # docs: 32-bit memories
    heap64_bytes: int = 6 * _GIB  # docs
    wasm_memory_limit: int = 3 * _GIB  # config: default setting of new canisters; 0 is no limit
    stable_pages: int = 500 * _GIB // WASM_PAGE  # docs

    replicated_reply_bytes: int = 2 * _MIB  # spec
    query_reply_bytes: int = 3 * _MIB  # code
    ingress_bytes: int = 2 * _MIB  # config
    call_bytes: int = 10 * _MIB  # code: 5 x 2 MiB for a callee on the same subnet
    method_name_bytes: int = 20_000  # spec
    queue_messages: int = 500  # docs: per ordered pair of canisters
    callbacks: int = 1_000_000  # config: a soft cap of the subnet; 50 are guaranteed to each canister
    call_timeout_seconds: int = 300  # code: longer timeouts are cut to this
    certified_data_bytes: int = 32  # spec
    message_text_bytes: int = 32 * 1024  # code: debug_print and trap texts are cut to this
    log_bytes: int = 1 * _MIB  # ours: the network keeps far less
    controllers: int = 10  # config
    environment_variables: int = 20  # config
    environment_name_bytes: int = 128  # docs
    environment_value_bytes: int = 128  # docs
    round_messages: int = 10_000  # ours: bounds a round whose canisters call each other for ever


@dataclass(frozen=True)
class Fees:
    """Prices in cycles on a subnet of 13 nodes (docs "cycles costs", config)."""

    nodes: int = 13
    creation: int = 500_000_000_000
    update_base: int = 5_000_000
    instructions_numerator: int = 10  # per 10 instructions
    call: int = 260_000
    call_byte: int = 1_000
    max_response_bytes: int = 2_097_152
    response_instructions: int = 40_000_000_000
    http_default_response_bytes: int = 2_000_000
    signature: dict[str, int] = field(
        default_factory=lambda: {
            "dfx_test_key": 10_000_000_000,
            "test_key_1": 10_000_000_000,
            "key_1": 26_153_846_153,
        }
    )

    def outgoing_call(self, payload_and_name_bytes: int) -> int:
        """What ``cost_call`` returns: everything reserved for a call and its response."""
        return (
            self.call
            + self.call_byte * (payload_and_name_bytes + self.max_response_bytes)
            + self.update_base
            + self.response_instructions
        )

    def http_request(self, request_bytes: int, response_bytes: int) -> int:
        """Price of an HTTP outcall."""
        n = self.nodes
        return n * (3_000_000 + 60_000 * n + 400 * request_bytes + 800 * response_bytes)

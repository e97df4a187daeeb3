"""Prices in cycles, as data.

The figures are those of an application subnet with 13 nodes; ``nodes`` scales all of them.  Where a figure
comes from is said beside it: "docs" is the page "cycles costs", "config" the replica's configuration,
"code" its accounting of cycles.  Sources disagree about storage: the documentation (May 2026) names a lower
price than newer code, and only the newer code has a price per canister.  The default is the dearer one,
because what passes here must pass there; :meth:`Fees.documented` has the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

__all__ = ["Fees"]

_GIB = 1 << 30
_DAY = 86_400


@dataclass(frozen=True)
class Fees:
    """Prices of a subnet of ``nodes`` nodes; bytes, seconds, cycles."""

    nodes: int = 13
    reference_nodes: int = 13  # config: the size that the prices are given for

    creation: int = 500_000_000_000  # docs, config
    update_base: int = 5_000_000  # docs, config: every execution in replicated mode
    ten_instructions: int = 10  # config
    ten_instructions64: int = 20  # config: modules with a 64-bit memory
    ingress: int = 1_200_000  # docs, config
    ingress_byte: int = 2_000  # docs, config
    #: Bytes of a signed envelope besides method name and argument, which the network charges as well: Ed25519
    #: key and signature, nonce, expiry, principals, CBOR.  Ours: a figure of a typical agent.
    ingress_envelope_bytes: int = 260
    call: int = 260_000  # docs, config
    call_byte: int = 1_000  # docs, config
    max_response_bytes: int = 2_097_152  # config: what is reserved for the transmission of a response
    reject_code_bytes: int = 1  # code: size of the enumeration; unverified

    storage_gib_second: int = 317_500  # config (2026); docs: 127,000
    base_second: int = 10_000  # config (2026): canisters that use any memory; docs: none
    compute_percent_second: int = 10_000_000  # docs, config
    allocation_interval_seconds: int = 10  # config: how often storage and compute are charged
    max_reservation_seconds: int = 300_000_000  # config: storage reservation on a full subnet

    http_base: int = 3_000_000  # code
    http_node: int = 60_000  # code
    http_request_byte: int = 400  # code
    http_response_byte: int = 800  # code
    http_default_response_bytes: int = 2_000_000  # docs
    log: int = 5_000_000  # code (2026): fetch_canister_logs by a canister
    log_byte: int = 80  # code (2026)
    signature: dict[str, int] = field(
        default_factory=lambda: {
            "dfx_test_key": 10_000_000_000,
            "test_key_1": 10_000_000_000,
            "key_1": 26_153_846_153,
        }
    )  # docs: key_1 lives on a subnet of 34 nodes

    @classmethod
    def documented(cls) -> Fees:
        """Prices as documented in May 2026: storage is cheaper, there is no price per canister."""
        return cls(storage_gib_second=127_000, base_second=0)

    @classmethod
    def free(cls) -> Fees:
        """Everything costs nothing, as on a system subnet; signatures as well."""
        kept = {"nodes", "reference_nodes", "allocation_interval_seconds", "max_reservation_seconds"}
        kept |= {"max_response_bytes", "http_default_response_bytes", "signature"}
        nothing: dict[str, Any] = {item.name: 0 for item in fields(cls) if item.name not in kept}
        return replace(cls(), signature=dict.fromkeys(cls().signature, 0), **nothing)

    # ---- prices --------------------------------------------------------------------------------------

    def scaled(self, amount: int) -> int:
        """``amount`` of the reference subnet on this one."""
        return amount * self.nodes // self.reference_nodes

    @property
    def canister_creation(self) -> int:
        """Price of a new canister."""
        return self.scaled(self.creation)

    def instructions(self, count: int, wide: bool = False) -> int:
        """Price of instructions alone; ``wide`` for a 64-bit memory."""
        return self.scaled((self.ten_instructions64 if wide else self.ten_instructions) * count // 10)

    def execution(self, count: int, wide: bool = False) -> int:
        """Price of one execution of ``count`` instructions."""
        per_ten = self.ten_instructions64 if wide else self.ten_instructions
        return self.scaled(self.update_base + per_ten * count // 10)

    def request(self, payload_and_name_bytes: int) -> int:
        """Price of sending a call to a canister."""
        return self.scaled(self.call) + self.scaled(self.call_byte * payload_and_name_bytes)

    def response(self, payload_bytes: int) -> int:
        """Price of the transmission of an answer, which the caller pays."""
        return self.scaled(self.call_byte * payload_bytes)

    def response_reserve(self) -> int:
        """What is set aside for the transmission of the largest answer."""
        return self.response(self.max_response_bytes)

    def outgoing_call(self, payload_and_name_bytes: int, instructions: int, wide: bool = False) -> int:
        """Everything that ``call_perform`` takes: what ``cost_call`` returns.

        ``instructions`` is the limit for the execution of the callback.
        """
        return (
            self.request(payload_and_name_bytes)
            + self.response_reserve()
            + self.execution(instructions, wide)
        )

    def ingress_message(self, method: str, argument_bytes: int) -> int:
        """Price of a call from outside, paid by the canister."""
        size = len(method.encode()) + argument_bytes + self.ingress_envelope_bytes
        return self.ingress_bytes(size)

    def ingress_bytes(self, envelope_bytes: int) -> int:
        """Price of a call from outside whose signed envelope has ``envelope_bytes``."""
        return self.scaled(self.ingress) + self.scaled(self.ingress_byte) * envelope_bytes

    def storage(self, bytes_: int, seconds: int) -> int:
        """Price of memory over time."""
        return self.scaled(bytes_ * self.storage_gib_second * seconds // _GIB)

    def memory_per_day(self, bytes_: int) -> int:
        """Price of a canister's memory for a day, with the price per canister."""
        base = self.scaled(self.base_second * _DAY) if bytes_ else 0
        return self.storage(bytes_, _DAY) + base

    def compute_per_day(self, percent: int) -> int:
        """Price of a compute allocation for a day."""
        return self.scaled(self.compute_percent_second * _DAY * percent)

    def canister_log(self, bytes_: int) -> int:
        """Price of ``bytes_`` of a log."""
        return self.scaled(self.log + self.log_byte * bytes_)

    def http_request(self, request_bytes: int, response_bytes: int) -> int:
        """Price of an HTTP outcall."""
        fixed = self.http_base + self.http_node * self.nodes
        return self.nodes * (
            fixed + self.http_request_byte * request_bytes + self.http_response_byte * response_bytes
        )

"""What the network charges in instructions besides those of the code itself, as data.

Sources: "code" is the replica's ``system_api_complexity.rs``, ``linker.rs``, ``system_api_replacements.rs``
and ``wasmtime_embedder.rs`` of mid 2026, "config" its configuration.  Figures that could not be verified say
so; any of them is changed with ``dataclasses.replace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from basilisk.replica.contexts import FUNCTIONS

__all__ = ["MAINNET", "Charge", "Charges"]


@dataclass(frozen=True)
class Charge:
    """Price of a system call: ``fixed``, and ``per_byte`` for the sum of the arguments at ``sizes``."""

    fixed: int
    per_byte: int = 1
    sizes: tuple[int, ...] = ()

    def of(self, arguments: tuple[int, ...]) -> int:
        """Instructions for a call with these arguments, which are unsigned."""
        return self.fixed + self.per_byte * sum(arguments[position] for position in self.sizes)


#: Processing one byte of a message that leaves the canister (code: BYTE_TRANSMISSION_COST_FACTOR).
_TRANSMISSION = 50
_USUAL = Charge(500)
_COPY = Charge(500, sizes=(2,))

# Everything that is neither free of bytes at the usual price nor a plain copy (target, offset, size).
_SPECIAL = {
    "msg_reply_data_append": Charge(500, _TRANSMISSION, (1,)),
    "msg_reject": Charge(500, _TRANSMISSION, (1,)),
    "call_data_append": Charge(500, _TRANSMISSION, (1,)),
    "call_new": Charge(1_500, sizes=(1, 3)),
    "call_perform": Charge(5_000),
    "certified_data_set": Charge(500, sizes=(1,)),
    "is_controller": Charge(1_000, sizes=(1,)),
    "cost_sign_with_ecdsa": Charge(500, sizes=(1,)),
    "cost_sign_with_schnorr": Charge(500, sizes=(1,)),
    "cost_vetkd_derive_key": Charge(500, sizes=(1,)),
    "cost_http_request_v2": Charge(10_000),
    "env_var_name_copy": Charge(500, sizes=(3,)),
    "env_var_value_copy": Charge(500, sizes=(4,)),
    "performance_counter": Charge(200),
    "mint_cycles128": Charge(0),
    # Stable memory is code inside the module there, which is not metered but for these.
    "stable_size": Charge(0),
    "stable64_size": Charge(0),
    "stable_grow": Charge(100),
    "stable64_grow": Charge(100),
    "stable_read": Charge(20, sizes=(2,)),
    "stable64_read": Charge(20, sizes=(2,)),
    "stable_write": Charge(20, sizes=(2,)),
    "stable64_write": Charge(20, sizes=(2,)),
    # What goes to the log is charged besides, see Charges.logged.
    "debug_print": Charge(100),
    "trap": Charge(500, sizes=(1,)),
}


def _calls() -> dict[str, Charge]:
    return {name: _SPECIAL.get(name) or (_COPY if name.endswith("_copy") else _USUAL) for name in FUNCTIONS}


@dataclass(frozen=True)
class Charges:
    """Instructions for what is not an instruction of the canister's code."""

    calls: Mapping[str, Charge] = field(default_factory=_calls)

    heap_page: int = 1_000  # code: for each OS page (4 KiB) that a message changed, when it has ended
    heap_page_wide: int = 4_000  # code: the same with a 64-bit memory
    stable_page: int = 1_000  # code: for each OS page that a message writes for the first time

    log_bytes: int = 4 * 1024  # unverified: room in the log of a message; it bounds what a log line costs
    log_allocated: int = 2  # code: per byte, once for the new line and once for the one that makes room
    log_transmitted: int = _TRANSMISSION  # code: per byte that still fits

    compiled_operator: int = 6_000  # config: for each operator of the metered module, 2 for each global
    compiled_helpers: int = 0  # unverified: operators of the functions that the network adds, about 70

    def logged(self, size: int, used: int) -> int:
        """Instructions for ``size`` bytes that go to the log, after ``used`` bytes of the same message."""
        allocated = min(size, self.log_bytes)
        transmitted = min(size, max(0, self.log_bytes - used))
        return self.log_allocated * allocated + self.log_transmitted * transmitted

    def compilation(self, operators: int) -> int:
        """Instructions for compiling a module of this many operators (``CompiledModule.operators``)."""
        return self.compiled_operator * (operators + self.compiled_helpers) if operators else 0

    def heap(self, pages: int, wide: bool) -> int:
        """Instructions for OS pages of heap that a message changed."""
        return pages * (self.heap_page_wide if wide else self.heap_page)


#: What an application subnet charges.
MAINNET = Charges()

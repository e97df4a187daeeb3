"""Cycles of canisters: prepaying and refunding, freezing limits, storage, the books of the replica.

The rules and the rounding are those of the network's ``cycles_account_manager``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from basilisk.replica import errors
from basilisk.replica.canister import Canister
from basilisk.replica.errors import ErrorCode, Rejection
from basilisk.replica.fees import Fees
from basilisk.replica.ids import principal_text
from basilisk.replica.ledger import Ledger, UseCase
from basilisk.replica.limits import Limits
from basilisk.replica.message import Reply, Request, Response, Result

__all__ = ["LARGEST", "Accounting"]

#: The largest balance: amounts of cycles have 128 bits.
LARGEST = (1 << 128) - 1

_DAY = 86_400
_SECOND = 1_000_000_000


class _Prices(Protocol):
    limits: Limits
    fees: Fees


class Accounting:
    """Charges and credits the canisters of one replica."""

    def __init__(self, environment: _Prices, canisters: Mapping[bytes, Canister]) -> None:
        self._environment = environment
        self._canisters = canisters
        self.ledger = Ledger()

    # ---- freezing ------------------------------------------------------------------------------------

    def idle_per_day(self, canister: Canister, memory: int | None = None, slots: int | None = None) -> int:
        """Cycles that the canister burns in a day without doing anything.

        ``memory`` (bytes) and ``slots`` (responses it must have room for) replace what it uses now.
        """
        fees, limits = self._environment.fees, self._environment.limits
        used = canister.memory_usage if memory is None else memory
        open_slots = canister.response_slots if slots is None else slots
        return (
            fees.memory_per_day(max(used, canister.memory_allocation))
            + fees.storage(open_slots * limits.response_slot_bytes, _DAY)
            + fees.compute_per_day(canister.compute_allocation)
        )

    def freezing_limit(
        self,
        canister: Canister,
        memory: int | None = None,
        slots: int | None = None,
        reserved: int | None = None,
    ) -> int:
        """Cycles that the canister must keep to be able to do anything."""
        threshold = self.idle_per_day(canister, memory, slots) * canister.freezing_threshold // _DAY
        return max(0, threshold - (canister.reserved_cycles if reserved is None else reserved))

    def liquid(self, canister: Canister) -> int:
        """Cycles above the freezing limit."""
        return max(0, canister.cycles - self.freezing_limit(canister))

    def is_frozen(self, canister: Canister) -> bool:
        """Whether the balance is below the freezing limit."""
        return canister.cycles < self.freezing_limit(canister)

    def can_execute(self, canister: Canister) -> bool:
        """Whether the canister can pay an execution in advance."""
        limit = self._environment.limits.update_instructions
        return self._environment.fees.execution(limit, canister.wide) <= self.liquid(canister)

    # ---- charging ------------------------------------------------------------------------------------

    def consume(self, canister: Canister, use: UseCase, amount: int) -> None:
        """Take ``amount`` from the balance without looking; a negative amount is a refund.

        What a refund would bring beyond the largest balance stays consumed.
        """
        amount = max(amount, canister.cycles - LARGEST)
        canister.cycles -= amount
        self.note(canister, use, amount)

    def note(self, canister: Canister, use: UseCase, amount: int) -> None:
        """Write down a consumption that the balance shows already."""
        canister.ledger.consume(use, amount)
        self.ledger.consume(use, amount)

    def charge(
        self,
        canister: Canister,
        use: UseCase,
        amount: int,
        caller: bytes | None = None,
        slots: int | None = None,
    ) -> None:
        """Take ``amount``.  Raises Rejection (IC0207) when that would freeze the canister.

        A ``caller`` that controls the canister is told how much is missing.  ``slots`` as in
        ``freezing_limit``.
        """
        threshold = self.freezing_limit(canister, slots=slots)
        if amount > max(0, canister.cycles - threshold):
            missing = threshold + amount - canister.cycles
            reveal = caller is not None and caller in canister.controllers
            text = errors.out_of_cycles_text(principal_text(canister.id), missing if reveal else None)
            raise Rejection(ErrorCode.CANISTER_OUT_OF_CYCLES, text)
        self.consume(canister, use, amount)

    def prepay(
        self,
        canister: Canister,
        instructions: int,
        caller: bytes | None = None,
        wide: bool | None = None,
        slots: int | None = None,
    ) -> int:
        """Take the price of an execution that uses up its limit; returns it.  Raises Rejection (IC0207).

        ``wide`` replaces the width of the addresses of the installed module; ``slots`` as in
        ``freezing_limit``.
        """
        price = self._environment.fees.execution(instructions, canister.wide if wide is None else wide)
        self.charge(canister, UseCase.INSTRUCTIONS, price, caller, slots)
        return price

    def refund_unused(
        self, canister: Canister, prepaid: int, limit: int, executed: int, wide: bool | None = None
    ) -> None:
        """Give back the price of ``limit - executed`` instructions."""
        left = max(0, limit - executed)
        price = self._environment.fees.instructions(left, canister.wide if wide is None else wide)
        self.consume(canister, UseCase.INSTRUCTIONS, -min(prepaid, price))

    def refund_unexecuted(self, canister: Canister, prepaid: int) -> None:
        """Settle a prepaid execution that does not take place: the base price stays."""
        charge = min(prepaid, self._environment.fees.execution(0))
        self.consume(canister, UseCase.INSTRUCTIONS, charge - prepaid)

    def refund_transmission(self, canister: Canister, prepaid: int, result: Result) -> None:
        """Give back what the transmission of an answer did not cost."""
        fees = self._environment.fees
        if isinstance(result, Reply):
            size = len(result.data)
        else:
            size = len(result.message.encode()) + fees.reject_code_bytes
        self.consume(canister, UseCase.TRANSMISSION, min(prepaid, fees.response(size)) - prepaid)

    def drop(self, amount: int) -> None:
        """Cycles were lost with a message that nobody receives."""
        self.ledger.consume(UseCase.DROPPED_MESSAGES, amount)

    # ---- storage -------------------------------------------------------------------------------------

    def subnet_memory(self) -> int:
        """Bytes that all canisters use or have reserved."""
        return sum(max(item.memory_usage, item.memory_allocation) for item in self._canisters.values())

    def reservation(self, used: int, added: int) -> int:
        """Cycles to set aside for ``added`` bytes on a subnet where ``used`` bytes are taken."""
        return self._total_reservation(used + added) - self._total_reservation(used)

    def _total_reservation(self, used: int) -> int:
        fees, limits = self._environment.fees, self._environment.limits
        capacity, threshold = limits.subnet_memory_bytes, limits.subnet_memory_reservation_bytes
        above, room = max(0, min(used, capacity) - threshold), max(0, capacity - threshold)
        if not above or not room:
            return 0
        # The area of a triangle.  The network halves a duration, which keeps half seconds.
        seconds = fees.max_reservation_seconds * above // room
        return fees.storage(above, seconds // 2)

    def charge_idle(self, canister: Canister, now: int) -> bool:
        """Charge for memory and compute since the last time; False when the canister cannot pay.

        It pays from its reserved cycles first and down to nothing.
        """
        fees = self._environment.fees
        elapsed = (now - canister.charged_at) // _SECOND
        if elapsed < fees.allocation_interval_seconds:
            return True
        canister.charged_at = now
        rates = (
            (UseCase.MEMORY, fees.memory_per_day(max(canister.memory_usage, canister.memory_allocation))),
            (
                UseCase.MEMORY,
                fees.storage(canister.response_slots * self._environment.limits.response_slot_bytes, _DAY),
            ),
            (UseCase.COMPUTE_ALLOCATION, fees.compute_per_day(canister.compute_allocation)),
        )
        for use, rate in rates:
            amount = rate * elapsed // _DAY
            if amount > canister.cycles + canister.reserved_cycles:
                return False
            self._consume_reserved_first(canister, use, amount)
        return True

    def burn_everything(self, canister: Canister, use: UseCase) -> None:
        """Take all that is left: of a canister that cannot pay, or that is deleted."""
        self._consume_reserved_first(canister, use, canister.cycles + canister.reserved_cycles)

    def _consume_reserved_first(self, canister: Canister, use: UseCase, amount: int) -> None:
        from_reserve = min(amount, canister.reserved_cycles)
        canister.reserved_cycles -= from_reserve
        canister.cycles -= amount - from_reserve
        self.note(canister, use, amount)

    # ---- messages ------------------------------------------------------------------------------------

    def message_memory(self) -> int:
        """Bytes set aside on the whole subnet for responses that must arrive."""
        slots = sum(canister.response_slots for canister in self._canisters.values())
        return slots * self._environment.limits.response_slot_bytes

    def open_calls(self) -> int:
        """Calls of all canisters that are not answered."""
        return sum(len(canister.callbacks) for canister in self._canisters.values())

    # ---- books ---------------------------------------------------------------------------------------

    def mint(self, canister: Canister, amount: int) -> None:
        """Give a canister cycles from nowhere, at most up to the largest balance; a negative amount takes."""
        amount = min(amount, LARGEST - canister.cycles)
        canister.cycles += amount
        self.ledger.mint(amount)

    def credit(self, canister: Canister, amount: int) -> None:
        """Give a canister cycles that travelled; what exceeds the largest balance is lost."""
        kept = min(amount, LARGEST - canister.cycles)
        canister.cycles += kept
        self.drop(amount - kept)

    def in_flight(self, on_the_way: Iterable[Request | Response] = ()) -> int:
        """Cycles that travel: attached to calls and refunds in queues, and not yet accepted.

        ``on_the_way`` are messages that are in no queue yet.
        """
        total = sum(_attached(message) for message in on_the_way)
        for canister in self._canisters.values():
            total += sum(_attached(message) for message in canister.messages())
            total += sum(context.available for context in canister.contexts.values())
        return total

    def discrepancy(self, on_the_way: Iterable[Request | Response] = ()) -> int:
        """Cycles minted less those that are anywhere: 0 unless the books are wrong."""
        held = sum(canister.cycles + canister.reserved_cycles for canister in self._canisters.values())
        return self.ledger.minted - held - self.in_flight(on_the_way) - self.ledger.total_consumed


def _attached(message: object) -> int:
    if isinstance(message, Request):
        return message.cycles
    return message.refund if isinstance(message, Response) else 0

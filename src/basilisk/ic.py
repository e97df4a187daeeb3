"""The Internet Computer, seen from inside a canister: caller, time, cycles, replies, stable memory, the log.

Most functions are one call of the System API (interface specification, "Overview of imports").  Called in
the wrong place, such as ``accept_message`` outside of ``@inspect_message``, they raise an exception that
names the places where they are allowed; on the host they raise :class:`~basilisk.faults.OutsideCanister`.

Cycles are Python integers of up to 128 bits everywhere.  The functions whose names do not end in ``128``
mirror the older 64-bit API and raise OverflowError when a number does not fit.
"""

from __future__ import annotations

from basilisk.calls import call_raw, notify_raw
from basilisk.principal import Principal
from basilisk.system import in_canister
from basilisk.system import system as _system
from basilisk.tasks import TaskGroup, gather
from basilisk.timers import clear_timer, set_timer, set_timer_interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, NoReturn

    from basilisk.calls import Call
    from basilisk.results import RejectionCode, Stable64GrowResult, StableGrowResult

__all__ = [
    "TaskGroup",
    "accept_message",
    "arg_data_raw",
    "arg_data_raw_size",
    "call_raw",
    "call_raw128",
    "caller",
    "candid_decode",
    "candid_encode",
    "canister_balance",
    "canister_balance128",
    "canister_liquid_balance",
    "canister_liquid_balance128",
    "canister_status",
    "canister_version",
    "clear_timer",
    "cost_call",
    "cost_create_canister",
    "cost_http_request",
    "cost_sign_with_ecdsa",
    "cost_sign_with_schnorr",
    "cost_vetkd_derive_key",
    "cycles_burn",
    "cycles_burn128",
    "data_certificate",
    "env_var",
    "env_vars",
    "gather",
    "id",
    "in_replicated_execution",
    "is_controller",
    "method_name",
    "msg_caller_info_data",
    "msg_caller_info_signer",
    "msg_cycles_accept",
    "msg_cycles_accept128",
    "msg_cycles_available",
    "msg_cycles_available128",
    "msg_cycles_refunded",
    "msg_cycles_refunded128",
    "msg_deadline",
    "notify_raw",
    "performance_counter",
    "print",
    "reject",
    "reject_code",
    "reject_message",
    "reply",
    "reply_raw",
    "root_key",
    "seed_random",
    "set_certified_data",
    "set_timer",
    "set_timer_interval",
    "stable64_grow",
    "stable64_read",
    "stable64_size",
    "stable64_write",
    "stable_bytes",
    "stable_grow",
    "stable_read",
    "stable_size",
    "stable_storage",
    "stable_write",
    "subnet_self",
    "time",
    "trap",
]

_LARGEST_NAT64 = 0xFFFF_FFFF_FFFF_FFFF
_PAGE = 65_536

# Interface specification, "Reject codes".
_REJECT_CODES = (
    "NoError",
    "SysFatal",
    "SysTransient",
    "DestinationInvalid",
    "CanisterReject",
    "CanisterError",
    "SysUnknown",
)

# The call


def caller() -> Principal:
    """Who called this method; the anonymous principal if the call was not signed."""
    return Principal(_system.caller())


def id() -> Principal:
    """This canister's principal."""
    return Principal(_system.id())


def method_name() -> str:
    """The name of the method that a message wants to call; in ``@inspect_message`` only."""
    return _system.method_name()  # type: ignore[no-any-return]


def accept_message() -> None:
    """Accepts the message; in ``@inspect_message`` only.  A message that nobody accepts is refused."""
    _system.accept_message()


def arg_data_raw() -> bytes:
    """The arguments of this call as they came, in Candid's binary format."""
    return _system.arg_data_raw()  # type: ignore[no-any-return]


def arg_data_raw_size() -> int:
    """The length of :func:`arg_data_raw` in bytes."""
    return len(_system.arg_data_raw())


def msg_deadline() -> int:
    """When the caller stops waiting, in nanoseconds since 1970; 0 if it waits without limit."""
    return _system.msg_deadline()  # type: ignore[no-any-return]


def is_controller(principal: Principal) -> bool:
    """Whether ``principal`` controls this canister."""
    return _system.is_controller(principal.bytes)  # type: ignore[no-any-return]


def in_replicated_execution() -> bool:
    """Whether the whole subnet runs this call, rather than one node (a plain query)."""
    return _system.in_replicated_execution()  # type: ignore[no-any-return]


# Answers


def reply(*values: object) -> None:
    """Answers the call with a value of the method's result type; in methods declared ``Manual[T]``.

    Raises an exception if the value does not fit the type.
    """
    _system.reply(*values)


def reply_raw(data: bytes) -> None:
    """Answers the call with bytes that are Candid already; in methods declared ``Manual[T]``."""
    _system.reply_raw(data)


def reject(message: str) -> None:
    """Answers the call with a reject.  Unlike :func:`trap` it keeps what the call has changed."""
    _system.reject(message)


def reject_code() -> RejectionCode:
    """Why the last call failed, as a variant value such as ``{"CanisterError": None}``."""
    code = _system.reject_code()
    name = _REJECT_CODES[code] if code < len(_REJECT_CODES) else "Unknown"
    return {name: None}  # type: ignore[misc]


def reject_message() -> str:
    """The text of the last reject."""
    return _system.reject_message()  # type: ignore[no-any-return]


def trap(message: str) -> NoReturn:
    """Ends the call with an error and takes back everything it has changed."""
    _system.trap(message)
    raise AssertionError("unreachable")


# Log, time, counters


def print(*values: object) -> None:
    """Writes the values to the canister's log, with spaces between them."""
    _system.print(" ".join([str(value) for value in values]))


def time() -> int:
    """The time in nanoseconds since 1970, the same during the whole call."""
    return _system.time()  # type: ignore[no-any-return]


def performance_counter(counter: int = 0) -> int:
    """Instructions used so far: 0 counts this execution, 1 the whole call with its callbacks."""
    return _system.performance_counter(counter)  # type: ignore[no-any-return]


def canister_version() -> int:
    """A number that grows with every change of code, settings or state."""
    return _system.canister_version()  # type: ignore[no-any-return]


def canister_status() -> int:
    """1 running, 2 stopping, 3 stopped."""
    return _system.canister_status()  # type: ignore[no-any-return]


def root_key() -> bytes:
    """The public key of the Internet Computer (DER); in replicated execution only."""
    return _system.root_key()  # type: ignore[no-any-return]


# Cycles


def _nat64(cycles: int, name: str) -> int:
    if cycles > _LARGEST_NAT64:
        raise OverflowError(f"the number of cycles does not fit into 64 bits; use ic.{name}128()")
    return cycles


def canister_balance() -> int:
    """The canister's cycles; raises OverflowError above 2**64 - 1."""
    return _nat64(_system.canister_balance128(), "canister_balance")


def canister_balance128() -> int:
    """The canister's cycles."""
    return _system.canister_balance128()  # type: ignore[no-any-return]


def canister_liquid_balance128() -> int:
    """The cycles that the canister may spend without freezing."""
    return _system.canister_liquid_balance128()  # type: ignore[no-any-return]


def msg_cycles_available() -> int:
    """Cycles sent along with this call and not yet accepted; raises OverflowError above 2**64 - 1."""
    return _nat64(_system.msg_cycles_available128(), "msg_cycles_available")


def msg_cycles_available128() -> int:
    """Cycles sent along with this call and not yet accepted."""
    return _system.msg_cycles_available128()  # type: ignore[no-any-return]


def msg_cycles_accept(max_amount: int) -> int:
    """Takes up to ``max_amount`` of the cycles sent along, and returns how many; at most 2**64 - 1."""
    return _system.msg_cycles_accept128(_nat64(max_amount, "msg_cycles_accept"))  # type: ignore[no-any-return]


def msg_cycles_accept128(max_amount: int) -> int:
    """Takes up to ``max_amount`` of the cycles sent along, and returns how many."""
    return _system.msg_cycles_accept128(max_amount)  # type: ignore[no-any-return]


def msg_cycles_refunded() -> int:
    """Cycles that came back with the answer to a call; raises OverflowError above 2**64 - 1."""
    return _nat64(_system.msg_cycles_refunded128(), "msg_cycles_refunded")


def msg_cycles_refunded128() -> int:
    """Cycles that came back with the answer to a call."""
    return _system.msg_cycles_refunded128()  # type: ignore[no-any-return]


def cycles_burn128(amount: int) -> int:
    """Destroys up to ``amount`` of the canister's cycles, and returns how many."""
    return _system.cycles_burn128(amount)  # type: ignore[no-any-return]


def canister_liquid_balance() -> int:
    """The cycles that the canister may spend without freezing; raises OverflowError above 2**64 - 1."""
    return _nat64(_system.canister_liquid_balance128(), "canister_liquid_balance")


def cycles_burn(amount: int) -> int:
    """The same as :func:`cycles_burn128`: the older API has no function of this name."""
    return _system.cycles_burn128(amount)  # type: ignore[no-any-return]


# Prices in cycles


def cost_call(method_name_size: int, payload_size: int) -> int:
    """What the canister must be able to spend to make a call, from the sizes in bytes of name and arguments.

    What is not used comes back with the answer.
    """
    return _system.cost_call(method_name_size, payload_size)  # type: ignore[no-any-return]


def cost_create_canister() -> int:
    """The price of creating a canister."""
    return _system.cost_create_canister()  # type: ignore[no-any-return]


def cost_http_request(request_size: int, max_response_size: int) -> int:
    """The price of an HTTP outcall: bytes of URL, headers, body and transform; most bytes of the response."""
    return _system.cost_http_request(request_size, max_response_size)  # type: ignore[no-any-return]


def cost_sign_with_ecdsa(key_name: str, curve: int = 0) -> int:
    """The price of an ECDSA signature; curve 0 is secp256k1.  Raises ValueError for what does not exist."""
    return _system.cost_sign_with_ecdsa(key_name, curve)  # type: ignore[no-any-return]


def cost_sign_with_schnorr(key_name: str, algorithm: int) -> int:
    """The price of a Schnorr signature; 0 is BIP 340 with secp256k1, 1 Ed25519.  Raises as the above."""
    return _system.cost_sign_with_schnorr(key_name, algorithm)  # type: ignore[no-any-return]


def cost_vetkd_derive_key(key_name: str, curve: int = 0) -> int:
    """The price of a vetKD key; curve 0 is BLS12-381 G2.  Raises ValueError for what does not exist."""
    return _system.cost_vetkd_derive_key(key_name, curve)  # type: ignore[no-any-return]


# Surroundings


def subnet_self() -> Principal:
    """The principal of the subnet that the canister runs on."""
    return Principal(_system.subnet_self())


def env_vars() -> dict[str, str]:
    """The environment variables in the canister's settings."""
    return {name: _system.env_var(name) for name in _system.env_var_names()}


def env_var(name: str, default: str | None = None) -> str | None:
    """The value of an environment variable in the canister's settings, or ``default``."""
    value = _system.env_var(name)
    return default if value is None else value


def msg_caller_info_data() -> bytes:
    """Attributes of the caller that came with the call; empty if there are none."""
    return _system.msg_caller_info_data()  # type: ignore[no-any-return]


def msg_caller_info_signer() -> Principal | None:
    """Who vouches for :func:`msg_caller_info_data`; None if there are no attributes."""
    signer = _system.msg_caller_info_signer()
    return Principal(signer) if signer else None


# Certified data


def set_certified_data(data: bytes) -> None:
    """Sets the canister's certified data, at most 32 bytes."""
    _system.set_certified_data(data)


def data_certificate() -> bytes | None:
    """The certificate of the certified data; None outside of queries."""
    return _system.data_certificate()  # type: ignore[no-any-return]


# Stable memory, in bytes and in pages of 64 KiB


def stable_size() -> int:
    """The size of stable memory in pages; raises ValueError above 4 GiB."""
    return _system.stable_size()  # type: ignore[no-any-return]


def stable_grow(new_pages: int) -> StableGrowResult:
    """Makes stable memory larger, up to 4 GiB: ``{"Ok": former size}`` or ``{"Err": …}``."""
    return _grown(_system.stable_grow(new_pages))  # type: ignore[no-any-return]


def stable_read(offset: int, length: int) -> bytes:
    """Reads stable memory within the first 4 GiB; raises ValueError beyond its end."""
    return _system.stable_read(offset, length)  # type: ignore[no-any-return]


def stable_write(offset: int, data: bytes) -> None:
    """Writes stable memory within the first 4 GiB; raises ValueError beyond its end."""
    _system.stable_write(offset, data)


def stable64_size() -> int:
    """The size of stable memory in pages."""
    return _system.stable64_size()  # type: ignore[no-any-return]


def stable64_grow(new_pages: int) -> Stable64GrowResult:
    """Makes stable memory larger: ``{"Ok": former size}`` or ``{"Err": …}``."""
    return _grown(_system.stable64_grow(new_pages))  # type: ignore[no-any-return]


def stable64_read(offset: int, length: int) -> bytes:
    """Reads stable memory; raises ValueError beyond its end."""
    return _system.stable64_read(offset, length)  # type: ignore[no-any-return]


def stable64_write(offset: int, data: bytes) -> None:
    """Writes stable memory; raises ValueError beyond its end."""
    _system.stable64_write(offset, data)


def stable_bytes() -> bytes:
    """All of stable memory."""
    return _system.stable64_read(0, _system.stable64_size() * _PAGE)  # type: ignore[no-any-return]


def _grown(before: int) -> Any:
    return {"Err": {"OutOfMemory": None}} if before < 0 else {"Ok": before}


# Candid text


def candid_encode(text: str) -> bytes:
    """The binary form of Candid values in text, such as ``(42 : nat64, "x")``."""
    from basilisk.candid import text_to_message

    return text_to_message(text)


def candid_decode(data: bytes) -> str:
    """Candid values in text, from their binary form."""
    from basilisk.candid import message_to_text

    return message_to_text(data)


# Calls


def call_raw128(canister_id: Principal, method: str, args_raw: bytes, payment: int = 0) -> Call[bytes]:
    """The same as :func:`call_raw`, whose payment may have 128 bits as well."""
    return call_raw(canister_id, method, args_raw, payment)


def stable_storage() -> Any:
    """A dictionary that survives upgrades, declared at the top level of a module.

    ``data: Data = ic.stable_storage()``, where ``Data`` is a ``TypedDict``.  The items are written at each
    upgrade, within its limit of instructions; data that grow belong in a :class:`basilisk.StableBTreeMap`.
    """
    from basilisk.stable.storage import stable_storage

    return stable_storage()


def seed_random() -> Coroutine[Any, Any, None]:
    """Mixes fresh entropy of the network into the random numbers: ``await ic.seed_random()``.

    Raises CallRejected when the network does not answer.
    """
    from basilisk.randomness import seed_random as begin

    return begin()


def _bind(system: Any) -> None:
    """Puts the system's own functions in place of those above that only pass a call on.

    That saves a Python frame for each call.  The functions above carry signatures and documentation.
    """
    for name in (
        "accept_message",
        "arg_data_raw",
        "canister_balance128",
        "canister_liquid_balance128",
        "canister_status",
        "canister_version",
        "cost_call",
        "cycles_burn128",
        "data_certificate",
        "in_replicated_execution",
        "method_name",
        "msg_cycles_accept128",
        "msg_cycles_available128",
        "msg_cycles_refunded128",
        "msg_deadline",
        "reject",
        "reject_message",
        "reply",
        "reply_raw",
        "root_key",
        "set_certified_data",
        "stable64_read",
        "stable64_size",
        "stable64_write",
        "stable_read",
        "stable_size",
        "stable_write",
        "time",
        "trap",
    ):
        globals()[name] = getattr(system, name)
    system.set_principal(Principal)
    for name in ("caller", "id"):
        globals()[name] = getattr(system, f"{name}_principal")


if in_canister():
    _bind(_system)

"""The names of `ic` on the host, and what they make of the system's values."""

from __future__ import annotations

import inspect

import pytest

from basilisk import CallResult, OutsideCanister, Principal, ic, match


def call(name: str) -> object:
    function = getattr(ic, name)
    arguments = {
        "principal": Principal.anonymous(),
        "data": b"",
        "message": "",
        "text": "()",
        "canister_id": Principal.anonymous(),
        "args_raw": b"",
        "callback": lambda: None,
        "delay": 1,
        "interval": 1,
    }
    given = [
        arguments.get(parameter.name, 0)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty
    ]
    return function(*given)


# These only prepare something; what they prepare needs a canister.
ANYWHERE = [
    "TaskGroup",
    "candid_decode",
    "candid_encode",
    "clear_timer",
    "gather",
    "seed_random",
    "stable_storage",
]


@pytest.mark.parametrize("name", sorted(set(ic.__all__) - set(ANYWHERE)))
def test_on_the_host_each_function_says_that_it_needs_a_canister(name) -> None:
    with pytest.raises(OutsideCanister, match="only inside a canister"):
        call(name)


def test_every_function_has_a_docstring_and_is_listed() -> None:
    for name in ic.__all__:
        assert inspect.getdoc(getattr(ic, name)), name
    defined = {
        name
        for name, value in vars(ic).items()
        if inspect.isfunction(value) and value.__module__ == ic.__name__ and not name.startswith("_")
    }
    assert defined <= set(ic.__all__)


def test_values_are_converted(system) -> None:
    system.caller = lambda: b"\x04"
    system.id = lambda: b"\x01"
    system.arg_data_raw = lambda: b"DIDL\0\0"
    system.is_controller = lambda data: data == b"\x04"
    system.reject_code = lambda: 4
    assert ic.caller() == Principal.anonymous() and ic.id() == Principal(b"\x01")
    assert ic.arg_data_raw_size() == 6
    assert ic.is_controller(Principal.anonymous())
    assert ic.reject_code() == {"CanisterReject": None}


def test_printing_any_object(system) -> None:
    lines = []
    system.print = lines.append
    ic.print("a", 1, str)
    ic.print()
    assert lines == ["a 1 <class 'str'>", ""]


def test_64_bit_cycles_do_not_lose_digits(system) -> None:
    system.canister_balance128 = lambda: 2**64
    system.msg_cycles_accept128 = lambda amount: amount
    assert ic.canister_balance128() == 2**64
    with pytest.raises(OverflowError, match="canister_balance128"):
        ic.canister_balance()
    with pytest.raises(OverflowError):
        ic.msg_cycles_accept(2**64)
    assert ic.msg_cycles_accept(2**64 - 1) == 2**64 - 1


def test_stable_memory_grows_or_says_why(system) -> None:
    system.stable64_grow = lambda pages: -1 if pages > 9 else 3
    assert ic.stable64_grow(1) == {"Ok": 3}
    assert ic.stable64_grow(10) == {"Err": {"OutOfMemory": None}}
    system.stable64_size = lambda: 2
    system.stable64_read = lambda offset, length: (offset, length)
    assert ic.stable_bytes() == (0, 131072)


def test_candid_text() -> None:
    assert ic.candid_encode("()") == b"DIDL\0\0"
    assert ic.candid_decode(b"DIDL\0\1\x7e\1") == "(true)"


def test_match() -> None:
    assert match({"Ok": 1}, {"Ok": lambda value: value + 1, "Err": str}) == 2
    assert match({"Other": 1}, {"Ok": int, "_": lambda value: value}) is None
    assert match(CallResult(Ok=5), {"Ok": lambda value: value, "Err": str}) == 5
    assert match(CallResult(Err="no"), {"ok": int, "err": lambda text: text}) == "no"
    assert match({"Zero": None}, {"Zero": lambda _: 0}) == 0
    with pytest.raises(ValueError, match="no case for 'Other'"):
        match({"Other": 1}, {"Ok": int})
    with pytest.raises(ValueError, match="one key"):
        match({}, {"Ok": int})


def test_call_results_have_both_dialects() -> None:
    result = CallResult[int](Ok=1)
    assert (result.Ok, result.ok, result.Err, result.err) == (1, 1, None, None)
    assert repr(CallResult(Err="x")) == "CallResult(Err='x')"

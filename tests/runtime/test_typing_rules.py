"""docs/typing.md: its programs do what it says, and the mistakes in its table raise at run time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from basilisk import candid
from basilisk.cli.app import app
from basilisk.replica import Replica
from basilisk.runtime import Found
from tests.runtime.kybra.world import Builder, Deployed

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "typing.md"

# Mistakes that no type checker sees, because of `Any`; each is made in a method of its own.
WRONG = '''
import warnings
from typing import Any

from basilisk import CallRejected, Record, Variant, match, nat8, service_query

class Other(Service):
    """The same canister with types that it does not have."""

    @service_update
    def mint_or_burn(self, order: MintOrBurn) -> str: ...

    @service_update
    def small(self, number: nat8) -> None: ...

class Choice(Variant, total=False):
    Ok: int

token: Any = Token(Principal.anonymous())
order: Any = MintOrBurn(5, Principal.anonymous())

@update
async def answer_of_another_type() -> str:
    other: Any = Other(ic.id())
    return await attempt(lambda: other.mint_or_burn(order))

@update
async def refused() -> str:
    other: Any = Other(ic.id())
    return await attempt(lambda: other.small(5))

@update
def case_of_a_variant() -> Choice:
    choice: Any = {"Er": 5}
    return choice

@update
async def forgotten() -> None:
    token.mint_or_burn(order)

@update
async def wrong(which: str) -> str:
    return await attempt(MISTAKES[which])

async def attempt(mistake: Any) -> str:
    try:
        await mistake()
    except Exception as error:
        kind = "ValueError " if isinstance(error, ValueError) else ""
        return f"{kind}{type(error).__name__}: {error}"
    return "nothing was raised"

MISTAKES: Any = {
    "type": lambda: token.mint_or_burn("5"),
    "record": lambda: token.mint_or_burn({"quantity": 5, "target": ic.id()}),
    "field": lambda: token.mint_or_burn(MintOrBurn("5", ic.id())),
    "range": lambda: Other(ic.id()).small(300),
    "few": lambda: token.mint_or_burn(),
    "many": lambda: token.mint_or_burn(order, 5),
    "method": lambda: token.burn(order),
    "cycles": lambda: token.mint_or_burn(order).with_cycles("1000"),
    "float": lambda: token.mint_or_burn(order).with_cycles128(1e12),
    "negative": lambda: token.mint_or_burn(order).with_cycles(-1),
    "canister": lambda: Token("aaaaa-aa"),
    "match": lambda: match({"Err": "no"}, {"Ok": lambda value: value}),
}
'''


# Mistakes with the cases of cases.py; each answers, raises or traps in a method of its own.
WRONG_CASES = """
from typing import Any

from basilisk import Service, service_query

class Other(Case[str]): ...

class Sink(Service):
    @service_query
    def amount(self, order: Order) -> Opt[nat]: ...

any_deposit: Any = Deposit
MISTAKES: Any = {
    "nothing": lambda: None,
    "dict": lambda: {"Deposit": 5},
    "another": lambda: Other("x"),
    "payload": lambda: any_deposit("5"),
}

@query
def wrong(which: str) -> Order:
    return MISTAKES[which]()

@update
async def send(which: str) -> str:
    try:
        await Sink(ic.id()).amount(MISTAKES[which]())
    except ValueError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"

@query
def never(which: str) -> str:
    deposit: Any = Deposit(5)
    try:
        if which == "value":
            any_deposit()
        elif which == "change":
            deposit.value = 6
        elif which == "assert_never":
            assert_never(deposit)
    except Exception as error:
        return type(error).__name__
    return "nothing was raised"
"""


def program(name: str) -> str:
    """The program of the page whose first line is this name."""
    blocks = re.findall(r"^```python\n(# (\S+)\n.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    (text,) = [text for text, found in blocks if found == name]
    return str(text)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> Builder:
    """Builds programs once for all tests here."""
    return Builder(lambda: tmp_path_factory.mktemp("program"))


def deployed(make: Builder, text: str) -> Deployed:
    """A program in a replica of its own."""
    return Deployed(Replica(), make({"main.py": text}))


def test_a_typed_call_through_a_helper(make: Builder) -> None:
    """The call that a function made arrives with its arguments, and its answer has its type."""
    canister = deployed(make, program("calls.py"))
    assert canister.call("proxy", 10) == 1_010
    assert canister.call("proxy", -5) == 1_005
    assert canister.call("total_supply") == 1_005


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("type", r"ValueError CandidError: .*'mint_or_burn'.* argument: expected MintOrBurn, got str"),
        ("record", r"ValueError CandidError: .* argument: expected MintOrBurn, got dict"),
        ("field", r"ValueError CandidError: .* argument\.quantity: expected int, got str"),
        ("range", r"ValueError CandidError: .* argument: 300 does not fit nat8"),
        ("few", r"TypeError: mint_or_burn\(\) takes 1 argument"),
        ("many", r"TypeError: mint_or_burn\(\) takes 1 argument"),
        ("method", r"AttributeError: 'Token' object has no attribute 'burn'"),
        ("cycles", r"TypeError: cycles are an int, not str"),
        ("float", r"TypeError: cycles are an int, not float"),
        ("negative", r"ValueError ValueError: a number of cycles is from 0"),
        ("canister", r"TypeError: Token\(…\) takes a Principal, not str"),
        ("match", r"ValueError ValueError: no case for 'Err'"),
    ],
)
def test_what_no_checker_sees_raises(make: Builder, which: str, message: str) -> None:
    """The exception comes where the call is made: the other canister, which does not exist, is not asked."""
    canister = deployed(make, program("calls.py") + WRONG)
    assert re.match(message, str(canister.call("wrong", which)))


def test_answers_that_do_not_fit(make: Builder) -> None:
    """Where the other canister has other types, or refuses, the exception comes where the call is awaited."""
    canister = deployed(make, program("calls.py") + WRONG)
    assert re.match(
        r"ValueError CandidError: .* answer: expected text, found nat",
        str(canister.call("answer_of_another_type")),
    )
    assert re.match(r"CallRejected: .*no .*method.*small", str(canister.call("refused")), re.S)
    error = canister.reject("case_of_a_variant")
    assert error.code == 5 and "Er" in str(error)


def test_every_case_is_handled(make: Builder) -> None:
    """The program about variants, with each of its cases."""
    canister = deployed(make, program("cases.py"))
    move = canister.call("example")
    assert isinstance(move, dict) and move["Move"]["amount"] == 5
    assert [canister.call("run", order) for order in ({"Deposit": 12}, move, {"Close": None})] == [12, 7, 0]
    assert [canister.call("amount", order) for order in ({"Deposit": 12}, move, {"Close": None})] == [
        12,
        5,
        None,
    ]


def test_mistakes_with_cases(make: Builder) -> None:
    """What the table says of them at run time: the error names the cases, or the case and its type."""
    canister = deployed(make, program("cases.py") + WRONG_CASES)
    for which, message in {
        "nothing": "expected Move, Deposit or Close, got NoneType",
        "dict": "expected Move, Deposit or Close, got dict",
        "another": "expected Move, Deposit or Close, got Other",
        "payload": r"Deposit: expected int, got str",
    }.items():
        error = canister.reject("wrong", which)
        assert error.code == 5 and re.search(message, str(error)), error
        assert re.match(f"CandidError: .*{message}", str(canister.call("send", which)))
    for which, kind in (
        ("value", "TypeError"),
        ("change", "AttributeError"),
        ("assert_never", "AssertionError"),
    ):
        assert canister.call("never", which) == kind


def test_a_call_that_nobody_awaits_is_reported(make: Builder) -> None:
    """A warning in the log, and the call was not sent."""
    canister = deployed(make, program("calls.py") + WRONG)
    canister.call("forgotten")
    assert any("mint_or_burn" in line and "never awaited" in line for line in canister.log)


def test_closures_see_the_latest_value(make: Builder) -> None:
    """As in every Python: 10 * (10 * 10 + 10), and 10 + 2."""
    canister = deployed(make, program("closures.py"))
    assert canister.call("composed") == 1_100
    assert canister.call("counter_example") == 12


def test_check_strict_warns_of_the_counter_example(
    artefact: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program builds; --strict names the second binding and ends with 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "closures.py").write_text(program("closures.py"), encoding="utf-8")
    strict = CliRunner().invoke(app, ["check", "--strict", "closures.py"])
    assert strict.exit_code == 1 and strict.stdout == "it builds: 2 methods\n"
    assert strict.stderr.count("warning") == 1
    shown = re.search(r"warning: (closures\.py:.*?)\n\n", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert shown and " ".join(shown[1].split()) in strict.stderr
    plain = CliRunner().invoke(app, ["check", "closures.py"])
    assert plain.exit_code == 0 and plain.stderr == ""
    (tmp_path / "closures.py").write_text(program("closures.py").replace("\ni = 2\n", ""), encoding="utf-8")
    assert CliRunner().invoke(app, ["check", "--strict", "closures.py"]).exit_code == 0
    refused = CliRunner().invoke(app, ["check", "--strict", "some.did"])
    assert refused.exit_code == 64


def test_exceptions_take_back_what_a_call_changed(make: Builder) -> None:
    """Uncaught and trapped: rejected and undone; caught: answered and kept."""
    canister = deployed(make, program("exceptions.py"))
    assert canister.call("divide", 7, 2) == 3
    error = canister.reject("divide", 7, 0)
    assert error.code == 5 and "Exception: Cannot divide by 0!" in str(error) and "in floor_div" in str(error)
    assert canister.call("counted") == 1
    assert canister.call("divide_or_zero", 7, 0) == 0
    assert canister.call("counted") == 2
    trapped = canister.reject("divide_or_reject", 7, 0)
    assert trapped.code == 5 and "Cannot divide by 0!" in str(trapped)
    assert canister.call("counted") == 2
    with pytest.raises(candid.CandidError):
        canister.call("divide", -1, 2)

"""What mypy and Pyright make of programs: correct ones pass, each kind of mistake is found by both."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.type_checkers.checkers import ROOT, Complaint, mypy, pyright

PROGRAMS = Path(__file__).parent / "programs"
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/main.py"))
OWNER = "Principal.anonymous()"

# Lines of a coroutine in the good program; the rules of mypy and Pyright that they break.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "an argument of a call has the wrong type": (
        "await ledger.balance_of('aaaaa-aa')",
        "arg-type",
        "reportArgumentType",
    ),
    "an argument of a call is another record": (
        "await ledger.transfer({'name': 'Ann', 'age': 5}, None)",
        "arg-type",
        "reportArgumentType",
    ),
    "an argument of a call is missing": (
        f"await ledger.transfer(Transfer({OWNER}, 5))",
        "call-arg",
        "reportCallIssue",
    ),
    "a call has too many arguments": ("await ledger.destroy(1, 2)", "call-arg", "reportCallIssue"),
    "an argument in a helper of a call is wrong": (
        f"await ledger.transfer(mint(ledger, {OWNER}, '10'), None)",
        "arg-type",
        "reportArgumentType",
    ),
    "there is no such method": ("await ledger.mint(5)", "attr-defined", "reportAttributeAccessIssue"),
    "the payment is text": (
        f"await ledger.balance_of({OWNER}).with_cycles('1000')",
        "arg-type",
        "reportArgumentType",
    ),
    "the payment is a float": (
        f"await ledger.balance_of({OWNER}).with_cycles128(1e12)",
        "arg-type",
        "reportArgumentType",
    ),
    "the payment of a raw call is text": (
        f"await ic.call_raw({OWNER}, 'x', b'', '5')",
        "arg-type",
        "reportArgumentType",
    ),
    "the arguments of a raw call are text": (
        f"await ic.call_raw({OWNER}, 'x', '()', 5)",
        "arg-type",
        "reportArgumentType",
    ),
    "the canister is text": ("Ledger('aaaaa-aa')", "arg-type", "reportArgumentType"),
    "the answer is used as another type": (
        f"x1: str = await ledger.balance_of({OWNER})",
        "assignment",
        "reportAssignmentType",
    ),
    "the result is used as its value": (
        f"x2: int = await ledger.balance_of({OWNER}).result()",
        "assignment",
        "reportAssignmentType",
    ),
    "a case is missing when a result is taken apart": (
        f"match(await ledger.balance_of({OWNER}).result(), {{'Ok': lambda n: n}})",
        "call-overload",
        "reportCallIssue",
    ),
    "a case takes the value as another type": (
        f"match(await ledger.balance_of({OWNER}).result(), {{'Ok': lambda n: n.x, 'Err': lambda e: e}})",
        "call-overload",
        "reportAttributeAccessIssue",
    ),
    "a variant has no such case": (
        "x3: Refusal = {'TooLittle': 5}",
        "typeddict-unknown-key",
        "reportAssignmentType",
    ),
    "a case of a variant has another type": (
        "x4: Refusal = {'TooMuch': 'a lot'}",
        "typeddict-item",
        "reportAssignmentType",
    ),
    "a case inside a generic variant is unknown": (
        "x5: Outcome[int] = {'Err': {'Nothing': None}}",
        "typeddict-unknown-key",
        "reportAssignmentType",
    ),
    "a record lacks a field": ("x6: User = {'name': 'Ann'}", "typeddict-item", "reportAssignmentType"),
    "a record has a field too many": (
        "x7: User = {'name': 'Ann', 'age': 5, 'mail': ''}",
        "typeddict-unknown-key",
        "reportAssignmentType",
    ),
    "a field is read that is not there": (
        "find(ic.id())['nam']",
        "typeddict-item index",
        "reportGeneralTypeIssues",
    ),
    "an option is used as its value": ("find(ic.id())['name']", "index", "reportOptionalSubscript"),
    "a stable map gets another value": (
        f"users[{OWNER}] = {{'name': 5, 'age': 5}}",
        "typeddict-item",
        "reportArgumentType",
    ),
    "a case has another payload": ("Deposit('a lot')", "call-overload", "reportArgumentType"),
    "a case has the payload of another record": (
        "Move({'name': 'Ann', 'age': 5})",
        "call-overload",
        "reportArgumentType",
    ),
    "a case without a value gets one": ("Close(5)", "call-overload", "reportArgumentType"),
    "a case lacks its value": ("Deposit()", "", "reportCallIssue"),
    "a union has no such case": ("x8: Order = Number(5)", "assignment", "reportAssignmentType"),
    "a call gets another union's case": (
        "await ledger.run(Number(5))",
        "arg-type",
        "reportArgumentType",
    ),
    "a dict stands for a case": ("x9: Order = {'Deposit': 5}", "assignment", "reportAssignmentType"),
    "the value of a case is changed": (
        "Deposit(5).value = 6",
        "misc",
        "reportAttributeAccessIssue",
    ),
    "the answer's payload is used as another type": (
        "x10: str = Deposit(5).value",
        "assignment",
        "reportAssignmentType",
    ),
    "a stable map gets another case": (
        f"users_orders[{OWNER}] = Failed({{'Unknown': None}})",
        "assignment",
        "reportArgumentType",
    ),
    "a stable map gets another key": ("users['Ann']", "index", "reportArgumentType"),
}
#: Functions that leave a case out: the rules they break, and on which line of the text (from 1).
MISSING_CASES: dict[str, tuple[str, int, str, str]] = {
    "a member is missing before assert_never": (
        """
def incomplete(colour: Colour) -> str:
    match colour:
        case Colour.RED:
            return "red"
        case _:
            assert_never(colour)
""",
        7,
        "arg-type",
        "reportArgumentType",
    ),
    "a case is missing before assert_never": (
        """
def unhandled(order: Order) -> nat:
    match order:
        case Deposit(amount):
            return amount
        case Close():
            return 0
        case _:
            assert_never(order)
""",
        9,
        "arg-type",
        "reportArgumentType",
    ),
    "a case is missing in a match that returns": (
        """
def unanswered(order: Order) -> nat:
    match order:
        case Deposit(amount):
            return amount
        case Close():
            return 0
""",
        2,
        "return",
        "reportReturnType reportMatchNotExhaustive",
    ),
    "a case is missing in a chain that returns": (
        """
def forgotten(order: Order) -> nat:
    if isinstance(order, Deposit):
        return order.value
    elif isinstance(order, Close):
        return 0
""",
        2,
        "return",
        "reportReturnType",
    ),
    "a case of a generic union is missing": (
        """
def unwrap(answer: Answer[T]) -> T:
    match answer:
        case Done(value):
            return value
""",
        2,
        "return",
        "reportReturnType reportMatchNotExhaustive",
    ),
    "a case of another union is matched": (
        """
def mistaken(order: Order) -> nat:
    match order:
        case Deposit(amount):
            return amount
        case Sum():
            return 0
        case _:
            return 1
""",
        6,
        "",
        "reportUnnecessaryComparison",
    ),
}


def programs_of(example: Path) -> list[Path]:
    """The files of an example that go into its canister."""
    return [path for path in sorted(example.glob("*.py")) if not path.name.startswith("test_")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose part ``path`` holds the stubs of Kybra as an installed package would."""
    made = tmp_path_factory.mktemp("types")
    shutil.copytree(ROOT / "src" / "kybra-stubs", made / "path" / "kybra")
    return made


def wrong_program() -> tuple[str, Mapping[int, str]]:
    """The good program with all mistakes, and which mistake is on which line."""
    lines = (PROGRAMS / "good.py").read_text(encoding="utf-8").splitlines()
    places = {}
    lines += ["", "", "async def wrong() -> None:"]
    for title, (line, _, _) in MISTAKES.items():
        lines.append(f"    {line}")
        places[len(lines)] = title
    for title, (text, line, _, _) in MISSING_CASES.items():
        places[len(lines) + 1 + line] = title
        places[len(lines) + 2 + line] = title  # Pyright also points at the `match`
        lines += ["", *text.splitlines()]
    return "\n".join(lines) + "\n", places


def by_mistake(found: list[Complaint], places: Mapping[int, str]) -> dict[str, set[str]]:
    """The rules broken at each mistake; nothing else may be found."""
    answer: dict[str, set[str]] = {}
    for item in found:
        assert item.line in places, item
        answer.setdefault(places[item.line], set()).add(item.rule)
    return answer


@pytest.fixture(scope="module")
def pages(folder: Path) -> list[Path]:
    """The programs of docs/typing.md as files."""
    text = (ROOT / "docs" / "typing.md").read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(# (\S+)\n.*?)^```$", text, re.M | re.S)
    (folder / "pages").mkdir()
    for program, name in found:
        (folder / "pages" / name).write_text(program, encoding="utf-8")
    return sorted((folder / "pages").iterdir())


@pytest.fixture(scope="module")
def from_pyright(folder: Path, pages: list[Path]) -> list[Complaint]:
    """What Pyright says in one run over good programs, examples and the wrong program."""
    examples = [path for example in EXAMPLES for path in programs_of(example)]
    text, _ = wrong_program()
    (folder / "wrong.py").write_text(text, encoding="utf-8")
    return pyright(folder, [PROGRAMS, *examples, *pages, folder / "wrong.py"], [folder / "path"])


def test_correct_programs_pass_mypy(folder: Path) -> None:
    """`mypy --strict` has nothing to say, neither in today's names nor in Kybra's."""
    for name in ("good.py", "kybra_good.py"):
        assert mypy(folder, [PROGRAMS / name]) == []


def test_programs_of_the_documentation_pass_mypy(folder: Path, pages: list[Path]) -> None:
    """What docs/typing.md shows passes the checks that it speaks of."""
    assert [path.name for path in pages] == ["calls.py", "cases.py", "closures.py", "exceptions.py"]
    assert mypy(folder, pages) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_pass_mypy(folder: Path, example: Path) -> None:
    """Every program of every example passes `mypy --strict`."""
    assert mypy(folder, programs_of(example)) == []


def test_correct_programs_and_examples_pass_pyright(from_pyright: list[Complaint]) -> None:
    """Pyright's mode "strict" has nothing to say either."""
    assert [item for item in from_pyright if item.file != "wrong.py"] == []


def test_mypy_finds_every_mistake(folder: Path) -> None:
    """Each wrong line breaks its rule, and nothing else is found."""
    text, places = wrong_program()
    (folder / "mypy").mkdir()
    path = folder / "mypy" / "wrong.py"
    path.write_text(text, encoding="utf-8")
    found = by_mistake(mypy(folder, [path]), places)
    wanted = {title: rules for title, (_, rules, _) in MISTAKES.items()}
    wanted |= {title: rules for title, (_, _, rules, _) in MISSING_CASES.items()}
    assert found == {title: set(rules.split()) for title, rules in wanted.items() if rules}


def test_pyright_finds_every_mistake(from_pyright: list[Complaint]) -> None:
    """The same with Pyright."""
    _, places = wrong_program()
    found = by_mistake([item for item in from_pyright if item.file == "wrong.py"], places)
    for title, (_, _, _, rules) in MISSING_CASES.items():
        assert found.pop(title) == set(rules.split())
    assert set(found) == set(MISTAKES)
    for title, (_, _, rule) in MISTAKES.items():
        assert set(rule.split()) & found[title], (title, found[title])

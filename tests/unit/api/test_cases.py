"""Unions of cases: the interface they become, the plan, what is refused, and the values."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basilisk import Case, nat, null
from basilisk.cases import case_tag
from basilisk.generics import Form

T = TypeVar("T")

HEAD = """
from basilisk import *
from dataclasses import dataclass
from typing import *
T = TypeVar("T")
class Deposit(Case[nat]):
    "Money comes in."
class Close(Case[null]): ...
"""
# Line of the first statement after HEAD.
FIRST = HEAD.count("\n") + 1
ORDER = "type Order = variant { Deposit : nat; Close };"
SINCE_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="the canister runs 3.13")


def method(annotation: str, before: str = "") -> str:
    return f"{HEAD}{before}\n@query\ndef m() -> {annotation}: ...\n"


@pytest.mark.parametrize(
    ("before", "annotation", "types", "result"),
    [
        ("", "Deposit | Close", "", "variant { Deposit : nat; Close }"),
        ("", "'Deposit | Close'", "", "variant { Deposit : nat; Close }"),
        ("", "Union[Deposit, Close]", "", "variant { Deposit : nat; Close }"),
        ("", "Deposit", "// Money comes in. type Deposit = variant { Deposit : nat };", "Deposit"),
        ("", "Deposit | None", "// Money comes in. type Deposit = variant { Deposit : nat };", "opt Deposit"),
        ("", "Deposit | Close | None", "", "opt variant { Deposit : nat; Close }"),
        # The name of an alias, wherever and however its cases are said.
        ("Order = Deposit | Close", "Order", ORDER, "Order"),
        ("Order = Union[Deposit, Close]", "Order", ORDER, "Order"),
        ("Order: TypeAlias = Deposit | Close", "Order", ORDER, "Order"),
        ("Order: TypeAlias = 'Deposit | Close'", "Order", "", "variant { Deposit : nat; Close }"),
        ("Order = Deposit | Close", "'Order'", ORDER, "Order"),
        ("Order = Deposit | Close", "Close | Deposit", ORDER, "Order"),
        ("Order = Deposit | Close", "Order | None", ORDER, "opt Order"),
        ("Order = Deposit | Close", "Opt[Order]", ORDER, "opt Order"),
        ("Order = Deposit | Close", "Optional[Order]", ORDER, "opt Order"),
        ("Order = Deposit | Close", "Opt['Order'] | None", ORDER, "opt opt Order"),
        ("Order = Deposit | Close\nOther = Close | Deposit", "Vec[Other]", ORDER, "vec Order"),
        (
            "Maybe = Deposit | Close | None",
            "Maybe",
            "type Maybe = opt variant { Deposit : nat; Close };",
            "Maybe",
        ),
        ("Order = Alias[Deposit | Close]", "Order", ORDER, "Order"),
        (
            "class Move(Case[str]): ...\nOrder = Deposit | Close",
            "Order | Move",
            "",
            "variant { Move : text; Deposit : nat; Close }",
        ),
        # Payloads.
        (
            "class Item(Record):\n    n: nat\nclass Add(Case[Vec[Item]]): ...",
            "Add | Close",
            "type Item = record { n : nat };",
            "variant { Add : vec Item; Close }",
        ),
        (
            "class Move(Case['Position']): ...\n@dataclass\nclass Position:\n    x: int",
            "Move | Close",
            "type Position = record { x : int };",
            "variant { Move : Position; Close }",
        ),
        ("class Memo(Case[Opt[str]]): ...", "Memo | Close", "", "variant { Memo : opt text; Close }"),
        ("class Nothing(Case[None]): ...", "Nothing | Close", "", "variant { Nothing; Close }"),
        (
            "Order = Deposit | Close\nclass Many(Case[Vec[Order]]): ...",
            "Many | Close",
            f"{ORDER}",
            "variant { Many : vec Order; Close }",
        ),
        # Names and numbers.
        (
            "class Low(Case[nat], name='deposit'): ...\nclass Not_(Case[null], name='not'): ...",
            "Low | Not_",
            "",
            "variant { not; deposit : nat }",
        ),
        ("class Old(Case[str], name=27): ...", "Old | Close", "", "variant { 27 : text; Close }"),
        # Generic cases.
        (
            "class Ok(Case[T], Generic[T]): ...\nclass Err(Case[str]): ...\n",
            "Ok[nat] | Err",
            "",
            "variant { Ok : nat; Err : text }",
        ),
        (
            "class Ok(Case[Vec[T]]): ...\nclass Err(Case[str]): ...\nResult = Union[Ok[T], Err]",
            "Result[nat]",
            "",
            "variant { Ok : vec nat; Err : text }",
        ),
        (
            "class Ok(Case[T]): ...\nclass Err(Case[str]): ...\nNumber = Ok[nat] | Err",
            "Opt[Number]",
            "type Number = variant { Ok : nat; Err : text };",
            "opt Number",
        ),
        (
            "class Ok(Case[T]): ...\nclass Box(Record, Generic[T]):\n    content: 'Ok[T] | Close'",
            "Box[nat]",
            "type Box_nat = record { content : variant { Ok : nat; Close } };",
            "Box_nat",
        ),
        ("class Ok(Case[T]): ...", "Ok[nat]", "type Ok_nat = variant { Ok : nat };", "Ok_nat"),
        # Recursion.
        (
            "class Num(Case[int]): ...\nclass Add(Case['tuple[Expr, Expr]']): ...\nExpr = Num | Add",
            "Expr",
            "type Expr = variant { Add : record { Expr; Expr }; Num : int };",
            "Expr",
        ),
        (
            "class Num(Case[int]): ...\nclass Neg(Case['Num | Neg']): ...",
            "'Num | Neg'",
            "type Num_Neg = variant { Neg : Num_Neg; Num : int };",
            "Num_Neg",
        ),
        (
            "class Num(Case[int]): ...\nclass Neg(Case['Maybe']): ...\nMaybe = Num | Neg | None",
            "Maybe",
            "type Maybe = opt variant { Neg : Maybe; Num : int };",
            "Maybe",
        ),
        (
            "class Chain(Case['Opt[Chain]']): ...",
            "Chain",
            "type Chain = variant { Chain : opt Chain };",
            "Chain",
        ),
        *[
            pytest.param(*row, marks=SINCE_312)
            for row in [
                ("type Order = Deposit | Close", "Order", ORDER, "Order"),
                ("type Order = Deposit | Close", "Order | None", ORDER, "opt Order"),
                (
                    "type Order = Deposit | Close\nclass Move(Case[str]): ...",
                    "Order | Move",
                    "",
                    "variant { Move : text; Deposit : nat; Close }",
                ),
                (
                    "class Leaf[V](Case[V]): ...\nclass Node[V](Case['tuple[Tree[V], Tree[V]]']): ...\n"
                    "type Tree[V] = Leaf[V] | Node[V]",
                    "Tree[nat]",
                    "type Tree_nat = variant { Leaf : nat; Node : record { Tree_nat; Tree_nat } };",
                    "Tree_nat",
                ),
                (
                    "class Num(Case[int]): ...\nclass Neg(Case['Expr']): ...\ntype Expr = Num | Neg",
                    "Expr",
                    "type Expr = variant { Neg : Expr; Num : int };",
                    "Expr",
                ),
            ]
        ],
    ],
)
def test_interfaces(guest, before: str, annotation: str, types: str, result: str) -> None:
    """Each way to write a union, and the interface it becomes."""
    expected = f"{types} service : {{ m : () -> ({result}) query; }}"
    answer = guest.build(method(annotation, before))
    assert answer["ok"], answer["error"]
    assert " ".join(answer["did"].split()) == expected.strip()


def test_an_alias_of_another_module_keeps_its_name(guest) -> None:
    """Imported or not, alone or in an option; the cases' module is asked for it."""
    shapes = (
        "from basilisk import *\nclass Dot(Case[null]): ...\nclass Line(Case[nat]): ...\nShape = Dot | Line\n"
    )
    main = (
        "from basilisk import *\nimport shapes\n@query\ndef m(a: shapes.Shape) -> shapes.Shape | None: ...\n"
    )
    expected = "type Shape = variant { Dot; Line : nat }; service : { m : (Shape) -> (opt Shape) query; }"
    assert guest.did(main, shapes=shapes) == expected
    main = "from basilisk import *\nfrom shapes import *\n@query\ndef m(a: Dot | Line) -> Opt[Shape]: ...\n"
    assert guest.did(main, shapes=shapes) == expected


def test_an_alias_without_meaning_is_no_obstacle(guest) -> None:
    """Unions that nobody uses are looked at for their names alone."""
    before = "Bad = Union[Deposit, 'Missing']\nAlso = Union[Deposit, 'Close']"
    assert guest.did(method("Deposit | Close", before)) == (
        "type Also = variant { Deposit : nat; Close }; service : { m : () -> (Also) query; }"
    )


def test_the_plan_has_the_classes_in_the_order_of_the_fields(guest) -> None:
    guest.build(method("Close | Deposit"))
    (node,) = (nodes[root] for nodes, roots in guest.system.plans for root in roots if len(nodes[root]) == 4)
    kind, style, classes, fields = node
    assert (kind, style) == ("variant", "cases")
    assert [cls.__name__ for cls in classes] == [name for _, name, _ in fields] == ["Deposit", "Close"]
    assert [fields[0][0], fields[1][0]] == sorted(field[0] for field in fields)


@pytest.mark.parametrize(
    ("body", "message", "remedy"),
    [
        (
            "class Other(Case[nat], name='Deposit'): ...\n@query\ndef m(a: ¤Deposit | Other): ...",
            "the cases 'Deposit' and 'Other' have the same Candid field number",
            'class Other(Case[T], name="other")',
        ),
        (
            # field_id("Deposit") as a number
            "class Other(Case[nat], name=878_068_542): ...\n@query\ndef m() -> ¤Union[Deposit, Other]: ...",
            "the cases 'Deposit' and 'Other' have the same Candid field number 878068542",
            "rename one of them",
        ),
        (
            "First = Deposit\nclass Deposit(Case[str]): ...\n@query\ndef m() -> ¤Union[First, Deposit]: ...",
            "the cases 'main.Deposit' and 'main.Deposit' have the same",
            "rename one of them",
        ),
        (
            "class Ok(Case[T]): ...\n@query\ndef m() -> ¤Union[Ok[nat], Ok[str]]: ...",
            "the case 'Ok' is there twice, with different type arguments",
            "a class of its own",
        ),
        ("@query\ndef m() -> ¤Deposit | str: ...", "only in the form T | None", "class Amount(Case[nat])"),
        ("@query\ndef m() -> ¤Union[str, Deposit]: ...", "only in the form T | None", "Variant class"),
        ("@query\ndef m() -> ¤Deposit | Opt[nat]: ...", "only in the form T | None", "Variant class"),
        ("@query\ndef m() -> ¤Case: ...", "Case by itself is not a type", "class Close(Case[null])"),
        ("@query\ndef m() -> ¤Case[nat]: ...", "Case[…] is not a type by itself", "class Deposit(Case[nat])"),
        ("class ¤Open(Case): ...\n@query\ndef m() -> Open: ...", "does not say what it holds", "Case[null]"),
        (
            "class Open(Case[nat]):\n    much: ¤nat\n@query\ndef m() -> Open: ...",
            "a case has no fields",
            "class Open(Case[OpenFields])",
        ),
        (
            "@dataclass\nclass Open(Case[nat]):\n    much: ¤nat\n@query\ndef m() -> Open: ...",
            "a case has no fields",
            "class Open(Case[OpenFields])",
        ),
        (
            "class ¤Open(Case[nat]):\n    def __init__(self): ...\n@query\ndef m() -> Open: ...",
            "no constructor of its own",
            "leave __init__ and __new__ out",
        ),
        (
            "class ¤Open(Case[list]): ...\n@query\ndef m() -> Open | Close: ...",
            "'Open': list alone is not a type",
            "Vec[nat64]",
        ),
        (
            "class ¤Open(Case['Missing']): ...\n@query\ndef m() -> Open | Close: ...",
            "the name 'Missing'",
            "correct the spelling",
        ),
        (
            "class Ok(Case[T]): ...\n@query\ndef m() -> ¤Ok | Close: ...",
            "Ok takes 1 type arg",
            "write Ok[nat64]",
        ),
    ],
)
def test_refusals(guest, body: str, message: str, remedy: str) -> None:
    """What is wrong, with its place and the way out."""
    program = HEAD + body
    before = program[: program.index("¤")]
    error = guest.error(program.replace("¤", ""))
    assert message in error["message"] and remedy in error["remedy"], error
    place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    assert (error["file"], error["line"], error["column"]) == ("main.py", *place)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("class Big(Deposit): ...", "Big cannot be derived from Deposit"),
        ("class Two(Case[nat, str]): ...", "takes one type"),
        ("class Bad(Case[nat], name=-1): ...", "not negative"),
        ("class Bad(Case[nat], name=b''): ...", "a str or an int"),
        ("Deposit[nat]", "takes no type arguments"),
    ],
)
def test_classes_that_cannot_be(guest, body: str, message: str) -> None:
    """Python's own errors while the program is imported, at their line."""
    error = guest.error(HEAD + body)
    assert message in error["message"] and error["line"] == FIRST, error


def test_a_forgotten_import(guest) -> None:
    """Case is told like every name of basilisk, though it is imported late."""
    error = guest.error("from basilisk import nat\nclass Deposit(Case[nat]): ...\n")
    assert error["remedy"] == "import it: from basilisk import Case"


def test_keys_of_stable_maps(guest) -> None:
    """The bridge's description and the two converters, which are each other's inverse."""
    source = "class Old(Case[Opt[tuple[nat8, str]]], name=27): ...\n"
    source += "m = StableBTreeMap[Old | Deposit | Close, nat](0)\n@query\ndef f() -> None: ...\n"
    guest.build(HEAD + source)
    (definition,) = guest.system.structures
    kind, cases = definition[2]
    assert kind == "variant" and [case[1][0] for case in cases] == ["opt", "nat", "null"]
    main = sys.modules["main"]
    into, back = main.m._into, main.m._from
    for case in (main.Old((1, "a")), main.Old(None), main.Deposit(5), main.Close()):
        id, inner = into(case)
        assert id in {number for number, _ in cases} and inner == case.value
        assert back((id, inner)) == case
    with pytest.raises(ValueError, match="5 is none of the cases Old, Deposit, Close"):
        into(5)


# Values


class Deposit(Case[nat]):
    """A case with a value."""

    def doubled(self) -> int:
        return 2 * self.value


class Close(Case[null], name="close"):
    """One without."""


class Ok(Case[T], Generic[T]):
    """A generic one."""


def test_values_show_and_compare() -> None:
    """Equal are instances of one class with equal values; what cannot be hashed is not."""
    assert [repr(case) for case in (Deposit(5), Close(), Close(None), Ok("x"))] == [
        "Deposit(5)", "Close()", "Close()", "Ok('x')",
    ]  # fmt: skip
    assert Deposit(5) == Deposit(5) != Deposit(6) and Deposit(None) != Close()  # type: ignore[comparison-overlap,call-overload]
    assert Deposit(5) != 5 and {Deposit(5): 1}[Deposit(5)] == 1 and len({Close(), Close()}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ok([]))
    assert (Deposit(5).doubled(), Close().value, Ok[int](5)) == (10, None, Ok(5))


def test_values_cannot_be_changed() -> None:
    """Nor get attributes; each is as small as an object with one reference."""
    for name in ("value", "other"):
        with pytest.raises(AttributeError, match="Deposit cannot be changed: make another one"):
            setattr(Deposit(5), name, 6)
    with pytest.raises(AttributeError, match="cannot be changed"):
        del Deposit(5).value  # type: ignore[misc]
    assert not hasattr(Deposit(5), "__dict__") and not hasattr(Ok(5), "__dict__")


def test_a_value_is_needed() -> None:
    """Except where it is null; a type variable may stand for that."""
    with pytest.raises(TypeError, match=r"Deposit needs a value: Deposit\(…\)"):
        Deposit()
    assert Ok[None]() == Ok(None)


def test_match_takes_them_apart() -> None:
    """By position and by name."""
    match Deposit(5):
        case Deposit(value=6):
            raise AssertionError
        case Deposit(amount):
            assert amount == 5
    match Close():
        case Close():
            return
    raise AssertionError


@given(st.recursive(st.integers() | st.text(), lambda inner: inner.map(Ok) | inner.map(Deposit)))
def test_copies_are_equal(value: object) -> None:
    """copy, deepcopy and every pickle protocol give an equal value back, for nested cases as well."""
    case = Ok(value)
    assert copy.copy(case) == copy.deepcopy(case) == case
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(case, protocol)) == case
    assert hash(copy.deepcopy(case)) == hash(case)


def test_tags_and_payloads() -> None:
    """What the class knows: its name in Candid, and the type as it was written."""
    assert (case_tag(Deposit(5)), case_tag(Close())) == ("Deposit", "close")
    assert isinstance(Deposit._payload_, Form)  # type: ignore[attr-defined]
    assert Deposit._payload_.arguments == (nat,)

"""Annotations and the interface they become: every form in a small program, and the `.did` text of it."""

from __future__ import annotations

import sys

import pytest

HEAD = """
from basilisk import *
from typing import Annotated, Generic, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union
from dataclasses import dataclass, field
from enum import Enum
T = TypeVar("T")
"""


@pytest.mark.parametrize(
    ("annotation", "candid"),
    [
        *[
            (name, name)
            for name in (
                "text nat nat8 nat16 nat32 nat64 int int8 int16 int32 int64 float32 float64 blob null "
                "reserved empty"
            ).split()
        ],
        ("str", "text"),
        ("bool", "bool"),
        ("float", "float64"),
        ("bytes", "blob"),
        ("Principal", "principal"),
        ("Opt[nat]", "opt nat"),
        ("opt[str]", "opt text"),
        ("Optional[nat8]", "opt nat8"),
        ("nat8 | None", "opt nat8"),
        ("None | nat8", "opt nat8"),
        ("Union[nat8, None]", "opt nat8"),
        ("Opt['nat']", "opt nat"),
        ("Opt[Opt[nat]]", "opt opt nat"),
        ("Opt[nat] | None", "opt opt nat"),
        ("Vec[nat64]", "vec nat64"),
        ("list[str]", "vec text"),
        ("Vec[nat8]", "blob"),
        ("list['list[nat]']", "vec vec nat"),
        ("tuple[str, nat]", "record { text; nat }"),
        ("Tuple[str, Tuple[nat]]", "record { text; record { nat } }"),
        ("tuple[()]", "record {}"),
        ("dict[str, nat]", "vec record { text; nat }"),
        ("Annotated[nat, 'anything']", "nat"),
        ("Alias[nat16]", "nat16"),
        ("NewType('Balance', nat64)", "nat64"),
        ("Duration", "nat64"),
        ("Func(Query[[str, nat], bool])", "func (text, nat) -> (bool) query"),
        ("Func(Update[[], None])", "func () -> ()"),
        ("Func(Update[[], null])", "func () -> (null)"),
        ("Func(Oneway[[Opt[str]]])", "func (opt text) -> () oneway"),
        ("Func[CompositeQuery[[str], nat]]", "func (text) -> (nat) composite_query"),
        ("Func(Query[[Annotated[str, Name('name')]], nat])", "func (name : text) -> (nat) query"),
    ],
)
def test_an_annotation_has_its_candid_type_in_arguments_and_results(guest, annotation, candid) -> None:
    did = guest.did(HEAD + f"@query\ndef f(x: {annotation}) -> {annotation}:\n    return x\n")
    wide = f"service : {{ f : ({candid}) -> ({candid}) query; }}"
    assert did == wide or did.replace(" ", "") == wide.replace(" ", "")


@pytest.mark.parametrize("result", ["", " -> None", " -> void", " -> Async[None]", " -> Async[void]"])
def test_no_annotation_and_none_mean_no_result(guest, result) -> None:
    assert guest.did(HEAD + f"@update\ndef f(){result}: pass") == "service : { f : () -> (); }"


@pytest.mark.parametrize(
    ("result", "candid"),
    [
        ("null", "(null)"),
        ("Async[nat]", "(nat)"),
        ("Async['User']", "(User)"),
        ("Manual[nat]", "(nat)"),
        ("manual[empty]", "(empty)"),
        ("Async[Manual[nat]]", "(nat)"),
        ("'Manual[Opt[nat]]'", "(opt nat)"),
        ("collections.abc.Generator[int, int, nat]", "(nat)"),
        ("typing.Generator[int, int, nat]", "(nat)"),
        ("typing.Awaitable[nat]", "(nat)"),
    ],
)
def test_result_wrappers_are_taken_off(guest, result, candid) -> None:
    program = (
        HEAD
        + f"import typing, collections.abc\n@update\ndef f() -> {result}: ...\nclass User(Record): x: nat"
    )
    assert f"f : () -> {candid};" in guest.did(program)


def test_composite_classes(guest) -> None:
    did = guest.did(
        HEAD
        + """
class Rec(Record):
    b: nat
    a: "Var"
class Var(Variant, total=False):
    Ok: null
    Err: str
class Plain(Variant):
    A: None
class More(Rec):
    c: Opt["More"]
@dataclass
class Data:
    name: str
    tags: list[str] = field(default_factory=list)
    hidden: "ClassVar[int]" = 3
class Typed(TypedDict):
    x: nat8
class Point(NamedTuple):
    x: nat
    y: nat = 0
class Colour(Enum):
    RED = 1
    GREEN = 2
from typing import ClassVar
@query
def f(a: Rec, b: Plain, c: More, d: Typed, e: Point) -> Colour: ...
@query
def g() -> Vec["Rec"]: ...
""".replace("    hidden", "    count: ClassVar[int] = 3\n    hidden").replace(
            "@dataclass\n", "from typing import ClassVar\n@dataclass\n"
        )
        + "@query\ndef h(x: Data) -> null: ...\n"
    )
    for part in (
        "type Rec = record { a : Var; b : nat };",
        "type Var = variant { Ok; Err : text };",
        "type Plain = variant { A };",
        "type More = record { a : Var; b : nat; c : opt More };",
        "type Data = record { name : text; tags : vec text };",
        "type Typed = record { x : nat8 };",
        "type Point = record { x : nat; y : nat };",
        "type Colour = variant { RED; GREEN };",
        "f : (Rec, Plain, More, Typed, Point) -> (Colour) query;",
        "g : () -> (vec Rec) query;",
    ):
        assert part in did, did


def test_names_that_shadow_builtins(guest) -> None:
    did = guest.did(
        """
from kybra import *
class All(Record):
    int: int
    bool: bool
    text: str
    nat: nat
    blob: blob
    list: list[nat]
    opt: Opt["nat"]
    null: null
@query
def nat(nat: nat, int: int, opt: opt[int]) -> "nat": ...
@query
def text(text: text) -> "text": ...
@query
def list(list: "list[str]") -> "All": ...
"""
    )
    assert "nat : (nat, int, opt int) -> (nat) query;" in did.replace('"', "")
    assert "text : (text) -> (text) query;" in did.replace('"', "")
    assert "list : (vec text) -> (All) query;" in did


def test_annotations_that_are_all_text(guest) -> None:
    did = guest.did(
        """
from __future__ import annotations
from basilisk import *
from dataclasses import dataclass
class Tree(Record):
    int: int
    children: Vec[Tree]
@dataclass
class Data:
    tree: Tree | None
Alias1 = Opt[Data]
@query
def nat(x: nat, tree: Tree) -> Alias1: ...
@update
async def go() -> Vec[Data]: ...
"""
    )
    assert "type Tree = record { int : int; children : vec Tree };" in did.replace('"', "")
    assert "type Data = record { tree : opt Tree };" in did
    assert "type Alias1 = opt Data;" in did
    assert "(nat, Tree) -> (Alias1) query;" in did
    assert "go : () -> (vec Data);" in did


def test_module_level_names_reach_the_interface(guest) -> None:
    did = guest.did(
        HEAD
        + """
Header = tuple[str, str]
Headers = Vec[Header]
Callback = Func(Query[["Token"], "Answer"])
Amount = Alias[nat64]
class Token(Record):
    callback: "Callback"
    headers: Headers
class Answer(Record):
    token: Opt[Token]
@query
def f(a: Amount, h: Headers) -> Opt[Callback]: ...
"""
    )
    for part in (
        "type Header = record { text; text };",
        "type Headers = vec Header;",
        "type Callback = func (Token) -> (Answer) query;",
        "type Amount = nat64;",
        "type Token = record { headers : Headers; callback : Callback };",
        "f : (Amount, Headers) -> (opt Callback) query;",
    ):
        assert part in did, did


def test_recursion_through_an_alias_gets_a_name(guest) -> None:
    did = guest.did(
        HEAD
        + """
Chain = Tuple[nat, "Opt[Chain]"]
Nest = Optional[list["Nest"]]
@query
def f(x: Chain, y: Nest) -> null: ...
"""
    )
    assert "type Chain = record { nat; opt Chain };" in did
    assert "type Nest = opt vec Nest;" in did


def test_generic_classes(guest) -> None:
    did = guest.did(
        HEAD
        + """
class Result(Variant, Generic[T], total=False):
    Ok: T
    Err: str
class Page(Record, Generic[T]):
    items: Vec[T]
    next: Opt["Page[T]"]
class Users(Page["User"]):
    total: nat
class User(Record):
    name: str
@dataclass
class Box(Generic[T]):
    content: "T"
Pair = Tuple[T, T]
@query
def f(a: Result[nat64], b: Page[User], c: Result[Vec[nat]]) -> Result["User"]: ...
@query
def g(a: Box[Opt[nat]], b: Pair[nat]) -> Users: ...
"""
    )
    for part in (
        "type Result_nat64 = variant { Ok : nat64; Err : text };",
        "type Result_User = variant { Ok : User; Err : text };",
        "type Result_vec_nat = variant { Ok : vec nat; Err : text };",
        "type Page_User = record { next : opt Page_User; items : vec User };",
        "type Users = record { total : nat; next : opt Page_User; items : vec User };",
        "type Box_opt_nat = record { content : opt nat };",
        "g : (Box_opt_nat, record { nat; nat }) -> (Users) query;",
    ):
        assert part in did, did


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_type_statements_and_type_parameters(guest) -> None:
    did = guest.did(
        HEAD
        + """
type Names = list[str]
type Tree = tuple[nat, list[Tree]]
type Both[A] = tuple[A, A]
class Result[X](Variant, total=False):
    Ok: X
    Err: "Opt[X]"
@query
def f(a: Names, b: Tree, c: Both[nat], d: Result[str]) -> null: ...
"""
    )
    for part in (
        "type Names = vec text;",
        "type Tree = record { nat; vec Tree };",
        "type Result_text = variant { Ok : text; Err : opt text };",
        "f : (Names, Tree, record { nat; nat }, Result_text) -> (null) query;",
    ):
        assert part in did, did


def test_fields_may_have_other_names_in_candid(guest) -> None:
    did = guest.did(
        HEAD
        + """
class Transfer(Record):
    from_: Annotated[Principal, Name("from")]
    number: Annotated[nat, Name(7)]
@query
def f(x: Transfer) -> null: ...
"""
    )
    assert "type Transfer = record { 7 : nat; from : principal };" in did.replace('"', "")


def test_services(guest) -> None:
    did = guest.did(
        HEAD
        + """
class Ledger(Service):
    @service_query
    def balance_of(self, owner: Principal) -> nat: ...
    @service_update(name="do")
    def transfer(self, to: "Account", amount: nat): ...
class Old(Canister):
    @method
    def go(self) -> bool: ...
class Account(Record):
    owner: Principal
@query
def f(x: Ledger) -> Old: ...
"""
    )
    assert (
        "type Ledger = service { balance_of : (owner : principal) -> (nat) query; "
        "do : (to : Account, amount : nat) -> (); };" in did.replace(") -> () };", ") -> (); };")
    )
    assert "type Old = service { go : () -> (bool) };" in did


def test_methods_of_other_modules_and_types_of_one_name(guest) -> None:
    did = guest.did(
        """
from basilisk import *
import more
class Item(Record):
    x: nat
@query
def f() -> Item: ...
""",
        more="""
from basilisk import *
class Item(Record):
    y: nat
@query
def g() -> Vec["Item"]: ...
""",
    )
    assert "type Item = record { x : nat }; type more_Item = record { y : nat };" in did


def test_type_names_that_candid_reserves(guest) -> None:
    did = guest.did(
        """
from basilisk import Record, nat, query
class record(Record):
    x: nat
class Größe(Record):
    x: nat
@query
def f(a: record) -> Größe: ...
"""
    )
    assert "type record_ = record { x : nat };" in did and "type Gr__e = record { x : nat };" in did


def test_only_types_in_use_are_printed_and_hidden_methods_are_not(guest) -> None:
    answer = guest.build(
        HEAD
        + """
class Unused(Record):
    x: nat
class Secret(Record):
    x: nat
@query(hidden=True)
def inner() -> Secret: ...
@query(name="outer name")
def f() -> nat: ...
"""
    )
    assert "Secret" not in answer["did"] and "Unused" not in answer["did"]
    assert '"outer name" : () -> (nat) query;' in answer["did"]
    assert answer["hidden"] == ["inner"]
    assert [row["name"] for row in answer["methods"]] == ["inner", "outer name"]


def test_init_arguments(guest) -> None:
    answer = guest.build(
        HEAD
        + """
class Config(Record):
    name: str
@init
def start(config: Config, limit: Opt[nat]) -> None: ...
@post_upgrade
def again(config: Config, limit: Opt[nat]): ...
@query
def f() -> nat: ...
"""
    )
    assert answer["init_args"] == "(config : Config, limit : opt nat)"
    assert "service : (config : Config, limit : opt nat) -> {" in answer["did"]
    assert answer["entries"] == ["init", "post_upgrade", "global_timer"] and answer["warnings"] == []


def test_the_interface_does_not_depend_on_the_order_of_the_program(guest) -> None:
    parts = ["class A(Record):\n    x: nat\n", "class B(Record):\n    x: nat\n"]
    methods = ["@query\ndef f() -> 'A': ...\n", "@update\ndef g(x: 'B') -> None: ...\n"]
    first = guest.did(HEAD + "".join(parts + methods))
    second = guest.did(HEAD + "".join(methods[::-1] + parts[::-1]))
    assert first == second


def test_arguments_carry_the_names_of_their_parameters(guest) -> None:
    """Methods, init, services and function types; Name gives another one; words of Candid are quoted."""
    answer = guest.build(
        HEAD
        + """
Pay = Func(Query[[Annotated[nat64, Name("amount")], 'Annotated["Account", Name("to")]', str], bool])
class Account(Record):
    owner: Principal
class Bank(Service):
    @service_update
    def pay(self, amount: nat64, from_: Annotated[Account, Name("from")]) -> bool: ...
From = Annotated[Principal, Name("from")]
@init
def start(owner: Principal) -> None: ...
@query
def f(
    pay: Pay, bank: Bank, principal: From, type: Annotated[nat, "note"], nat: nat, query: "From2"
) -> nat: ...
From2 = Annotated[Opt[str], Name("größe")]
"""
    )
    did = " ".join(answer["did"].split())
    for part in (
        "type Pay = func (amount : nat64, to : Account, text) -> (bool) query;",
        "pay : (amount : nat64, from : Account) -> (bool)",
        "service : (owner : principal) -> {",
    ):
        assert part in did, did
    wanted = (
        'f : ( pay : Pay, bank : Bank, from : principal, "type" : nat, "nat" : nat, "größe" : opt text, )'
    )
    assert wanted in did, did


def test_names_where_two_types_meet_do_not_depend_on_the_methods(guest) -> None:
    """The entry module's type keeps its name, whichever method comes first."""
    head = "from basilisk import *\n"
    item = "class Item(Record):\n    {}: nat\n"
    method = "@query\ndef {}() -> Vec['Item']: ...\n"
    for ours, theirs in (("a", "b"), ("b", "a")):
        did = guest.did(
            head + "import more\n" + item.format("ours") + method.format(ours),
            more=head + item.format("theirs") + method.format(theirs),
        )
        assert "type Item = record { ours : nat }; type more_Item = record { theirs : nat };" in did


def test_classes_of_one_name_in_one_module(guest) -> None:
    """Classes inside classes and a name that is taken already."""
    did = guest.did(
        HEAD
        + """
class A:
    class Item(Record):
        a: nat
class B:
    class Item(Record):
        b: nat
class Item(Record):
    c: nat
class main_Item(Record):
    d: nat
@query
def f(d: main_Item, c: Item, b: B.Item, a: A.Item) -> nat: ...
"""
    )
    assert "type A_Item = record { a : nat }; type B_Item = record { b : nat };" in did
    assert "f : (main_Item, Item, B_Item, A_Item) -> (nat) query;" in did


def test_aliases_and_new_types_keep_their_names(guest) -> None:
    """TypeAlias, Alias and NewType at module level; text forward references through them."""
    did = guest.did(
        HEAD
        + """
from typing import TypeAlias
Bytes: TypeAlias = Alias[Vec[nat8]]
Call: TypeAlias = Func(Query[["Rec"], "Maybe"])
Maybe: TypeAlias = "Opt[Rec]"
Balance = NewType("Balance", nat64)
class Rec(Record):
    call: "Call"
    balance: Balance
@query
def f(a: Bytes, b: "Maybe", c: Maybe, d: Opt["Balance"]) -> Call: ...
"""
    )
    for part in (
        "type Bytes = blob;",
        "type Call = func (Rec) -> (opt Rec) query;",
        "type Balance = nat64;",
        "type Rec = record { balance : Balance; call : Call };",
        "f : (Bytes, opt Rec, opt Rec, opt Balance) -> (Call) query;",
    ):
        assert part in did, did


def test_mutual_recursion_through_every_kind_of_type(guest) -> None:
    """Record, variant, dataclass, TypedDict, NamedTuple, function and service that all need each other."""
    did = guest.did(
        HEAD
        + """
class A(Record):
    b: Opt["B"]
class B(Variant, total=False):
    c: "C"
    none: null
@dataclass
class C:
    d: "list[D]"
class D(TypedDict):
    e: "Opt[E]"
class E(NamedTuple):
    f: "F"
F = Func(Update[["G"], "A"])
class G(Service):
    @service_composite_query
    def go(self, a: "A", again: "G") -> "F": ...
@query
def f(a: A) -> Opt[G]: ...
"""
    )
    for part in (
        "type A = record { b : opt B };",
        "type B = variant { c : C; none };",
        "type C = record { d : vec D };",
        "type D = record { e : opt E };",
        "type E = record { f : F };",
        "type F = func (G) -> (A);",
        "type G = service { go : (a : A, again : G) -> (F) composite_query };",
    ):
        assert part in did, did


def test_more_kinds_of_classes(guest) -> None:
    """Generic TypedDict, NamedTuple and service, inheritance, frozen dataclasses, enums with values."""
    did = guest.did(
        HEAD
        + """
import typing
from enum import IntEnum
@dataclass(frozen=True, order=True)
class Frozen:
    a: Annotated[nat, Name("type")]
    b: typing.Final[str] = ""
class Base(TypedDict):
    a: nat
class Derived(Base):
    b: "Opt[Derived]"
class Level(IntEnum):
    LOW = 1
    ALSO_LOW = 1
    HIGH = 2
class Store(Service, Generic[T]):
    @service_query
    def get(self) -> Opt[T]: ...
@query
def f(a: Frozen, b: Derived, c: Level) -> Store[nat]: ...
@query
def g(a: typing.List[nat], b: typing.Dict[str, nat], c: typing.Tuple[nat, str]) -> typing.Optional[Base]: ...
"""
    )
    for part in (
        'type Frozen = record { b : text; "type" : nat };',
        "type Derived = record { a : nat; b : opt Derived };",
        "type Level = variant { LOW; HIGH };",
        "type Store_nat = service { get : () -> (opt nat) query };",
        "g : (vec nat, vec record { text; nat }, record { nat; text }) -> (opt Base) query;",
    ):
        assert part in did, did


@pytest.mark.skipif(sys.version_info < (3, 11), reason="names of Python 3.11")
def test_typed_dicts_with_required_keys(guest) -> None:
    """Required says nothing new about a record."""
    did = guest.did(
        HEAD
        + """
from typing import Required
class Typed(TypedDict):
    a: Required[Annotated[nat, Name("x")]]
    b: "Required[str]"
@query
def f(x: Typed) -> nat: ...
"""
    )
    assert "type Typed = record { b : text; x : nat };" in did


def test_keys_of_dicts(guest) -> None:
    """What Python can hash: texts, principals, enums, tuples, frozen dataclasses, services, options."""
    did = guest.did(
        HEAD
        + """
@dataclass(frozen=True)
class Key:
    number: nat
    next: "Opt[Key]"
class Pair(NamedTuple):
    left: blob
    right: float
class Colour(Enum):
    RED = 1
class Other(Service): ...
@query
def f(a: dict[Key, nat], b: dict[Pair, nat], c: dict[Colour, nat], d: dict[Other, nat]) -> nat: ...
@query
def g(a: dict[tuple[Opt[Principal], bool], nat], b: dict[Func(Query[[list[nat]], nat]), nat]) -> nat: ...
"""
    )
    assert "f : ( vec record { Key; nat }" in did or "f : (vec record { Key; nat }" in did, did

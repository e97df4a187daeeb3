"""Python values of every type in a canister: what arrives, what leaves, and Candid's text form inside."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from basilisk import candid
from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.runtime import Found
from basilisk.testing.local import LocalCanister

PROGRAM = Path(__file__).parent / "programs" / "candid_values.py"
ANYBODY = Principal.anonymous()
CANISTER = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")

DID = """
type Account = record { owner : principal; "type" : nat8 };
type Amount = nat64;
type Balance = nat64;
type Colour = variant { RED; GREEN };
type Everything = record {
  "int" : int; "bool" : bool; "nat" : nat; points : vec Point; sizes : vec record { text; Size };
  by_name : vec record { Colour; nat }; accounts : vec Account;
  outcome : Outcome; tree : Tree; names : vec text; amount : Amount; balance : Balance; pay : Pay;
  notify : Notify; ledger : Ledger; raw : blob;
};
type Outcome = variant { Ok : record { Level; opt Colour }; Err : text };
type Ledger = service { balance : (from : principal) -> (Balance) query };
type Level = variant { LOW; HIGH };
type Notify = func (event : text) -> () oneway;
type Pay = func (amount : nat64, to : text) -> (bool);
type Point = record { x : int; y : int; colour : Colour };
type Shape = record { corners : vec Point; parent : opt Shape };
type Size = record { width : nat; height : nat };
type Tree = record { nat; vec Tree };
"""


@pytest.fixture(scope="module")
def did(canister: LocalCanister) -> str:
    """The interface's text."""
    return canister.did_text  # type: ignore[attr-defined,no-any-return]


@pytest.fixture(scope="module")
def canister(tmp_path_factory: pytest.TempPathFactory, artefact: Found) -> LocalCanister:
    """The program, installed."""
    folder = tmp_path_factory.mktemp("values")
    (folder / "main.py").write_text(PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
    built = build(resolve(str(folder)), output=folder / "out")
    text = built.did.read_text(encoding="utf-8")
    made = LocalCanister(Replica(), built.gzip.read_bytes(), candid.parse_did(text))
    made.did_text = text  # type: ignore[attr-defined]
    made.change_code("install", [], ANYBODY)
    return made


def test_the_interface(canister: LocalCanister, did: str) -> None:
    """Every named type has the structure and the names of arguments that the program gives it."""
    wanted = candid.parse_did(DID).environment
    found = canister.environment
    for name in wanted:
        ours = name if name != "Outcome" else "Outcome_tuple_Level_opt_Colour"
        assert ours in found, did
        left, right = candid.types.Ref(ours), candid.types.Ref(name)
        assert candid.same_type(left, right, found, wanted), name
    for part in (
        "// A place.\ntype Point = ",
        "// Somewhere else.\ntype Ledger = service { balance : (from : principal) -> (Balance) query };",
        "type Pay = func (amount : nat64, to : text) -> (bool);",
        "type Notify = func (event : text) -> () oneway;",
        "and looks at what it was given.\nservice : {",
        "anything : (value : reserved) -> (null) query;",
    ):
        assert part in did, did


EVERYTHING = {
    "int": -(2**70),
    "bool": True,
    "nat": 2**70,
    "points": [{"x": 1, "y": -1, "colour": {"GREEN": None}}],
    "sizes": [("a", {"width": 1, "height": 2}), ("b", {"width": 3, "height": 4})],
    "by_name": [({"RED": None}, 7)],
    "accounts": [{"owner": CANISTER, "type": 255}],
    "outcome": {"Ok": ({"HIGH": None}, {"GREEN": None})},
    "tree": (1, [(2, []), (3, [(4, [])])]),
    "names": ["größe", ""],
    "amount": 2**64 - 1,
    "balance": 0,
    "pay": (CANISTER, "pay"),
    "notify": (ANYBODY, "on event"),
    "ledger": CANISTER,
    "raw": b"\x00\xff",
}
KINDS = "dict Point Colour dict Size Colour dict Level tuple tuple Principal Ledger bytes".split()


def test_every_form_arrives_and_leaves(canister: LocalCanister) -> None:
    """Records are dicts, dataclasses instances, enums members, functions pairs, services instances."""
    ((value, kinds),) = canister.call("everything", [EVERYTHING], ANYBODY)  # type: ignore[misc]
    assert value == EVERYTHING
    assert kinds == KINDS


def test_dataclasses_nest(canister: LocalCanister) -> None:
    """A frozen dataclass inside another one that contains itself."""
    corner = {"x": 5, "y": 6, "colour": {"RED": None}}
    shape = {"corners": [corner], "parent": None}
    (grown,) = canister.call("grow", [shape], ANYBODY)
    added = {"x": 0, "y": 0, "colour": {"GREEN": None}}
    assert grown == {"corners": [corner, added], "parent": shape}


def test_enums_are_members(canister: LocalCanister) -> None:
    """Identity and order of the members, in both directions."""
    (pair,) = canister.call("next_colour", [{"RED": None}, {"HIGH": None}], ANYBODY)
    assert pair == ({"GREEN": None}, {"LOW": None})


def test_references(canister: LocalCanister) -> None:
    """A service is an instance with a canister_id and equality, a function a pair."""
    (pair,) = canister.call("references", [CANISTER, (CANISTER, "go")], ANYBODY)
    assert pair == (CANISTER, (CANISTER, "GO"))
    assert canister.call("same_ledger", [CANISTER, CANISTER], ANYBODY) == [(True, True)]
    assert canister.call("same_ledger", [CANISTER, ANYBODY], ANYBODY) == [(False, False)]


def test_principals(canister: LocalCanister) -> None:
    """Every way in and out gives the same in the canister as on the host."""
    key = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    (found,) = canister.call("principals", [str(CANISTER), key], ANYBODY)
    assert found == [
        str(CANISTER),
        str(CANISTER),
        CANISTER.hex,
        CANISTER.bytes.hex(),
        "True",
        "True",
        "aaaaa-aa",
        str(ANYBODY < CANISTER),
        str(Principal.self_authenticating(key)),
        "1",
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "not a principal"),
        ("rrkah-fqaaa-aaaaa-aaaaq-cbi", "checksum"),
        ("RRKAH-FQAAA-AAAAA-AAAAQ-CAI", "lower case"),
        ("rrkahfqaaaaaaaaaaaaqcai", "written rrkah-fqaaa-aaaaa-aaaaq-cai"),
    ],
)
def test_malformed_principals_are_refused(canister: LocalCanister, text: str, hint: str) -> None:
    """The program catches PrincipalError, whose text says what is wrong."""
    (outcome,) = canister.call("refused_principal", [text], ANYBODY)
    assert isinstance(outcome, dict) and hint in outcome["Err"]
    assert canister.call("refused_principal", [str(CANISTER)], ANYBODY) == [{"Ok": CANISTER}]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("()", "()"),
        ("(1, -2 : int8, 3 : nat64,)", "(1 : int, -2 : int8, 3 : nat64)"),
        ("(1_000_000 : nat, 0xFF : nat8, 0x1.8p3 : float64)", "(1_000_000 : nat, 255 : nat8, 12 : float64)"),
        ("(-0.0 : float32, NaN : float64, inf : float64)", "(-0.0 : float32, NaN : float64, inf : float64)"),
        ('(blob "\\00a\\ff", vec { 1 : nat8; 2 : nat8; })', '(blob "\\00\\61\\ff", blob "\\01\\02")'),
        ('("a\\n\\t\\"\\\\\\u{e9}\\c3\\a9") // comment', '("a\\n\\t\\"\\\\éé")'),
        ("(/* a /* nested */ one */ true, null, null : reserved)", "(true, null : null, null : reserved)"),
        ("(opt opt (5 : nat), null : opt nat)", "(opt opt (5 : nat), null)"),
        ('(record { 1; "x"; })', '(record { 1 : int; "x" })'),
        ('(record { a = 1 : nat8; "b c" = true })', "(record { 97 = 1 : nat8; 4_880_677 = true })"),
        ("(variant { Ok = 5 : nat })", "(variant { 17_724 = 5 : nat })"),
        (
            '(principal "aaaaa-aa", service "aaaaa-aa", func "aaaaa-aa".raw_rand)',
            '(principal "aaaaa-aa", service "aaaaa-aa", func "aaaaa-aa".raw_rand)',
        ),
        ("(vec { record { vec { 1 : nat } } })", "(vec { record { vec { 1 : nat } } })"),
    ],
)
def test_text_in_the_canister(canister: LocalCanister, text: str, printed: str) -> None:
    """ic.candid_encode and ic.candid_decode say what the host says, byte for byte."""
    assert canister.call("text_round", [text], ANYBODY) == [printed]
    assert canister.call("to_message", [text], ANYBODY) == [candid.text_to_message(text)]
    assert candid.message_to_text(candid.text_to_message(text)) == printed


@pytest.mark.parametrize(
    ("method", "argument", "message"),
    [
        ("text_round", "(1, ", "expected"),
        ("text_round", "(300 : nat8)", "out of range for nat8"),
        ("text_round", '("\\q")', "unknown escape"),
        ("to_text", b"DIDL", "ends"),
        ("to_text", b"DIDL\0\1\x7e\1\1", "follow the last value"),
        ("to_text", zlib.compress(b"x"), "DIDL"),
    ],
)
def test_text_that_cannot_be(canister: LocalCanister, method: str, argument: object, message: str) -> None:
    """A trap with the error's own text, and no part of our library in the traceback's last line."""
    with pytest.raises(CallRejected, match="CandidError") as caught:
        canister.call(method, [argument], ANYBODY)
    assert message in str(caught.value)


def test_an_answer_that_takes_a_while(canister: LocalCanister) -> None:
    """Async around a generic variant of an enum."""
    assert canister.call("later", [{"RED": None}], ANYBODY) == [{"Ok": {"RED": None}}]
    assert canister.call("anything", [None], ANYBODY) == [None]

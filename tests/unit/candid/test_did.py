"""Interface files: what is read, what is refused and where the message points."""

from __future__ import annotations

from pathlib import Path

import pytest

from basilisk import candid
from basilisk.candid import CandidError
from basilisk.candid.types import (
    BLOB,
    INT,
    NAT,
    NULL,
    TEXT,
    Argument,
    Func,
    Interface,
    Opt,
    Record,
    Ref,
    Service,
    Variant,
    Vec,
    field_id,
)

MANAGEMENT = Path(__file__).resolve().parents[3].parent / "shared" / "interfaces" / "ic.did"


@pytest.mark.skipif(not MANAGEMENT.is_file(), reason="ic.did is not beside the repository")
def test_management_canister() -> None:
    """The interface of the management canister is read, printed and read again without a change."""
    interface = candid.parse_did(MANAGEMENT.read_text(encoding="utf-8"), source="ic.did")
    assert interface.service is not None
    assert len(interface.service.methods) == 43
    assert candid.parse_did(candid.format_did(interface)) == interface
    assert not candid.check_upgrade(interface, interface)


def test_everything_the_grammar_has() -> None:
    """Comments, quoted and numeric names, named arguments, init arguments, modes, shorthands."""
    interface = candid.parse_did(
        """
        // a line /* not a block
        /* a block /* in a block */ // */
        type T = record { nat; text; 7 : blob; vec int; "a b" : opt T };
        type E = variant { a; "b"; 0x1F; c : text };
        type F = func (T, x : nat,) -> (result : text) query;
        type S = service { m : F; "odd name" : (service {}) -> () oneway };
        service name : (owner : principal, E) -> S;
        """
    )
    record = interface.environment["T"]
    assert isinstance(record, Record)
    assert {f.id: f.type for f in record.fields} == {
        0: NAT,
        1: TEXT,
        7: BLOB,
        8: Vec(INT),
        field_id("a b"): Opt(Ref("T")),
    }
    variant = interface.environment["E"]
    assert isinstance(variant, Variant)
    assert {f.name or f.id: f.type for f in variant.fields} == {"a": NULL, "b": NULL, 31: NULL, "c": TEXT}
    function = Func((Argument(Ref("T")), Argument(NAT, "x")), (Argument(TEXT, "result"),), "query")
    assert interface.environment["F"] == function
    assert interface.init_args == (Argument(candid.types.PRINCIPAL, "owner"), Argument(Ref("E")))
    assert interface.service == Service(
        (("m", Ref("F")), ("odd name", Func((Argument(Service(())),), (), "oneway")))
    )


def test_names_of_types_are_names_of_fields() -> None:
    """Primitive type names need no quotes where a name stands, as in other Candid tools."""
    assert candid.parse_type("record { nat : text; int8 : nat }") == candid.parse_type(
        'record { "nat" : text; "int8" : nat }'
    )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("type A = record { a : nat;; };", "x.did:1:27", "expected a type, found `;`"),
        ("type A = record {\n  a : nat\n  b : nat };", "x.did:3:3", "expected `;` or `}`"),
        ("type A = B;", "x.did:1:10", "the type `B` is not defined"),
        ("type A = B; type B = A;", "x.did:1:6", "defined by nothing but itself"),
        ("type A = nat; type A = int;", "x.did:1:20", "`A` is defined twice"),
        ("type nat = int;", "x.did:1:6", "expected the name of a new type"),
        ("type A = record { a : nat; a : int };", "x.did:1:28", "the field a occurs twice"),
        ("type A = record { 0 : nat; 0 : int };", "x.did:1:28", "the field 0 occurs twice"),
        ("type A = record { 4294967296 : nat };", "x.did:1:19", "a field id is a number"),
        ("type A = record { 4294967295 : nat; int };", "x.did:1:37", "no field id is left"),
        ("type A = variant { opt };", "x.did:1:20", "`opt` is a word of Candid"),
        ("service : { f : () -> (nat) oneway }", "x.did:1:17", "a oneway function has no results"),
        ("service : { f : () -> () query query }", "x.did:1:32", "a function has one mode"),
        ("service : { f : () -> (); f : () -> () }", "x.did:1:27", 'two methods are called "f"'),
        ("service : { f : (a : nat, a : nat) -> () }", "x.did:1:27", 'two arguments are called "a"'),
        ("service : { f : nat }", "x.did:1:17", "a method needs a function type"),
        ("type A = nat; service : { f : A }", "x.did:1:25", "is not a function type"),
        ("type A = nat; service : A", "x.did:1:25", "`A` is not a service type"),
        ("service : {} service : {}", "x.did:1:14", "expected `type`, `import` or `service`"),
        ('import "y.did";', "x.did:1:1", 'cannot import "y.did" here'),
        ("/* /* */ type A = nat;", "x.did:1:1", "this comment is never closed"),
        ('type A = record { "a : nat };', "x.did:1:19", "this text is never closed"),
        ('type A = record { "\\q" : nat };', "x.did:1:20", "unknown escape"),
        ('type A = record { "\\ff" : nat };', "x.did:1:19", "not valid UTF-8"),
        ("type A = nat ?", "x.did:1:14", "unexpected character"),
        ("type A = record { 1_ : nat };", "x.did:1:19", "malformed number"),
    ],
)
def test_refusals(text: str, place: str, message: str) -> None:
    """Each mistake is reported with file, line and column."""
    with pytest.raises(CandidError) as caught:
        candid.parse_did(text, source="x.did")
    assert str(caught.value.where) == place
    assert message in caught.value.what


def test_equal_hashes() -> None:
    """Two names with one hash cannot live in one record; the message names both."""
    assert field_id("get_name0") == field_id("low_input63")
    with pytest.raises(CandidError, match="have the same hash 3660442588"):
        candid.parse_type("record { get_name0 : nat; low_input63 : nat }")


def test_imports() -> None:
    """A loader supplies imported files, paths are relative to the importing file, each is read once."""
    files = {
        "lib/types.did": 'import "more.did"; type A = B;',
        "lib/more.did": 'import "types.did"; type B = nat;',
        "lib/service.did": "type C = text; service : { old : (C) -> () }",
    }
    text = 'import "lib/types.did"; import service "lib/service.did"; service : { new : (A) -> () }'
    interface = candid.parse_did(text, source="main.did", loader=files.__getitem__)
    assert interface.service is not None
    assert [name for name, _ in interface.service.methods] == ["new", "old"]
    assert sorted(interface.environment) == ["A", "B", "C"]
    with pytest.raises(CandidError, match=r'cannot import "none\.did"') as caught:
        candid.parse_did('\nimport "none.did";', source="main.did", loader=files.__getitem__)
    assert str(caught.value.where) == "main.did:2:1"


def test_printing() -> None:
    """Only types in use, sorted; quotes where needed; long lines broken; comments where given."""
    interface = candid.parse_did(
        """type Z = record { nat; text };
        type Unused = nat;
        type Account = record {
          owner_of_the_account : variant { nobody; somebody : vec blob; 77 : record { a : nat } };
          "type" : nat;
        };
        service : (seed : nat) -> {
          "put it" : (Account) -> ();
          greet : (name : text) -> (opt Z) query;
        }"""
    )
    docs = {"service": "A service.", "method greet": "Says hello.\nTwice.", "type Z": "A pair."}
    assert (
        candid.format_did(interface, docs=docs)
        == """type Account = record {
  "type" : nat;
  owner_of_the_account : variant {
    77 : record { a : nat };
    nobody;
    somebody : vec blob;
  };
};
// A pair.
type Z = record { nat; text };
// A service.
service : (seed : nat) -> {
  // Says hello.
  // Twice.
  greet : (name : text) -> (opt Z) query;
  "put it" : (Account) -> ();
}
"""
    )


def test_names_no_type_can_have() -> None:
    """A type's name is an identifier and no word of Candid."""
    for name in ("opt", "nat", "with space", ""):
        with pytest.raises(CandidError, match="cannot be called"):
            candid.format_did(Interface({name: NAT}, (), None))


def test_deep_types() -> None:
    """Depth is bounded by memory, not by recursion."""
    text = "opt " * 50_000 + "nat"
    assert candid.format_type(candid.parse_type(text)) == text

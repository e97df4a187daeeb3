"""Values as text: what is read, how it is printed, and where messages point."""

from __future__ import annotations

import math

import pytest

from basilisk import Principal, candid
from basilisk.candid import CandidError, Some
from basilisk.candid.types import INT, NAT, NAT8, Argument, Opt, Type, Vec

CANISTER = Principal.from_str("rrkah-fqaaa-aaaaa-aaaaq-cai")


def types(text: str) -> list[Argument]:
    return candid.parse_types(text)


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("1_000_000", "nat", 1_000_000),
        ("0xFF_ff", "nat32", 65535),
        ("-5", "int8", -5),
        ("+5", "int", 5),
        ("5", "float64", 5.0),
        ("1.5e3", "float64", 1500.0),
        ("5.", "float32", 5.0),
        ("0x1.8p3", "float64", 12.0),
        ("0x1p-2", "float64", 0.25),
        ("-inf", "float32", -math.inf),
        ("1_0.2_5", "float64", 10.25),
        ("true", "bool", True),
        ("null", "opt nat", None),
        ("opt 5", "opt nat", 5),
        ("5", "opt nat", 5),
        ("opt null", "opt opt nat", Some(None)),
        ("opt opt 5", "opt opt nat", 5),
        ('"a\\n\\t\\"\\\\\\u{1F_600}\\41"', "text", 'a\n\t"\\\U0001f600A'),
        ('blob "a\\00\\ffb"', "blob", b"a\x00\xffb"),
        ("vec { 1; 0x2; 3; }", "blob", b"\x01\x02\x03"),
        ("vec { 1; 2 }", "vec nat", [1, 2]),
        ('record { 1; "x" }', "record { nat; text }", (1, "x")),
        ('record { 1 = "x"; 0 = 1 }', "record { nat; text }", (1, "x")),
        ('record { a = 1; "b c" = 2; }', 'record { a : nat; "b c" : nat }', {"a": 1, "b c": 2}),
        ("record { 97 = 1 }", "record { a : nat; b : opt nat }", {"a": 1, "b": None}),
        ("variant { Ok = 5 }", "variant { Ok : nat; Err : text }", {"Ok": 5}),
        ("variant { Ok }", "variant { Ok; Err : text }", {"Ok": None}),
        ("variant { 17_724 = 5; }", "variant { Ok : nat; Err : text }", {"Ok": 5}),
        ('principal "rrkah-fqaaa-aaaaa-aaaaq-cai"', "principal", CANISTER),
        ('service "rrkah-fqaaa-aaaaa-aaaaq-cai"', "service {}", CANISTER),
        ('service "rrkah-fqaaa-aaaaa-aaaaq-cai"', "principal", CANISTER),
        ('func "rrkah-fqaaa-aaaaa-aaaaq-cai".go', "func () -> ()", (CANISTER, "go")),
        ('func "rrkah-fqaaa-aaaaa-aaaaq-cai"."go on"', "func () -> ()", (CANISTER, "go on")),
        ("(5 : nat)", "int", 5),
        ("5 : nat8", "nat8", 5),
        ("((5))", "nat", 5),
        ('record { a = "anything" }', "reserved", None),
        ("/* one /* two */ */ 5 // three\n", "nat", 5),
    ],
)
def test_reading(text: str, at: str, value: object) -> None:
    """Each form of the grammar at a type it fits."""
    (expected,) = types(f"({at})")
    assert candid.parse_values(f"({text})", [expected]) == [value]


@pytest.mark.parametrize(
    ("text", "at", "place", "message"),
    [
        ('("World", 500)', "(text, nat8)", "1:11", "out of range for nat8"),
        ("(-1)", "(nat)", "1:2", "out of range for nat"),
        ("(\n  true,\n  1.5)", "(bool, nat)", "3:3", "expected nat, found a float"),
        ("(1, 2)", "(nat)", "1:5", "2 values given, 1 expected"),
        ("(1)", "(nat, text)", "1:4", "value 2 of 2 is missing: text"),
        ("(record { a = 1; c = 2 })", "(record { a : nat })", "1:18", "the record has no field c"),
        ("(record { a = 1 })", "(record { a : nat; b : nat })", "1:2", "the field b : nat is missing"),
        ("(variant { c })", "(variant { a; b })", "1:12", "the variant has no alternative c"),
        ("(variant { a = 1; b = 2 })", "(variant { a : nat })", "1:19", "expected `}`"),
        ("(record { a = 1; a = 2 })", "(record { a : nat })", "1:18", "the field a occurs twice"),
        ('(opt "x")', "(opt nat)", "1:6", "expected nat, found a text"),
        ("(5 : text)", "(text)", "1:2", "expected text, found a number"),
        ("(5 : nat8)", "(nat)", "1:2", "annotated as nat8, expected is nat"),
        ("(300 : nat8)", "(nat8)", "1:2", "out of range for nat8"),
        ("(5 : Foo)", "(nat)", "1:6", "`Foo` is not defined"),
        ('(principal "aaaaa-ab")', "(principal)", "1:12", "aaaaa-aa"),
        ('("aaaaa-aa")', "(principal)", "1:2", "expected principal, found a text"),
        ('("\\ud800")', "(text)", "1:3", "unknown escape"),
        ('("\\u{d800}")', "(text)", "1:3", "not a Unicode scalar value"),
        ('("\\ff")', "(text)", "1:2", "not valid UTF-8"),
        ("(1e999)", "(float64)", "1:2", "too large for float64"),
        ("(1e39)", "(float32)", "1:2", "too large for float32"),
        ("(World)", "(text)", "1:2", "expected a value"),
        ("5", "(nat)", "1:1", "expected `(`"),
        ("(5) 6", "(nat)", "1:5", "after the values"),
        ("(5 6)", "(nat)", "1:4", "expected `,` or `)`"),
        ("(vec { 1, 2 })", "(vec nat)", "1:9", "expected `;` or `}` in a vec"),
        ("(true)", "(type_)", "", ""),
    ][:-1],
)
def test_refusals(text: str, at: str, place: str, message: str) -> None:
    """Each mistake is reported with line and column."""
    with pytest.raises(CandidError) as caught:
        candid.parse_values(text, types(at))
    assert str(caught.value.where) == f"<arguments>:{place}"
    assert message in caught.value.what
    assert caught.value.details is not None and caught.value.details.endswith("^")


def test_options_of_themselves() -> None:
    """A plain value at ``type O = opt O`` is refused instead of wrapped forever."""
    with pytest.raises(CandidError, match="expected O, found a bool"):
        candid.parse_values("(true)", [candid.types.Ref("O")], {"O": Opt(candid.types.Ref("O"))})


def test_lenient_records() -> None:
    """With ``lenient`` extra fields are ignored, but still have to be well-formed."""
    at = types("(record { a : nat })")
    assert candid.parse_values("(record { a = 1; c = vec { 2 } })", at, lenient=True) == [{"a": 1}]
    with pytest.raises(CandidError, match="not a principal"):
        candid.parse_values('(record { a = 1; c = principal "x" })', at, lenient=True)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("vec {}", "vec empty"),
        ("vec { 1; 2 : nat; null; opt 3 }", "vec opt int"),
        ("vec { variant { a }; variant { b = 1 } }", "vec variant { a; b : int }"),
        ("vec { record { a = 1 }; record { a = null } }", "vec record { a : opt int }"),
        ("1.0", "float64"),
        ('func "aaaaa-aa".m', "func () -> ()"),
    ],
)
def test_inference(text: str, type_: str) -> None:
    """Types read off texts: numbers are int, elements of a vec share one type."""
    (found,), _ = candid.parse_typed_values(f"({text})")
    assert found == candid.parse_type(type_)


def test_inference_of_mixed_elements() -> None:
    """Elements without a common type are refused where the odd one stands."""
    with pytest.raises(CandidError, match="this element is text") as caught:
        candid.parse_values('(vec { 1; "x" })')
    assert str(caught.value.where) == "<arguments>:1:11"


CHAPTER_TYPE = """record {
  "text" : text; "blob" : blob; "nat" : nat; "nat64" : nat64; "nat8" : nat8; "int" : int; "int8" : int8;
  "float32" : float32; "float64" : float64; "bool" : bool; "null" : null; "vec" : vec text; "opt" : opt nat;
  "record" : record { first_name : text; last_name : text; age : nat8 };
  "variant" : variant { Tag1; Tag2; Tag3 : int }; "func" : func () -> () query; "service" : service {};
  "principal" : principal;
}"""


def test_printing_like_dfx() -> None:
    """The layout of the Kybra book's Candid chapter, which shows what dfx printed."""
    value = {
        "text": "text",
        "blob": b"",
        "nat": 340_282_366_920_938_463_463_374_607_431_768_211_455,
        "nat64": 18_446_744_073_709_551_615,
        "nat8": 255,
        "int": 170_141_183_460_469_231_731_687_303_715_884_105_727,
        "int8": 127,
        "float64": 0.0,
        "float32": 0.0,
        "bool": True,
        "null": None,
        "vec": ["has one element"],
        "opt": None,
        "record": {"first_name": "John", "last_name": "Doe", "age": 35},
        "variant": {"Tag1": None},
        "func": (CANISTER, "candid_types"),
        "service": Principal.from_str("aaaaa-aa"),
        "principal": Principal.from_str("ryjl3-tyaaa-aaaaa-aaaba-cai"),
    }
    assert (
        candid.format_values([value], [candid.parse_type(CHAPTER_TYPE)])
        == """(
  record {
    "int" = 170_141_183_460_469_231_731_687_303_715_884_105_727 : int;
    "nat" = 340_282_366_920_938_463_463_374_607_431_768_211_455 : nat;
    "opt" = null;
    "vec" = vec { "has one element" };
    "service" = service "aaaaa-aa";
    "principal" = principal "ryjl3-tyaaa-aaaaa-aaaba-cai";
    "blob" = vec {};
    "bool" = true;
    "func" = func "rrkah-fqaaa-aaaaa-aaaaq-cai".candid_types;
    "int8" = 127 : int8;
    "nat8" = 255 : nat8;
    "null" = null : null;
    "text" = "text";
    "nat64" = 18_446_744_073_709_551_615 : nat64;
    "variant" = variant { Tag1 };
    "float32" = 0 : float32;
    "float64" = 0 : float64;
    "record" = record {
      age = 35 : nat8;
      first_name = "John";
      last_name = "Doe";
    };
  },
)"""
    )


@pytest.mark.parametrize(
    ("value", "at", "text"),
    [
        (42, "nat64", "(42 : nat64)"),
        (5, "opt nat", "(opt (5 : nat))"),
        (Some(None), "opt opt nat", "(opt null)"),
        ("x", "opt text", '(opt "x")'),
        ((1, "x"), "record { nat; text }", '(record { 1 : nat; "x" })'),
        (b"abc", "blob", '(blob "abc")'),
        (b'"\\', "blob", '(blob "\\22\\5c")'),
        (b"\x00\xff", "blob", '(blob "\\00\\ff")'),
        ("\x07\u200b\n", "text", '("\\u{7}\\u{200b}\\n")'),
        (0.1, "float32", "(0.1 : float32)"),
        (-0.0, "float64", "(-0.0 : float64)"),
        (math.inf, "float64", "(inf : float64)"),
        (1e300, "float64", "(1e+300 : float64)"),
        (None, "reserved", "(null : reserved)"),
        ({"opt": 1}, 'variant { "opt" : nat }', '(variant { "opt" = 1 : nat })'),
        ({12345: True}, "record { 12345 : bool }", "(record { 12_345 = true })"),
    ],
)
def test_printing(value: object, at: str, text: str) -> None:
    """Annotations on numbers, quotes around words, hex for bytes that are not text."""
    (expected,) = types(f"({at})")
    rounded = 0.10000000149011612 if at == "float32" else value
    assert candid.format_values([rounded], [expected]) == text


def test_long_vecs_fill_their_lines() -> None:
    """Numbers of a long vec share lines."""
    text = candid.format_values([list(range(40))], [Vec(NAT)])
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 12
    assert candid.parse_values(text, [Vec(NAT)]) == [list(range(40))]


def test_wrong_values_do_not_print() -> None:
    """A value that has not the form of its type is a CandidError, not a TypeError."""
    cases: list[tuple[object, Type]] = [
        ("x", NAT),
        (5, Vec(NAT8)),
        ({"a": 1}, candid.parse_type("variant {b}")),
    ]
    cases += [(None, candid.parse_type("principal")), ((), candid.parse_type("record {nat}"))]
    for value, type_ in cases:
        with pytest.raises(CandidError):
            candid.format_values([value], [type_])


def test_numbers_beyond_the_digit_limit() -> None:
    """Numbers of more digits than CPython converts at once."""
    number = 7**20_000
    text = candid.format_values([number], [INT])
    assert candid.parse_values(text, [INT]) == [number]


def test_deep_values() -> None:
    """Depth is bounded by memory, not by recursion, through text and bytes."""
    text = "(" + "record { " * 20_000 + "}" + " }" * 19_999 + ")"
    message = candid.text_to_message(text)
    flat = candid.format_values(*_untyped(message), width=10**9)
    assert flat == text.replace("{ }", "{}")


def test_deep_annotations() -> None:
    """Nested annotations and deep elements take neither recursion nor exponential time."""
    assert candid.parse_values("(" + "(" * 500 + "5" + " : nat)" * 500 + ")", [INT]) == [5]
    assert candid.parse_values("(" + "(" * 5000 + "5" + " : reserved)" * 5000 + ")") == [None]
    deep = "opt " * 20_000 + "null"
    (found,), _ = candid.parse_typed_values(f"(vec {{ {deep}; {deep} }})")
    assert isinstance(found, Vec)


def test_annotations_of_other_types() -> None:
    """An annotated value is read at the expected type by the rules of subtyping, but never lost."""
    (at,) = types("(record { a : int })")
    assert candid.parse_values("(record { a = 1; b = 2 } : record { a : nat; b : nat })", [at]) == [{"a": 1}]
    with pytest.raises(CandidError, match="annotated as opt text"):
        candid.parse_values('(opt "x" : opt text)', types("(opt nat)"))


def _untyped(message: bytes) -> tuple[list[object], list[Type], dict[str, Type]]:
    found, environment = candid.message_types(message)
    return candid.decode(message, found, environment), found, environment

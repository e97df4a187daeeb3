"""The binary codec: coercions, error paths, budgets; what the conformance suite leaves open."""

from __future__ import annotations

import time
from typing import Any

import pytest

from basilisk import Principal, candid
from basilisk.candid import CandidError, Some
from basilisk.candid.types import Argument, Ref


def types(text: str) -> list[Argument]:
    return candid.parse_types(text)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (
            "(record { items : vec record { count : nat8 } })",
            {"items": [{"count": 1}, {"count": 300}]},
            "args[0].items[1].count: 300 is out of range for nat8",
        ),
        ("(nat)", -1, "args[0]: -1 is out of range for nat"),
        ("(nat)", True, "args[0]: expected an int for nat, got a bool"),
        ("(nat)", 1.0, "args[0]: expected an int for nat, got a float"),
        ("(nat)", None, "args[0]: expected an int for nat, got None"),
        ("(text)", b"x", "args[0]: expected a str for text, got a bytes"),
        ("(text)", "\ud800", "args[0]: the text has characters that are no Unicode"),
        ("(float32)", 1e39, "args[0]: the number is too large for float32"),
        ("(bool)", 1, "args[0]: expected a bool, got a int"),
        ("(null)", 1, "args[0]: expected None, got a int"),
        ("(empty)", None, "args[0]: there is no value of type empty"),
        ("(vec text)", "abc", "args[0]: expected a list, got a str"),
        ("(vec text)", b"abc", "args[0]: bytes where a vec of text is expected"),
        ("(vec opt text)", [None, "a", 5], "args[0][2]: expected a str for text, got a int"),
        ("(blob)", [1, 256], "args[0][1]: 256 is out of range for nat8"),
        ("(record { a : nat })", {}, "args[0]: the field 'a' is missing"),
        ("(record { a : nat })", {"a": 1, "b": 2}, "args[0]: the record has no field 'b'"),
        ("(record { a : nat })", {"a": 1, 97: 2}, "args[0]: a field is given by name and by id"),
        ("(record { a : nat })", 5, "args[0]: expected a dict for a record, got a int"),
        ("(record { nat; nat })", (1,), "args[0]: expected a tuple of 2 items, got 1"),
        ("(variant { a })", {"b": None}, "args[0]: the variant has no alternative 'b'"),
        ("(variant { a; b })", {"a": None, "b": None}, "args[0]: expected a dict with one entry"),
        ("(variant { a : nat })", {"a": "x"}, "args[0].a: expected an int for nat, got a str"),
        ("(principal)", "aaaaa-aa", "args[0]: expected a Principal for a principal, got a str"),
        ("(func () -> ())", Principal(), "args[0]: expected a pair of a Principal"),
        ("(func () -> ())", ("a", "b"), "args[0][0]: expected a Principal"),
    ],
)
def test_refused_values(at: str, value: object, message: str) -> None:
    """What does not fit is refused with the path of the value."""
    with pytest.raises(CandidError) as caught:
        candid.encode(types(at), [value])
    assert message in caught.value.what


@pytest.mark.parametrize(
    ("source", "value", "target", "result"),
    [
        ("(nat)", 5, "(int)", 5),
        ("(nat)", 5, "(opt int)", 5),
        ("(text)", "x", "(opt int)", None),
        ("(opt text)", "x", "(opt int)", None),
        ("(opt opt text)", "x", "(opt opt int)", Some(None)),
        ("(record { a : nat; b : text })", {"a": 1, "b": "x"}, "(record { a : int })", {"a": 1}),
        ("(record { a : nat })", {"a": 1}, "(record { a : nat; z : opt nat })", {"a": 1, "z": None}),
        ("(record { a : nat })", {"a": 1}, "(opt record { b : nat })", None),
        (
            "(vec variant { a; b })",
            [{"a": None}, {"b": None}],
            "(vec opt variant { a })",
            [{"a": None}, None],
        ),
        ("(opt variant { a : text })", {"a": "x"}, "(opt variant { a : opt nat })", {"a": None}),
        ("(vec record { opt text; nat })", [("x", 1)], "(vec record { opt nat; nat })", [(None, 1)]),
        ("(service { f : () -> () })", Principal(b"a"), "(opt service { g : () -> () })", None),
        ("(service { f : () -> () })", Principal(b"a"), "(principal)", Principal(b"a")),
        ("(func (opt nat) -> (nat))", (Principal(), "f"), "(func () -> (int, opt nat))", (Principal(), "f")),
        ("(record { text; nat })", ("x", 1), "(reserved)", None),
        ("(vec int)", [], "(vec text)", []),
        ("(vec int)", [], "(blob)", b""),
        ("(opt null)", Some(None), "(opt reserved)", Some(None)),
    ],
)
def test_coercions(source: str, value: object, target: str, result: object) -> None:
    """Values decode at other types by the rules of the specification."""
    assert candid.decode(candid.encode(types(source), [value]), types(target)) == [result]


@pytest.mark.parametrize(
    ("source", "value", "target", "message"),
    [
        ("(int)", 5, "(nat)", "args[0]: int cannot be read as nat"),
        (
            "(record { items : vec record { count : int } })",
            {"items": [{"count": 1}]},
            "(record { items : vec record { count : nat8 } })",
            "args[0].items[0].count: int cannot be read as nat8",
        ),
        ("(record { a : nat })", {"a": 1}, "(record { b : nat })", "args[0]: the field b is missing"),
        ("(variant { a })", {"a": None}, "(variant { b })", "the alternative 97 is not known"),
        (
            "(func () -> (text))",
            (Principal(), "f"),
            "(func () -> (nat))",
            "args[0]: a reference of another type: results[0]: text is not a subtype of nat",
        ),
        ("()", None, "(nat)", "args[0]: the message has 0 values, nat is expected"),
    ],
)
def test_refused_messages(source: str, value: object, target: str, message: str) -> None:
    """What cannot be read is refused with the path of the value."""
    data = candid.encode(types(source), [value] if source != "()" else [])
    with pytest.raises(CandidError) as caught:
        candid.decode(data, types(target))
    assert message in caught.value.what


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"DIDL" + b"\x80" * 10 + b"\x00\x00", "does not fit 64 bits"),
        (b"DIDL" + b"\x80" * 9 + b"\x02\x00", "does not fit 64 bits"),
        (b"DIDL\x01" + b"\xb7" * 32 + b"\x69\x00\x00", "does not fit 64 bits"),
        (b"DIDL\x01" + b"\xb7" * 5 + b"\x69\x00\x00", "does not fit 32 bits"),
        (b"DIDL\x00\x01" + b"\x80" * 9 + b"\x7f", "does not fit 32 bits"),
    ],
)
def test_numbers_of_the_structure_are_bounded(message: bytes, text: str) -> None:
    """A number of the structure has 64 bits, one that stands for a type 32, as in canisters."""
    with pytest.raises(CandidError, match=text):
        candid.decode(message)
    assert candid.decode(b"DIDL" + b"\x80" * 9 + b"\x00\x01" + b"\xff" * 9 + b"\x7f") == [None]


def test_without_types() -> None:
    """Without types, ids are the keys and records of ids stay dicts."""
    data = candid.encode(
        types("(record { a : nat; 0 : text }, record { nat; nat })"), [{"a": 1, 0: "x"}, (1, 2)]
    )
    assert candid.decode(data) == [{0: "x", 97: 1}, {0: 1, 1: 2}]
    found, environment = candid.message_types(data)
    assert candid.format_values(candid.decode(data, found, environment), found, environment) == (
        '(record { 0 = "x"; 97 = 1 : nat }, record { 1 : nat; 2 : nat })'
    )


def test_recursive_types_share_their_table() -> None:
    """A recursive type makes one entry for each of its parts, equal types share theirs."""
    environment = candid.parse_did("type List = opt record { head : nat; tail : List };").environment
    value = None
    for number in range(50):
        value = {"head": number, "tail": value}
    message = candid.encode([Ref("List"), *types("(vec nat, vec nat)")], [value, [1], [2]], environment)
    assert len(candid.message_types(message)[1]) == 3
    assert candid.decode(message, [Ref("List")], environment) == [value]


def test_deep_lists() -> None:
    """A list of 100,000 links passes both ways; Python's recursion limit plays no part."""
    environment = candid.parse_did("type List = opt record { head : nat; tail : List };").environment
    value = None
    for number in range(100_000):
        value = {"head": number, "tail": value}
    message = candid.encode([Ref("List")], [value], environment)
    (back,) = candid.decode(message, [Ref("List")], environment)
    assert candid.encode([Ref("List")], [back], environment) == message


def test_numbers_of_any_size_are_read_at_int() -> None:
    """A ``nat`` beyond 64 bits is an ``int`` as well."""
    assert candid.decode(candid.encode(types("(nat)"), [2**200]), types("(int)")) == [2**200]


def test_big_numbers_take_linear_time() -> None:
    """A number of a megabyte is read in far less than the minutes that shifting bit by bit would take."""
    start = time.process_time()
    data = b"DIDL\0\1\x7d" + b"\xff" * 1_000_000 + b"\1"
    (number,) = candid.decode(data, types("(nat)"))
    assert isinstance(number, int) and number.bit_length() == 7_000_001
    assert candid.encode(types("(nat)"), [number]) == data
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "data",
    [
        b"DIDL\1\x6d\x7f\1\0" + b"\x80\x94\xeb\xdc\3",
        b"DIDL\2\x6d\1\x6d\x7f\1\0\5" + b"\xff\xff\x3f" * 5,
        b"DIDL\1\x6d\x78\1\0\xff\xff\xff\x7f",
    ],
)
def test_bombs_end_soon(data: bytes) -> None:
    """A few bytes that claim millions of values are refused before the values are made."""
    start = time.process_time()
    for at in (None, types("(vec opt nat)"), types("()")):
        with pytest.raises(CandidError):
            candid.decode(data, at)
    assert time.process_time() - start < 10


def test_budget_is_the_callers() -> None:
    """A smaller budget refuses what the default allows."""
    message = candid.encode(types("(vec null)"), [[None] * 1000])
    assert candid.decode(message, types("(vec null)")) == [[None] * 1000]
    with pytest.raises(CandidError, match="more work than its length justifies"):
        candid.decode(message, types("(vec null)"), budget=100)


def test_upgrades() -> None:
    """check_upgrade names each method that breaks, where and why; losses are told apart."""
    old = candid.parse_did(
        """service : {
            a : (nat) -> (nat); b : () -> () query; c : () -> (record { x : opt nat }); d : () -> ()
        }"""
    )
    new = candid.parse_did(
        "service : { a : (text) -> (nat); b : () -> (); c : () -> (record { x : opt text }); e : () -> () }"
    )
    found = {str(one): one.fatal for one in candid.check_upgrade(old, new)}
    assert found == {
        "a: args[0]: nat is not a subtype of text": True,
        "b: update is not query": True,
        "c: results[0].x: is always read as null: text is not a subtype of nat": False,
        "d: the method is gone": True,
    }
    assert not candid.check_upgrade(old, old)


def test_subtype_paths() -> None:
    """The verdict leads to the first difference."""
    left, right = types(
        "(record { items : vec record { count : text } }, record { items : vec record { count : nat } })"
    )
    verdict = candid.subtype(left, right)
    assert not verdict
    assert str(verdict.difference) == "items[].count: text is not a subtype of nat"


def test_public_names_exist() -> None:
    """Every name the package announces can be had."""
    for name in candid.__all__:
        assert getattr(candid, name) is not None
    with pytest.raises(AttributeError):
        candid.nothing  # noqa: B018


def _cycle(kind: str) -> Any:
    """A value that contains itself."""
    if kind == "vec":
        items: list[Any] = []
        items.append(items)
        return items
    if kind == "opt":
        wrapper = Some(None)
        wrapper.value = wrapper
        return wrapper
    record: dict[str, Any] = {}
    record["tail" if kind == "record" else "next"] = record
    return record


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("vec", "type T = vec T;"),
        ("record", "type T = record { tail : opt T };"),
        ("variant", "type T = variant { next : T; end };"),
        ("opt", "type T = opt T;"),
    ],
)
def test_values_that_contain_themselves(kind: str, definition: str) -> None:
    """They have no end; the encoder finds one, and the path in its message is short."""
    environment = candid.parse_did(definition).environment
    with pytest.raises(CandidError, match="itself") as caught:
        candid.encode([candid.types.Ref("T")], [_cycle(kind)], environment)
    assert len(str(caught.value)) < 500


def test_a_plain_value_is_no_option_of_itself() -> None:
    """``type T = opt T`` has values, but 5 is none."""
    environment = candid.parse_did("type T = opt T;").environment
    with pytest.raises(CandidError, match="an option of itself"):
        candid.encode([candid.types.Ref("T")], [5], environment)
    deep: object = None
    for _ in range(10_000):
        deep = Some(deep)
    data = candid.encode([candid.types.Ref("T")], [deep], environment)
    assert data.endswith(b"\1" * 10_000 + b"\0")
    (value,) = candid.decode(data, [candid.types.Ref("T")], environment)
    assert candid.encode([candid.types.Ref("T")], [value], environment) == data

"""Single facts about the canister's codec: Python forms, errors and their paths, hostile messages, leaks."""

from __future__ import annotations

from typing import Any

import pytest

from basilisk.candid.leb128 import encode_signed, encode_unsigned
from basilisk.candid.types import field_id

from .codec_driver import Colour, First, Picky, Point, Principal, Service, Some, make_service
from .native import Codec, CodecError

PRINCIPAL = ("principal", Principal)


def fields(**nodes: int) -> tuple[tuple[int, str, int], ...]:
    """Fields of a record or variant, sorted by id."""
    return tuple(sorted((field_id(name), name, node) for name, node in nodes.items()))


def record(**nodes: int) -> tuple[Any, ...]:
    """A record held as a dict."""
    return ("record", "dict", None, fields(**nodes))


ITEMS = (("nat8",), record(count=0), ("vec", 1), record(items=2))
LIST = (("int",), ("opt", 2), record(head=0, tail=1))


def test_paths_of_encode_errors(codec: Codec) -> None:
    """An error names the place in the value and what does not fit."""
    plan = codec.plan(ITEMS, (3,))
    cases = {
        "result.items[3].count: 300 does not fit nat8": [{"count": 1}] * 3 + [{"count": 300}],
        "result.items[0].count: -1 does not fit nat8": [{"count": -1}],
        "result.items[0].count: expected int, got bool": [{"count": True}],
        "result.items[0].count: expected int, got str": [{"count": "1"}],
        "result.items[1]: missing field count": [{"count": 1}, {}],
        "result.items[0]: unknown field cuont": [{"count": 1, "cuont": 1}],
        "result.items[0]: expected dict, got list": [[1]],
        "result.items: expected list, got str": "no",
        "result.items: expected list, got dict": {},
        "result.items[0].count: a number of 400 bits does not fit nat8": [{"count": 2**400 - 1}],
    }
    for expected, items in cases.items():
        with pytest.raises(CodecError) as caught:
            codec.call("encode", plan, ({"items": items},))
        assert str(caught.value) == expected


def test_paths_of_decode_errors(codec: Codec) -> None:
    """So does an error about a message, whether or not its types are the expected ones."""
    plan = codec.plan(ITEMS, (3,))
    nat = codec.plan((("nat",), record(count=0), ("vec", 1), record(items=2)), (3,))
    data = codec.call("encode", nat, ({"items": [{"count": 1}, {"count": 2}]},))
    with pytest.raises(CodecError, match=r"^argument\.items\[0\]\.count: expected nat8, found nat$"):
        codec.call("decode", plan, data)
    good = codec.call("encode", plan, ({"items": [{"count": 1}, {"count": 2}]},))
    with pytest.raises(
        CodecError, match=r"^argument\.items: 2 elements cannot be in the bytes that are left$"
    ):
        codec.call("decode", plan, good[:-1])
    with pytest.raises(CodecError, match=r"^1 more bytes after the last value$"):
        codec.call("decode", plan, good + b"\0")
    with pytest.raises(CodecError, match=r"^argument: missing value of type record$"):
        codec.call("decode", plan, b"DIDL\0\0")
    bool_pair = codec.plan((("bool",),), (0, 0))
    with pytest.raises(CodecError, match=r"^argument 2: the byte of a bool is 7$"):
        codec.call("decode", bool_pair, b"DIDL\0\2\x7e\x7e\1\7")
    with pytest.raises(CodecError, match=r"^argument 2: the message ends within the value$"):
        codec.call("decode", bool_pair, b"DIDL\0\2\x7e\x7e\1")
    # Numbers that stand for types may be written in up to ten bytes, as in the host's codec.
    null = codec.plan((("null",),), (0,))
    assert codec.call("decode", null, b"DIDL\0\1" + b"\xff" * 9 + b"\x7f") == (None,)
    with pytest.raises(CodecError):
        codec.call("decode", null, b"DIDL\0\1" + b"\x80" * 9 + b"\x7f")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [(f"nat{bits}", 0, 2**bits - 1) for bits in (8, 16, 32, 64)]
    + [(f"int{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)],
)
def test_ranges(codec: Codec, name: str, low: int, high: int) -> None:
    """Fixed sizes: both ends pass and come back, one beyond is refused."""
    plan = codec.plan(((name,),), (0,))
    for value in (low, high, 0, 1, high // 2):
        assert codec.call("decode", plan, codec.call("encode", plan, (value,))) == (value,)
    for value in (low - 1, high + 1, 2**64, -(2**64), 2**90, -(2**90)):
        with pytest.raises(CodecError, match=f"does not fit {name}$"):
            codec.call("encode", plan, (value,))


def test_integers_of_any_size(codec: Codec) -> None:
    """Around every power of two up to 2^300, and far above: the shortest LEB128 form, both ways."""
    nat, integer = codec.plan((("nat",),), (0,)), codec.plan((("int",),), (0,))
    numbers = [2**power + offset for power in range(301) for offset in (-1, 0, 1)]
    for number in [*numbers, 2**100_000 - 1, 2**100_000, 3**50_000]:
        data = b"DIDL\0\1\x7d" + encode_unsigned(number)
        assert codec.call("encode", nat, (number,)) == data
        assert codec.call("decode", nat, data) == (number,)
        assert codec.call("decode", integer, data) == (number,)
        for signed in (number, -number):
            data = b"DIDL\0\1\x7c" + encode_signed(signed)
            assert codec.call("encode", integer, (signed,)) == data
            assert codec.call("decode", integer, data) == (signed,)


@pytest.mark.parametrize("zeros", [1, 3, 8, 9, 10, 30, 1000])
def test_overlong_numbers(codec: Codec, zeros: int) -> None:
    """Overlong forms mean the same number."""
    nat, integer = codec.plan((("nat",),), (0,)), codec.plan((("int",),), (0,))
    assert codec.call("decode", nat, b"DIDL\0\1\x7d\x85" + b"\x80" * (zeros - 1) + b"\0") == (5,)
    assert codec.call("decode", integer, b"DIDL\0\1\x7c\x85" + b"\x80" * (zeros - 1) + b"\0") == (5,)
    assert codec.call("decode", integer, b"DIDL\0\1\x7c\x85" + b"\xff" * (zeros - 1) + b"\x7f") == (-123,)


@pytest.mark.parametrize(
    "text", ["", "plain", "é" * 10, "ÿ\u0100", "日本語", "😀" * 3, "a\0b", "\uffff", "\U0010ffff"]
)
def test_text(codec: Codec, text: str) -> None:
    """Each internal form of a string, as UTF-8."""
    plan = codec.plan((("text",),), (0,))
    encoded = text.encode("utf-8")
    data = b"DIDL\0\1\x71" + encode_unsigned(len(encoded)) + encoded
    assert codec.call("encode", plan, (text,)) == data
    assert codec.call("decode", plan, data) == (text,)


@pytest.mark.parametrize("text", ["\ud800", "x\udfffy", "\U00010000\udc00"])
def test_surrogates_are_refused(codec: Codec, text: str) -> None:
    """UTF-8 has no lone surrogates, in neither direction."""
    plan = codec.plan((("text",),), (0,))
    with pytest.raises(CodecError, match="lone surrogate"):
        codec.call("encode", plan, (text,))
    encoded = text.encode("utf-8", "surrogatepass")
    with pytest.raises(CodecError, match="not valid UTF-8"):
        codec.call("decode", plan, b"DIDL\0\1\x71" + bytes([len(encoded)]) + encoded)


def test_floats(codec: Codec) -> None:
    """ints are accepted as floats, bools are not; what float32 cannot hold is refused."""
    double, single = codec.plan((("float64",),), (0,)), codec.plan((("float32",),), (0,))
    for value in (0.0, -0.5, 1e300, float("inf"), 7, -(2**60)):
        assert codec.call("decode", double, codec.call("encode", double, (value,))) == (float(value),)
    for value in (0.5, 2.0**127, float("-inf"), 3):
        assert codec.call("decode", single, codec.call("encode", single, (value,))) == (float(value),)
    with pytest.raises(CodecError, match=r"^result: 1e\+300 does not fit float32$"):
        codec.call("encode", single, (1e300,))
    with pytest.raises(CodecError, match="OverflowError: int too large"):
        codec.call("encode", double, (10**400,))
    for wrong in (True, "1.0", None):
        with pytest.raises(CodecError, match="expected float"):
            codec.call("encode", double, (wrong,))


def test_blobs(codec: Codec) -> None:
    """bytes and everything with a buffer."""
    plan = codec.plan((("blob",),), (0,))
    for value in (b"", b"abc", bytearray(b"xyz"), b"\0" * 100_000):
        assert codec.call("decode", plan, codec.call("encode", plan, (value,))) == (bytes(value),)
    for wrong in ("abc", [1, 2], None):
        with pytest.raises(CodecError, match="expected bytes"):
            codec.call("encode", plan, (wrong,))


def test_vec_takes_any_iterable(codec: Codec) -> None:
    """Lists, tuples and sets; text, bytes and dicts are refused."""
    plan = codec.plan((("nat",), ("vec", 0)), (1,))
    for value in ([1, 2], (1, 2), {1, 2}):
        assert codec.call("decode", plan, codec.call("encode", plan, (value,))) == ([1, 2],)
    for wrong in ("12", b"12", {1: 2}, 5, None):
        with pytest.raises(CodecError, match="expected list"):
            codec.call("encode", plan, (wrong,))


def test_optional_fields_may_be_left_out(codec: Codec) -> None:
    """A dict may lack fields whose type has null."""
    plan = codec.plan((("nat",), ("opt", 0), ("null",), record(a=0, b=1, c=2)), (3,))
    data = codec.call("encode", plan, ({"a": 5},))
    assert codec.call("decode", plan, data) == ({"a": 5, "b": None, "c": None},)


def test_field_order(codec: Codec) -> None:
    """Decoded dicts have their keys in the order of the field ids, also large ones."""
    names = {f"field_{number}": 0 for number in range(40)}
    plan = codec.plan((("nat",), record(**names)), (1,))
    value = {name: number for number, name in enumerate(names)}
    (decoded,) = codec.call("decode", plan, codec.call("encode", plan, (value,)))
    assert decoded == value
    assert list(decoded) == [name for _, name, _ in fields(**names)]
    decoded["another"] = 1
    assert len(decoded) == 41


def test_dataclass(codec: Codec) -> None:
    """Records as instances: built by the class, read by attributes."""
    node = ("record", "attrs", Point, fields(x=0, y=1))
    plan = codec.plan((("int",), ("opt", 0), node), (2,))
    for point in (Point(1, None), Point(-5, 7)):
        assert codec.call("decode", plan, codec.call("encode", plan, (point,))) == (point,)
    with pytest.raises(CodecError, match=r"^result\.x: expected int, got str$"):
        codec.call("encode", plan, (Point("1", 2),))  # type: ignore[arg-type]
    with pytest.raises(CodecError, match=r"^result: expected Point, got dict$"):
        codec.call("encode", plan, ({"x": 1, "y": 2},))


def test_constructor_that_raises(codec: Codec) -> None:
    """An exception in a constructor is part of the error, and no opt hides it."""
    node = ("record", "attrs", Picky, fields(x=0))
    plan = codec.plan((("int",), node, ("opt", 1)), (2,))
    plain = codec.plan((("int",), record(x=0), ("opt", 1)), (2,))
    for start in (plan, plain):  # with the plan's own header, and with the same header of another plan
        data = codec.call("encode", plain, ({"x": 13},))
        assert start >= 0
        with pytest.raises(CodecError, match=r"^argument: ValueError: 13 is unlucky$"):
            codec.call("decode", plan, data)
    wider = codec.plan((("int",), record(x=0, z=0), ("opt", 1)), (2,))
    with pytest.raises(CodecError, match="13 is unlucky"):
        codec.call("decode", plan, codec.call("encode", wider, ({"x": 13, "z": 1},)))


def test_enumeration(codec: Codec) -> None:
    """Variants without payload as members of an Enum."""
    node = ("variant", "enum", Colour, fields(Red=0, Green=0, Blue=0))
    plan = codec.plan((("null",), node), (1,))
    for member in Colour:
        assert codec.call("decode", plan, codec.call("encode", plan, (member,))) == (member,)
    with pytest.raises(CodecError, match=r"^result: expected Colour, got str$"):
        codec.call("encode", plan, ("Red",))


def test_variants(codec: Codec) -> None:
    """One key, which must be a tag."""
    node = ("variant", "dict", None, fields(Ok=0, Err=1))
    plan = codec.plan((("nat",), ("text",), node), (2,))
    for value in ({"Ok": 5}, {"Err": "no"}):
        assert codec.call("decode", plan, codec.call("encode", plan, (value,))) == (value,)
    for wrong, message in {
        "Ok": "expected dict with the tag as its key, got str",
        "{}": "a variant is a dict with exactly one key",
        "two": "a variant is a dict with exactly one key",
        "other": "unknown tag Okay",
        "payload": r"Ok: expected int, got str",
    }.items():
        values: dict[str, Any] = {
            "Ok": "Ok", "{}": {}, "two": {"Ok": 1, "Err": ""}, "other": {"Okay": 1}, "payload": {"Ok": "x"},
        }  # fmt: skip
        with pytest.raises(CodecError, match=message):
            codec.call("encode", plan, (values[wrong],))


def test_maps(codec: Codec) -> None:
    """vec record {key; value} as a dict, errors named by key."""
    plan = codec.plan((("text",), ("nat8",), ("map", 0, 1)), (2,))
    value = {"a": 1, "b": 2}
    data = codec.call("encode", plan, (value,))
    assert codec.call("decode", plan, data) == (value,)
    pairs = codec.plan((("text",), ("nat8",), ("tuple", (0, 1)), ("vec", 2)), (3,))
    assert codec.call("decode", pairs, data) == ([("a", 1), ("b", 2)],)
    with pytest.raises(CodecError, match=r'^result\["b"\]: 300 does not fit nat8$'):
        codec.call("encode", plan, ({"a": 1, "b": 300},))
    with pytest.raises(CodecError, match=r"^result\.key\(0\): expected str, got int$"):
        codec.call("encode", plan, ({1: 1},))


def test_map_with_keys_that_cannot_be_hashed(codec: Codec) -> None:
    """Such a map cannot be held; the error is Python's own."""
    plan = codec.plan((("nat",), ("vec", 0), ("map", 1, 0)), (2,))
    pairs = codec.plan((("nat",), ("vec", 0), ("tuple", (1, 0)), ("vec", 2)), (3,))
    with pytest.raises(CodecError, match="unhashable type: 'list'"):
        codec.call("decode", plan, codec.call("encode", pairs, ([([1], 2)],)))


def test_references(codec: Codec) -> None:
    """Functions and services, and what the subtype check refuses."""
    nodes = (PRINCIPAL, ("nat",), ("func", "query", (1,), (1,), 0), ("service", (("get", 2),), make_service))
    func, service = codec.plan(nodes, (2,)), codec.plan(nodes, (3,))
    value = (Principal(b"\1\2"), "method")
    assert codec.call("decode", func, codec.call("encode", func, (value,))) == (value,)
    instance = Service(Principal(b"\3"))
    data = codec.call("encode", service, (instance,))
    assert codec.call("decode", service, data) == (instance,)
    assert codec.call("decode", codec.plan((PRINCIPAL,), (0,)), data) == (Principal(b"\3"),)
    update = codec.plan((PRINCIPAL, ("nat",), ("func", "", (1,), (1,), 0)), (2,))
    with pytest.raises(CodecError, match="the func's type does not fit"):
        codec.call("decode", update, codec.call("encode", func, (value,)))
    maybe = codec.plan((PRINCIPAL, ("nat",), ("func", "", (1,), (1,), 0), ("opt", 2)), (3,))
    assert codec.call("decode", maybe, codec.call("encode", func, (value,))) == (None,)
    with pytest.raises(CodecError, match=r"^result\[0\]: a principal is longer than 29 bytes$"):
        codec.call("encode", func, ((Principal(b"x" * 30), "method"),))
    with pytest.raises(CodecError, match=r"expected Principal, got bytes"):
        codec.call("encode", codec.plan((PRINCIPAL,), (0,)), (b"\1",))


def test_values_of_later_versions_are_skipped(codec: Codec) -> None:
    """Their bytes are passed over, and so are their references, which lie outside of the message's bytes."""
    for references in (b"\0", b"\1", b"\x80\1"):
        data = b"DIDL\1\x66\1\7\2\0\x7e" + b"\3" + references + b"abc" + b"\1"
        assert codec.call("decode", codec.plan((("opt", 1), ("bool",)), (0, 1)), data) == (None, True)


def test_nested_opts(codec: Codec) -> None:
    """10,000 nested opts are read, with and without coercion."""
    recursive = codec.plan((("opt", 0, Some),), (0,))
    data = b"DIDL\1\x6e\0\1\0" + b"\1" * 10_000 + b"\0"
    assert codec.call("wrappers_of", recursive, data) == 10_000
    others = codec.plan((("opt", 1), ("nat",)), (0,))
    assert codec.call("decode", others, data) == (None,)
    assert codec.call("decode", codec.plan((("reserved",),), (0,)), data) == (None,)
    table = b"".join(b"\x6e" + encode_signed(number) for number in range(1, 10_000)) + b"\x6e\x7d"
    deep = b"DIDL" + encode_unsigned(10_000) + table + b"\1\0" + b"\1" * 10_000 + b"\5"
    assert codec.call("decode", codec.plan((("opt", 1), ("nat",)), (0,)), deep) == (None,)
    chain = (*(("opt", number, Some) for number in range(1, 10_001)), ("nat",))
    plan = codec.plan(chain, (0,))
    assert codec.call("decode", plan, deep) == (5,)
    assert codec.call("encode", plan, (5,)) == deep
    absent = deep[: -10_000 - 1] + b"\1" * 9_999 + b"\0"
    assert codec.call("wrappers_of", plan, absent) == 9_999
    with pytest.raises(CodecError, match="too many opts are nested"):
        codec.call("decode", recursive, b"DIDL\1\x6e\0\1\0" + b"\1" * 20_001 + b"\0")


NESTED = (("nat",), ("opt", 0, Some), ("opt", 1, Some), ("opt", 2, Some), ("null",), ("opt", 4, Some))
NESTED += (("reserved",), ("opt", 6, Some), record(a=2))


@pytest.mark.parametrize(
    ("root", "value", "tail"),
    [
        (1, None, b"\0"), (1, 5, b"\1\5"), (2, None, b"\0"), (2, Some(None), b"\1\0"), (2, 5, b"\1\1\5"),
        (3, Some(None), b"\1\0"), (3, Some(Some(None)), b"\1\1\0"), (3, 5, b"\1\1\1\5"),
        (5, None, b"\0"), (5, Some(None), b"\1"), (7, None, b"\0"), (7, Some(None), b"\1"),
        (8, {"a": Some(None)}, b"\1\0"), (8, {"a": None}, b"\0"),
    ],
)  # fmt: skip
def test_opts_that_hold_nothing(codec: Codec, root: int, value: Any, tail: bytes) -> None:
    """Where the content of an opt can be None, one that holds None is ``Some(None)``; both ways."""
    plan = codec.plan(NESTED, (root,))
    data = codec.call("header", plan) + tail
    assert codec.call("encode", plan, (value,)) == data
    assert codec.call("decode", plan, data) == (value,)
    # The same through the reader of other types: the message has a value more.
    both = codec.plan(NESTED, (root, 0))
    assert codec.call("decode", plan, codec.call("encode", both, (value, 7))) == (value,)


def test_some_around_values(codec: Codec) -> None:
    """``Some`` is allowed around the value of any opt, and of nothing else."""
    for root, value, tail in ((1, Some(5), b"\1\5"), (2, Some(Some(5)), b"\1\1\5"), (2, Some(5), b"\1\1\5")):
        plan = codec.plan(NESTED, (root,))
        assert codec.call("encode", plan, (value,)) == codec.call("header", plan) + tail
    with pytest.raises(CodecError, match=r"^result: expected int, got Some$"):
        codec.call("encode", codec.plan(NESTED, (0,)), (Some(5),))
    with pytest.raises(CodecError, match=r"^result: expected int, got Some$"):
        codec.call("encode", codec.plan(NESTED, (1,)), (Some(Some(5)),))
    with pytest.raises(CodecError, match=r"^result: expected int, got NoneType$"):
        codec.call("encode", codec.plan(NESTED, (1,)), (Some(None),))


def test_opts_of_other_depths(codec: Codec) -> None:
    """Coercion keeps the levels apart: what does not fit is null at the innermost."""
    one, two, three = (codec.plan(NESTED, (root,)) for root in (1, 2, 3))
    bools = codec.plan((("bool",), ("opt", 0, Some), ("opt", 1, Some)), (2,))
    nulls, plain = codec.plan(NESTED, (5,)), codec.plan(NESTED, (0,))
    cases = (
        (two, Some(None), one, None), (one, None, two, None), (two, Some(None), three, Some(None)),
        (three, Some(Some(None)), two, Some(None)), (bools, True, two, Some(None)), (plain, 5, three, 5),
        (two, 5, nulls, None), (nulls, Some(None), two, Some(None)), (plain, 5, nulls, None),
    )  # fmt: skip
    for writer, value, reader, expected in cases:
        assert codec.call("decode", reader, codec.call("encode", writer, (value,))) == (expected,)


CHAIN = (("variant", "dict", None, fields(end=1, next=0)), ("null",))
CYCLES = {
    "vec": ((("vec", 0),), 0),
    "record": (LIST, 2),
    "variant": (CHAIN, 0),
    "case": ((("variant", "cases", (First,), fields(next=1)), ("vec", 0)), 0),
    "map": ((("map", 1, 0), ("text",)), 0),
    "instance": ((("int",), ("opt", 2), ("record", "attrs", Point, fields(x=0, y=1))), 2),
    "tuple": ((("int",), ("opt", 2), ("tuple", (0, 1))), 2),
    "opt": ((("opt", 0, Some),), 0),
}


@pytest.mark.parametrize("kind", CYCLES)
def test_values_that_contain_themselves(codec: Codec, kind: str) -> None:
    """They have no end; the encoder finds one, for each container."""
    nodes, root = CYCLES[kind]
    with pytest.raises(CodecError, match=r"^result.*(nested too deeply|too many opts)"):
        codec.call("cycle", codec.plan(nodes, (root,)), kind)


def test_depth_limit(codec: Codec) -> None:
    """Linked lists of 1,900 elements pass; longer ones are refused, never a crash."""
    plan = codec.plan(LIST, (1,))
    other = codec.plan((("nat",), ("opt", 2), record(head=0, tail=1)), (1,))
    for length in (0, 1, 1_900):
        data = codec.call("nested", plan, length)
        assert codec.call("depth_of", plan, data) == length
        assert codec.call("depth_of", plan, codec.call("nested", other, length)) == length
    with pytest.raises(CodecError, match=r"^result(\.tail){12}…(\.tail){8}: the value is nested too deeply"):
        codec.call("nested", plan, 10_000)
    message = codec.call("header", plan) + b"\1" * 10_000 + b"\0"
    with pytest.raises(CodecError, match="nested too deeply"):
        codec.call("decode", plan, codec.call("header", plan) + b"\1\1" * 10_000 + b"\0")
    with pytest.raises(CodecError):
        codec.call("decode", codec.plan((("reserved",),), (0,)), message)
    with pytest.raises(CodecError, match="nested too deeply"):
        codec.call("self_containing", codec.plan((("vec", 0),), (0,)))


def test_nested_vecs_cannot_claim_the_same_bytes(codec: Codec) -> None:
    """Each level claims all that is left: memory stays in proportion to the message."""
    plan = codec.plan((("vec", 0),), (0,))
    data = b"DIDL\1\x6d\0\1\0"
    tail = b""
    for _ in range(400):
        tail = encode_unsigned(len(tail) // 2 + 1_000) + tail
    with pytest.raises(CodecError, match="elements cannot be in the bytes that are left"):
        codec.call("decode", plan, data + tail + b"\0" * 3_000)


def test_values_without_bytes_are_paid_for(codec: Codec) -> None:
    """Some thousands of nulls are fine, millions are not, in own types as in others."""
    for node in (("null",), ("reserved",), ("tuple", ()), ("tuple", (1, 1))):
        plan = codec.plan((("vec", 1), node if node != ("tuple", (1, 1)) else ("null",)), (0,))
        header = codec.call("header", plan)
        assert len(codec.call("decode", plan, header + encode_unsigned(5_000))[0]) == 5_000
        with pytest.raises(CodecError):
            codec.call("decode", plan, header + encode_unsigned(10**9))


def test_records_without_values(codec: Codec) -> None:
    """`record R { R; R }` has no value; reading one ends at once."""
    plan = codec.plan((("tuple", (0, 0)),), (0,))
    with pytest.raises(CodecError, match="has no values"):
        codec.call("decode", plan, codec.call("header", plan))
    maybe = codec.plan((("tuple", (0, 0)), ("opt", 0)), (1,))
    assert codec.call("decode", maybe, b"DIDL\0\0") == (None,)
    with pytest.raises(CodecError):
        codec.call("decode", maybe, codec.call("header", maybe) + b"\1")


def test_header_of_another_order_is_known(codec: Codec) -> None:
    """A table that lists parts before wholes, as JavaScript writes it, holds the same values."""
    plan = codec.plan((("text",), ("vec", 0), ("opt", 1)), (2,))
    assert codec.call("header", plan) == b"DIDL\2\x6e\1\x6d\x71\1\0"
    assert codec.call("decode", plan, b"DIDL\2\x6d\x71\x6e\0\1\1" + b"\1\1\3abc") == (["abc"],)


def test_types_that_are_the_same_share_an_entry(codec: Codec) -> None:
    """The table has one entry for a type, however often the description repeats it."""
    nodes = (
        ("nat8",),
        ("vec", 0),
        ("blob",),
        ("tuple", (1, 2)),
        ("record", "dict", None, ((0, "a", 1), (1, "b", 2))),
    )
    plan = codec.plan(nodes, (3, 4))
    assert codec.call("header", plan) == b"DIDL\2\x6c\2\0\1\1\1\x6d\x7b\2\0\0"


def test_list_that_shrinks_while_it_is_read(codec: Codec) -> None:
    """Attributes run Python code; memory stays sound and the encoder refuses."""
    node = ("record", "attrs", Point, fields(x=0))
    plan = codec.plan((("int",), node, ("vec", 1)), (2,))
    with pytest.raises(CodecError, match="changed its size"):
        codec.call("shrinking_list", plan)


@pytest.mark.parametrize(
    "nodes",
    [
        (), ((),), (("nat",),) * 2 + (("opt", 7),), (("frob",),), (("opt",),), (("vec", "x"),), ("nat",),
        (("record", "dict", None, ((2, "a", 0), (1, "b", 0))),), (("record", "list", None, ()),),
        (("record", "dict", None, ((1, "a", 0), (2, "a", 0))),), (("func", "fast", (), (), 1), PRINCIPAL),
        (("func", "", (), (), 1), ("nat",)), (("service", (("x", 1),), make_service), ("nat",)),
        (("variant", "enum", Colour, ((1, "Purple", 1),)), ("null",)),
        (("service", (("x", 1), ("x", 1)), make_service), ("func", "", (), (), 2), PRINCIPAL),
    ],
)  # fmt: skip
def test_malformed_plans(codec: Codec, nodes: Any) -> None:
    """A description that is not one of types raises, and never crashes."""
    kind, name, _ = codec.ask("compile_plan", nodes, (len(nodes) and 0, 0) if nodes else (0,))
    assert kind == "raised" and name in ("ValueError", "AttributeError")


def test_references_are_counted_right(codec: Codec) -> None:
    """Neither success nor failure leaves objects behind."""
    nodes = (
        ("nat",), ("text",), ("opt", 0), ("vec", 1), ("map", 1, 0), record(a=0, b=2, c=3, d=4), ("vec", 5),
        ("variant", "dict", None, fields(Some=5, None_=8)), ("null",),
        ("record", "attrs", Point, fields(x=0, y=2)), PRINCIPAL, ("tuple", (0, 1, 9, 10)), ("blob",),
    )  # fmt: skip
    plan = codec.plan(nodes, (6, 7, 11, 12))
    item = {"a": 2**70, "b": None, "c": ["x" * 20, "é"], "d": {"k" * 9: 2**40}}
    values = (
        [item, item],
        {"Some": item},
        (1000, "text", Point(5000, 6000), Principal(b"\7" * 9)),
        b"blob" * 9,
    )
    data = codec.call("encode", plan, values)
    assert codec.call("decode", plan, data) == values
    wider = codec.plan((*nodes, ("nat8",)), (6, 7, 11, 12, 13))
    shifted = codec.call("encode", wider, (*values, 7))
    assert abs(codec.call("leaks", "encode", plan, values)) < 20
    assert abs(codec.call("leaks", "decode", plan, data)) < 20
    assert abs(codec.call("leaks", "decode", plan, shifted)) < 20
    assert abs(codec.call("leaks", "encode", plan, (*values[:3], "wrong"))) < 20
    for end in range(1, len(data), 7):
        assert abs(codec.call("leaks", "decode", plan, data[:-end])) < 20
        assert abs(codec.call("leaks", "decode", plan, shifted[:-end])) < 20


NUMBERS = "nat int nat8 nat16 nat32 nat64 int8 int16 int32 int64 float32 float64"
SCALARS = f"bool {NUMBERS} text blob null principal".split()
FITS = {"bool": (True,), "text": ("x",), "null": (None,), "blob": (b"x",), "principal": (Principal(b"x"),)}
WORDS = {"bool": "bool", "text": "str", "null": "None", "blob": "bytes", "principal": "Principal"}


def deep(name: str) -> tuple[Any, ...]:
    """A plan for ``record { items : vec record { count : T } }``."""
    return (PRINCIPAL if name == "principal" else (name,), record(count=0), ("vec", 1), record(items=2))


@pytest.mark.parametrize("name", SCALARS)
def test_every_scalar_names_its_place(codec: Codec, name: str) -> None:
    """A value of another Python type, and one of another Candid type, at each scalar type."""
    plan = codec.plan(deep(name), (3,))
    number = name not in FITS
    good = (1.0 if "float" in name else 1,) if number else FITS[name]
    wrong: list[Any] = ["x" if name != "text" else 1, [], {}]
    wrong += [True, None] if number else [1]
    word = WORDS.get(name, "float" if "float" in name else "int")
    for value in wrong:
        with pytest.raises(CodecError, match=rf"^result\.items\[1\]\.count: expected {word}, got "):
            codec.call("encode", plan, ({"items": [{"count": good[0]}, {"count": value}]},))
    for other in SCALARS:
        if other in (name, "blob") or (name, other) == ("int", "nat"):
            continue
        values = FITS.get(other, (1.0 if "float" in other else 1,))
        data = codec.call("encode", codec.plan(deep(other), (3,)), ({"items": [{"count": values[0]}]},))
        with pytest.raises(
            CodecError, match=rf"^argument\.items\[0\]\.count: expected {name}, found {other}$"
        ):
            codec.call("decode", plan, data)
    data = codec.call("encode", plan, ({"items": [{"count": good[0]}]},))
    if name != "null":
        with pytest.raises(CodecError, match=r"^argument\.items"):
            codec.call("decode", plan, data[:-1])

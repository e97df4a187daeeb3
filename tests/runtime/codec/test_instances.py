"""Dataclasses: which are made without their constructor, and that nobody can tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.testing.local import LocalCanister

from .codec_driver import Point
from .native import Codec, CodecError
from .test_values import fields

ANYBODY = Principal.anonymous()

CLASSES = """\
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from basilisk import Vec, nat8, query, text, update
from basilisk.instances import set_fields

EVENTS = []


@dataclass
class Plain:
    a: nat8
    b: nat8


@dataclass
class Reversed:
    b: nat8
    a: nat8


@dataclass(frozen=True)
class Frozen:
    a: nat8
    b: nat8


@dataclass(kw_only=True)
class ByName:
    b: nat8
    a: nat8


@dataclass
class Defaults:
    count: ClassVar[int] = 3
    a: nat8 = 5
    b: nat8 = field(default=7, kw_only=True)


@dataclass
class Factory:
    a: nat8
    b: nat8 = field(default_factory=lambda: EVENTS.append("factory") or 9)


@dataclass(frozen=True)
class FrozenFactory:
    a: nat8
    b: nat8 = field(default_factory=lambda: EVENTS.append("factory") or 9)


@dataclass
class Base(ABC):
    b: nat8

    @property
    def double(self):
        return 2 * self.b


@dataclass(order=True, unsafe_hash=True)
class Child(Base):
    a: nat8


@dataclass
class Named:
    a: nat8
    b: nat8

    def __getattr__(self, name):
        raise AttributeError(name)


@dataclass
class Post:
    a: nat8
    b: nat8

    def __post_init__(self):
        EVENTS.append("post")


@dataclass(slots=True)
class Slots:
    a: nat8
    b: nat8


@dataclass(init=False)
class Init:
    a: nat8
    b: nat8

    def __init__(self, a, b):
        EVENTS.append("init")
        self.a = a
        self.b = b


@dataclass
class New:
    a: nat8
    b: nat8

    def __new__(cls, **fields):
        EVENTS.append("new")
        return super().__new__(cls)


class Calling(type):
    def __call__(cls, **fields):
        EVENTS.append("call")
        return super().__call__(**fields)


@dataclass
class Meta(metaclass=Calling):
    a: nat8
    b: nat8


@dataclass
class Setting:
    a: nat8
    b: nat8

    def __setattr__(self, name, value):
        EVENTS.append(f"set {name}")
        super().__setattr__(name, value)


@dataclass
class Getting:
    a: nat8
    b: nat8

    def __getattribute__(self, name):
        return super().__getattribute__(name)


@dataclass
class Deleting:
    a: nat8
    b: nat8

    def __del__(self):
        EVENTS.append("del")


@dataclass
class Property:
    a: nat8
    b: nat8

    @property
    def b(self):
        EVENTS.append("get")
        return self.__dict__["hidden"]

    @b.setter
    def b(self, value):
        EVENTS.append("set")
        self.__dict__["hidden"] = value


@dataclass
class Abstract(ABC):
    a: nat8
    b: nat8

    @abstractmethod
    def missing(self): ...


@dataclass
class Initialised:
    a: nat8
    b: nat8


@dataclass
class Covered:
    a: nat8
    b: nat8


@query
def direct() -> Vec[text]:
    return DIRECT


def describe(value):
    events = EVENTS[:]
    return f"{type(value).__name__} {value.a} {value.b} {list(getattr(value, '__dict__', ()))} {events}"


@update
def change() -> None:
    def init(self, a, b):
        EVENTS.append("late init")
        self.a, self.b = b, a

    Initialised.__init__ = init
    get, set = lambda self: 40 + self.__dict__["b"], lambda self, value: self.__dict__.update(b=value)
    Covered.b = property(get, set)
"""

METHODS = """

@query
def see_{name}(value: {name}) -> text:
    return describe(value)


@query
def echo_{name}(value: {name}) -> {name}:
    return value
"""

END = """

NAMES = {names!r}
DIRECT = [name for name in NAMES if set_fields(globals()[name], ("a", "b"))]
"""

AB, BA = "['a', 'b']", "['b', 'a']"
#: What a method sees of an instance with a = 1 and b = 2, for the classes that are made directly.
DIRECT = {
    "Plain": f"1 2 {AB} []",
    "Reversed": f"1 2 {BA} []",
    "Frozen": f"1 2 {AB} []",
    "ByName": f"1 2 {BA} []",
    "Defaults": f"1 2 {AB} []",
    "Factory": f"1 2 {AB} []",
    "FrozenFactory": f"1 2 {AB} []",
    "Child": f"1 2 {BA} []",
    "Named": f"1 2 {AB} []",
    "Initialised": f"1 2 {AB} []",
    "Covered": f"1 2 {AB} []",
}
#: The same for those whose constructor is called.
CALLED = {
    "Post": f"1 2 {AB} ['post']",
    "Slots": "1 2 [] []",
    "Init": f"1 2 {AB} ['init']",
    "New": f"1 2 {AB} ['new']",
    "Meta": f"1 2 {AB} ['call']",
    "Setting": f"1 2 {AB} ['set a', 'set b']",
    "Getting": f"1 2 {AB} []",
    "Deleting": f"1 2 {AB} []",
    "Property": "1 2 ['a', 'hidden'] ['set']",
}


def program() -> str:
    """The classes, two methods for each, and the list of those that are made directly."""
    names = [*DIRECT, *CALLED, "Abstract"]
    return CLASSES + "".join(METHODS.format(name=name) for name in names) + END.format(names=names)


def seen(canister: LocalCanister, name: str) -> object:
    """What the method of a class sees, without the class's name."""
    (text,) = canister.call(f"see_{name}", [{"a": 1, "b": 2}], ANYBODY)
    return str(text).removeprefix(f"{name} ")


def test_classes(deploy: Callable[[str], LocalCanister]) -> None:
    """Constructors run when there is something to them; instances look as if all had.  Classes may change."""
    canister = deploy(program())
    assert canister.call("direct", [], ANYBODY) == [list(DIRECT)]
    everything = {**DIRECT, **CALLED}
    assert {name: seen(canister, name) for name in everything} == everything
    for name in everything:
        assert canister.call(f"echo_{name}", [{"a": 1, "b": 2}], ANYBODY) == [{"a": 1, "b": 2}]
    with pytest.raises(CallRejected, match="abstract"):
        seen(canister, "Abstract")

    canister.call("change", [], ANYBODY)
    assert seen(canister, "Initialised") == f"2 1 {AB} ['late init']"
    assert canister.call("echo_Initialised", [{"a": 1, "b": 2}], ANYBODY) == [{"a": 2, "b": 1}]
    assert seen(canister, "Covered") == f"1 42 {AB} []"
    assert canister.call("echo_Covered", [{"a": 1, "b": 2}], ANYBODY) == [{"a": 1, "b": 42}]
    assert seen(canister, "Plain") == DIRECT["Plain"]


@pytest.mark.parametrize("order", [("x", "y"), ("y", "x")])
def test_attributes_of_instances(codec: Codec, order: tuple[str, str]) -> None:
    """Instances made directly: the attributes, their order, changes to them and to the class, memory."""
    nodes = (("int",), ("opt", 0), ("record", "attrs", Point, fields(x=0, y=1), order))
    plan, data = codec.plan(nodes, (2,)), codec.call("encode", codec.plan(nodes, (2,)), (Point(300, -400),))
    for point in (Point(1, None), Point(-5, 7), Point(2**70, -(2**70))):
        assert codec.call("decode", plan, codec.call("encode", plan, (point,))) == (point,)
    assert codec.call("attributes", plan, data) == {
        "names": list(order),
        "tracked": True,
        "encoded": [True] * 5,
        "missing": "result: missing attribute y",
        "counted": 0,
        "changed": ("x", 300, -400),
    }
    assert abs(codec.call("leaks", "decode", plan, data)) < 50
    assert abs(codec.call("leaks", "decode", plan, data[:-1])) < 50
    with pytest.raises(CodecError, match=r"^result\.x: expected int, got str$"):
        codec.call("encode", plan, (Point("1", 2),))  # type: ignore[arg-type]
    with pytest.raises(CodecError, match=r"^result: expected Point, got dict$"):
        codec.call("encode", plan, ({"x": 1, "y": 2},))


def test_order_must_name_the_fields(codec: Codec) -> None:
    """A plan that would set other attributes than the record has is refused."""
    for order in (("x",), ("x", "z"), ("x", "x"), ("x", "y", "z")):
        node = ("record", "attrs", Point, fields(x=0, y=0), order)
        kind, name, message = codec.ask("compile_plan", (("int",), node), (1,))
        assert (kind, name) == ("raised", "ValueError") and "the attributes of a record" in message

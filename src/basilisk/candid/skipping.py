"""Walks over values nobody wants, checking that they are well-formed.

Source: Candid specification, "Memory" and "Deserialisation of future types".
"""

from __future__ import annotations

from .graph import FUNC, FUTURE, NAMES, OPT, RECORD, SERVICE, VARIANT, VEC
from .message import Head, Reader

__all__ = ["FIXED_SIZES", "Skipper"]

FIXED_SIZES = {
    "null": 0,
    "reserved": 0,
    "bool": 1,
    "nat8": 1,
    "int8": 1,
    "nat16": 2,
    "int16": 2,
    "nat32": 4,
    "int32": 4,
    "float32": 4,
    "nat64": 8,
    "int64": 8,
    "float64": 8,
}
"""Bytes of a value, for the primitive types where that is always the same."""


class Skipper:
    """Skips values of a message's types."""

    def __init__(self, reader: Reader, head: Head) -> None:
        self.reader = reader
        self.nodes = head.graph.nodes
        self.endless = head.endless
        self._least: dict[int, int] = {}

    def least(self, number: int) -> int:
        """A lower bound of the bytes a value takes."""
        if number < 0:
            return FIXED_SIZES.get(NAMES[number], 1)
        node = self.nodes[number]
        if node.kind != RECORD:
            return 1
        if number not in self._least:
            # Records inside count as empty: exact enough, and cheap for any nesting.
            self._least[number] = sum(
                self.least(child) for child in node.children if child < 0 or self.nodes[child].kind != RECORD
            )
        return self._least[number]

    def elements(self, child: int) -> int:
        """Reads the length of a vec and makes sure that it is plausible."""
        count = self.reader.count("elements", self.least(child))
        self.reader.charge(count)
        return count

    def skip(self, number: int) -> None:
        """Moves behind one value of the type."""
        reader = self.reader
        stack = [(number, 1)]
        while stack:
            number, times = stack.pop()
            if number < 0:
                self._primitives(number, times)
                continue
            if times > 1:
                stack.append((number, times - 1))
            reader.charge(1)
            node = self.nodes[number]
            kind = node.kind
            if kind == OPT:
                if reader.bool():
                    stack.append((node.children[0], 1))
            elif kind == VEC:
                count = self.elements(node.children[0])
                if count:
                    stack.append((node.children[0], count))
            elif kind == RECORD:
                self.check_ends(number)
                reader.charge(len(node.children))
                stack.extend([(child, 1) for child in reversed(node.children)])
            elif kind == VARIANT:
                stack.append((node.children[self.alternative(len(node.children))], 1))
            elif kind == FUNC:
                reader.func()
            elif kind == SERVICE:
                reader.principal()
            else:
                assert kind == FUTURE
                self.future()

    def check_ends(self, number: int) -> None:
        """Refuses records that contain themselves: no message could hold one."""
        if number in self.endless:
            self.reader.fail("the message has a value of a type that contains itself without end")

    def alternative(self, count: int) -> int:
        """The index of a variant's alternative."""
        index = self.reader.unsigned()
        if index >= count:
            self.reader.fail(f"a variant of {count} alternatives has no number {index}")
        return index

    def future(self) -> None:
        """A value of a future type: its length, its number of references, its bytes."""
        size = self.reader.unsigned()
        self.reader.unsigned()
        self.reader.take(size)

    def _primitives(self, number: int, times: int) -> None:
        reader = self.reader
        name = NAMES[number]
        if name == "bool":
            if reader.take(times).strip(b"\0\1"):
                reader.fail("a bool is neither 0 nor 1")
        elif name in FIXED_SIZES:
            reader.take(times * FIXED_SIZES[name])
        elif name in ("nat", "int"):
            for _ in range(times):
                reader.skip_leb()
        elif name == "text":
            for _ in range(times):
                reader.text()
        elif name == "principal":
            for _ in range(times):
                reader.principal()
        else:
            reader.fail("the message has a value of type empty, which has no values")

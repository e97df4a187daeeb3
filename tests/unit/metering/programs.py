"""Random programs, and what they must do and cost, worked out one instruction at a time.

A program is a tree of statements that is written as text for the engines and executed here by walking the
tree.  The walk adds the cost of each instruction when it is executed, and knows nothing of segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

LOCALS = 4
MEMORY = 256
MASK = 0xFFFF_FFFF

Expression = tuple[Any, ...]
Statement = tuple[Any, ...]


# ---- generation -----------------------------------------------------------------------------------------

_BINARY = {
    "i32.add": (1, lambda a, b: a + b),
    "i32.sub": (1, lambda a, b: a - b),
    "i32.mul": (1, lambda a, b: a * b),
    "i32.and": (1, lambda a, b: a & b),
    "i32.xor": (1, lambda a, b: a ^ b),
    "i32.lt_u": (1, lambda a, b: int(a < b)),
    "i32.rem_u": (10, lambda a, b: a % b),
}

_locals = st.integers(0, LOCALS - 1)
_constants = st.integers(0, 9)


def _extend(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    plain = st.sampled_from([name for name in _BINARY if name != "i32.rem_u"])
    return st.one_of(
        st.tuples(st.just("binary"), plain, inner, inner),
        st.tuples(st.just("rem"), inner, st.integers(1, 9)),
        st.tuples(st.just("load"), inner),
        st.tuples(st.just("tee"), _locals, inner),
        st.tuples(st.just("select"), inner, inner, inner),
        st.tuples(st.just("call"), inner),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        st.tuples(st.just("const"), _constants),
        st.tuples(st.just("local"), _locals),
        st.tuples(st.just("global")),
    ),
    _extend,
    max_leaves=4,
)


def _nest(inner: st.SearchStrategy[list[Statement]]) -> st.SearchStrategy[list[Statement]]:
    return st.lists(
        st.one_of(
            _simple,
            st.tuples(st.just("if"), expressions, inner, st.none() | inner),
            st.tuples(st.just("block"), inner),
            st.tuples(st.just("loop"), st.integers(0, 2), inner),
        ),
        max_size=4,
    )


_simple: st.SearchStrategy[Statement] = st.one_of(
    st.tuples(st.just("set"), _locals, expressions),
    st.tuples(st.just("set global"), expressions),
    st.tuples(st.just("store"), expressions, expressions),
    st.tuples(st.just("drop"), expressions),
    st.tuples(st.just("nop")),
    st.tuples(st.just("fill"), expressions, expressions),
    st.tuples(st.just("copy"), expressions),
    st.tuples(st.just("grow")),
    st.tuples(st.just("size")),
    st.tuples(st.just("indirect"), expressions),
    st.tuples(st.just("branch"), st.integers(0, 3)),
    st.tuples(st.just("branch if"), st.integers(0, 3), expressions),
    st.tuples(st.just("table"), st.integers(0, 3), st.integers(0, 3), expressions),
    st.tuples(st.just("return"), expressions),
)

bodies: st.SearchStrategy[list[Statement]] = st.recursive(st.lists(_simple, max_size=4), _nest, max_leaves=5)

#: A program is a few functions of type i32 -> i32; each calls the next one only, so that it ends.
programs: st.SearchStrategy[list[list[Statement]]] = st.lists(bodies, min_size=1, max_size=3)


# ---- as text --------------------------------------------------------------------------------------------


def text(program: list[list[Statement]]) -> str:
    """The program as a module; ``run`` calls the first function with 3 and stores what it returns."""
    functions = [
        f"(func $f{number} (type $t) (local{' i32' * (LOCALS - 1 + 8)})"
        f" {_block(body, number, 0, 0)} (local.get 0))"
        for number, body in enumerate(program)
    ]
    last = f"(func $f{len(program)} (type $t) (i32.mul (local.get 0) (i32.const 3)))"
    names = " ".join(f"$f{number}" for number in range(len(program) + 1))
    return (
        "(module (type $t (func (param i32) (result i32))) (memory 1 3) (global $g (mut i32) (i32.const 5))"
        f" (table funcref (elem {names})) {' '.join(functions)} {last}"
        ' (func (export "run") (i32.store (i32.const 1024) (call $f0 (i32.const 3)))))'
    )


def _block(body: list[Statement], number: int, depth: int, loops: int) -> str:
    return " ".join(_statement(item, number, depth, loops) for item in body)


def _statement(item: Statement, number: int, depth: int, loops: int) -> str:
    def value(part: Expression) -> str:
        return _expression(part, number)

    kind = item[0]
    if kind == "set":
        return f"(local.set {item[1]} {value(item[2])})"
    if kind == "set global":
        return f"(global.set $g {value(item[1])})"
    if kind == "store":
        return f"(i32.store8 (i32.and {value(item[1])} (i32.const 255)) {value(item[2])})"
    if kind == "drop":
        return f"(drop {value(item[1])})"
    if kind == "nop":
        return "nop"
    if kind == "fill":
        size = f"(i32.and {value(item[2])} (i32.const 63))"
        return f"(memory.fill (i32.const 32) {value(item[1])} {size})"
    if kind == "copy":
        return f"(memory.copy (i32.const 128) (i32.const 0) (i32.and {value(item[1])} (i32.const 63)))"
    if kind == "grow":
        return "(local.set 1 (memory.grow (i32.const 1)))"
    if kind == "size":
        return "(local.set 2 (memory.size))"
    if kind == "indirect":
        return f"(local.set 3 (call_indirect (type $t) {value(item[1])} (i32.const {number + 1})))"
    if kind == "branch":
        return f"(br {item[1]})" if item[1] < depth else "nop"
    if kind == "branch if":
        return f"(br_if {item[1]} {value(item[2])})" if item[1] < depth else "nop"
    if kind == "table":
        if max(item[1], item[2]) >= depth:
            return "nop"
        return f"(br_table {item[1]} {item[2]} {value(item[3])})"
    if kind == "return":
        return f"(return {value(item[1])})"
    if kind == "if":
        then = _block(item[2], number, depth + 1, loops)
        other = "" if item[3] is None else f"(else {_block(item[3], number, depth + 1, loops)})"
        return f"(if {value(item[1])} (then {then}) {other})"
    if kind == "block":
        return f"(block {_block(item[1], number, depth + 1, loops)})"
    assert kind == "loop"
    counter = LOCALS + min(loops, 7)
    inner = _block(item[2], number, depth + 2, loops + 1)
    # The counter is raised first, so that whatever branches to the loop ends some day.
    return (
        f"(local.set {counter} (i32.const 0))"
        f"(loop (if (i32.lt_u (local.get {counter}) (i32.const {item[1]})) (then"
        f" (local.set {counter} (i32.add (local.get {counter}) (i32.const 1))) {inner} (br 1))))"
    )


def _expression(part: Expression, number: int) -> str:
    kind = part[0]
    if kind == "const":
        return f"(i32.const {part[1]})"
    if kind == "local":
        return f"(local.get {part[1]})"
    if kind == "global":
        return "(global.get $g)"
    if kind == "binary":
        return f"({part[1]} {_expression(part[2], number)} {_expression(part[3], number)})"
    if kind == "rem":
        return f"(i32.rem_u {_expression(part[1], number)} (i32.const {part[2]}))"
    if kind == "load":
        return f"(i32.load8_u (i32.and {_expression(part[1], number)} (i32.const 255)))"
    if kind == "tee":
        return f"(local.tee {part[1]} {_expression(part[2], number)})"
    if kind == "select":
        return f"(select {' '.join(_expression(item, number) for item in part[1:])})"
    assert kind == "call"
    return f"(call $f{number + 1} {_expression(part[1], number)})"


# ---- by walking the tree --------------------------------------------------------------------------------


class TooLong(Exception):
    """The program takes more steps than a test should."""


class _Branch(Exception):
    def __init__(self, depth: int) -> None:
        self.depth = depth


class _Return(Exception):
    def __init__(self, value: int) -> None:
        self.value = value


@dataclass
class Walk:
    """Executes a program; ``cost`` is what the network counts for it."""

    program: list[list[Statement]]
    cost: int = 0
    pages: int = 1
    global_: int = 5
    memory: bytearray = field(default_factory=lambda: bytearray(4096))

    def run(self) -> None:
        """Execute ``run``.  Raises TooLong."""
        self._pay(1 + 1 + 1 + 5 + 1)  # entry; two constants, call, store
        self.memory[1024:1028] = self._function(0, 3).to_bytes(4, "little")

    def _pay(self, cost: int) -> None:
        self.cost += cost
        if self.cost > 2_000_000:
            raise TooLong

    def _function(self, number: int, argument: int) -> int:
        self._pay(1)
        if number == len(self.program):
            self._pay(3)
            return argument * 3 & MASK
        frame = _Frame(self, number, argument)
        try:
            frame.block(self.program[number], 0, 0)
        except _Return as result:
            return result.value
        self._pay(1)
        return frame.locals[0]


class _Frame:
    def __init__(self, walk: Walk, number: int, argument: int) -> None:
        self.walk = walk
        self.number = number
        self.locals = [argument] + [0] * (LOCALS - 1)
        self.pay = walk._pay

    def value(self, part: Expression) -> int:
        kind, walk = part[0], self.walk
        if kind == "const":
            self.pay(1)
            return int(part[1])
        if kind == "local":
            self.pay(1)
            return self.locals[part[1]]
        if kind == "global":
            self.pay(2)
            return walk.global_
        if kind == "binary":
            cost, operation = _BINARY[part[1]]
            left, right = self.value(part[2]), self.value(part[3])
            self.pay(cost)
            return int(operation(left, right)) & MASK
        if kind == "rem":
            left = self.value(part[1])
            self.pay(1 + 10)
            return left % int(part[2])
        if kind == "load":
            address = self.value(part[1]) & 255
            self.pay(1 + 1 + 1)  # constant, and, load
            return walk.memory[address]
        if kind == "tee":
            self.locals[part[1]] = result = self.value(part[2])
            self.pay(1)
            return result
        if kind == "select":
            first, second, condition = (self.value(item) for item in part[1:])
            self.pay(1)
            return first if condition else second
        argument = self.value(part[1])
        self.pay(5)
        return walk._function(self.number + 1, argument)

    def block(self, body: list[Statement], depth: int, loops: int) -> None:
        for item in body:
            self.statement(item, depth, loops)

    def labelled(self, body: list[Statement], depth: int, loops: int) -> None:
        """A block or a branch of an if: a label whose target is its end."""
        try:
            self.block(body, depth, loops)
        except _Branch as branch:
            if branch.depth:
                raise _Branch(branch.depth - 1) from None

    def statement(self, item: Statement, depth: int, loops: int) -> None:
        kind, walk = item[0], self.walk
        if kind == "set":
            self.locals[item[1]] = self.value(item[2])
            self.pay(1)
        elif kind == "set global":
            walk.global_ = self.value(item[1])
            self.pay(2)
        elif kind == "store":
            address = self.value(item[1]) & 255
            self.pay(1 + 1)  # constant, and
            walk.memory[address] = self.value(item[2]) & 255
            self.pay(1)
        elif kind == "drop":
            self.value(item[1])
            self.pay(1)
        elif kind == "fill":
            self.pay(1)
            byte = self.value(item[1])
            size = self.value(item[2]) & 63
            self.pay(1 + 1 + 100 + size)
            walk.memory[32 : 32 + size] = bytes((byte & 255,)) * size
        elif kind == "copy":
            self.pay(1 + 1)
            size = self.value(item[1]) & 63
            self.pay(1 + 1 + 100 + size)
            walk.memory[128 : 128 + size] = walk.memory[:size]
        elif kind == "grow":
            self.pay(1 + 300 + 1)
            self.locals[1] = walk.pages if walk.pages < 3 else MASK
            walk.pages = min(3, walk.pages + 1)
        elif kind == "size":
            self.pay(20 + 1)
            self.locals[2] = walk.pages
        elif kind == "indirect":
            argument = self.value(item[1])
            self.pay(1 + 10)
            self.locals[3] = walk._function(self.number + 1, argument)
            self.pay(1)
        elif kind == "return":
            result = self.value(item[1])
            self.pay(1)
            raise _Return(result)
        elif kind in ("branch", "branch if", "table"):
            self.branch(item, depth)
        elif kind == "if":
            chosen = self.value(item[1])
            self.pay(2)
            self.labelled(item[2] if chosen else item[3] or [], depth + 1, loops)
        elif kind == "block":
            self.labelled(item[1], depth + 1, loops)
        elif kind == "loop":
            self.loop(item, depth, loops)
        else:
            self.pay(1)  # nop

    def branch(self, item: Statement, depth: int) -> None:
        kind, target = item[0], int(item[1])
        if max(item[1:3] if kind == "table" else item[1:2]) >= depth:
            self.pay(1)  # there is no such label, a nop stands there
            return
        if kind != "branch":
            operand = self.value(item[-1])
        self.pay(2)
        if kind == "table":
            target = int(item[1]) if operand == 0 else int(item[2])
        elif kind == "branch if" and not operand:
            return
        raise _Branch(target)

    def loop(self, item: Statement, depth: int, loops: int) -> None:
        self.pay(1 + 1)
        counter, again = 0, True
        while again:
            again = False
            self.pay(1 + 1 + 1 + 2)  # local.get, constant, comparison, if
            if counter >= item[1]:
                return
            counter += 1
            self.pay(1 + 1 + 1 + 1)
            try:
                self.block(item[2], depth + 2, loops + 1)
                self.pay(2)
                again = True
            except _Branch as branch:
                if branch.depth > 1:
                    raise _Branch(branch.depth - 2) from None
                again = branch.depth == 1  # 0 leaves the if, and with it the loop

"""Decodes Candid messages, at expected types or at the types the message brings.

Source: Candid specification, "Deserialisation", "Coercion" and "Memory".

For every pair of a type in the message and an expected type a *plan* is made once.  A small machine runs
plans with a stack of frames, one for each value under construction; it needs no Python recursion, and a
value that does not fit unwinds the frames to the nearest option, which skips its content and becomes null.
Malformed bytes are never forgiven, whether they are wanted or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import CandidError
from .graph import Graph
from .message import BASE_BUDGET, BYTE_BUDGET, Head, Reader, read_head
from .plans import Frame, Mismatch, Plan, Plans
from .skipping import Skipper
from .types import Argument, Environment, Type

__all__ = ["decode"]


def decode(
    data: bytes,
    types: Sequence[Type | Argument] | None = None,
    environment: Environment | None = None,
    *,
    budget: int | None = None,
) -> list[object]:
    """The values of a message as Python values.

    With ``types`` the values are converted to them by the rules of Candid subtyping; names refer to
    ``environment``.  Without, record and variant keys are the numeric field ids.  ``budget`` limits the
    work (about one unit a value) and thereby memory; by default it follows the length of the message.
    Raises :class:`CandidError` for anything that is not a message of these types, with the path of the
    value where there is one.
    """
    data = bytes(data)
    reader = Reader(data, BASE_BUDGET + BYTE_BUDGET * len(data) if budget is None else budget)
    head = read_head(reader)
    expected: Graph | None = None
    wanted = list(head.arguments)
    if types is not None:
        expected = Graph()
        wanted = expected.add(types, environment)
    machine = _Machine(reader, head, expected)
    values: list[object] = []
    for index, number in enumerate(wanted):
        if index < len(head.arguments):
            values.append(machine.run(head.arguments[index], number, f"args[{index}]"))
        else:
            assert expected is not None
            if not expected.nullable(number):
                raise CandidError(
                    f"the message has {len(head.arguments)} values, {expected.describe(number)} is expected",
                    path=f"args[{index}]",
                )
            values.append(None)
    for number in head.arguments[len(wanted) :]:
        machine.skipper.skip(number)
    if reader.pos != reader.end:
        reader.fail(f"{reader.end - reader.pos} bytes follow the last value")
    return values


class _Machine:
    """Runs plans; see the module's text."""

    def __init__(self, reader: Reader, head: Head, expected: Graph | None) -> None:
        self.reader = reader
        self.skipper = Skipper(reader, head)
        self.plans = Plans(reader, head, expected, self.skipper)

    def run(self, actual: int, wanted: int, name: str) -> object:
        """Decodes one value; ``name`` starts the paths of errors."""
        stack: list[Frame] = []
        try:
            return self._run(self.plans.get(actual, wanted), stack)
        except CandidError as error:
            path = name + "".join(frame.place() for frame in stack)
            raise CandidError(error.what, path=path, cause=error.cause) from None

    def _run(self, plan: Plan, stack: list[Frame]) -> object:
        current: Plan | None = plan
        value: Any = None
        while True:
            try:
                while True:
                    if current is not None:
                        if current.leaf:
                            value = current.read()
                        else:
                            frame = current.open()
                            stack.append(frame)
                            current = frame.next()
                            if current is not None:
                                continue
                            value = frame.value
                            stack.pop()
                    if not stack:
                        return value
                    frame = stack[-1]
                    frame.put(value)
                    current = frame.next()
                    if current is None:
                        value = stack.pop().value
            except Mismatch:
                if not self._recover(stack):
                    raise
                value = current = None

    def _recover(self, stack: list[Frame]) -> bool:
        """Unwinds to the innermost option and skips its content; false when there is none."""
        for index in range(len(stack) - 1, -1, -1):
            start = stack[index].start
            if start is not None:
                self.reader.pos = start
                self.skipper.skip(stack[index].actual)
                del stack[index:]
                return True
        return False

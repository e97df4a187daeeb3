"""Programs do the same before and after migration: random programs, driven with the same answers."""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Generator, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from basilisk.migrate import migrate_text
from basilisk.results import CallResult

HEAD = """
from kybra import Async, CanisterResult, ic, opt, update

out = []
"""


class Call:
    """A call as the bridge makes it: yielded it gives a result, awaited the value or the error."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def with_cycles(self, cycles: int) -> Call:
        self.arguments += (cycles,)
        return self

    def __iter__(self) -> Generator[Call, Any, Any]:
        return (yield self)

    def result(self) -> Outcome:
        return Outcome(self)


class Outcome:
    """What `Call.result` gives."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def __await__(self) -> Generator[Call, Any, Any]:
        return (yield self.call)


class World:
    """Runs one program: imports of our packages, answers to its calls, its timers."""

    def __init__(self, text: str, answers: Sequence[bool]) -> None:
        self.answers = list(answers)
        self.seen: list[object] = []
        self.timers: list[Callable[[], Any]] = []
        ic = types.SimpleNamespace(call_raw=Call, set_timer=lambda _, function: self.timers.append(function))
        ours = {"ic": ic, "update": lambda f: f, "CallResult": CallResult, "CanisterResult": CallResult}
        forms = dict.fromkeys(("Async", "Opt", "opt"), list)

        def import_(name: str, *rest: Any) -> Any:
            assert name in ("kybra", "basilisk"), name
            return types.SimpleNamespace(**ours, **forms)

        self.names: dict[str, Any] = {"__builtins__": {**builtins.__dict__, "__import__": import_}}
        exec(compile(text, "main.py", "exec", dont_inherit=True), self.names)

    def run(self) -> list[object]:
        """Calls every function, then the timers they set; everything that could be seen."""
        for name in sorted(name for name in self.names if name.startswith("f")):
            self.seen.append(self.drive(self.names[name]()))
            while self.timers:
                self.seen.append(("timer", self.drive(self.timers.pop(0)())))
        return [*self.seen, list(self.names["out"])]

    def drive(self, routine: Any) -> object:
        """As the driver in a canister does: calls are answered, generators and coroutines waited for."""
        if not hasattr(routine, "send"):
            return ("value", routine)
        stack, value = [routine], None
        while True:
            try:
                waited = stack[-1].send(value)
            except StopIteration as ended:
                stack.pop()
                value = ended.value
                if not stack:
                    return value
                continue
            if isinstance(waited, Call):
                self.seen.append(waited.arguments)
                good = self.answers.pop(0) if self.answers else True
                value = CallResult(Ok=len(self.seen)) if good else CallResult(Err="refused")
            elif hasattr(waited, "send"):
                stack.append(waited)
                value = None
            else:
                value = waited  # a plain generator that somebody drives; it is told its own values


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Functions that wait for calls and for functions further down, in all ways, some of them unusual."""
    count = draw(st.integers(1, 4))
    parts = [HEAD]
    for index in range(count):
        later = [f"f{other}" for other in range(index + 1, count)]
        lines = draw(st.lists(st.sampled_from(_statements(later)), min_size=1, max_size=5))
        decorator = draw(st.sampled_from(["", "@update\n"]))
        annotation = draw(st.sampled_from(["", " -> Async[opt[int]]", " -> Async[int]"]))
        end = draw(st.sampled_from(["    return len(out)\n", "    return (r.ok, r.err)\n", ""]))
        body = "    r = yield ic.call_raw('p', 'start', b'')\n" + "".join(f"    {line}\n" for line in lines)
        parts.append(f"{decorator}def f{index}(){annotation}:\n{body}{end}\n")
    parts.append(draw(st.sampled_from(["", *(f"x = f{index}\n" for index in range(count))])))
    return "\n".join(parts)


def _statements(later: Sequence[str]) -> list[str]:
    own = [
        "r = yield ic.call_raw('p', 'm', b'1')",
        "r: CanisterResult[int] = yield ic.call_raw('p', 'm', b'2', 5)",
        "yield ic.call_raw('p', 'n', b'').with_cycles(7)",
        "r = yield from ic.call_raw('p', 'delegated', b'')",
        "out.append(r.ok if r.err is None else r['err'])",
        "out.append('err' in r)",
        "if r.ok: out.append((yield ic.call_raw('p', 'inner', b'')).err)",
        "out.extend(x for x in (1, 2))",
        "call = ic.call_raw('p', 'kept', b''); s = yield call; out.append(s.err)",
        "other = {'ok': 1}; out.append(other['ok'])",
        "yield 5",
        "for x in [1, 2]: r = yield ic.call_raw('p', 'loop', str(x).encode())",
    ]
    for name in later:
        own += [
            f"v = yield {name}(); out.append(v)",
            f"v = yield from {name}(); out.append(v)",
            f"ic.set_timer(1, {name})",
            f"ic.set_timer(1, lambda: {name}())",
            f"g = {name}(); out.append(next(g).arguments); g.close()",
        ]
    return own


@given(programs(), st.lists(st.booleans(), max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_program_does_the_same_before_and_after(program: str, answers: list[bool]) -> None:
    """The same calls in the same order, the same values; and a second migration changes nothing."""
    new, _ = migrate_text(program)
    assert "kybra" not in new
    assert migrate_text(new)[0] == new
    assert World(new, answers).run() == World(program, answers).run()


def test_most_random_programs_do_change() -> None:
    """The property above would hold of a migration that does nothing; this one makes coroutines."""
    new, _ = migrate_text(HEAD + "def f0():\n    r = yield ic.call_raw('p', 'm', b'')\n    return r.ok\n")
    assert "async def f0():\n    r = await ic.call_raw('p', 'm', b'').result()\n    return r.Ok\n" in new

"""Generated programs: whatever they do, they end properly and leave the canister whole."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .attacked import COMPLETE, Attacked, Program

_LEAVES = (
    "None",
    "b''",
    "'x'",
    "()",
    "[1]",
    "{1: 2}",
    "frozenset()",
    "1.5",
    "2**70",
    "iter([1])",
    "len",
    "int",
)
_WRAPS = (
    "[v]",
    "(v,)",
    "{1: v}",
    "slice(v)",
    "property(v)",
    "staticmethod(v)",
    "functools.partial(len, v)",
    "types.MethodType(len, v)",
    "types.GenericAlias(list, (v,))",
    "types.SimpleNamespace(v=v)",
    "types.CellType(v)",
    "collections.deque([v])",
    "collections.OrderedDict(v=v)",
    "Slots(v)",
    "Plain(v)",
    "Loud(v)",
    "(lambda w: lambda: w)(v)",
    "ValueError(v)",
    "itertools.chain([v])",
    "map(str, [v])",
    "zip([v])",
    "enumerate([v])",
    "started(v)",
    "memoryview(bytearray(8)) if v is None else [v, v][:1]",
)
_USES = (
    "repr(v)",
    "hash(v)",
    "v == v2",
    "v < v2",
    "copy.deepcopy(v)",
    "pickle.dumps(v)",
    "marshal.dumps(v)",
    "json.dumps(v)",
    "str(v) + 'x'",
    "'%r' % (v,)",
    "list(v)",
    "len(v)",
    "v[0]",
    "v()",
    "v.x",
    "bool(v)",
    "isinstance(1, v)",
    "gc.collect()",
    "del v",
    "v2 = None",
    "kept.append(v)",
    "kept.clear()",
    "v.append(v)",
    "v.x = v",
    "1 / 0",
    "weakref.ref(v, lambda r: kept.clear())",
    "at_the_bottom(lambda: repr(v))",
    "at_the_bottom(kept.clear)",
    "sorted([v, v2, v])",
    "{v: v2}",
    "{v, v2}",
    "[0] * 10**9",
    "bytearray(2**31 - 10)",
    "'x' * 10**10",
    "1 << 10**10",
    "compile('-' * 100000 + '1', 'x', 'eval')",
    "re.match('(a+)+b', 'a' * 30)",
    "sys.exit(v)",
)
_PRELUDE = """\
import collections, copy, functools, gc, itertools, json, marshal, pickle, re, sys, types, weakref
kept = []
class Slots:
    __slots__ = ('x', '__weakref__')
    def __init__(self, x): self.x = x
class Plain:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == getattr(other, 'x', None)
    def __hash__(self): return hash(self.x)
class Loud(Plain):
    def __del__(self): kept.append(self.x)
    def __repr__(self): return repr(self.x)
def started(x):
    def run():
        yield x
        yield x
    made = run()
    next(made)
    return made
"""


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Two values, each some wraps around a leaf, many times over; then uses of them."""
    lines = [_PRELUDE]
    for name in ("v2", "v"):
        lines.append(f"v = {draw(st.sampled_from(_LEAVES))}")
        for wrap in draw(st.lists(st.sampled_from(_WRAPS), min_size=1, max_size=3)):
            times = draw(st.sampled_from([1, 3, 500, 3000, 40_000]))
            lines.append(f"for _ in range({times}): v = {wrap}")
        lines.append(f"{name} = v")
    for use in draw(st.lists(st.sampled_from(_USES), min_size=1, max_size=5)):
        guard = draw(st.sampled_from(["except Exception: pass", "finally: kept[:50] = []", ""]))
        lines.append(f"try: {use}\n{guard}" if guard else use)
    return "\n".join(lines)


class Target:
    """One canister for all programs, so that damage by one is seen in those that follow."""

    attacked: Attacked | None = None


@settings(
    max_examples=2000 if COMPLETE else 60,
    deadline=None,
    derandomize=not COMPLETE,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    code=programs(),
    method=st.sampled_from(["caught", "bare", "asked"]),
    limit=st.sampled_from([0, 1_000_000]),
)
def test_any_program_ends_properly(program: Program, code: str, method: str, limit: int) -> None:
    """A reply, an exception of Python or the instruction limit; and then the control work gives the same, and
    each chunk, pool and block of the heap is accounted for."""
    if Target.attacked is None:
        Target.attacked = program.install(update_instructions=2_000_000_000, query_instructions=2_000_000_000)
    outcome = Target.attacked.send(method, code, limit)
    assert outcome.kind in ("reply", "exception", "instruction limit"), outcome
    Target.attacked.whole(objects=method == "caught")

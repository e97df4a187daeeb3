"""Metering changes nothing but the counter, and the counter is what an independent count says."""

from __future__ import annotations

from hypothesis import assume, given, settings

from basilisk.engine import Engine, TrapKind
from tests.unit.metering.conftest import run_on
from tests.unit.metering.programs import Statement, TooLong, Walk, programs, text


@settings(max_examples=200, deadline=None)
@given(program=programs)
def test_counter_and_results(
    engine: Engine, interpreter: Engine, plain: Engine, program: list[list[Statement]]
) -> None:
    """For any program: memory and globals are the same with and without metering and as the walk over the
    tree computes them; the counter equals the sum of the walk; interpreted, it is the same."""
    walk = Walk(program)
    try:
        walk.run()
    except TooLong:
        assume(False)
    module = text(program)
    metered, unmetered = run_on(engine, module), run_on(plain, module)
    assert metered.trap is None
    assert (metered.memory, metered.globals) == (unmetered.memory, unmetered.globals)
    assert metered.memory == bytes(walk.memory)
    assert metered.globals == {0: walk.global_}
    assert metered.instructions == walk.cost
    assert run_on(interpreter, module) == metered


@settings(max_examples=50, deadline=None)
@given(program=programs)
def test_a_lower_limit_stops_it(engine: Engine, program: list[list[Statement]]) -> None:
    """With any limit below its cost a program either is stopped, or ends with the same count: what exceeds
    the limit lies behind the last function entry or loop."""
    whole = run_on(engine, text(program), limit=2_000_000)
    assume(whole.trap is None)
    half = run_on(engine, text(program), limit=whole.instructions // 2)
    if half.trap is None:
        assert half == whole
    else:
        assert half.trap is TrapKind.OUT_OF_INSTRUCTIONS
        assert whole.instructions // 2 < half.instructions <= whole.instructions

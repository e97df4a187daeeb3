"""Depth: nested data, calls in calls, and what is freed one inside the other."""

from __future__ import annotations

import pytest

from .attack import attack, chosen
from .attacked import Attacked
from .cases import Case, read

#: Far beyond what Python frames may take, so that only recursion in C is counted.
NO_LIMIT = 1_000_000


@pytest.mark.parametrize("case", chosen(read("recursion")), ids=str)
def test_recursion_ends_in_an_exception(attacked: Attacked, case: Case) -> None:
    """Deep data and deep calls: RecursionError, or it works."""
    assert attack(attacked, case) == case.ends


@pytest.mark.parametrize("case", chosen(read("freeing")), ids=str)
def test_no_chain_is_too_long_to_free(attacked: Attacked, case: Case) -> None:
    """A hundred thousand objects of a kind, each held by the next."""
    assert attack(attacked, case) == case.ends


@pytest.mark.parametrize("case", read("inside"), ids=str)
@pytest.mark.parametrize("limit", [0, NO_LIMIT])
def test_recursion_inside_recursion(attacked: Attacked, case: Case, limit: int) -> None:
    """What recurses by itself, parsers above all, called where the stack is nearly used up."""
    outcome = attacked.send("caught", case.code, limit).exception
    attacked.whole(objects=False)
    assert outcome == case.ends or outcome == "RecursionError"


@pytest.mark.parametrize("count", [10, 20, 21, 22, 23, 30, 90, 199])
def test_nested_comprehensions(attacked: Attacked, count: int) -> None:
    """As many as there is room for; one more is a SyntaxError, also below as many blocks."""
    nested = "'[' * N + '1' + ' for x in y]' * N"
    blocks = "''.join(' ' * i + 'try:\\n' for i in range(19)) + ' ' * 19 + 'a = '"
    ends = "''.join('\\n' + ' ' * (18 - i) + 'finally: pass' for i in range(19))"
    alone = f"N = {count}\ncompile({nested}, 'x', 'eval')"
    below = f"N = {count}\ncompile({blocks} + {nested} + {ends}, 'x', 'exec')"
    for code in (alone, below):
        outcome = attacked.send("caught", code).exception
        attacked.whole(objects=False)
        assert outcome == ("fine" if count <= 21 else "SyntaxError" if count < 199 else "MemoryError")


def test_nested_comprehensions_answer(attacked: Attacked) -> None:
    """The deepest that compiles also runs, and an exception passes through all of its handlers."""
    code = "N = 21\ny = [1]\nresult = str(eval('[' * N + 'x' + ' for x in y]' * N)).count('[')"
    assert attacked.send("caught", code).text == "fine 21"
    code = "N = 21\ny = [1]\neval('[' * N + '1 / 0' + ' for x in y]' * N)"
    assert attacked.send("caught", code).exception == "ZeroDivisionError"
    attacked.whole()

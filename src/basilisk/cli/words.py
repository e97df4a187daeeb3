"""Calls as words of a command line: ``increment`` ``add 5`` ``greet '("World")'``, several in a row."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from basilisk.candid.types import Environment, Func, Prim, Ref, Type
from basilisk.errors import UsageError

__all__ = ["WordCall", "calls_of_line", "calls_of_words"]

WordCall = tuple[str, str]
"""A method's name and its arguments as Candid text in parentheses."""

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(\(.*\))\s*\Z", re.DOTALL)


def calls_of_words(
    words: Sequence[str], method: Callable[[str], Func], environment: Environment
) -> list[WordCall]:
    """Split ``words`` into calls.

    A method's name is followed by one word in parentheses, or by one plain word for each of its arguments:
    a text argument as it is, any other value in Candid's text form.  ``method`` gives a method's type and
    raises for an unknown name.  Raises :class:`UsageError` when arguments are missing.
    """
    calls: list[WordCall] = []
    rest = list(words)
    while rest:
        name = rest.pop(0)
        together = _CALL.match(name)
        if together is not None:  # greet("World") as one word
            calls.append((together[1], together[2]))
            continue
        function = method(name)
        if rest and rest[0].startswith("(") and rest[0].rstrip().endswith(")"):
            calls.append((name, rest.pop(0)))
            continue
        wanted = len(function.args)
        if len(rest) < wanted:
            raise UsageError(
                f"{name} takes {wanted} argument{'s' if wanted != 1 else ''}, {len(rest)} given",
                remedy=f"write {name} '(…)' with the values in Candid's text form, or one word for each",
            )
        values = [_value(rest.pop(0), item.type, environment) for item in function.args]
        calls.append((name, f"({', '.join(values)})"))
    return calls


def calls_of_line(line: str, method: Callable[[str], Func], environment: Environment) -> list[WordCall]:
    """Calls of a line at the prompt: ``greet("World")`` or words as in a shell."""
    match = _CALL.match(line)
    if match is not None:
        return [(match[1], match[2])]
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"the line cannot be split into words: {error}") from error
    return calls_of_words(words, method, environment)


def _value(word: str, declared: Type, environment: Environment) -> str:
    """A word as Candid text of the declared type."""
    from basilisk.candid.did_printer import quote

    seen = 0
    while isinstance(declared, Ref) and declared.name in environment and seen < len(environment):
        declared = environment[declared.name]
        seen += 1
    if isinstance(declared, Prim):
        if declared.name == "text" and not (len(word) > 1 and word.startswith('"') and word.endswith('"')):
            return quote(word)
        if declared.name == "principal" and not word.startswith("principal"):
            return f'principal "{word}"'
    return word

"""Whole traces and whole programs, drawn by Hypothesis from fragments."""

from __future__ import annotations

from textwrap import indent

from hypothesis import strategies as st

from tests.determinism.fragments import ANYWHERE, CANISTER, COROUTINES, Fragment
from tests.determinism.player import Step

__all__ = ["METHODS", "modules", "session_of_a_module", "traces"]

#: Methods of the interpreter canister.
METHODS = ("execute", "look", "converse", "yielding")

#: Fragments that end the message; each other one is four times as likely.
_ENDINGS = ("endless", "trap", "uncaught")


def _one_of(*groups: dict[str, Fragment]) -> Fragment:
    choice = [
        item for group in groups for name, item in group.items() for _ in range(1 if name in _ENDINGS else 4)
    ]
    return st.sampled_from(range(len(choice))).flatmap(lambda number: choice[number])


def _shielded(text: str) -> str:
    return f"try:\n{indent(text, '    ')}\nexcept Exception as error:\n    show(type(error).__name__, error)"


def _messages(fragments: Fragment) -> Fragment:
    """One to three fragments; an exception of theirs is shown."""
    return st.lists(fragments.map(_shielded), min_size=1, max_size=3).map("\n".join)


def _calls(method: str, programs: Fragment) -> st.SearchStrategy[Step]:
    return programs.map(lambda text: Step("call", method, text))


def traces(most: int = 6) -> st.SearchStrategy[list[Step]]:
    """Messages to the interpreter canister, with time passing and upgrades between them."""
    fragments = _one_of(ANYWHERE, CANISTER)
    steps = {
        "execute": (8, _calls("execute", _messages(fragments))),
        "look": (3, _calls("look", _messages(fragments))),
        "converse": (3, _calls("converse", _one_of(COROUTINES))),
        "yielding": (2, _calls("yielding", _messages(fragments))),
        "advance": (2, st.integers(0, 20).map(lambda seconds: Step("advance", seconds=float(seconds)))),
        "upgrade": (2, st.just(Step("upgrade"))),
        "before an upgrade": (1, _messages(_one_of(ANYWHERE)).map(_before_an_upgrade)),
    }
    choice = [name for name, (weight, _) in steps.items() for _ in range(weight)]
    return st.lists(st.sampled_from(choice).flatmap(lambda name: steps[name][1]), min_size=2, max_size=most)


def _before_an_upgrade(program: str) -> Step:
    """Have ``program`` run in the hook of the next upgrade."""
    return Step("call", "execute", f"on_upgrade({program!r})")


_HEAD = """\
import gc

from basilisk import post_upgrade, pre_upgrade, query, update

lines: list[str] = []


def show(*values: object) -> None:
    lines.append(" ".join(map(str, values)))


def take() -> str:
    text = "\\n".join(lines)
    lines.clear()
    return text
"""

_METHOD = """

@{kind}
def {name}(word: str) -> str:
    lines.clear()
    global a, b, c, d, e
{body}
    return take()
"""


@st.composite
def modules(draw: st.DrawFn) -> str:
    """A program for ``basilisk build``: fragments that run during the build, and methods ``m0`` to ``m2``."""
    fragments = _one_of(ANYWHERE)
    # Each fragment gets a function of its own: a file has room for one `except*` and many names.
    parts = [_HEAD, draw(_messages(fragments)), "AT_BUILD = take()"]
    for number in range(3):
        body = "    show(AT_BUILD)\n" if number == 0 else ""
        body += indent(draw(_messages(fragments)), "    ")
        kind = "query" if number == 2 else "update"
        parts.append(_METHOD.format(kind=kind, name=f"m{number}", body=body))
    hook = indent(draw(_messages(fragments)), "    ")
    parts.append(f"\n@pre_upgrade\ndef leave() -> None:\n    global a, b, c, d, e\n{hook}\n")
    parts.append("\n@post_upgrade\ndef arrive() -> None:\n    show('arrived')\n")
    return "\n".join(parts)


def session_of_a_module() -> list[Step]:
    """Calls of all methods, before and after an upgrade."""
    calls = [Step("call", f"m{number}", "word") for number in (0, 1, 2, 0)]
    return [*calls, Step("upgrade"), *calls]

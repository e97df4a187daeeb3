"""Variables that change under a closure: what is reported, and what is not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from basilisk.build.closures import rebindings


def found(text: str) -> list[str]:
    """``line name closure`` of each rebinding, with ``loop`` at those of loops."""
    return [
        f"{item.place.line} {item.name} {item.closure}{' loop' if item.loop else ''}"
        for item in rebindings(dedent(text), "main.py")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            """
            i = 1
            def f(x):
                return x + i
            i = 2
            """,
            ["5 i f"],
            id="a module's variable",
        ),
        pytest.param(
            """
            rate = 1
            def price(x):
                def inner():
                    return x * rate
                return inner()
            rate += 1
            """,
            ["7 rate price"],
            id="an augmented assignment; the outermost function counts",
        ),
        pytest.param(
            """
            def outer():
                step = 1
                later = lambda: step
                step = 2
                return later
            """,
            ["5 step lambda"],
            id="a local variable",
        ),
        pytest.param(
            """
            def outer(x):
                def inner():
                    return x
                x = x + 1
                return inner
            """,
            ["5 x inner"],
            id="a parameter",
        ),
        pytest.param(
            """
            for i in range(3):
                ic.set_timer(i, lambda: print(i))
            """,
            ["3 i lambda loop"],
            id="a timer in a loop",
        ),
        pytest.param(
            """
            def start(names):
                for name in names:
                    text = name.upper()
                    def tick():
                        print(text)
                    ic.set_timer_interval(5, tick)
            """,
            ["5 text tick loop"],
            id="a variable that the loop's body binds",
        ),
        pytest.param(
            "callbacks = [lambda: i for i in range(3)]\n", ["1 i lambda loop"], id="a comprehension"
        ),
        pytest.param(
            """
            while True:
                line = read()
                if line:
                    callbacks.append(lambda: line)
            """,
            ["5 line lambda loop"],
            id="a while loop",
        ),
        pytest.param(
            """
            def helper(): ...
            def f():
                helper()
            def helper(): ...
            """,
            ["5 helper f"],
            id="a function that is defined again",
        ),
        pytest.param(
            """
            limit = 1
            class C:
                def check(self):
                    return limit
            limit = 2
            """,
            ["6 limit check"],
            id="a method",
        ),
        pytest.param(
            """
            import a as tool
            def f():
                tool()
            import b as tool
            """,
            ["5 tool f"],
            id="an import",
        ),
        pytest.param(
            """
            value = 1
            def f():
                return [value for _ in range(3)]
            for value in (1, 2): ...
            """,
            ["5 value f"],
            id="a loop's variable, used in a comprehension of the function",
        ),
    ],
)
def test_what_is_reported(text: str, expected: list[str]) -> None:
    """The later binding is named, or in a loop the function."""
    assert found(text) == expected


STAYS = {
    "everything is bound before": "i = 1\ni = 2\ndef f(): return i\n",
    "bound once, after it": "def f(): return i\ni = 1\n",
    "functions that call each other": "def f(): return g()\ndef g(): return f()\n",
    "declared state": ("count = 0\ndef add():\n    global count\n    count += 1\ndef get(): return count\n"),
    "declared nonlocal": (
        "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    n = 5\n    return g\n"
    ),
    "bound as a default": "i = 1\ndef f(x, i=i): return x + i\ni = 2\n",
    "bound as a default in a loop": "for i in x:\n    ic.set_timer(1, lambda i=i: print(i))\n",
    "a parameter of the same name": "i = 1\ndef f(i): return i\ni = 2\n",
    "a variable of its own": "i = 1\ndef f():\n    i = 5\n    return i\ni = 2\n",
    "a key function": "for k in x:\n    y = sorted(z, key=lambda v: v[k])\n",
    "an argument that is called at once": "for k in x:\n    y = list(map(lambda v: v[k], z))\n",
    "cases of match": "for k in x:\n    match(r, {'Ok': lambda v: v + k, 'Err': lambda e: k})\n",
    "called in place": "for k in x:\n    y = (lambda: k)()\n",
    "returned from the loop": "def f(x):\n    for k in x:\n        return lambda: k\n",
    "names of a class": "class C:\n    x = 1\n    def f(self): return x\n    x = 2\n",
    "a fallback": "try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): return a\n",
    "a change in place": "items = []\ndef f(): return items\nitems.append(1)\nitems[0] = 2\n",
    "a comprehension by itself": "x = 1\ny = [x for _ in range(3)]\nx = 2\n",
    "another branch": "if a:\n    x = 1\n    def f(): return x\nelse:\n    x = 2\n",
    "another case": (
        "match a:\n    case 1:\n        x = 1\n        f = lambda: x\n    case _:\n        x = 2\n"
    ),
    "a declaration without a value": "x: int\ndef f(): return x\nx = 1\n",
}


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS)
def test_what_is_not_reported(text: str) -> None:
    """State that is declared, values that are bound, functions that run at once."""
    assert found(text) == []


def test_the_words() -> None:
    """Each warning has its place, what happens and two remedies."""
    (rebound,) = rebindings("i = 1\ndef f(x):\n    return x + i\ni = 2\n", "main.py")
    assert str(rebound) == (
        "main.py:4:1: `i` is bound again after `f` (line 2), which will see the new value. Use another name, "
        "or bind the value: `def f(…, i=i)`"
    )
    (loop,) = rebindings("for i in x:\n    ic.set_timer(i, lambda: print(i))\n", "main.py")
    assert str(loop) == (
        "main.py:2:21: the lambda uses `i`, which changes in each turn of the loop; whenever it runs it sees "
        "the latest value. Bind the value: `lambda i=i: …`"
    )

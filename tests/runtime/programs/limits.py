"""Runs whatever text it is sent, checks its own heap, and does one fixed piece of work."""

import builtins
import gc
import sys
from collections import Counter

from basilisk import ic, query, text, update, void

DEPTH = 100_000
WHERE = {"what": "nothing was done yet"}


def nested() -> list:
    """A list in a list, and so on."""
    value: list = []
    for _ in range(DEPTH):
        value = [value]
    return value


def at_the_bottom(function: object) -> object:
    """Calls a function where C recursion has used up nearly all it may."""

    def descend(left: int) -> object:
        return next(map(descend, [left - 1])) if left else function()  # type: ignore[operator]

    deepest = 0

    def measure(_: object) -> None:
        nonlocal deepest
        deepest += 1
        next(map(measure, [0]))

    try:
        measure(0)
    except RecursionError:
        pass
    return descend(deepest - 20)


def execute(code: str, limit: int) -> str:
    """Runs the code below a recursion limit (0: the usual one); says how it ended."""
    usual = sys.getrecursionlimit()
    if limit:
        sys.setrecursionlimit(limit)
    scope = {"nested": nested, "at_the_bottom": at_the_bottom, "DEPTH": DEPTH, "__name__": "attack", "ic": ic}
    try:
        exec(code, scope)
        return "fine " + str(scope.get("result", ""))[:100]
    except BaseException as error:
        return type(error).__name__ + " " + str(error)[:100]
    finally:
        sys.setrecursionlimit(usual)


@update
def caught(code: text, limit: int) -> text:
    """Exceptions are the answer, so the state is kept."""
    WHERE["what"] = "caught"
    return execute(code, limit)


@query
def asked(code: text, limit: int) -> text:
    """The same, but the state is thrown away."""
    return execute(code, limit)


@update
def bare(code: text, limit: int) -> void:
    """Exceptions leave the method."""
    WHERE["what"] = "bare"
    if limit:
        sys.setrecursionlimit(limit)
    exec(
        code,
        {"nested": nested, "at_the_bottom": at_the_bottom, "DEPTH": DEPTH, "__name__": "attack", "ic": ic},
    )


@update
def release() -> void:
    """Drops what a message kept; nothing is compiled for it, so it needs no memory."""
    builtins.__dict__.pop("kept", None)


@query
def control() -> text:
    """Some of everything; the same text from every canister that is whole."""
    import decimal
    import hashlib
    import json
    import re
    import sqlite3
    import textwrap  # noqa: F401  # not imported before: the finder and the blob are still there

    table = {str(number): [number, number * number, {"a": number}] for number in range(300)}
    written = json.dumps(table, sort_keys=True)
    if json.loads(written) != table:
        raise ValueError("JSON differs")
    digest = hashlib.sha256(written.encode()).hexdigest()
    words = sorted(re.findall(r"[0-9a-f]{3}", digest))

    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

        def __lt__(self, other: "Point") -> bool:
            return self.x < other.x

    points = sorted(Point(number * 7919 % 100) for number in range(100))
    try:
        raise KeyError(points[0].x)
    except KeyError as error:
        words.append(repr(error))
    database = sqlite3.connect(":memory:")
    database.execute("create table t(a, b)")
    database.executemany("insert into t values (?, ?)", [(point.x, str(point.x)) for point in points])
    words += [repr(row) for row in database.execute("select sum(a), max(b) from t")]
    generator = (number for number in range(3))
    words.append(repr((list(generator), len({frozenset([n]) for n in range(50)}), decimal.Decimal(2) ** 90)))
    return digest + " ".join(words)


@query
def check() -> text:
    """Looks at every object that the collector knows, and counts who refers to whom; "" when all is well."""
    gc.collect()
    objects = gc.get_objects()
    references: Counter[int] = Counter()
    for value in objects:
        if type(type(value)) is not type and not isinstance(type(value), type):
            return f"an object has the type {type(value)!r}"
        if sys.getsizeof(value) <= 0 and value is not None:
            return f"a {type(value).__name__} has no size"
        references.update(map(id, gc.get_referents(value)))
    immortal = 1 << 29
    for value in objects:
        count = sys.getrefcount(value)
        if count < immortal and count - 3 + 1 < references[id(value)]:
            return f"a {type(value).__name__} counts {count} references and has {references[id(value)]}"
    return ""


@query
def where() -> text:
    """Which message was the last to be kept."""
    return WHERE["what"]

import toolz
from toolz.curried import map as mapped
from toolz.curried import pipe


def answer() -> str:
    """Composed and curried functions."""
    return repr(
        (
            toolz.groupby(len, ["a", "bb", "cc"]),
            pipe([1, 2, 3], mapped(lambda n: n + 1), list),
            toolz.merge_with(sum, {"a": 1}, {"a": 2, "b": 3}),
            list(toolz.sliding_window(2, range(4))),
            toolz.update_in({"a": {"b": 1}}, ["a", "b"], lambda n: n * 10),
        )
    )

import pydash


def answer() -> str:
    """Deep access, grouping, chains, cases of names."""
    data = {"a": [{"b": {"c": 3}}]}
    chain = pydash.chain([4, 2, 3]).sort().map(lambda n: n * 2).filter(lambda n: n > 4).value()
    return repr(
        (
            pydash.get(data, "a.0.b.c"),
            chain,
            pydash.group_by([1.2, 1.7, 2.1], int),
            pydash.snake_case("fooBar-Baz"),
        )
    )

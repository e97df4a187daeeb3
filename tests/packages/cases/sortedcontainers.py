from sortedcontainers import SortedDict, SortedKeyList, SortedList, SortedSet


def answer() -> str:
    """Sorted lists, dicts and sets."""
    numbers = SortedList((n * 7919) % 1009 for n in range(1000))
    words = SortedKeyList(["pear", "fig", "banana"], key=len)
    table = SortedDict(b=2, a=1, c=3)
    return repr(
        (
            numbers.bisect(500),
            numbers[10],
            list(words),
            table.peekitem(0),
            list(table.irange("b")),
            SortedSet("hello")[1],
        )
    )

import more_itertools


def answer() -> str:
    """Some of its functions."""
    return repr(
        (
            list(more_itertools.chunked(range(7), 3)),
            list(more_itertools.windowed("abcd", 2)),
            more_itertools.bucket(range(10), key=lambda n: n % 3)[1].__next__(),
            list(more_itertools.set_partitions("abc", 2)),
            more_itertools.nth_combination(range(9), 4, 60),
            list(more_itertools.sieve(30)),
        )
    )

import cachetools


@cachetools.cached(cachetools.LRUCache(maxsize=2))
def square(number):
    calls.append(number)
    return number * number


calls = []


def answer() -> str:
    """A bounded cache that forgets what was used least recently."""
    calls.clear()
    square.cache.clear()
    found = [square(number) for number in (1, 2, 1, 3, 2)]
    return repr((found, calls, sorted(square.cache.values())))
